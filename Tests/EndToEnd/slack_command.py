# needs: VPSBRIDGE_BIN E2E_PYTHON
"""A Slack command, signed by Slack's own library, reboots a server; forged, stale and replayed ones do nothing.

slack_sdk signs ─▶ bridge ─ API ─▶ simulator, and the follow-up goes to the address that Slack gave with the command
"""

import json
import subprocess
import time
import urllib.parse

import harness
from slack_sdk.signature import SignatureVerifier

API_TOKEN = "an-api-token-of-the-slack-test"
SIGNING_SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
OPERATOR, STRANGER = "U012ABCDEF", "U0STRANGER"

RULES = """\
version: 1
rules:
  - name: chat-reboot
    trigger:
      source: ops-slack
      command: vps reboot
      args: [{name: server, type: string, required: true, max_length: 63}]
    target: args.server
    autonomy: auto
    permissions: {users: [U012ABCDEF], channels: [C0OPS]}
    reply: "rebooting ${{ args.server }}"
    actions: [server.reboot]
"""


class World:
    def __init__(self, bench):
        self.bench = bench
        self.slack = bench.receiver()
        simulator_port, bridge_port = harness.free_port(), harness.free_port()
        self.simulator = f"http://127.0.0.1:{simulator_port}"
        self.bridge = f"http://127.0.0.1:{bridge_port}"
        self.triggers = 0
        bench.start("simulator", [
            harness.tool("VPSBRIDGE_BIN"), "sim", "--listen", f"127.0.0.1:{simulator_port}", "--token", API_TOKEN,
            "--power-time", "2"])
        bench.wait_until("the simulator answers", lambda: harness.answers(f"{self.simulator}/metrics"), 15)
        bench.write("rules/chat.yaml", RULES)
        self.config = bench.write("vpsbridge.yaml", {
            "live": True,
            "listen": f"127.0.0.1:{bridge_port}",
            "admin": {"listen": f"127.0.0.1:{harness.free_port()}"},
            "data": str(bench.folder / "data"),
            "rules": str(bench.folder / "rules"),
            "api": {"base_url": self.simulator, "token_file": str(bench.write("api-token", API_TOKEN, 0o600))},
            "sources": {"ops-slack": {
                "kind": "slack",
                "auth": {"signing_secret_file": str(bench.write("slack-secret", SIGNING_SECRET, 0o600))},
                "response_url_prefix": f"{self.slack.url}/",
            }},
        })
        self.serve = bench.start("bridge", [harness.tool("VPSBRIDGE_BIN"), "serve", "--config", self.config])
        bench.wait_until("the bridge is ready", lambda: harness.answers(f"{self.bridge}/readyz"), 15)

    def body(self, text, user=OPERATOR, channel="C0OPS"):
        self.triggers += 1
        return urllib.parse.urlencode({
            "token": "legacy", "team_id": "T0001", "team_domain": "example", "channel_id": channel, "channel_name": "ops",
            "user_id": user, "user_name": "ann", "command": "/vps", "text": text, "api_app_id": "A1",
            "response_url": f"{self.slack.url}/commands/T0001/{self.triggers}/abc", "trigger_id": f"13345224609.{self.triggers}.a",
        })

    def post(self, body, secret=SIGNING_SECRET, age=0, headers=None):
        stamp = str(int(time.time()) - age)
        signed = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": SignatureVerifier(secret).generate_signature(timestamp=stamp, body=body),
        }
        return harness.request("POST", f"{self.bridge}/hooks/ops-slack", body.encode(), headers or signed), signed

    def reboots(self):
        ledger = harness.request("GET", f"{self.simulator}/_sim/ledger").json()
        return [(entry["operation"], entry["server_id"]) for entry in ledger["entries"]]

    def audit(self):
        listed = subprocess.run(
            [harness.tool("VPSBRIDGE_BIN"), "audit", "ls", "--json", "--limit", "200", "--config", str(self.config)],
            capture_output=True, text=True, timeout=20)
        assert listed.returncode == 0, listed.stderr
        return json.loads(listed.stdout)


def main():
    with harness.Bench("slack") as bench:
        world = World(bench)

        body = world.body("reboot web-server-01")
        reply, headers = world.post(body)
        assert reply.status == 200, (reply.status, reply.body)
        assert reply.json()["response_type"] == "ephemeral" and "rebooting web-server-01" in reply.json()["text"], reply.body
        bench.wait_until("the server is rebooted", lambda: world.reboots() == [("reboot", 12345)], 15)
        bench.wait_until("the follow-up arrives", lambda: world.slack.requests, 40)
        path, _, sent = world.slack.requests[0]
        assert path.startswith("/commands/T0001/") and "Done" in json.loads(sent)["text"], (path, sent)
        harness.say(f"one reboot; told at once: {reply.json()['text']!r}; follow-up: {json.loads(sent)['text']!r}")

        replayed, _ = world.post(body, headers=headers)
        assert replayed.status == 401, (replayed.status, replayed.body)
        forged, _ = world.post(world.body("reboot db-server-01"), secret="not-the-secret")
        assert forged.status == 401, forged.status
        stale, _ = world.post(world.body("reboot db-server-01"), age=301)
        assert stale.status == 401, stale.status
        unsigned, _ = world.post(world.body("reboot db-server-01"), headers={"Content-Type": "application/x-www-form-urlencoded"})
        assert unsigned.status == 401, unsigned.status
        harness.say("replayed, forged, stale and unsigned commands: 401")

        refused, _ = world.post(world.body("reboot db-server-01", user=STRANGER))
        assert refused.status == 200 and "may not" in refused.json()["text"], (refused.status, refused.body)
        bench.wait_until(
            "the refusal is audited",
            lambda: any(e["reason"] == "not_permitted" and e["actor"] == f"ops-slack:{STRANGER}" for e in world.audit()), 10)
        unknown, _ = world.post(world.body("explode everything"))
        assert unknown.status == 200 and "No rule knows" in unknown.json()["text"], unknown.body
        usage, _ = world.post(world.body("reboot"))
        assert usage.status == 200 and "server" in usage.json()["text"], usage.body
        bench.holds_for("nothing else was rebooted", lambda: world.reboots() == [("reboot", 12345)], 2)
        harness.say("a user without the role is told so, and it is audited; nothing else was rebooted")
        assert world.serve.stop() == 0
        bench.forget(world.serve)


if __name__ == "__main__":
    main()
