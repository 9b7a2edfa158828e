# needs: VPSBRIDGE_BIN
"""No secret is seen where it does not belong, whatever goes wrong: log, output of every verb, database, metrics, crash trace.

alerts, commands ─▶ bridge ─▶ a server between that misbehaves and repeats what it was sent ─▶ simulator with every fault it knows
                          ├─▶ a chat and an API that repeat what they were sent
                          └─▶ a proxy that refuses
Every secret is a canary; at the end everything that the bridge wrote is searched for all of them, in every form that an encoder gives.

Environment: E2E_SEED (default random, printed).
"""

import base64
import hashlib
import hmac
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.parse
from http import client
from pathlib import Path

import harness

SEED = int(os.environ.get("E2E_SEED", str(random.randrange(1 << 32))))
CHANCE = random.Random(SEED)
OPERATOR = "U012ABCDEF"

RULES = """\
version: 1
rules:
  - name: host-down
    trigger: alertmanager
    when: event.labels.alertname == "HostDown"
    target: event.labels.server
    autonomy: auto
    healthy_delay: 1s
    escalation:
      - {timeout: 10s, actions: [server.reboot]}
      - {timeout: 10s, actions: [server.power_cycle]}
      - actions: [{action: notify, with: {channel: oncall, text: "${{ server.name }} is still down"}}]
  - name: ticket
    trigger: alertmanager
    when: event.labels.alertname == "Ticket"
    limits: {key: event.fingerprint}
    autonomy: auto
    actions:
      - id: ticket
        action: http.request
        expect: {status: [200, 201, 400, 404]}
        with:
          method: PUT
          url: TICKETS/issues/${{ event.fingerprint }}
          headers: {Authorization: "Bearer ${{ secrets.TICKETS }}"}
          json: {key: "${{ secrets.TICKETS }}", title: "${{ event.labels.server }}"}
      - action: notify
        with: {channel: oncall, text: "ticket: ${{ steps.ticket.status }}"}
  - name: scale-up
    trigger: alertmanager
    when: event.labels.alertname == "Busy"
    group_by: event.labels.pool
    fleet: server.name.startsWith("pool-")
    autonomy: auto
    actions:
      - action: fleet.scale
        with:
          min: 0
          max: 60
          delta: 1
          template: {name: "pool-${{ slot }}", plan_id: 2, os_id: 5, location: us-west}
        wait_for: {status: active, timeout: 10m}
  - name: chat-reboot
    trigger:
      source: ops-slack
      command: vps reboot
      args: [{name: server, type: string, required: true, max_length: 63}]
    target: args.server
    autonomy: auto
    permissions: {users: [U012ABCDEF]}
    actions: [server.reboot]
"""


# --- the canaries


