# needs: VPSBRIDGE_BIN
# when: named
"""`kill -9` at random instants while groups grow and shrink: no server is bought twice, and none is deleted that the bridge did not buy.

Environment: E2E_KILLS (default 25), E2E_ACTIONS (groups that grow and shrink, default 6), E2E_SEED (default random, printed).
"""

import collections
import json
import os
import random
import sqlite3
import time

import harness

API_TOKEN = "an-api-token-of-the-scaling-kill-test"
HOOK_TOKEN = "a-hook-token-of-the-scaling-kill-test"
KILLS = int(os.environ.get("E2E_KILLS", "25"))
ACTIONS = int(os.environ.get("E2E_ACTIONS", "6"))
SEED = int(os.environ.get("E2E_SEED", str(random.randrange(1 << 32))))

RULES = """\
version: 1
rules:
  - name: grow
    trigger: alertmanager
    when:
      - event.labels.alertname == "Busy"
    group_by: event.labels.group
    fleet: {select: 'server.name.startsWith(event.labels.group + "-")', delete: bridge-created}
    autonomy: auto
    actions:
      - action: fleet.scale
        with:
          {min: 1, max: 3, delta: 2, template: {name: "${{ event.labels.group }}-${{ slot }}", plan_id: 1, os_id: 5, location: us-west}}
        wait_for: {status: active, timeout: 10m}
  - name: shrink
    trigger: alertmanager
    when:
      - event.labels.alertname == "Idle"
    group_by: event.labels.group
    fleet: {select: 'server.name.startsWith(event.labels.group + "-")', delete: bridge-created}
    autonomy: auto
    actions:
      - action: fleet.scale
        with: {min: 1, max: 3, delta: -1, victim: newest}
"""


def alert(name, group, status="firing"):
    return {
        "version": "4", "groupKey": "{}", "truncatedAlerts": 0, "status": status, "receiver": "r", "groupLabels": {},
        "commonLabels": {}, "commonAnnotations": {}, "externalURL": "", "alerts": [{
            "status": status, "labels": {"alertname": name, "group": group}, "annotations": {},
            "startsAt": "2026-11-21T10:00:00Z", "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "",
            "fingerprint": f"{name}/{group}"}]}


class World:
    def __init__(self, bench):
        self.bench = bench
        simulator_port, self.port = harness.free_port(), harness.free_port()
        self.simulator = f"http://127.0.0.1:{simulator_port}"
        bench.start("simulator", [
            harness.tool("VPSBRIDGE_BIN"), "sim", "--listen", f"127.0.0.1:{simulator_port}", "--token", API_TOKEN,
            "--power-time", "1"])
        bench.wait_until("the simulator answers", lambda: harness.answers(f"{self.simulator}/metrics"), 15)
        options = {"create_ms": 1_500, "list_lag_ms": 300}
        assert harness.request("POST", f"{self.simulator}/_sim/options", options).status == 200
        for group in range(ACTIONS):
            body = {"count": 1, "prefix": f"pool{group}"}
            assert harness.request("POST", f"{self.simulator}/_sim/servers", body).status == 201
        bench.write("rules/scale.yaml", RULES)
        self.config = bench.write("vpsbridge.yaml", {
            "live": True, "listen": f"127.0.0.1:{self.port}", "admin": {"listen": f"127.0.0.1:{harness.free_port()}"},
            "data": str(bench.folder / "data"), "rules": str(bench.folder / "rules"),
            "api": {"base_url": self.simulator, "token_file": str(bench.write("api-token", API_TOKEN, 0o600))},
            "sources": {"alertmanager": {
                "kind": "alertmanager", "auth": {"bearer_file": str(bench.write("hook-token", HOOK_TOKEN, 0o600))}}},
            # What keeps a create from being sent twice here is the intent on disk and the list of servers alone.
            "limits": {
                "storm": {"servers": 100000}, "flaps": {"max": 1000, "per": "1h"}, "boot_grace": "0s",
                "settle": "0s", "cooldown": "0s", "max_concurrent": 1000, "budgets": [{"max": 1000, "per": "1h"}],
                "fleet_budgets": [{"max": 100000, "per": "1h"}], "max_event_age": "24h",
                "creates": {"max_per_day": 100000}},
        })

    def serve(self):
        bridge = self.bench.start("bridge", [harness.tool("VPSBRIDGE_BIN"), "serve", "--config", self.config])
        return bridge

    def send(self, body):
        """Until it is answered 2xx, as Alertmanager does."""
        def sent():
            answer = harness.request(
                "POST", f"http://127.0.0.1:{self.port}/hooks/alertmanager", json.dumps(body).encode(),
                {"Content-Type": "application/json", "Authorization": f"Bearer {HOOK_TOKEN}"}, timeout=5)
            return 200 <= answer.status < 300
        self.bench.wait_until("the alert is taken", sent, 60)

    def runs(self, rule):
        connection = sqlite3.connect(f"file:{self.bench.folder}/data/vpsbridge.sqlite?mode=ro", uri=True, timeout=5)
        try:
            return connection.execute("SELECT state, reason, detail FROM runs WHERE rule = ?", (rule,)).fetchall()
        finally:
            connection.close()

    def ledger(self):
        entries = harness.request("GET", f"{self.simulator}/_sim/ledger").json()["entries"]
        return [entry for entry in entries if entry["applied"]]


