# needs: VPSBRIDGE_BIN PROMETHEUS_BIN ALERTMANAGER_BIN
"""A hung server is rebooted through the whole real path, once, and the run ends when the server is seen healthy again.

simulator ◀─ scrape ─ Prometheus ─ alert ─▶ Alertmanager ─ webhook ─▶ bridge ─ API ─▶ simulator
"""

import json
import subprocess
import time

import harness

SERVER = 12345
API_TOKEN = "an-api-token-of-the-closed-loop"
HOOK_TOKEN = "a-hook-token-of-the-closed-loop"
RUN_LIMIT = 90  # seconds until a run has to be over

RULES = """\
version: 1
rules:
  - name: host-down
    description: A server that does not answer is rebooted, then power-cycled.
    trigger: alertmanager
    when:
      - event.labels.alertname == "HostDown"
      - event.labels.severity == "critical"
    target: event.labels.server
    autonomy: auto
    healthy_delay: 3s
    escalation:
      - {timeout: 20s, actions: [server.reboot]}
      - {timeout: 60s, actions: [server.power_cycle]}
      - {actions: [{action: notify, with: {channel: oncall, text: "${{ server.name }} is still down"}}]}
"""


class World:
    """Simulator, senders and bridge on one bench, all ready."""

    def __init__(self, bench):
        self.bench = bench
        self.oncall = bench.receiver()
        simulator_port, bridge_port, alertmanager_port = harness.free_port(), harness.free_port(), harness.free_port()
        self.simulator = f"http://127.0.0.1:{simulator_port}"
        self.bridge = f"http://127.0.0.1:{bridge_port}"

        bench.start("simulator", [
            harness.tool("VPSBRIDGE_BIN"), "sim", "--listen", f"127.0.0.1:{simulator_port}", "--token", API_TOKEN])
        bench.wait_until("the simulator shows its metrics", lambda: harness.answers(f"{self.simulator}/metrics"), 15)

        bench.write("rules/host-down.yaml", RULES)
        (bench.folder / "data").mkdir(mode=0o700)
        self.config = bench.write("vpsbridge.yaml", {
            "live": True,
            "listen": f"127.0.0.1:{bridge_port}",
            "admin": {"listen": f"127.0.0.1:{harness.free_port()}"},
            "data": str(bench.folder / "data"),
            "rules": str(bench.folder / "rules"),
            "api": {"base_url": self.simulator, "token_file": str(bench.write("api-token", API_TOKEN + "\n", 0o600))},
            "sources": {"alertmanager": {
                "kind": "alertmanager", "auth": {"bearer_file": str(bench.write("hook-token", HOOK_TOKEN + "\n", 0o600))}}},
            "limits": {"settle": "0s", "cooldown": "30m", "budgets": [{"max": 3, "per": "24h"}]},
            "channels": {"oncall": {"kind": "webhook", "url": f"{self.oncall.url}/oncall"}},
        })
        self.serve = bench.start("bridge", [harness.tool("VPSBRIDGE_BIN"), "serve", "--config", self.config])
        bench.wait_until("the bridge is ready", lambda: harness.answers(f"{self.bridge}/readyz"), 15)

        self.alertmanager = bench.start_alertmanager(
            f"{self.bridge}/hooks/alertmanager", HOOK_TOKEN, port=alertmanager_port)
        self.prometheus = bench.start_prometheus(simulator_port, alertmanager_port)
        harness.say("simulator, bridge, Alertmanager and Prometheus are ready")

    # --- the simulator

    def hang(self, server):
        self._control(f"servers/{server}/hang", {})

    def fault(self, fault):
        self._control("faults", fault)

    def _control(self, path, body):
        reply = harness.request("POST", f"{self.simulator}/_sim/{path}", body)
        assert 200 <= reply.status < 300, f"POST /_sim/{path}: {reply.status} {reply.body[:300]!r}"

    def requests_for(self, server):
        """The changing requests that reached the simulator for a server, in order."""
        ledger = harness.request("GET", f"{self.simulator}/_sim/ledger").json()
        return [entry["operation"] for entry in ledger["entries"] if entry["server_id"] == server]

    def up(self, server_ip):
        samples = harness.metric(self.simulator, "vps_server_up")
        return next(value for labels, value in samples.items() if f'ip="{server_ip}"' in labels) == 1

    def status(self, server):
        reply = harness.request(
            "GET", f"{self.simulator}/api/v1/servers/{server}/", headers={"Authorization": f"Bearer {API_TOKEN}"})
        return reply.json()["status"]

    # --- the senders and the bridge

    def notifications(self):
        """How many notifications Alertmanager has sent to its webhook receivers."""
        samples = harness.metric(self.alertmanager, "alertmanager_notifications_total")
        return sum(value for labels, value in samples.items() if 'integration="webhook"' in labels)

    def failed_notifications(self):
        samples = harness.metric(self.alertmanager, "alertmanager_notifications_failed_total")
        return sum(value for labels, value in samples.items() if 'integration="webhook"' in labels)

    def runs(self):
        """The runs that the bridge lists, newest first."""
        listed = subprocess.run(
            [harness.tool("VPSBRIDGE_BIN"), "runs", "ls", "--json", "--config", str(self.config)],
            capture_output=True, text=True, timeout=20)
        assert listed.returncode == 0, f"runs ls ended with {listed.returncode}: {listed.stderr}"
        document = json.loads(listed.stdout)
        return document["runs"] if isinstance(document, dict) else document

    def run_in(self, *states):
        return next((run for run in self.runs() if run["state"] in states), None)

    def stop(self):
        started = time.monotonic()
        status = self.serve.stop()
        assert status == 0, f"the bridge ended with {status} on SIGTERM"
        self.bench.forget(self.serve)
        harness.say(f"SIGTERM: the bridge ended with 0 after {time.monotonic() - started:.1f} s")