class Canary:
    """A secret: two runs of letters and digits that occur nowhere else, between characters that encoders change."""

    def __init__(self, name, plain=False):
        self.name = name
        self.cores = ["".join(CHANCE.choices("abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789", k=18)) for _ in range(2)]
        self.value = ("-" if plain else "\"/\\+=&<%'").join(self.cores)

    def forms(self):
        """Every form to look for, by name; of the cores also pieces, so that a cut does not hide one."""
        raw = self.value.encode()
        yield "plain", raw
        for core in self.cores:
            yield "a piece", core[:9].encode()
            yield "a piece", core[-9:].encode()
        yield "JSON", json.dumps(self.value)[1:-1].encode()
        yield "JSON, \\u", b"".join(b"\\u%04x" % byte for byte in raw[:9])
        yield "percent", "".join(f"%{byte:02X}" for byte in raw[:9]).encode()
        yield "hex", raw.hex()[:18].encode()
        yield "HEX", raw.hex()[:18].upper().encode()
        for shift in range(3):
            for alphabet in (base64.b64encode, base64.urlsafe_b64encode):
                # Without what it shares with its neighbours.
                yield "Base64", alphabet(b"\0" * shift + raw)[(shift * 8 + 5) // 6:][:12]


CANARIES = {
    "api": Canary("the API's token"), "hook": Canary("the token of a source"), "slack": Canary("Slack's signing secret"),
    "admin": Canary("the token of the metrics"), "tickets": Canary("a rule's secret"),
    "channel": Canary("a channel's address", plain=True), "proxy": Canary("a proxy's password", plain=True),
}

# How a server that repeats a text may write it.
WRITERS = {
    "plain": lambda text: text,
    "json": lambda text: json.dumps({"detail": f"you sent {text}"}),
    "json in json": lambda text: json.dumps({"detail": json.dumps({"you sent": text})}),
    "json with slashes": lambda text: json.dumps({"detail": text}).replace("/", "\\/"),
    "json of \\u": lambda text: '{"detail": "' + "".join(f"\\u{ord(c):04x}" for c in text) + '"}',
    "html": lambda text: "<pre>" + text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;").replace("'", "&#39;"),
    "percent": lambda text: "token=" + urllib.parse.quote(text, safe=""),
    "Base64": lambda text: base64.b64encode(f"x: {text}".encode()).decode(),
    "hex": lambda text: text.encode().hex(),
}


# --- servers that misbehave


class Rude:
    """A server that answers each request as its plan says, and repeats what it was sent."""

    def __init__(self, answer):
        self.answer = answer
        self.requests = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection:
            stream = connection.makefile("rb")
            head = []
            while (line := stream.readline()) not in (b"\r\n", b"\n", b""):
                head.append(line.decode("latin-1").rstrip("\r\n"))
            if not head:
                return
            fields = dict((name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in head[1:]))
            body = stream.read(int(fields.get("content-length", "0")))
            self.requests.append((head[0], fields, body))
            method, target, _ = head[0].split(" ")
            try:
                answer = self.answer(method, target, fields, body)
                if answer is None:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # RST
                else:
                    connection.sendall(answer)
            except OSError:
                pass

    def stop(self):
        self.socket.close()


def http(status, body, headers="", reason="Whatever"):
    raw = body if isinstance(body, bytes) else body.encode()
    return f"HTTP/1.1 {status} {reason}\r\nContent-Length: {len(raw)}\r\n{headers}Connection: close\r\n\r\n".encode() + raw


class Between(Rude):
    """Passes requests on to the simulator, but for those whose turn of the plan has come."""

    def __init__(self, simulator):
        self.simulator, self.plan, self.stalls = simulator, [], threading.Event()
        super().__init__(self.pass_on)

    def pass_on(self, method, target, fields, body):
        for step in self.plan:
            operation, answer = step
            if operation == self.operation(method, target):
                self.plan.remove(step)
                return answer(fields.get("authorization", "none"))
        path = target if target.startswith("/") else "/" + target.split("/", 3)[3]
        try:
            reply = harness.request(
                method, self.simulator + path, body or None,
                {name: fields[name] for name in ("authorization", "content-type") if name in fields}, timeout=60)
        except (OSError, client.HTTPException):
            return None
        return http(reply.status, reply.body, "Content-Type: application/json\r\n")

    @staticmethod
    def operation(method, target):
        if method == "GET":
            return "list" if "/servers/?" in target + "?" else "get"
        return target.rstrip("/").rsplit("/", 1)[-1] if method == "POST" and target.rstrip("/")[-1] in "tp" else method.lower()

    def stall(self, _):
        self.stalls.set()
        time.sleep(60)
        return None


def rudenesses(between):
    """What the server between does to a request, each given the Authorization header."""
    for number, status in enumerate((400, 401, 402, 403, 404, 409, 418, 429, 500, 502, 503)):
        for offset in (0, 4):
            name, write = list(WRITERS.items())[(number + offset) % len(WRITERS)]
            yield f"{status} with the header as {name}", lambda sent, s=status, w=write: http(s, w(sent))
    for name, write in WRITERS.items():
        yield f"200 with the header as {name}", lambda sent, w=write: http(200, w(sent))
    yield "200 and a message", lambda sent: http(200, json.dumps({"message": f"done, {sent}", "server": {"id": 1, "status": sent}}))
    yield "a redirect", lambda sent: http(302, sent, f"Location: https://h/{urllib.parse.quote(sent)}?t={sent.split()[-1]}\r\n")
    yield "a redirect's user", lambda sent: http(307, "", f"Location: https://u:{urllib.parse.quote(sent, safe='')}@h/\r\n")
    yield "a redirect's host", lambda sent: http(308, "", f"Location: https://{CANARIES['api'].cores[0]}.example.com/\r\n")
    yield "a reason", lambda sent: http(500, "", reason=sent)
    yield "headers", lambda sent: http(503, "", f"Retry-After: {sent}\r\nDate: {sent}\r\nX-Echo: {sent}\r\n")
    yield "a status line", lambda sent: f"{sent}\r\n\r\n".encode()
    yield "a length", lambda sent: f"HTTP/1.1 200 OK\r\nContent-Length: {sent}\r\n\r\n".encode()
    yield "a chunk", lambda sent: f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{sent}\r\n".encode()
    yield "an encoding", lambda sent: f"HTTP/1.1 200 OK\r\nTransfer-Encoding: {sent}\r\n\r\n{sent}".encode()
    yield "a cut answer", lambda sent: http(500, sent * 9)[:-5]
    yield "a long answer", lambda sent: http(200, sent * 150_000)
    yield "a long header", lambda sent: http(200, "", "X-Echo: " + sent * 9_000 + "\r\n")
    yield "a reset", lambda sent: None
    yield "no answer until the end", between.stall


# --- the bridge


def lasting_port():
    """A free port below those that connections get: it stays free while the bridge is down between two starts."""
    while True:
        port = CHANCE.randrange(20_000, 30_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass


class World:
    def __init__(self, bench):
        self.bench, self.corpus, self.number = bench, bench.folder / "corpus", 0
        self.corpus.mkdir()
        port, self.admin_port, simulator_port = lasting_port(), lasting_port(), harness.free_port()
        self.bridge, self.simulator = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{simulator_port}"
        bench.start("simulator", [
            harness.tool("VPSBRIDGE_BIN"), "sim", "--listen", f"127.0.0.1:{simulator_port}", "--token", CANARIES["api"].value,
            "--power-time", "0", "--create-time", "0"])
        bench.wait_until("the simulator answers", lambda: harness.answers(f"{self.simulator}/metrics"), 15)
        harness.request("POST", f"{self.simulator}/_sim/servers", {"count": 400, "prefix": "node"})
        self.between = Between(self.simulator)
        self.chat = Rude(self.chat_answer)
        self.tickets = Rude(self.tickets_answer)
        self.trap = Rude(lambda *_: http(502, "this proxy was never meant"))
        bench.receivers += [self.between, self.chat, self.tickets, self.trap]
        self.written = 0
        bench.write("rules/rules.yaml", RULES.replace("TICKETS/", f"{self.tickets.url}/"))
        for name, canary in CANARIES.items():
            bench.write(f"secrets/{name}", canary.value, 0o600)
        bench.write("secrets/channel", f"{self.chat.url}/hooks/{CANARIES['channel'].value}", 0o600)
        self.config = bench.write("vpsbridge.yaml", self.configuration(port))

    def configuration(self, port, **api):
        secret = lambda name: str(self.bench.folder / "secrets" / name)
        return {
            "live": True, "listen": f"127.0.0.1:{port}",
            "admin": {"listen": f"127.0.0.1:{self.admin_port}", "bearer_file": secret("admin")},
            "data": str(self.bench.folder / "data"), "rules": str(self.bench.folder / "rules"),
            "api": {"base_url": self.between.url, "token_file": secret("api"), "rate_limit": {"per_second": 100, "burst": 1000},
                    "max_in_flight": {"reads": 32, "mutations": 32}, **api},
            "sources": {
                "alertmanager": {"kind": "alertmanager", "auth": {"bearer_file": secret("hook")}},
                "ops-slack": {
                    "kind": "slack", "auth": {"signing_secret_file": secret("slack")},
                    "response_url_prefix": f"{self.chat.url}/answers/"},
            },
            "channels": {"oncall": {"kind": "webhook", "url_file": secret("channel")}},
            "secrets": {"TICKETS_file": secret("tickets")},
            "limits": {
                "storm": {"servers": 100000}, "flaps": {"max": 1000, "per": "1h"}, "boot_grace": "0s",
                "settle": "0s", "cooldown": "0s", "max_concurrent": 50, "budgets": [{"max": 1000, "per": "24h"}],
                "fleet_budgets": [{"max": 1000, "per": "1h"}], "creates": {"max_per_day": 10000}},
            "reload": {"watch": "never"}, "shutdown_grace": "1s",
        }

    def chat_answer(self, method, target, fields, body):
        self.written += 1
        return [
            lambda: http(200, "ok"), lambda: http(500, target), lambda: http(404, json.dumps({"path": target})), lambda: None,
            lambda: http(302, "", f"Location: {target}\r\n"), lambda: http(429, target, f"Retry-After: {target}\r\n"),
        ][self.written % 6]()

    def tickets_answer(self, method, target, fields, body):
        name = target.rsplit("/", 1)[-1]
        sent = fields.get("authorization", "none")
        writers = list(WRITERS.values())
        number = int(name, 16) % (len(writers) * 3)
        return http((200, 400, 404)[number // len(writers)], writers[number % len(writers)](sent + body.decode()))

    def start(self, env=None):
        proxies = {name: self.trap.url for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy")}
        self.serve = self.bench.start(
            "bridge", [harness.tool("VPSBRIDGE_BIN"), "serve", "--config", self.config], env={**proxies, **(env or {})})
        self.bench.wait_until("the bridge is ready", lambda: harness.answers(f"{self.bridge}/readyz"), 30)

    def stop(self):
        self.keep("metrics", self.metrics())
        started = time.monotonic()
        status = self.serve.stop()
        assert status == 0 and time.monotonic() - started < 6, f"SIGTERM ended it with {status}, {time.monotonic() - started} s"
        self.bench.forget(self.serve)

    def keep(self, name, content):
        """Adds an output of the bridge to what is searched."""
        self.number += 1
        raw = content if isinstance(content, bytes) else content.encode()
        (self.corpus / f"{self.number:05d}-{re.sub(r'[^a-z]+', '-', name)}").write_bytes(raw)

    def metrics(self):
        reply = harness.request(
            "GET", f"http://127.0.0.1:{self.admin_port}/metrics", headers={"Authorization": f"Bearer {CANARIES['admin'].value}"})
        assert reply.status == 200, reply.status
        return reply.body.decode()

    def verb(self, *arguments, config=None):
        done = subprocess.run(
            [harness.tool("VPSBRIDGE_BIN"), *map(str, arguments), "--config", str(config or self.config)], capture_output=True,
            timeout=60)
        self.keep("verb " + " ".join(map(str, arguments)), done.stdout + done.stderr)
        return done

    def listed(self, *arguments):
        done = self.verb(*arguments, "--json", "--limit", "10000")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def alert(self, name, server="", token=None):
        self.fired = getattr(self, "fired", 0) + 1
        # Nothing helps here: without a person's word the rules would ask before they act, or buy nothing any more.
        if name == "HostDown":
            self.verb("rules", "promote", "host-down")
        if name == "Busy":
            self.verb("resume", "--action", "server.create")
        server = server or f"node-{self.fired}"
        body = {
            "version": "4", "groupKey": "{}", "truncatedAlerts": 0, "status": "firing", "receiver": "r", "groupLabels": {},
            "commonLabels": {}, "commonAnnotations": {}, "externalURL": "", "alerts": [{
                "status": "firing", "labels": {"alertname": name, "server": server, "pool": f"p{self.fired}"}, "annotations": {},
                "startsAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "endsAt": "0001-01-01T00:00:00Z",
                "generatorURL": "", "fingerprint": f"{self.fired:016x}"}]}
        reply = harness.request(
            "POST", f"{self.bridge}/hooks/alertmanager", body,
            {"Authorization": f"Bearer {token or CANARIES['hook'].value}"})
        self.keep("reply", str(reply.headers).encode() + reply.body)
        return reply.status

    def command(self, text):
        self.fired = getattr(self, "fired", 0) + 1
        body = urllib.parse.urlencode({
            "team_id": "T0001", "channel_id": "C0OPS", "channel_name": "ops", "user_id": OPERATOR, "user_name": "ann",
            "command": "/vps", "text": text, "api_app_id": "A1", "response_url": f"{self.chat.url}/answers/{self.fired}",
            "trigger_id": f"1.{self.fired}"})
        stamp = str(int(time.time()))
        signature = hmac.new(CANARIES["slack"].value.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
        reply = harness.request("POST", f"{self.bridge}/hooks/ops-slack", body.encode(), {
            "Content-Type": "application/x-www-form-urlencoded", "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": f"v0={signature}"})
        self.keep("reply", reply.body)
        assert reply.status == 200, (reply.status, reply.body)

    def is_settled(self):
        """Whether every run has come to a rest: it ended, or waits for something."""
        return all(run["state"] not in ("pending", "ready", "running") for run in self.listed("runs", "ls"))


# --- the story


def insist(world, alert, what, is_met):
    """Sends an alert until what it leads to was met: when runs that did not help end meanwhile, the rule asks before it acts."""
    for _ in range(5):
        assert world.alert(alert) == 200
        began = time.monotonic()
        while time.monotonic() - began < 9:
            if is_met():
                return
            time.sleep(0.05)
    raise AssertionError(f"not seen: {what}")


def meets_rudeness(world):
    """One start for each: what a breaker remembers would keep the next one from being seen."""
    met = 0
    for name, answer in rudenesses(world.between):
        for operation in ("reboot", "list"):
            world.between.plan = [(operation, answer)]
            world.start()
            if met % 9 == 0:
                world.command(f"reboot node-{300 + met // 9}")
            insist(world, "HostDown", f"{operation} is answered with {name}", lambda: not world.between.plan)
            time_limit = time.monotonic() + 1
            while not world.is_settled() and time.monotonic() < time_limit:
                pass
            world.stop()
            met += 1
    harness.say(f"{met} rude answers met, each followed by a stop with status 0")


def known_faults(world):
    reply = harness.request("POST", f"{world.simulator}/_sim/faults", {"operation": "any", "kind": "?"})
    kinds = reply.json()["detail"].partition("known are ")[2].replace(" and ", ", ").split(", ")
    statuses = [f"status_{status}" for status in (400, 401, 402, 403, 404, 429, 500, 503)]
    return [kind for kind in kinds if "NNN" not in kind] + statuses + ["status_500_after_apply", "status_402_after_apply"]


def meets_faults(world):
    faults = f"{world.simulator}/_sim/faults"
    met = 0
    for kind in known_faults(world):
        for operation in ("reboot", "list", "create"):
            fault = {"operation": operation, "kind": kind, "delay_ms": 300, "retry_after": 1}
            reply = harness.request("POST", faults, fault)
            if reply.status == 400 and "goes with" in reply.json()["detail"]:
                continue
            assert reply.status == 201, (kind, reply.status, reply.body)
            world.start()
            insist(
                world, "Busy" if operation == "create" else "HostDown", f"{operation} meets {kind}",
                lambda: not harness.request("GET", faults).json()["faults"])
            world.stop()
            met += 1
    harness.say(f"{met} faults of the simulator met")


def tells(world):
    """Messages, requests to another API, and a chat."""
    world.start()
    for _ in range(3 * len(WRITERS)):
        assert world.alert("Ticket") == 200
    assert world.alert("HostDown", "nobody") == 200
    assert world.alert("HostDown", token="wrong") == 401
    world.command("reboot node-399")
    world.command("reboot nobody")
    world.command("nonsense")
    world.bench.wait_until(
        "the other API was asked and people were told", lambda: len(world.tickets.requests) >= 3 * len(WRITERS)
        and len(world.chat.requests) >= 6, 60)
    world.bench.wait_until("every run has come to a rest", world.is_settled, 60)
    bodies = [run for run in world.listed("runs", "ls") if run["rule"] == "ticket"]
    assert len(bodies) == 3 * len(WRITERS), len(bodies)
    harness.say(f"{len(world.tickets.requests)} requests of rules, {len(world.chat.requests)} messages")


def shows(world):
    """Every verb that shows something, of everything that there is; the bridge runs."""
    runs = world.listed("runs", "ls")
    for number, run in enumerate(runs):
        # Each in one way; what they draw from is the same for all, and searched as a whole in the database.
        world.verb(*[
            ("runs", "show", run["id"]), ("runs", "show", run["id"], "--json"), ("explain", "run", run["id"]),
            ("explain", run["delivery"]), ("explain", run["delivery"], "--json")][number % 5])
    audit = world.listed("audit", "ls")
    world.listed("dead", "ls")
    for arguments in (("audit", "ls"), ("dead", "ls"), ("runs", "ls"), ("status",), ("status", "--json"), ("approvals", "ls"),
                      ("check",), ("check", "--print"), ("check", "--format", "json"), ("reload",), ("healthcheck",)):
        world.verb(*arguments)
    world.bench.write("rules/broken.yaml", "version: 1\nrules: [{name: x, trigr: y}]\n")
    assert world.verb("reload").returncode == 78
    (world.bench.folder / "rules" / "broken.yaml").unlink()
    assert world.verb("reload").returncode == 0
    text = world.metrics()
    seen = {label for label in ("response", "not_sent", "maybe_sent") if f'outcome="{label}"' in text}
    assert 'upstream="api"' in text and seen, text
    world.keep("metrics", text)
    harness.say(f"{len(runs)} runs and {len(audit)} audit entries shown in every way")
    world.stop()
    assert not world.trap.requests, "the environment's proxy was used"


def refused_proxies(world):
    """A proxy with a password is no configuration; one that refuses repeats the request to nobody."""
    port = lasting_port()
    secret = CANARIES["proxy"].value
    for number, wrong in enumerate((
            {"api": {"proxy": f"http://ann:{secret}@127.0.0.1:1"}}, {"outbound": {"proxy": f"http://ann:{secret}@127.0.0.1:1"}},
            {"channels": {"a": {"kind": "webhook", "url": f"https://ann:{secret}@127.0.0.1/"}}})):
        config = world.bench.write(f"secrets/wrong-{number}.yaml", wrong)
        for verb in ("check", "serve"):
            done = world.verb(verb, config=config)
            assert done.returncode == 78 and b"user name or password" in done.stderr, (verb, done.returncode, done.stderr)
    proxy = Rude(lambda method, target, fields, body: http(
        407, f"{method} {target} {fields} {body}", f"Proxy-Authenticate: Basic realm=\"{fields}\"\r\n"))
    world.bench.receivers.append(proxy)
    config, bridge = world.config, world.bridge
    world.config = world.bench.write("proxied.yaml", {
        **world.configuration(port, proxy=proxy.url, base_url="https://api.vps.example"),
        "outbound": {"proxy": proxy.url}})
    world.bridge = f"http://127.0.0.1:{port}"
    world.start()
    assert world.alert("HostDown") == 200
    assert world.alert("Ticket") == 200
    world.bench.wait_until("the proxy refused both", lambda: len({line.split()[0] for line, _, _ in proxy.requests}) >= 2, 40)
    asked = [(line, fields) for line, fields, _ in proxy.requests if line.startswith("CONNECT")]
    assert asked and all("authorization" not in fields for _, fields in asked), "the proxy saw the token"
    world.stop()
    world.config, world.bridge = config, bridge
    harness.say("proxies with a password: 78; one that refuses never saw the API's token")


def wrong_secrets(world):
    """A token with a line end in it, and a channel that is no address: refused without being shown."""
    for name, text, said in (
            ("api", CANARIES["api"].value + "\n" + CANARIES["api"].value, b"the bearer token"), ("channel", CANARIES["channel"].value, b"https://")):
        right = (world.bench.folder / "secrets" / name).read_text()
        world.bench.write(f"secrets/{name}", text, 0o600)
        done = world.verb("serve")
        assert done.returncode in (1, 78) and said in done.stderr, (name, done.returncode, done.stderr)
        world.bench.write(f"secrets/{name}", right, 0o600)
    harness.say("a token and an address that can not be used: not started")


def crashes(world):
    """Killed with requests under way, under Swift's backtracer with the settings that docs/container.md gives."""
    backtracer = find_backtracer()
    for kind in (signal.SIGABRT, signal.SIGSEGV):
        world.between.stalls.clear()
        world.between.plan = [("list", world.between.stall)]
        # Names of functions are no secrets, and reading them from a debug build takes minutes.
        settings = documented_settings() + (f",symbolicate=off,swift-backtrace={backtracer}" if backtracer else "")
        world.start({"SWIFT_BACKTRACE": settings})
        assert world.alert("HostDown") == 200
        assert world.alert("Ticket") == 200
        world.bench.wait_until("a request with the token is under way", world.between.stalls.is_set, 30)
        written = world.serve.log().count("Backtrace took")
        world.serve.child.send_signal(kind)
        if backtracer:
            world.bench.wait_until("the crash trace is written", lambda: world.serve.log().count("Backtrace took") > written, 90)
        world.bench.forget(world.serve)
        if backtracer:
            # A signal from outside, unlike a fault of its own, lets it go on after the trace, if it comes then.
            world.bench.wait_until("the process ends", lambda: has_ended_by(world.serve, kind), 120, every=1)
        world.serve.child.wait(timeout=60)
        assert world.serve.child.returncode == -kind, world.serve.child.returncode
    traces = len(re.findall(r"^Thread \d+", world.serve.log(), re.MULTILINE))
    assert traces or not backtracer, "the backtracer wrote nothing"
    harness.say(f"killed by SIGABRT and SIGSEGV; {traces} threads in the crash traces" if backtracer
                else "killed by SIGABRT and SIGSEGV; no backtracer on this machine")


def has_ended_by(process, kind):
    if not process.has_ended:
        process.child.send_signal(kind)
    return process.has_ended


def documented_settings():
    text = (harness.ROOT / "docs" / "container.md").read_text()
    return re.search(r"SWIFT_BACKTRACE=([a-z=,]+)", text)[1]


def find_backtracer():
    swift = shutil.which("swift")
    if not swift:
        return None
    folder = Path(swift).resolve().parent.parent / "libexec" / "swift" / "linux"
    return next((str(path) for path in (folder / "swift-backtrace-static", folder / "swift-backtrace") if path.exists()), None)


def search(world):
    """Looks into everything that was written outside the folder of the secrets themselves."""
    wanted = {}
    for canary in CANARIES.values():
        for form, needle in canary.forms():
            wanted.setdefault(needle, f"{canary.name} ({form})")
    pattern = re.compile(b"|".join(re.escape(needle) for needle in sorted(wanted, key=len, reverse=True)))
    found, files, size = [], 0, 0
    for path in sorted(world.bench.folder.rglob("*")):
        if not path.is_file() or path.is_relative_to(world.bench.folder / "secrets"):
            continue
        content = path.read_bytes()
        files, size = files + 1, size + len(content)
        for match in pattern.finditer(content):
            around = content[max(0, match.start() - 120):match.end() + 60]
            found.append(f"{path.relative_to(world.bench.folder)}: {wanted[match.group()]}: …{around!r}…")
    assert not found, f"{len(found)} finds:\n" + "\n".join(found[:20])
    harness.say(f"none of {len(wanted)} needles in {files} files, {size >> 10} KiB: log, outputs, metrics, database, crash traces")


def check_search(world):
    """The search itself finds each canary in each way of writing it."""
    for canary in CANARIES.values():
        pattern = re.compile(b"|".join(re.escape(needle) for _, needle in canary.forms()))
        for name, write in WRITERS.items():
            assert pattern.search(write("Bearer " + canary.value).encode()), (canary.name, name)


def main():
    harness.say(f"E2E_SEED={SEED}")
    with harness.Bench("canary") as bench:
        world = World(bench)
        check_search(world)
        wrong_secrets(world)
        meets_rudeness(world)
        meets_faults(world)
        tells(world)
        shows(world)
        refused_proxies(world)
        crashes(world)
        for name in ("", "-wal"):
            assert (bench.folder / "data" / f"vpsbridge.sqlite{name}").exists(), name
        search(world)


if __name__ == "__main__":
    main()
