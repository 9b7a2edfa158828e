#!/usr/bin/env python3
"""Part of `make bench`: how the engine keeps up with a storm of alerts, and how fast it works jobs off.

1. 1,000 alerts a second about 200 servers for 60 seconds: every event decided, the time from acceptance to decision, what was asked of
   VPS.org, and whether the memory stays flat.
2. Jobs a second: claimed in one commit and completed in another, beside plain SQLite doing two durable commits for each job, in turns.

Environment: BENCH_ALERTS (a second, default 1000), BENCH_STORM_SECONDS (default 60), BENCH_JOBS (default 2000). It prints, and ends
with 1 when an event was not decided or a request was made that the guards do not allow; times fail nothing.
"""

import http.client
import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "Tests" / "EndToEnd"))
import harness  # noqa: E402

ALERTS = int(os.environ.get("BENCH_ALERTS", "1000"))
SECONDS = int(os.environ.get("BENCH_STORM_SECONDS", "60"))
JOBS = int(os.environ.get("BENCH_JOBS", "2000"))
SERVERS = 200
# As Alertmanager groups them.
GROUP = 20
API_TOKEN = "an-api-token-of-the-engine-benchmark"
HOOK_TOKEN = "a-hook-token-of-the-engine-benchmark"

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


def body(first):
    alerts = []
    for number in range(first, first + GROUP):
        server = number % SERVERS + 1
        alerts.append({
            "status": "firing", "labels": {"alertname": "HostDown", "server": f"node-{server}", "severity": "critical"},
            "annotations": {"summary": f"node-{server} does not answer"}, "startsAt": "2026-11-21T10:00:00Z",
            "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "http://prometheus.example.com/graph",
            "fingerprint": f"{server:016x}"})
    return json.dumps({
        "version": "4", "groupKey": "{}", "truncatedAlerts": 0, "status": "firing", "receiver": "r", "groupLabels": {},
        "commonLabels": {}, "commonAnnotations": {}, "externalURL": "", "alerts": alerts}).encode()


class Sender(threading.Thread):
    """Sends its share of the alerts at their pace; what is answered 503 comes again."""

    def __init__(self, port, offset, senders, began):
        super().__init__(daemon=True)
        self.port, self.offset, self.senders, self.began = port, offset, senders, began
        self.sent = 0
        self.again = 0
        self.late = 0.0

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        count = ALERTS * SECONDS // GROUP
        for number in range(self.offset, count, self.senders):
            due = self.began + number * GROUP / ALERTS
            time.sleep(max(0.0, due - time.monotonic()))
            self.late = max(self.late, time.monotonic() - due)
            payload = body(number * GROUP)
            while True:
                connection.request("POST", "/hooks/alertmanager", payload, {
                    "Content-Type": "application/json", "Authorization": f"Bearer {HOOK_TOKEN}"})
                answer = connection.getresponse()
                answer.read()
                if answer.status // 100 == 2:
                    break
                self.again += 1
                time.sleep(0.1)
            self.sent += 1


def resident(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def quantile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))] if values else 0.0


