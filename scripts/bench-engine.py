#!/usr/bin/env python3
"""Part of `make bench`: how the engine keeps up with a storm of alerts, and how fast it works jobs off.

storm    1,000 alerts a second about 200 servers for 60 seconds: every event decided, the time from acceptance to decision, what was asked
         of VPS.org, and whether the memory stays flat. The storm guard is off here and 40 actions an hour are allowed, so that the guards
         allow a number: 40 reboots, each of another server.
guarded  The same alerts for 15 seconds under the guard: a storm is seen before the first action is due, so that nothing is allowed.
chat     2,000 slash commands while 10,000 alerts and more wait to be decided on, and more keep coming: from acceptance to decision.
resolve  On an idle bridge: from the acceptance of a resolve until the run that waited is cancelled.
replay   100,000 recorded events of a week through candidate rules.
jobs     Jobs a second: claimed in one commit and completed in another, beside plain SQLite doing two durable commits for each job, in turns.

`bench-engine.py chat resolve` runs those alone. Environment: BENCH_ALERTS (a second, default 1000), BENCH_STORM_SECONDS (default 60),
BENCH_COMMANDS (default 2000), BENCH_QUEUE (alerts, default 10000), BENCH_RESOLVES (default 200), BENCH_EVENTS (default 100000), BENCH_JOBS
(default 2000). It prints, and ends with 1 when an event was not decided or a request was made that the guards do not allow; times fail
nothing. A decision's own instant in the store lies before its commit, so "seen" is printed beside it: until a reader of the database saw it.
"""

import hashlib
import hmac
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
import urllib.parse
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "Tests" / "EndToEnd"))
import harness  # noqa: E402

ALERTS = int(os.environ.get("BENCH_ALERTS", "1000"))
SECONDS = int(os.environ.get("BENCH_STORM_SECONDS", "60"))
COMMANDS = int(os.environ.get("BENCH_COMMANDS", "2000"))
QUEUE = int(os.environ.get("BENCH_QUEUE", "10000"))
RESOLVES = min(200, int(os.environ.get("BENCH_RESOLVES", "200")))
EVENTS = int(os.environ.get("BENCH_EVENTS", "100000"))
JOBS = int(os.environ.get("BENCH_JOBS", "2000"))
SERVERS = 200
# What the fleet's budget allows in the storm.
ALLOWED = 40
# As Alertmanager groups them.
GROUP = 20
# How many alerts a delivery has that fills the queue.
QUEUED_GROUP = 500
COMMANDS_PER_SECOND = 100
API_TOKEN = "an-api-token-of-the-engine-benchmark"
HOOK_TOKEN = "a-hook-token-of-the-engine-benchmark"
SIGNING_SECRET = "a-signing-secret-of-the-engine-benchmark"

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

CHAT_RULE = """\
  - name: chat-note
    trigger:
      source: slack
      command: vps note
      args: [{name: text, type: string, required: true, max_length: 63}]
    permissions: {users: [U012ABCDEF], channels: [C0OPS]}
    actions:
      - {action: notify, with: {channel: ops, text: "noted: ${{ args.text }}"}}
"""

# Nothing but what a part is about is in the way.
NO_STORM = {"storm": {"servers": 100000}, "settle": "0s", "max_concurrent": SERVERS}


def alert(server, status="firing", name="HostDown", fingerprint=None):
    return {
        "status": status, "labels": {"alertname": name, "server": f"node-{server}", "severity": "critical"},
        "annotations": {"summary": f"node-{server} does not answer"}, "startsAt": "2026-01-01T10:00:00Z",
        "endsAt": "0001-01-01T00:00:00Z" if status == "firing" else "2026-01-01T11:00:00Z",
        "generatorURL": "http://prometheus.example.com/graph", "fingerprint": fingerprint or f"{name}-{server:08x}"}


def delivery(alerts):
    return json.dumps({
        "version": "4", "groupKey": "{}", "truncatedAlerts": 0, "status": "firing", "receiver": "r", "groupLabels": {},
        "commonLabels": {}, "commonAnnotations": {}, "externalURL": "", "alerts": alerts}).encode()