def kill_until_done(world, bridge, rule, kills, chance):
    """Kills the bridge so often while the runs of a rule are under way; returns the one that lives in the end."""
    for _ in range(kills):
        time.sleep(chance.uniform(0.05, 1.2))
        bridge.kill()
        world.bench.forget(bridge)
        bridge = world.serve()
    final = {"succeeded", "failed", "cancelled", "expired", "parked"}

    def over():
        found = world.runs(rule)
        return len(found) == ACTIONS and all(state in final for state, _, _ in found)

    # A create of unknown outcome is looked for during 5 minutes before it is asked for again.
    world.bench.wait_until(f"every run of {rule} has ended", over, 700, every=0.5)
    return bridge


def main():
    harness.say(f"{KILLS} kills, {ACTIONS} groups, seed {SEED}")
    chance = random.Random(SEED)
    with harness.Bench("kill-nine-scale") as bench:
        world = World(bench)
        bridge = world.serve()
        for group in range(ACTIONS):
            world.send(alert("Busy", f"pool{group}"))
        bridge = kill_until_done(world, bridge, "grow", (KILLS + 1) // 2, chance)
        made = collections.Counter(entry["name"] for entry in world.ledger() if entry["operation"] == "create")
        twice = {name: count for name, count in made.items() if count > 1}
        parked = [detail for state, _, detail in world.runs("grow") if state == "parked"]
        unknown = [name for name in twice if not any(name in detail for detail in parked)]
        assert not unknown, f"bought twice and nobody was told: {unknown}"
        succeeded = sum(state == "succeeded" for state, _, _ in world.runs("grow"))
        assert len(made) >= 2 * succeeded, (made, world.runs("grow"))

        for group in range(ACTIONS):
            world.send(alert("Busy", f"pool{group}", "resolved"))
            world.send(alert("Idle", f"pool{group}"))
        bridge = kill_until_done(world, bridge, "shrink", KILLS // 2, chance)
        deleted = [entry for entry in world.ledger() if entry["operation"] == "delete"]
        foreign = [entry["name"] for entry in deleted if entry["name"] not in made]
        assert not foreign, f"deleted, though the bridge did not buy it: {foreign}"
        pools = collections.Counter(entry["name"].rpartition("-")[0] for entry in deleted)
        assert all(count == 1 for count in pools.values()), f"more than one server deleted by one action: {pools}"
        harness.say(f"{len(made)} servers bought by {ACTIONS} actions, {len(twice)} of them twice, {len(deleted)} deleted, all bought here")
        bridge.stop()
        bench.forget(bridge)


if __name__ == "__main__":
    main()