def storm(bench):
    simulator_port, port = harness.free_port(), harness.free_port()
    simulator = f"http://127.0.0.1:{simulator_port}"
    bench.start("simulator", [
        harness.tool("VPSBRIDGE_BIN"), "sim", "--listen", f"127.0.0.1:{simulator_port}", "--token", API_TOKEN])
    bench.wait_until("the simulator answers", lambda: harness.answers(f"{simulator}/metrics"), 30)
    assert harness.request("POST", f"{simulator}/_sim/servers", {"count": SERVERS, "prefix": "node"}).status == 201
    bench.write("rules/host-down.yaml", RULES)
    config = bench.write("vpsbridge.yaml", {
        "live": True, "listen": f"127.0.0.1:{port}", "admin": {"listen": f"127.0.0.1:{harness.free_port()}"},
        "data": str(bench.folder / "data"), "rules": str(bench.folder / "rules"),
        "api": {"base_url": simulator, "token_file": str(bench.write("api-token", API_TOKEN, 0o600))},
        "sources": {"alertmanager": {
            "kind": "alertmanager", "auth": {"bearer_file": str(bench.write("hook-token", HOOK_TOKEN, 0o600))}}}})
    bridge = bench.start("bridge", [harness.tool("VPSBRIDGE_BIN"), "serve", "--config", config])
    bench.wait_until("the bridge is ready", lambda: harness.answers(f"http://127.0.0.1:{port}/readyz"), 60)
    began = time.monotonic() + 0.5
    senders = [Sender(port, offset, 8, began) for offset in range(8)]
    for sender in senders:
        sender.start()
    memory = []
    while any(sender.is_alive() for sender in senders):
        memory.append(resident(bridge.pid))
        time.sleep(0.5)
    database = f"file:{bench.folder}/data/vpsbridge.sqlite?mode=ro"

    def rows(statement):
        connection = sqlite3.connect(database, uri=True, timeout=10)
        try:
            return connection.execute(statement).fetchall()
        finally:
            connection.close()

    bench.wait_until(
        "every delivery is decided", lambda: rows("SELECT count(*) FROM deliveries WHERE dispatched_at IS NULL")[0][0] == 0, 120)
    waits = [wait / 1000 for (wait,) in rows("SELECT dispatched_at - received_at FROM deliveries")]
    ledger = harness.request("GET", f"{simulator}/_sim/ledger").json()["entries"]
    delivered = sum(sender.sent for sender in senders)
    quarter = len(memory) // 4
    print(f"storm: {ALERTS} alerts/s about {SERVERS} servers for {SECONDS} s, {GROUP} in a delivery, load {os.getloadavg()[0]:.1f}")
    print(f"  delivered {delivered}, stored {len(waits)}, sent again after a 503: {sum(s.again for s in senders)}, "
          f"senders late by at most {max(s.late for s in senders):.2f} s")
    print(f"  acceptance to decision: median {quantile(waits, 0.5):.0f} ms, p99 {quantile(waits, 0.99):.0f} ms, worst {max(waits):.0f} ms")
    print(f"  memory: {statistics.mean(memory[quarter:2 * quarter] or memory):.0f} MiB in the second quarter, "
          f"{statistics.mean(memory[3 * quarter:] or memory):.0f} MiB in the last")
    print(f"  changing requests to VPS.org: {len(ledger)} (two servers at once are allowed before a storm is seen, none in it)")
    bridge.stop()
    return len(waits) >= delivered and len(ledger) <= 2


def plain_sqlite(folder, jobs):
    """Two durable commits for each job, by one connection: what SQLite itself takes here."""
    connection = sqlite3.connect(folder / "plain.sqlite", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE IF NOT EXISTS jobs (id INTEGER PRIMARY KEY, state TEXT, epoch INTEGER, due INTEGER)")
    connection.execute("DELETE FROM jobs")
    connection.executemany("INSERT INTO jobs VALUES (?, 'pending', 0, 0)", [(number,) for number in range(jobs)])
    began = time.monotonic()
    for number in range(jobs):
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE jobs SET epoch = epoch + 1 WHERE id = ?", (number,))
        connection.execute("COMMIT")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE jobs SET state = 'succeeded' WHERE id = ?", (number,))
        connection.execute("COMMIT")
    rate = jobs / (time.monotonic() - began)
    connection.close()
    return rate


def jobs():
    prover = os.environ.get("BRIDGE_PROOF_BIN")
    if not prover:
        print("jobs: BRIDGE_PROOF_BIN is not set")
        return
    bridge, plain = [], []
    for _ in range(3):
        with tempfile.TemporaryDirectory() as folder:
            output = subprocess.run([prover, "jobs", str(JOBS), folder], capture_output=True, text=True, check=True).stdout
            bridge.append([float(line.split()[-1]) for line in output.splitlines()])
            plain.append(plain_sqlite(Path(folder), JOBS))
    one, many = (statistics.median(rates) for rates in zip(*bridge))
    print(f"jobs claimed and completed, two commits each, load {os.getloadavg()[0]:.1f}: one at a time {one:.0f}/s, "
          f"16 at once {many:.0f}/s; plain SQLite, one at a time {statistics.median(plain):.0f}/s")


def main():
    with harness.Bench("bench-engine") as bench:
        holds = storm(bench)
    jobs()
    if not holds:
        sys.exit("bench-engine: an event was not decided, or a request was made that the guards do not allow")


if __name__ == "__main__":
    main()