class World:
    """A simulator with 200 servers, and a bridge before it."""

    def __init__(self, bench, rules, limits=None, **configuration):
        self.bench = bench
        simulator_port, self.port = harness.free_port(), harness.free_port()
        self.simulator = f"http://127.0.0.1:{simulator_port}"
        bench.start("simulator", [
            harness.tool("VPSBRIDGE_BIN"), "sim", "--listen", f"127.0.0.1:{simulator_port}", "--token", API_TOKEN])
        bench.wait_until("the simulator answers", lambda: harness.answers(f"{self.simulator}/metrics"), 30)
        assert harness.request("POST", f"{self.simulator}/_sim/servers", {"count": SERVERS, "prefix": "node"}).status == 201
        bench.write("rules/rules.yaml", rules)
        sources = {"alertmanager": {
            "kind": "alertmanager", "auth": {"bearer_file": str(bench.write("hook-token", HOOK_TOKEN, 0o600))}}}
        sources.update(configuration.pop("sources", {}))
        self.config = bench.write("vpsbridge.yaml", {
            "live": True, "listen": f"127.0.0.1:{self.port}", "admin": {"listen": f"127.0.0.1:{harness.free_port()}"},
            "data": str(bench.folder / "data"), "rules": str(bench.folder / "rules"),
            "api": {
                "base_url": self.simulator, "token_file": str(bench.write("api-token", API_TOKEN, 0o600)),
                "rate_limit": {"per_second": 100, "burst": 1000}, "max_in_flight": {"reads": 32, "mutations": 32}},
            "sources": sources, "limits": limits or {}, **configuration})
        self.bridge = bench.start("bridge", [harness.tool("VPSBRIDGE_BIN"), "serve", "--config", self.config])
        bench.wait_until("the bridge is ready", lambda: harness.answers(f"http://127.0.0.1:{self.port}/readyz"), 60)
        self.database = f"file:{bench.folder}/data/vpsbridge.sqlite?mode=ro"

    def connect(self):
        return sqlite3.connect(self.database, uri=True, timeout=10, isolation_level=None, check_same_thread=False)

    def rows(self, statement):
        connection = self.connect()
        try:
            return connection.execute(statement).fetchall()
        finally:
            connection.close()

    def number(self, statement):
        return self.rows(statement)[0][0] or 0

    def ledger(self):
        return harness.request("GET", f"{self.simulator}/_sim/ledger").json()["entries"]

    def wait_decided(self, limit=300):
        self.bench.wait_until(
            "every delivery is decided",
            lambda: self.number("SELECT count(*) FROM deliveries WHERE dispatched_at IS NULL") == 0, limit)

    def sender(self):
        return Connection(self.port)


class Connection:
    """Posts to the bridge until it takes what it is sent, as a sender does."""

    def __init__(self, port):
        self.port = port
        self.again = 0
        self.link = None

    def post(self, source, body, headers):
        while True:
            try:
                self.link = self.link or http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
                self.link.request("POST", f"/hooks/{source}", body, headers)
                answer = self.link.getresponse()
                text = answer.read()
            except (OSError, http.client.HTTPException):
                self.link.close()
                self.link = None
            else:
                if answer.status // 100 == 2:
                    return
                if answer.status != 503:
                    raise AssertionError(f"the bridge answered {answer.status}: {text[:200]!r}")
            self.again += 1
            time.sleep(0.1)

    def alerts(self, alerts):
        self.post("alertmanager", delivery(alerts), {
            "Content-Type": "application/json", "Authorization": f"Bearer {HOOK_TOKEN}"})

    def command(self, text, number, response_url):
        body = urllib.parse.urlencode({
            "team_id": "T0001", "channel_id": "C0OPS", "user_id": "U012ABCDEF", "user_name": "ann", "command": "/vps", "text": text,
            "response_url": f"{response_url}/{number}", "trigger_id": f"1.{number}.a"}).encode()
        stamp = str(int(time.time()))
        code = hmac.new(SIGNING_SECRET.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
        self.post("slack", body, {
            "Content-Type": "application/x-www-form-urlencoded", "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": f"v0={code}"})


class Paced(threading.Thread):
    """Does its share of numbered things at their pace."""

    def __init__(self, world, offset, threads, count, interval, began, act):
        super().__init__(daemon=True)
        self.connection = world.sender()
        self.share = range(offset, count, threads)
        self.interval, self.began, self.act = interval, began, act
        self.done = 0
        self.late = 0.0

    def run(self):
        for number in self.share:
            due = self.began + number * self.interval
            time.sleep(max(0.0, due - time.monotonic()))
            self.late = max(self.late, time.monotonic() - due)
            self.act(self.connection, number)
            self.done += 1


def paced(world, threads, count, interval, act):
    began = time.monotonic() + 0.5
    workers = [Paced(world, offset, threads, count, interval, began, act) for offset in range(threads)]
    for worker in workers:
        worker.start()
    return workers


class Watch(threading.Thread):
    """Looks every few milliseconds which deliveries are decided on by then, and notes how long after their acceptance."""

    def __init__(self, world, urgent):
        super().__init__(daemon=True)
        self.world, self.urgent = world, urgent
        self.seen = []
        self.ends = False

    def run(self):
        connection, last = self.world.connect(), 0
        while True:
            ends = self.ends
            rows = connection.execute(
                "SELECT id, received_at FROM deliveries WHERE id > ? AND is_urgent = ? AND dispatched_at IS NOT NULL ORDER BY id",
                (last, self.urgent)).fetchall()
            now = time.time()
            self.seen += [now * 1000 - received / 1000 for _, received in rows]
            last = rows[-1][0] if rows else last
            if ends:
                return
            time.sleep(0.005)

    def stop(self):
        self.ends = True
        self.join()
        return self.seen


def resident(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def quantile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))] if values else float("nan")


