#!/usr/bin/env python3
"""`make bench`: how fast webhooks are accepted durably, beside a bare handler and Debian's `webhook`, all in one run on this machine.

Every figure of one table comes from interleaved rounds of the same run; trust the ratios, not the digits. Needs Debian's `wrk` and
`webhook` (fetched by scripts/test_tools.py) and the release build. Nothing here is asserted: it prints.
"""

import datetime
import json
import os
import re
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "Tests" / "EndToEnd"))
import harness  # noqa: E402
import test_tools  # noqa: E402

ROOT = test_tools.ROOT
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
SECONDS = int(os.environ.get("BENCH_SECONDS", "5"))
HOOK_TOKEN = "a-hook-token-of-the-benchmark"
API_TOKEN = "an-api-token-of-the-benchmark"

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

# One alert of about 900 bytes, as Alertmanager writes it; one of 1,000 fingerprints, none of which a rule matches.
WRK_SCRIPT = """
local requests = {}
function init(args)
  for i = 1, 1000 do
    local body = string.format('{"receiver":"vpsbridge","status":"firing","alerts":[{"status":"firing","labels":{"alertname":"DiskFull",' ..
      '"instance":"203.0.113.%%d:9100","job":"node","severity":"warning","device":"/dev/vda1","env":"prod"},"annotations":{"summary":' ..
      '"The disk of host %%d is nearly full","description":"Less than 10%%%% are free on /dev/vda1 for more than ten minutes."},' ..
      '"startsAt":"2026-11-21T18:40:00.123Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://prometheus.example.com:9090/graph",' ..
      '"fingerprint":"%%016x"}],"groupLabels":{"alertname":"DiskFull"},"commonLabels":{"alertname":"DiskFull","job":"node"},' ..
      '"commonAnnotations":{},"externalURL":"http://alertmanager.example.com:9093","version":"4","groupKey":"{}:{alertname=DiskFull}",' ..
      '"truncatedAlerts":0}', i %% 256, i, i)
    requests[i] = wrk.format("POST", "%(path)s", {["Content-Type"] = "application/json", ["Authorization"] = "Bearer %(token)s"}, body)
  end
end
local next = 0
function request()
  next = next %% 1000 + 1
  return requests[next]
end
"""


class Server:
    """One of the programs that are measured beside each other."""

    def __init__(self, name, path, start):
        self.name, self.path, self.start = name, path, start
        self.rates, self.p99s, self.errors = [], [], 0


def wrk(server, port, folder, seconds=SECONDS, connections=64):
    script = folder / f"{server.name}.lua"
    script.write_text(WRK_SCRIPT % {"path": server.path, "token": HOOK_TOKEN})
    text = subprocess.run(
        [os.environ["WRK_BIN"], "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(script), f"http://127.0.0.1:{port}"],
        capture_output=True, text=True, check=True).stdout
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1))
    value, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", text).groups()
    p99 = float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit]
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    return rate, p99, int(refused.group(1)) if refused else 0


