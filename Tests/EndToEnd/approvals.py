# needs: VPSBRIDGE_BIN E2E_PYTHON
"""A rule that asks: nothing is sent before a person agrees, by chat, by the command line, or while the bridge is down.

alert ─▶ bridge ─▶ a question in the channel ─▶ `/vps approve ID`, or `vpsbridge approvals approve ID` ─▶ power cycle
"""

import json
import re
import subprocess
import time
import urllib.parse

import harness
from slack_sdk.signature import SignatureVerifier

API_TOKEN = "an-api-token-of-the-approval-test"
HOOK_TOKEN = "a-hook-token-of-the-approval-test"
SIGNING_SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
APPROVER, STRANGER = "U012ABCDEF", "U0STRANGER"

RULES = """\
version: 1
rules:
  - name: db-down
    trigger: alertmanager
    when: event.labels.alertname == "DatabaseDown"
    target: event.labels.server
    healthy_delay: 1s
    approval: {approvers: {users: [U012ABCDEF]}, via: ops, message: "Cycle ${{ server.name }}?"}
    escalation:
      - {timeout: 60s, actions: [server.power_cycle]}
"""


class World:
    def __init__(self, bench):
        self.bench = bench
        self.chat = bench.receiver()
        simulator_port, bridge_port = harness.free_port(), harness.free_port()
        self.simulator = f"http://127.0.0.1:{simulator_port}"
        self.bridge = f"http://127.0.0.1:{bridge_port}"
        self.triggers = 0
        bench.start("simulator", [
            harness.tool("VPSBRIDGE_BIN"), "sim", "--listen", f"127.0.0.1:{simulator_port}", "--token", API_TOKEN,
            "--power-time", "1"])
        bench.wait_until("the simulator answers", lambda: harness.answers(f"{self.simulator}/metrics"), 15)
        assert harness.request("POST", f"{self.simulator}/_sim/servers", {"count": 2, "prefix": "node"}).status == 201
        bench.write("rules/db.yaml", RULES)
        self.config = bench.write("vpsbridge.yaml", {
            "live": True,
            "listen": f"127.0.0.1:{bridge_port}",
            "admin": {"listen": f"127.0.0.1:{harness.free_port()}"},
            "data": str(bench.folder / "data"),
            "rules": str(bench.folder / "rules"),
            "api": {"base_url": self.simulator, "token_file": str(bench.write("api-token", API_TOKEN, 0o600))},
            "limits": {"storm": {"servers": 100000}, "settle": "0s", "max_concurrent": 5},
            "channels": {"ops": {"kind": "webhook", "url": f"{self.chat.url}/ops"}},
            "sources": {
                "alertmanager": {
                    "kind": "alertmanager", "auth": {"bearer_file": str(bench.write("hook-token", HOOK_TOKEN, 0o600))}},
                "slack": {
                    "kind": "slack",
                    "auth": {"signing_secret_file": str(bench.write("slack-secret", SIGNING_SECRET, 0o600))},
                    "response_url_prefix": f"{self.chat.url}/",
                },
            },
        })
        self.start()

    def start(self):
        self.serve = self.bench.start("bridge", [harness.tool("VPSBRIDGE_BIN"), "serve", "--config", self.config])
        self.bench.wait_until("the bridge is ready", lambda: harness.answers(f"{self.bridge}/readyz"), 15)

    def stop(self):
        assert self.serve.stop() == 0
        self.bench.forget(self.serve)

    def alert(self, server, status="firing"):
        ended = "0001-01-01T00:00:00Z" if status == "firing" else time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        reply = harness.request("POST", f"{self.bridge}/hooks/alertmanager", {
            "version": "4", "groupKey": "{}", "truncatedAlerts": 0, "status": status, "receiver": "vpsbridge",
            "groupLabels": {}, "commonLabels": {}, "commonAnnotations": {}, "externalURL": "", "alerts": [{
                "status": status, "labels": {"alertname": "DatabaseDown", "server": server},
                "annotations": {"summary": f"{server} does not answer"}, "startsAt": "2026-11-21T10:00:00Z", "endsAt": ended,
                "generatorURL": "", "fingerprint": f"db/{server}"}],
        }, {"Authorization": f"Bearer {HOOK_TOKEN}"})
        assert reply.status == 200, (reply.status, reply.body)

    def question(self, server):
        """The id of the question about a server, once the channel has it."""
        def asked():
            texts = [json.loads(body)["text"] for path, _, body in self.chat.requests if path == "/ops"]
            return next((t for t in texts if f"server.power_cycle of {server}" in t and "is needed" in t), None)
        text = self.bench.wait_until(f"people are asked about {server}", asked, 15)
        assert text.startswith(f"Cycle {server}?\n") and f"{server} does not answer" in text, text
        return re.search(r"/vps approve ([a-z0-9]{6}) ", text).group(1)

    def chat_command(self, text, user):
        self.triggers += 1
        path = f"/commands/{self.triggers}"
        body = urllib.parse.urlencode({
            "team_id": "T0001", "channel_id": "C0OPS", "user_id": user, "user_name": "ann", "command": "/vps", "text": text,
            "response_url": f"{self.chat.url}{path}", "trigger_id": f"1.{self.triggers}.a"})
        stamp = str(int(time.time()))
        reply = harness.request("POST", f"{self.bridge}/hooks/slack", body.encode(), {
            "Content-Type": "application/x-www-form-urlencoded", "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": SignatureVerifier(SIGNING_SECRET).generate_signature(timestamp=stamp, body=body)})
        assert reply.status == 200, (reply.status, reply.body)
        sent = self.bench.wait_until(
            "the person is told", lambda: next((b for p, _, b in self.chat.requests if p == path), None), 15)
        return json.loads(sent)["text"]

    def command_line(self, *arguments, expect=0):
        done = subprocess.run(
            [harness.tool("VPSBRIDGE_BIN"), *arguments, "--config", str(self.config)], capture_output=True, text=True, timeout=20)
        assert done.returncode == expect, (arguments, done.returncode, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def sent_to(self, server):
        ledger = harness.request("GET", f"{self.simulator}/_sim/ledger").json()
        return [entry["operation"] for entry in ledger["entries"] if entry["server_id"] == server]

    def run(self, server):
        return next(r for r in json.loads(self.command_line("runs", "ls", "--json")) if r["server"] == server)


def main():
    with harness.Bench("approvals") as bench:
        world = World(bench)
        servers = harness.request(
            "GET", f"{world.simulator}/api/v1/servers/", headers={"Authorization": f"Bearer {API_TOKEN}"}).json()
        ids = {server["name"]: server["id"] for server in servers["results"]}

        world.alert("db-server-01")
        asked = world.question("db-server-01")
        told = world.chat_command(f"approve {asked}", STRANGER)
        assert told.startswith(f"You may not decide {asked}"), told
        assert world.sent_to(ids["db-server-01"]) == []
        told = world.chat_command(f"approve {asked.upper()}", APPROVER)
        assert told.startswith("Approved: server.power_cycle of db-server-01"), told
        bench.wait_until("the power cycle is done", lambda: world.sent_to(ids["db-server-01"]) == ["stop", "start"], 30)
        world.alert("db-server-01", "resolved")
        bench.wait_until("the run has succeeded", lambda: world.run("db-server-01")["state"] == "succeeded", 30)
        told = world.chat_command(f"deny {asked}", APPROVER)
        assert f"approved by slack:{APPROVER}" in told, told
        harness.say("asked, refused to a stranger, approved by chat: one power cycle; a later answer is told who decided")

        world.alert("node-1")
        asked = world.question("node-1")
        listed = json.loads(world.command_line("approvals", "ls", "--json"))
        assert [(a["id"], a["state"], a["server"]) for a in listed] == [(asked, "open", "node-1")], listed
        world.command_line("approvals", "deny", asked, "--reason", "backup is running")
        bench.wait_until("the run is cancelled", lambda: world.run("node-1")["state"] == "cancelled", 15)
        shown = world.command_line("approvals", "show", asked)
        assert "denied by operator" in shown and "backup is running" in shown, shown
        assert "not open any more" in world.command_line("approvals", "approve", asked, expect=1)
        assert world.sent_to(ids["node-1"]) == []
        harness.say("denied by the command line: nothing is sent")

        world.alert("node-2")
        asked = world.question("node-2")
        world.stop()
        assert "Approved" in world.command_line("approvals", "approve", asked)
        world.start()
        bench.wait_until("the power cycle is done", lambda: world.sent_to(ids["node-2"]) == ["stop", "start"], 30)
        audit = json.loads(world.command_line("audit", "ls", "--json", "--limit", "200"))
        answered = [(e["reason"], e["actor"]) for e in audit if e["kind"] == "approval" and e["actor"] != "rule"]
        assert answered == [
            ("not_an_approver", f"slack:{STRANGER}"), ("approved", f"slack:{APPROVER}"), ("approval_closed", f"slack:{APPROVER}"),
            ("approval_denied", "operator"), ("approval_closed", "operator"), ("approved", "operator")], answered
        harness.say("approved while the bridge was down: done after its start; every answer is in the audit")
        world.stop()


if __name__ == "__main__":
    main()