def spread(values, shares=(0.5, 0.99)):
    names = {0.5: "median", 0.99: "p99", 0.999: "p99.9"}
    return ", ".join(f"{names[share]} {quantile(values, share):.1f} ms" for share in shares) + (
        f", worst {max(values):.1f} ms" if values else "")


def send_storm(world, seconds):
    """The alerts at their pace; returns the senders, and the memory meanwhile."""
    def act(connection, number):
        connection.alerts([alert(at % SERVERS + 1) for at in range(number * GROUP, (number + 1) * GROUP)])

    senders = paced(world, 8, ALERTS * seconds // GROUP, GROUP / ALERTS, act)
    memory = []
    while any(sender.is_alive() for sender in senders):
        memory.append(resident(world.bridge.pid))
        time.sleep(0.5)
    world.wait_decided()
    return senders, memory


def undecided(world, senders, seconds):
    """What is wrong with what was delivered and decided; nothing, when each event has its decision."""
    planned = ALERTS * seconds // GROUP
    delivered = sum(sender.done for sender in senders)
    stored = world.number("SELECT count(*) FROM deliveries WHERE dispatched_at IS NOT NULL")
    decided = world.number("SELECT count(*) FROM audit WHERE kind = 'decision' AND reason = 'matched'")
    print(f"  deliveries planned {planned}, taken {delivered}, decided {stored}; events decided {decided} of {planned * GROUP}; "
          f"sent again {sum(s.connection.again for s in senders)}, senders late by at most {max(s.late for s in senders):.2f} s")
    # A request whose answer was lost is sent again, and stored twice.
    return delivered == planned and stored >= planned and decided == stored * GROUP


def storm(bench):
    world = World(bench, RULES, {**NO_STORM, "fleet_budgets": [{"max": ALLOWED, "per": "1h"}]})
    watch = Watch(world, 0)
    watch.start()
    senders, memory = send_storm(world, SECONDS)
    seen = watch.stop()
    print(f"storm: {ALERTS} alerts/s about {SERVERS} servers for {SECONDS} s, {GROUP} in a delivery, load {os.getloadavg()[0]:.1f}")
    holds = undecided(world, senders, SECONDS)
    waits = [wait / 1000 for (wait,) in world.rows("SELECT dispatched_at - received_at FROM deliveries")]
    print(f"  acceptance to decision: {spread(waits)}; seen: {spread(seen)}")
    quarter = len(memory) // 4
    print(f"  memory: {statistics.mean(memory[quarter:2 * quarter] or memory):.0f} MiB in the second quarter, "
          f"{statistics.mean(memory[3 * quarter:] or memory):.0f} MiB in the last")
    try:
        bench.wait_until("what the guards allow is done", lambda: len(world.ledger()) >= ALLOWED, 60)
        time.sleep(3)
    except AssertionError as error:
        print(f"  {error}")
    ledger = world.ledger()
    servers = {entry["server_id"] for entry in ledger if entry["operation"] == "reboot" and entry["applied"]}
    print(f"  changing requests to VPS.org: {len(ledger)}, reboots of {len(servers)} servers; the guards allow {ALLOWED}")
    return holds and len(ledger) == len(servers) == ALLOWED


def guarded(bench):
    seconds = min(SECONDS, 15)
    world = World(bench, RULES, {"settle": f"{max(2, seconds // 3)}s"}, channels={
        "ops": {"kind": "webhook", "url": bench.receiver().url}})
    senders, _ = send_storm(world, seconds)
    print(f"guarded: {ALERTS} alerts/s about {SERVERS} servers for {seconds} s, the first action due after {max(2, seconds // 3)} s")
    holds = undecided(world, senders, seconds)
    time.sleep(3)
    held = world.number("SELECT count(*) FROM runs WHERE state = 'held' AND reason = 'storm'")
    told = world.number("SELECT count(*) FROM messages")
    ledger = world.ledger()
    print(f"  changing requests to VPS.org: {len(ledger)}, the guard allows 0; runs held by the storm: {held}; messages: {told}")
    return holds and not ledger and told == 1


class Feed(threading.Thread):
    """Keeps alerts waiting: always new problems of the same servers."""

    def __init__(self, world):
        super().__init__(daemon=True)
        self.world = world
        self.levels = []
        self.ends = False

    def run(self):
        database, connection, number = self.world.connect(), self.world.sender(), 0
        while not self.ends:
            waiting = database.execute(
                f"SELECT coalesce(sum({QUEUED_GROUP} - decided_events), 0) FROM deliveries WHERE dispatched_at IS NULL AND is_urgent = 0"
            ).fetchone()[0]
            self.levels.append(waiting)
            if waiting >= QUEUE + 4 * QUEUED_GROUP:
                time.sleep(0.01)
                continue
            connection.alerts([
                alert(at % SERVERS + 1, fingerprint=f"queued-{at}") for at in range(number, number + QUEUED_GROUP)])
            number += QUEUED_GROUP


def chat(bench):
    receiver = bench.receiver()
    world = World(
        bench, RULES + CHAT_RULE, channels={"ops": {"kind": "webhook", "url": receiver.url}}, sources={"slack": {
            "kind": "slack", "auth": {"signing_secret_file": str(bench.write("slack-secret", SIGNING_SECRET, 0o600))},
            "response_url_prefix": f"{receiver.url}/"}})
    feed, watch = Feed(world), Watch(world, 1)
    feed.start()
    bench.wait_until("the queue is full", lambda: not feed.is_alive() or (feed.levels and feed.levels[-1] >= QUEUE), 120)
    assert feed.is_alive(), "the queue could not be filled"
    filled = len(feed.levels)
    watch.start()
    senders = paced(
        world, 4, COMMANDS, 1 / COMMANDS_PER_SECOND,
        lambda connection, number: connection.command("note n%d" % number, number, receiver.url))
    for sender in senders:
        sender.join()
    levels = feed.levels[filled:]
    bench.wait_until(
        "every command is decided",
        lambda: world.number("SELECT count(*) FROM deliveries WHERE is_urgent = 1 AND dispatched_at IS NULL") == 0, 60)
    seen = watch.stop()
    bench.wait_until(
        "every command is done",
        lambda: world.number("SELECT count(*) FROM runs WHERE rule = 'chat-note' AND finished_at IS NOT NULL") >= COMMANDS, 120)
    feed.ends = True
    shares = (0.5, 0.99, 0.999)
    waits = [wait / 1000 for (wait,) in world.rows("SELECT dispatched_at - received_at FROM deliveries WHERE is_urgent = 1")]
    ends = [wait / 1000 for (wait,) in world.rows(
        "SELECT r.finished_at - d.received_at FROM runs r JOIN deliveries d ON d.id = r.delivery WHERE r.rule = 'chat-note'")]
    print(f"chat: {len(waits)} commands, {COMMANDS_PER_SECOND}/s, while {min(levels, default=0)} to {max(levels, default=0)} alerts "
          f"wait (median {statistics.median(levels or [0]):.0f}), load {os.getloadavg()[0]:.1f}; "
          f"acceptance to decision: {spread(waits, shares)}; seen: {spread(seen, shares)}; to the end of the run: {spread(ends, shares)}")
    feed.join()
    return len(waits) == COMMANDS == len(ends)


def resolve(bench):
    rules = RULES.replace("    target:", "    for: 1h\n    target:")
    world = World(bench, rules, NO_STORM)
    connection = world.sender()
    for first in range(1, RESOLVES + 1, GROUP):
        connection.alerts([alert(server) for server in range(first, min(first + GROUP, RESOLVES + 1))])
    bench.wait_until(
        "every run waits",
        lambda: world.number("SELECT count(*) FROM runs WHERE server IS NOT NULL AND lease_until IS NULL") == RESOLVES, 60)
    time.sleep(2)
    begun = world.number("SELECT max(id) FROM deliveries")
    runs = dict(world.rows("SELECT server_name, id FROM runs"))
    database, whole = world.connect(), []
    for server in range(1, RESOLVES + 1):
        run, began = runs[f"node-{server}"], time.monotonic()
        connection.alerts([alert(server, status="resolved")])
        while database.execute("SELECT finished_at FROM runs WHERE id = ?", (run,)).fetchone()[0] is None:
            if time.monotonic() - began > 30:
                raise AssertionError(f"the run of node-{server} was not cancelled")
            time.sleep(0.001)
        whole.append((time.monotonic() - began) * 1000)
        time.sleep(0.02)
    received = [at for (at,) in world.rows(f"SELECT received_at FROM deliveries WHERE id > {begun} ORDER BY id")]
    cancelled = dict(world.rows(
        "SELECT r.server_name, max(a.at) FROM audit a JOIN runs r ON r.id = a.run WHERE r.state = 'cancelled' AND a.reason = 'resolved' "
        "GROUP BY r.id"))
    spans = [
        (cancelled[f"node-{number + 1}"] - at) / 1000 for number, at in enumerate(received) if f"node-{number + 1}" in cancelled]
    print(f"resolve: {len(spans)} of {RESOLVES} runs cancelled, load {os.getloadavg()[0]:.1f}; acceptance to cancelled, from the audit: "
          f"{spread(spans)}; from the request to seen: {spread(whole)}")
    return len(spans) == RESOLVES and not world.ledger()


def replay(bench):
    group = 100
    deliveries = max(1, EVENTS // group)
    world = World(bench, RULES, {**NO_STORM, "fleet_budgets": [{"max": 1000000, "per": "1h"}]})
    connection = world.sender()
    for number in range(deliveries):
        # Three of a hundred concern a rule; every problem is over with the next delivery.
        mine = [alert((number // 2 * 3 + at) % SERVERS + 1, status=("firing", "resolved")[number % 2]) for at in range(3)]
        others = [alert((number + at) % SERVERS + 1, name="DiskFull", fingerprint=f"disk-{number % 50}-{at}") for at in range(group - 3)]
        connection.alerts(mine + others)
    world.wait_decided(600)
    assert world.bridge.stop() == 0
    bench.forget(world.bridge)
    # As if it had taken six days.
    database = sqlite3.connect(bench.folder / "data" / "vpsbridge.sqlite")
    newest = database.execute("SELECT max(received_at) FROM deliveries").fetchone()[0]
    step = 6 * 86_400_000_000 // deliveries
    database.execute("UPDATE deliveries SET received_at = ? - (? - id) * ?", (newest, deliveries, step))
    database.commit()
    database.close()
    candidate = bench.write("candidate/rules.yaml", RULES.replace("    target:", "    for: 5m\n    target:")).parent
    outputs, spans = [], []
    for _ in range(2):
        began = time.monotonic()
        done = subprocess.run(
            [harness.tool("VPSBRIDGE_BIN"), "replay", "--since", "7d", "--rules", str(candidate), "--config", str(world.config)],
            capture_output=True, text=True)
        spans.append(time.monotonic() - began)
        outputs.append(done.stdout)
        if done.returncode != 0:
            print(f"replay: ended with {done.returncode}: {done.stderr.strip()[-300:]}")
            return False
    print(f"replay: {deliveries * group} events of 6 days in {deliveries} deliveries, by the present and by the candidate rules: "
          f"{spans[0]:.1f} s and {spans[1]:.1f} s, load {os.getloadavg()[0]:.1f}; {'the same' if outputs[0] == outputs[1] else 'ANOTHER'} "
          f"output twice, {len(outputs[0].splitlines())} lines")
    return outputs[0] == outputs[1]


def plain_sqlite(folder, jobs):
    """Two durable commits for each job, by one connection: what SQLite itself takes here."""
    connection = sqlite3.connect(folder / "plain.sqlite", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE jobs (id INTEGER PRIMARY KEY, state TEXT, epoch INTEGER, due INTEGER)")
    connection.execute("BEGIN")
    connection.executemany("INSERT INTO jobs VALUES (?, 'pending', 0, 0)", [(number,) for number in range(jobs)])
    connection.execute("COMMIT")
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


PARTS = {"storm": storm, "guarded": guarded, "chat": chat, "resolve": resolve, "replay": replay}


def main():
    wanted = sys.argv[1:] or [*PARTS, "jobs"]
    unknown = [name for name in wanted if name not in (*PARTS, "jobs")]
    if unknown:
        sys.exit(f"bench-engine: no part is called {unknown[0]}; there are {', '.join([*PARTS, 'jobs'])}")
    failed = []
    for name in wanted:
        if name == "jobs":
            jobs()
            continue
        with harness.Bench(f"bench-{name}") as bench:
            if not PARTS[name](bench):
                failed.append(name)
        sys.stdout.flush()
    if failed:
        sys.exit(f"bench-engine: {', '.join(failed)}: something was not decided, or a request was made that the guards do not allow")


if __name__ == "__main__":
    main()
