# needs: VPSBRIDGE_BIN
"""One switch stops it: pause, hold, the file STOP and SIGUSR2, over kill -9 and restarts; resume tells what waits and what is owed.

alerts ─▶ bridge ─▶ nothing, while it is stopped ─▶ `vpsbridge resume` ─▶ an owed start first, then the rest
"""

import json
import signal
import subprocess

import harness

API_TOKEN = "an-api-token-of-the-stop-test"
HOOK_TOKEN = "a-hook-token-of-the-stop-test"

RULES = """\
version: 1
rules:
  - {name: down, trigger: alertmanager, when: event.labels.alertname == "HostDown", target: event.labels.server,
     autonomy: auto, healthy_delay: 1s, actions: [server.reboot]}
  - {name: hung, trigger: alertmanager, when: event.labels.alertname == "HostHung", target: event.labels.server,
     autonomy: auto, healthy_delay: 1s, actions: [server.power_cycle]}
"""


class World:
    def __init__(self, bench):
        self.bench = bench
        self.people = bench.receiver()
        simulator_port, port, admin = harness.free_port(), harness.free_port(), harness.free_port()
        self.simulator, self.bridge = f"http://127.0.0.1:{simulator_port}", f"http://127.0.0.1:{port}"
        self.admin = f"http://127.0.0.1:{admin}"
        self.data = bench.folder / "data"
        bench.start("simulator", [
            harness.tool("VPSBRIDGE_BIN"), "sim", "--listen", f"127.0.0.1:{simulator_port}", "--token", API_TOKEN,
            "--power-time", "1"])
        bench.wait_until("the simulator answers", lambda: harness.answers(f"{self.simulator}/metrics"), 15)
        assert harness.request("POST", f"{self.simulator}/_sim/servers", {"count": 60, "prefix": "node"}).status == 201
        listed = harness.request(
            "GET", f"{self.simulator}/api/v1/servers/?page_size=100", headers={"Authorization": f"Bearer {API_TOKEN}"}).json()
        self.ids = {server["name"]: server["id"] for server in listed["results"]}
        bench.write("rules/web.yaml", RULES)
        self.config = bench.write("vpsbridge.yaml", {
            "live": True, "listen": f"127.0.0.1:{port}", "admin": {"listen": f"127.0.0.1:{admin}"}, "data": str(self.data),
            "rules": str(bench.folder / "rules"),
            "api": {"base_url": self.simulator, "token_file": str(bench.write("api-token", API_TOKEN, 0o600)),
                    "rate_limit": {"per_second": 100, "burst": 100}, "max_in_flight": {"reads": 16, "mutations": 16}},
            "limits": {"storm": {"servers": 100000}, "settle": "0s", "max_concurrent": 100, "fleet_budgets": [{"max": 1000, "per": "1h"}]},
            "channels": {"ops": {"kind": "webhook", "url": f"{self.people.url}/ops"}},
            "sources": {"alertmanager": {
                "kind": "alertmanager", "auth": {"bearer_file": str(bench.write("hook-token", HOOK_TOKEN, 0o600))}}},
        })
        self.start()

    def start(self):
        self.serve = self.bench.start("bridge", [harness.tool("VPSBRIDGE_BIN"), "serve", "--config", self.config])
        self.bench.wait_until("the bridge is ready", lambda: harness.answers(f"{self.bridge}/readyz"), 15)

    def alert(self, *servers, name="HostDown"):
        reply = harness.request("POST", f"{self.bridge}/hooks/alertmanager", {
            "version": "4", "groupKey": "{}", "truncatedAlerts": 0, "status": "firing", "receiver": "vpsbridge",
            "groupLabels": {}, "commonLabels": {}, "commonAnnotations": {}, "externalURL": "", "alerts": [{
                "status": "firing", "labels": {"alertname": name, "server": server}, "annotations": {},
                "startsAt": "2026-11-21T10:00:00Z", "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "",
                "fingerprint": f"{name}/{server}"} for server in servers],
        }, {"Authorization": f"Bearer {HOOK_TOKEN}"})
        assert reply.status == 200, (reply.status, reply.body)

    def command_line(self, *arguments, expect=0):
        done = subprocess.run(
            [harness.tool("VPSBRIDGE_BIN"), *arguments, "--config", str(self.config)], capture_output=True, text=True, timeout=20)
        assert done.returncode == expect, (arguments, done.returncode, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def sent(self, *servers):
        """What reached the API, in order: `(operation, server's name)`; of those servers, or of all."""
        names = {number: name for name, number in self.ids.items()}
        entries = harness.request("GET", f"{self.simulator}/_sim/ledger").json()["entries"]
        return [(e["operation"], names.get(e["server_id"])) for e in entries if not servers or names.get(e["server_id"]) in servers]

    def status(self):
        return json.loads(self.command_line("status", "--json", "--limit", "1000"))

    def waits(self, count):
        self.bench.wait_until(
            f"{count} runs wait", lambda: self.status()["waiting_for_resume_count"] == count, 10)

    def is_stopped(self):
        self.bench.wait_until(
            "everything is stopped within a second",
            lambda: harness.metric(self.admin, "vpsbridge_paused")['scope="stop"'] == 1, 1, every=0.02)

    def nothing_leaves(self, seconds=1.5):
        before = self.sent()
        self.bench.holds_for("nothing is sent", lambda: self.sent() == before, seconds, every=0.25)


def pauses(world, bench):
    said = world.command_line("pause", "--reason", "a migration", "--for", "2h")
    assert said.startswith("Paused: everything is paused until ") and "by operator" in said, said
    world.alert("node-1")
    world.waits(1)
    world.nothing_leaves()
    shown = world.command_line("status")
    assert "PAUSED" in shown and "a migration" in shown and "run 1 of rule down, node-1" in shown, shown
    assert harness.metric(world.admin, "vpsbridge_paused")['scope="all"'] == 1
    said = world.command_line("resume")
    assert "1 runs are judged again" in said and "run 1 of rule down, node-1" in said, said
    bench.wait_until("it is rebooted", lambda: world.sent("node-1") == [("reboot", "node-1")], 5)
    harness.say("paused: a run waits and is shown; resumed: told, and done")

    assert "server " in world.command_line("hold", "node-2", "--reason", "somebody works on it")
    world.alert("node-2", "node-3")
    bench.wait_until("the other is rebooted", lambda: world.sent("node-3") == [("reboot", "node-3")], 10)
    world.waits(1)
    assert world.sent("node-2") == []
    world.command_line("release", "node-2")
    bench.wait_until("it is rebooted", lambda: world.sent("node-2") == [("reboot", "node-2")], 5)
    world.command_line("pause", "--rule", "down", "--server", "1", "--reason", "x", expect=64)
    world.command_line("pause", "--reason", "x", "--for", "soon", expect=64)
    world.command_line("hold", "nobody", "--reason", "x", expect=1)
    harness.say("held: one server alone waits")


def owes(world, bench):
    world.alert("node-4", name="HostHung")
    bench.wait_until("its stop is sent", lambda: world.sent("node-4") == [("stop", "node-4")], 10, every=0.02)
    (world.data / "STOP").touch()
    world.is_stopped()
    world.alert("node-5", "node-6")
    world.waits(3)
    assert world.sent("node-4", "node-5", "node-6") == [("stop", "node-4")]
    texts = [body["text"] for body in world.people.bodies()]
    assert sum("its start waits" in text for text in texts) == 1, texts
    said = world.command_line("resume")
    assert "STOP is removed" in said and "1 of them a start that is owed, which goes first" in said, said
    assert not (world.data / "STOP").exists()
    bench.wait_until("all is done", lambda: len(world.sent("node-4", "node-5", "node-6")) == 4, 10)
    assert world.sent("node-4", "node-5", "node-6")[1] == ("start", "node-4"), world.sent("node-4", "node-5", "node-6")
    harness.say("the file STOP between a stop and its start: people are told once, and the start goes first")


def survives(world, bench):
    servers = [f"node-{number}" for number in range(10, 50)]
    world.alert(*servers)
    world.serve.child.send_signal(signal.SIGUSR2)
    world.is_stopped()
    assert (world.data / "STOP").exists()
    done = len(world.sent(*servers))
    world.nothing_leaves()
    world.serve.kill()
    bench.forget(world.serve)
    world.start()
    world.alert(*servers)
    world.nothing_leaves()
    assert len(world.sent(*servers)) == done
    assert "STOPPED" in world.command_line("status")
    audit = json.loads(world.command_line("audit", "ls", "--json", "--limit", "1000"))
    assert [e["actor"] for e in audit if e["reason"] == "paused" and e["actor"] in ("signal", "file")] == [
        "file", "signal", "file"], audit
    (world.data / "STOP").unlink()
    bench.wait_until("the rest is done", lambda: len(world.sent(*servers)) == len(servers), 15)
    harness.say(f"SIGUSR2 among 40 alerts: {done} had left, none more; still so after kill -9; done when the file was removed")


def alone(world, bench):
    assert world.serve.stop() == 0
    bench.forget(world.serve)
    world.command_line("hold", "node-7", "--reason", "x", expect=1)
    world.command_line("hold", str(world.ids["node-7"]), "--reason", "the disk is changed")
    world.command_line("pause", "--action", "server.create", "--reason", "no credit")
    assert [p["scope"] for p in world.status()["paused"]] == ["server", "action"]
    world.start()
    world.alert("node-7", "node-8")
    bench.wait_until("the other is rebooted", lambda: world.sent("node-8") == [("reboot", "node-8")], 10)
    world.waits(1)
    said = world.command_line("release", "node-7")
    assert "Still paused: action server.create" in said, said
    bench.wait_until("it is rebooted", lambda: world.sent("node-7") == [("reboot", "node-7")], 5)
    harness.say("written while no bridge ran: in force at its start")


def main():
    with harness.Bench("stop") as bench:
        world = World(bench)
        pauses(world, bench)
        owes(world, bench)
        survives(world, bench)
        alone(world, bench)
        assert world.serve.stop() == 0
        bench.forget(world.serve)


if __name__ == "__main__":
    main()