def resident(pid):
    """Resident memory in MiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024


def configuration(bench, port, simulator="http://127.0.0.1:9", limits=None, name="data"):
    return bench.write(f"{name}.yaml", {
        "live": True, "listen": f"127.0.0.1:{port}", "admin": {"listen": f"127.0.0.1:{harness.free_port()}"},
        "data": str(bench.folder / name), "rules": str(bench.folder / "rules"),
        "api": {"base_url": simulator, "token_file": str(bench.write("api-token", API_TOKEN, 0o600))},
        "sources": {"alertmanager": {
            "kind": "alertmanager", "auth": {"bearer_file": str(bench.write("hook-token", HOOK_TOKEN, 0o600))}}},
        "limits": limits or {},
    })


def status(binary, config):
    return json.loads(subprocess.run(
        [binary, "status", "--json", "--config", str(config)], capture_output=True, text=True, check=True).stdout)


def accept(binary, bare, webhook):
    print(f"durable accept at 64 connections, {ROUNDS} interleaved rounds of {SECONDS} s, one alert a request")
    with harness.Bench("bench-accept") as bench:
        bench.write("rules/host-down.yaml", RULES)
        hooks = bench.write("hooks.json", [{
            "id": "alertmanager", "execute-command": "/bin/true",
            "trigger-rule": {"match": {"type": "value", "value": "HostDown", "parameter": {
                "source": "payload", "name": "alerts.0.labels.alertname"}}}}])
        configs = []

        def start_bridge(port):
            config = configuration(bench, port, name=f"data-{len(configs)}")
            configs.append(config)
            process = bench.start("bridge", [binary, "serve", "--config", config], env={"MALLOC_ARENA_MAX": "2"})
            bench.wait_until("the bridge is ready", lambda: harness.answers(f"http://127.0.0.1:{port}/readyz"), 15)
            return process

        def start_bare(port):
            process = bench.start("bare", [bare, str(port)])
            bench.wait_until("the bare handler listens", lambda: harness.answers(f"http://127.0.0.1:{port}/", (404,)), 15)
            return process

        def start_webhook(port):
            process = bench.start("webhook", [webhook, "-hooks", hooks, "-ip", "127.0.0.1", "-port", str(port)])
            bench.wait_until("webhook listens", lambda: harness.answers(f"http://127.0.0.1:{port}/", (200,)), 15)
            return process

        servers = [
            Server("bare Hummingbird", "/hooks/alertmanager", start_bare),
            Server("VPSBridge", "/hooks/alertmanager", start_bridge),
            Server("webhook (Debian)", "/hooks/alertmanager", start_webhook),
        ]
        for _ in range(ROUNDS):
            for server in servers:
                port = harness.free_port()
                process = server.start(port)
                rate, p99, errors = wrk(server, port, bench.folder)
                server.rates.append(rate)
                server.p99s.append(p99)
                server.errors += errors
                if server.name == "VPSBridge":
                    seen = status(binary, configs[-1])
                    print(f"    VPSBridge round: {seen['deliveries']} stored, backlog of the dispatcher {seen['undispatched']}, "
                          f"resident {resident(process.pid):.0f} MiB")
                process.stop()
                bench.forget(process)
        base = statistics.median(servers[0].rates)
        for server in servers:
            rate = statistics.median(server.rates)
            print(f"  {server.name:18} {rate:9.0f} requests/s   p99 {statistics.median(server.p99s):7.2f} ms   "
                  f"{rate / base:5.2f} of the bare handler   {server.errors} refused")
        ours, theirs = statistics.median(servers[1].rates), statistics.median(servers[2].rates)
        print(f"  VPSBridge / webhook: {ours / theirs:.2f}")


def memory(binary):
    print("resident memory after 200,000 events")
    with harness.Bench("bench-memory") as bench:
        bench.write("rules/host-down.yaml", RULES)
        port = harness.free_port()
        config = configuration(bench, port)
        process = bench.start("bridge", [binary, "serve", "--config", config], env={"MALLOC_ARENA_MAX": "2"})
        bench.wait_until("the bridge is ready", lambda: harness.answers(f"http://127.0.0.1:{port}/readyz"), 15)
        print(f"  at start {resident(process.pid):.0f} MiB")
        server = Server("memory", "/hooks/alertmanager", None)
        while status(binary, config)["deliveries"] < 200_000:
            wrk(server, port, bench.folder, seconds=3)
        peak = resident(process.pid)
        bench.wait_until("the backlog is decided", lambda: status(binary, config)["undispatched"] == 0, 120, every=0.5)
        print(f"  with {status(binary, config)['deliveries']} events stored {peak:.0f} MiB, "
              f"all decided {resident(process.pid):.0f} MiB")


def fsync_time(folder):
    """The median time in ms of appending 4 KiB and fsync on the disk of the test."""
    path = folder / "fsync"
    times = []
    with open(path, "wb", buffering=0) as file:
        for _ in range(200):
            started = time.perf_counter()
            file.write(b"x" * 4096)
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)


def latency(binary, seconds=int(os.environ.get("BENCH_LATENCY_SECONDS", "40"))):
    print(f"accepted to request sent: 200 events/s for {seconds} s, 5/s of them acting on fresh servers of 2,000")
    import http.client
    import sqlite3
    with harness.Bench("bench-latency") as bench:
        bench.write("rules/host-down.yaml", RULES)
        simulator_port, port = harness.free_port(), harness.free_port()
        simulator = f"http://127.0.0.1:{simulator_port}"
        bench.start("simulator", [binary, "sim", "--listen", f"127.0.0.1:{simulator_port}", "--token", API_TOKEN])
        bench.wait_until("the simulator answers", lambda: harness.answers(f"{simulator}/metrics"), 15)
        for _ in range(2):
            harness.request("POST", f"{simulator}/_sim/servers", {"count": 1000, "prefix": f"node{_}"})
        config = configuration(bench, port, simulator, {
            "settle": "0s", "cooldown": "0s", "max_concurrent": 100000, "budgets": [{"max": 1000, "per": "1h"}],
            "fleet_budgets": [{"max": 1000000, "per": "1h"}]})
        process = bench.start("bridge", [binary, "serve", "--config", config], env={"MALLOC_ARENA_MAX": "2"})
        bench.wait_until("the bridge is ready", lambda: harness.answers(f"http://127.0.0.1:{port}/readyz"), 15)
        connection = http.client.HTTPConnection("127.0.0.1", port)
        before = fsync_time(bench.folder)
        begun = time.perf_counter()
        for number in range(200 * seconds):
            acting = number % 40 == 0
            labels = {"alertname": "HostDown" if acting else "DiskFull", "severity": "critical", "number": str(number)}
            if acting:
                labels["server"] = f"node{number // 40 // 1000}-{number // 40 % 1000 + 1}"
            body = json.dumps({
                "version": "4", "groupKey": "{}", "truncatedAlerts": 0, "status": "firing", "receiver": "r", "groupLabels": {},
                "commonLabels": {}, "commonAnnotations": {}, "externalURL": "", "alerts": [{
                    "status": "firing", "labels": labels, "annotations": {}, "startsAt": "2026-11-21T10:00:00Z",
                    "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "", "fingerprint": f"{number:016x}"}]})
            connection.request("POST", "/hooks/alertmanager", body, {
                "Content-Type": "application/json", "Authorization": f"Bearer {HOOK_TOKEN}"})
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200, answer.status
            ahead = begun + (number + 1) / 200 - time.perf_counter()
            if ahead > 0:
                time.sleep(ahead)
        time.sleep(1)
        after = fsync_time(bench.folder)
        database = sqlite3.connect(f"file:{bench.folder}/data/vpsbridge.sqlite?mode=ro", uri=True)
        received = dict(database.execute(
            "SELECT r.server, d.received_at FROM runs r JOIN deliveries d ON d.id = r.delivery"))
        ledger = harness.request("GET", f"{simulator}/_sim/ledger", timeout=30).json()["entries"]
        delays = sorted(
            (datetime.datetime.fromisoformat(entry["at"]).timestamp() * 1e6 - received[entry["server_id"]]) / 1000
            for entry in ledger if entry["server_id"] in received)
        if not delays:
            print("  nothing was sent")
            return
        fsync = (before + after) / 2
        print(f"  {len(delays)} reboots of {5 * seconds}: p50 {delays[len(delays) // 2]:.2f} ms, "
              f"p99 {delays[min(len(delays) - 1, len(delays) * 99 // 100)]:.2f} ms, max {delays[-1]:.2f} ms; "
              f"one append with fsync {fsync:.2f} ms, four {4 * fsync:.2f} ms; resident {resident(process.pid):.0f} MiB")


def start_to_ready(binary):
    with harness.Bench("bench-start") as bench:
        bench.write("rules/host-down.yaml", RULES)
        times, stops = [], []
        for number in range(5):
            port = harness.free_port()
            config = configuration(bench, port, name=f"start-{number}")
            started = time.perf_counter()
            process = bench.start("bridge", [binary, "serve", "--config", config])
            while not harness.answers(f"http://127.0.0.1:{port}/readyz"):
                time.sleep(0.002)
            times.append((time.perf_counter() - started) * 1000)
            stopping = time.perf_counter()
            assert process.stop() == 0
            stops.append((time.perf_counter() - stopping) * 1000)
            bench.forget(process)
        print(f"start to ready: median {statistics.median(times):.0f} ms of {len(times)}; "
              f"SIGTERM to exit 0: median {statistics.median(stops):.0f} ms")


def main():
    binary = os.environ["VPSBRIDGE_BIN"]
    bare = os.environ["BARE_HANDLER_BIN"]
    paths, reasons = test_tools.find(["WEBHOOK_BIN", "WRK_BIN"])
    if "WRK_BIN" not in paths:
        sys.exit(f"bench: {reasons['WRK_BIN']}")
    os.environ["WRK_BIN"] = str(paths["WRK_BIN"])
    only = sys.argv[1:]
    for name, part in {
        "start": lambda: start_to_ready(binary),
        "accept": lambda: accept(binary, bare, paths["WEBHOOK_BIN"]) if "WEBHOOK_BIN" in paths else print(reasons),
        "memory": lambda: memory(binary),
        "latency": lambda: latency(binary),
    }.items():
        if not only or name in only:
            part()


if __name__ == "__main__":
    main()
