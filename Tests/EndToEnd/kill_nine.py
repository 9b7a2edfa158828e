# needs: VPSBRIDGE_BIN
"""`kill -9` at random instants under a stream of alerts: nothing acknowledged is lost, nothing is done twice.

Environment: E2E_KILLS (default 200), E2E_ALERTS (default 2000), E2E_SEED (default random, printed).
"""

import collections
import http.client
import json
import os
import random
import sqlite3
import subprocess
import threading
import time

import harness

API_TOKEN = "an-api-token-of-the-kill-test"
HOOK_TOKEN = "a-hook-token-of-the-kill-test"
KILLS = int(os.environ.get("E2E_KILLS", "200"))
ALERTS = int(os.environ.get("E2E_ALERTS", "2000"))
SEED = int(os.environ.get("E2E_SEED", str(random.randrange(1 << 32))))
SERVERS = 100

RULES = """\
version: 1
rules:
  - name: host-down
    trigger: alertmanager
    when:
      - event.labels.alertname == "HostDown"
    target: event.labels.server
    autonomy: auto
    escalation:
      - {timeout: 1h, actions: [server.reboot]}
"""


def alert(number):
    """Every twentieth alert is about a server of its own; the others match no rule."""
    server = number // 20 if number % 20 == 0 and number // 20 < SERVERS else None
    labels = {"alertname": "HostDown" if server is not None else "DiskFull", "number": str(number)}
    if server is not None:
        labels["server"] = f"node-{server + 1}"
    return {
        "version": "4", "groupKey": "{}", "truncatedAlerts": 0, "status": "firing", "receiver": "vpsbridge", "groupLabels": {},
        "commonLabels": {}, "commonAnnotations": {}, "externalURL": "", "alerts": [{
            "status": "firing", "labels": labels, "annotations": {}, "startsAt": "2026-11-21T10:00:00Z",
            "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "", "fingerprint": f"{number:016x}"}]}


class Sender(threading.Thread):
    """Sends every alert until it is answered 2xx, as Alertmanager does; remembers what was acknowledged."""

    def __init__(self, port, pace):
        super().__init__(daemon=True)
        self.port = port
        self.pace = pace
        self.acknowledged = []
        self.refused = collections.Counter()

    def run(self):
        connection = None
        for number in range(ALERTS):
            body = json.dumps(alert(number))
            while True:
                try:
                    connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                    connection.request("POST", "/hooks/alertmanager", body, {
                        "Content-Type": "application/json", "Authorization": f"Bearer {HOOK_TOKEN}"})
                    answer = connection.getresponse()
                    answer.read()
                    if 200 <= answer.status < 300:
                        self.acknowledged.append(number)
                        break
                    self.refused[answer.status] += 1
                except (OSError, http.client.HTTPException):
                    if connection:
                        connection.close()
                    connection = None
                time.sleep(0.01)
            time.sleep(self.pace)


def main():
    harness.say(f"{KILLS} kills, {ALERTS} alerts, seed {SEED}")
    chance = random.Random(SEED)
    with harness.Bench("kill-nine") as bench:
        simulator_port, port = harness.free_port(), harness.free_port()
        simulator = f"http://127.0.0.1:{simulator_port}"
        bench.start("simulator", [
            harness.tool("VPSBRIDGE_BIN"), "sim", "--listen", f"127.0.0.1:{simulator_port}", "--token", API_TOKEN,
            "--power-time", "1"])
        bench.wait_until("the simulator answers", lambda: harness.answers(f"{simulator}/metrics"), 15)
        assert harness.request("POST", f"{simulator}/_sim/servers", {"count": SERVERS, "prefix": "node"}).status == 201
        bench.write("rules/host-down.yaml", RULES)
        config = bench.write("vpsbridge.yaml", {
            "live": True, "listen": f"127.0.0.1:{port}", "admin": {"listen": f"127.0.0.1:{harness.free_port()}"},
            "data": str(bench.folder / "data"), "rules": str(bench.folder / "rules"),
            "api": {"base_url": simulator, "token_file": str(bench.write("api-token", API_TOKEN, 0o600))},
            "sources": {"alertmanager": {
                "kind": "alertmanager", "auth": {"bearer_file": str(bench.write("hook-token", HOOK_TOKEN, 0o600))}}},
            # The guards are out of the way on purpose: what keeps a reboot from being sent twice here is the intent on disk alone.
            "limits": {
                "storm": {"servers": 100000}, "flaps": {"max": 1000, "per": "1h"}, "boot_grace": "0s",
                "settle": "0s", "cooldown": "0s", "max_concurrent": 1000, "budgets": [{"max": 1000, "per": "1h"}],
                "fleet_budgets": [{"max": 100000, "per": "1h"}], "max_event_age": "24h"},
        })

        def serve():
            return bench.start("bridge", [harness.tool("VPSBRIDGE_BIN"), "serve", "--config", config])

        # About ten alerts in each life, so that the stream lasts as long as the kills.
        sender = Sender(port, pace=0.02)
        sender.start()
        started = time.monotonic()
        for kill in range(KILLS):
            bridge = serve()
            if chance.random() < 0.8:
                ready = time.monotonic() + 15
                while not harness.answers(f"http://127.0.0.1:{port}/readyz") and time.monotonic() < ready:
                    assert not bridge.has_ended, bridge.log_tail()
                    time.sleep(0.01)
            time.sleep(chance.uniform(0, 0.4))
            bridge.kill()
            bench.forget(bridge)
        harness.say(f"{KILLS} kills in {time.monotonic() - started:.0f} s, {len(sender.acknowledged)} alerts acknowledged by then")

        bridge = serve()
        sender.join(120)
        assert len(sender.acknowledged) == ALERTS, f"{len(sender.acknowledged)} of {ALERTS} acknowledged: {sender.refused}"

        database = f"file:{bench.folder}/data/vpsbridge.sqlite?mode=ro"

        def rows(statement):
            connection = sqlite3.connect(database, uri=True, timeout=5)
            try:
                return connection.execute(statement).fetchall()
            finally:
                connection.close()

        def at_rest():
            waiting = rows("SELECT count(*) FROM runs WHERE state IN ('pending', 'held', 'ready', 'running', 'unknown')")[0][0]
            return waiting == 0 and json.loads(bench_status(config))["undispatched"] == 0

        bench.wait_until("every delivery is decided and every run has sent its request", at_rest, 90, every=0.5)
        numbers = collections.Counter()
        for (body,) in rows("SELECT body FROM delivery_bodies"):
            numbers[int(json.loads(body)["alerts"][0]["labels"]["number"])] += 1
        lost = [number for number in sender.acknowledged if number not in numbers]
        assert not lost, f"acknowledged and not stored: {lost[:10]}"
        runs = rows("SELECT count(*), count(DISTINCT episode) FROM runs")[0]
        assert runs == (SERVERS, SERVERS), runs
        ledger = harness.request("GET", f"{simulator}/_sim/ledger").json()
        reboots = collections.Counter(entry["server_id"] for entry in ledger["entries"] if entry["operation"] == "reboot")
        twice = {server: count for server, count in reboots.items() if count > 1}
        assert not twice, f"rebooted twice for one episode: {twice}"
        assumed = rows("SELECT count(*) FROM intents WHERE outcome = 'assumed_sent'")[0][0]
        assert len(reboots) + assumed >= SERVERS, (len(reboots), assumed)
        harness.say(
            f"{len(numbers)} alerts stored ({sum(numbers.values())} deliveries), all decided; {len(reboots)} of {SERVERS} servers "
            f"rebooted, none twice, {assumed} reboots counted as sent without evidence")
        assert bridge.stop() == 0
        bench.forget(bridge)


def bench_status(config):

    return subprocess.run(
        [harness.tool("VPSBRIDGE_BIN"), "status", "--json", "--config", str(config)], capture_output=True, text=True, timeout=20,
        check=True).stdout


if __name__ == "__main__":
    main()