def one_reboot_heals():
    """Hung while `active`: one reboot, the metric recovers, the run succeeds; repeats and a relapse bring no second one."""
    with harness.Bench("closed-loop") as bench:
        world = World(bench)
        assert world.status(SERVER) == "active" and world.up("203.0.113.10")

        world.hang(SERVER)
        assert world.status(SERVER) == "active", "a hung guest stays active"
        bench.wait_until("a request reaches the API", lambda: world.requests_for(SERVER), RUN_LIMIT)
        bench.wait_until("Alertmanager has repeated itself", lambda: world.notifications() >= 3, 30)
        bench.wait_until("the metric recovers", lambda: world.up("203.0.113.10"), 60)
        run = bench.wait_until("the run has succeeded", lambda: world.run_in("succeeded"), RUN_LIMIT, every=0.5)
        assert run["rule"] == "host-down", run
        assert world.requests_for(SERVER) == ["reboot"], world.requests_for(SERVER)
        assert len(world.runs()) == 1, world.runs()
        assert world.failed_notifications() == 0
        harness.say(f"{world.notifications():.0f} notifications, 1 reboot, run {run['state']}")

        world.hang(SERVER)
        held = bench.wait_until("the relapse is held back", lambda: world.run_in("held"), RUN_LIMIT, every=0.5)
        assert held["reason"] == "cooldown", held
        bench.holds_for("no second reboot while cooling down", lambda: world.requests_for(SERVER) == ["reboot"], 5)
        harness.say("down again at once: held by the cooldown, no second reboot")
        world.stop()


def next_rung_when_reboot_does_nothing():
    """A reboot that answers 200 and does nothing is not success: the power cycle follows."""
    with harness.Bench("next-rung") as bench:
        world = World(bench)
        world.fault({"operation": "reboot", "kind": "does_nothing"})
        world.hang(SERVER)
        bench.wait_until("the reboot is asked for", lambda: world.requests_for(SERVER) == ["reboot"], RUN_LIMIT)
        bench.wait_until(
            "the power cycle follows", lambda: world.requests_for(SERVER) == ["reboot", "stop", "start"], RUN_LIMIT)
        bench.wait_until("the metric recovers", lambda: world.up("203.0.113.10"), 60)
        run = bench.wait_until("the run has succeeded", lambda: world.run_in("succeeded"), RUN_LIMIT, every=0.5)
        assert world.requests_for(SERVER) == ["reboot", "stop", "start"], world.requests_for(SERVER)
        assert not world.oncall.requests or "still down" not in str(world.oncall.requests), "the last rung was not needed"
        harness.say(f"reboot without effect, then stop and start; run {run['state']}")
        world.stop()


SCENARIOS = [one_reboot_heals, next_rung_when_reboot_does_nothing]

if __name__ == "__main__":
    for scenario in SCENARIOS:
        print(f"  {scenario.__name__}: {scenario.__doc__}", flush=True)
        scenario()
