# needs: VPSBRIDGE_BIN
"""What is recorded: the audit proves itself, dead letters and deliveries come again by verbs, and candidate rules are tried on history.

alerts ─▶ bridge ─▶ simulator; then `dead`, `events`, `runs`, `audit` and `replay` while it runs, and sqlite3 on the file after its end
"""

import json
import os
import shutil
import sqlite3
import subprocess
import time

import harness

TOKEN = "a-hook-token-of-the-records-test"
RULES = """\
version: 1
rules:
  - name: host-down
    trigger: alertmanager
    when: ['event.labels.alertname == "HostDown"']
    target: event.labels.server
    autonomy: auto
    escalation:
      - {timeout: 1h, actions: [server.reboot]}
"""


def delivery(server, fingerprint, status="firing"):
    return {
        "version": "4", "groupKey": "{}", "truncatedAlerts": 0, "status": status, "receiver": "vpsbridge", "groupLabels": {},
        "commonLabels": {}, "commonAnnotations": {}, "externalURL": "",
        "alerts": [{
            "status": status, "labels": {"alertname": "HostDown", "server": server}, "annotations": {},
            "startsAt": "2026-11-21T10:00:00Z", "endsAt": "0001-01-01T00:00:00Z", "fingerprint": fingerprint, "generatorURL": "",
        }],
    }


class World:
    def __init__(self, bench):
        self.bench = bench
        simulator_port, port, admin = (harness.free_port() for _ in range(3))
        self.simulator, self.bridge = f"http://127.0.0.1:{simulator_port}", f"http://127.0.0.1:{port}"
        self.admin = f"http://127.0.0.1:{admin}"
        bench.start("simulator", [
            harness.tool("VPSBRIDGE_BIN"), "sim", "--listen", f"127.0.0.1:{simulator_port}", "--token", "t", "--power-time", "1"])
        bench.wait_until("the simulator answers", lambda: harness.answers(f"{self.simulator}/metrics"), 15)
        self.data = bench.folder / "data"
        bench.write("rules/web.yaml", RULES)
        self.config = bench.write("vpsbridge.yaml", self.configuration(port, admin))
        self.serve()

    def configuration(self, port, admin):
        write = self.bench.write
        return {
            "live": True, "listen": f"127.0.0.1:{port}", "admin": {"listen": f"127.0.0.1:{admin}"}, "data": str(self.data),
            "rules": str(self.bench.folder / "rules"),
            "api": {"base_url": self.simulator, "token_file": str(write("api", "t", 0o600))},
            "sources": {"alertmanager": {"kind": "alertmanager", "auth": {"bearer_file": str(write("hook", TOKEN, 0o600))}}},
            "limits": {"settle": "0s", "cooldown": "0s"},
        }

    def serve(self):
        self.process = self.bench.start("bridge", [harness.tool("VPSBRIDGE_BIN"), "serve", "--config", self.config])
        self.bench.wait_until("the bridge is ready", lambda: harness.answers(f"{self.bridge}/readyz"), 15)

    def stop(self):
        assert self.process.stop() == 0
        self.bench.forget(self.process)

    def post(self, *alert):
        sent = harness.request(
            "POST", f"{self.bridge}/hooks/alertmanager", delivery(*alert), {"Authorization": f"Bearer {TOKEN}"})
        assert sent.status == 200, sent

    def run(self, *arguments, ends_with=0, prefix=()):
        done = subprocess.run(
            [*prefix, harness.tool("VPSBRIDGE_BIN"), *map(str, arguments), "--config", str(self.config)], capture_output=True,
            text=True, timeout=60)
        assert done.returncode == ends_with, (arguments, done.returncode, done.stdout, done.stderr)
        return done.stdout

    def json(self, *arguments, ends_with=0):
        return json.loads(self.run(*arguments, "--json", ends_with=ends_with))


def dead_letters(world, bench):
    world.post("web-late", "f1")
    (letter,) = bench.wait_until("a dead letter", lambda: world.json("dead", "ls"), 15)
    assert letter["reason"] == "target_not_found" and "vpsbridge dead retry 1" in world.run("dead", "show", "1"), letter
    answer = harness.request("POST", f"{world.simulator}/_sim/servers", {"count": 1, "prefix": "web-late"})
    assert answer.status == 201
    made = harness.request("GET", f"{world.simulator}/api/v1/servers/", headers={"Authorization": "Bearer t"}).json()["results"]
    name = next(server["name"] for server in made if server["name"].startswith("web-late"))
    assert not world.json("dead", "retry", "99", ends_with=1)["done"]
    # The server is there, but under another name: the retry finds nothing and leaves a letter of its own.
    (run,) = world.json("dead", "retry", "1")["runs"]
    (second,) = bench.wait_until("the letter of the new run", lambda: world.json("dead", "ls"), 15)
    assert second["id"] == 2 and second["run"] == run, second
    assert world.json("dead", "discard", "2", "--reason", "no such server")["done"]
    assert world.json("dead", "ls") == [] and len(world.json("dead", "ls", "--all")) == 2
    world.run("dead", "retry", "2", ends_with=1)

    world.post(name, "f2")
    bench.wait_until("the server is rebooted", lambda: [r for r in world.json("runs", "ls") if r["state"] == "verifying"], 15)
    world.run("events", "replay", "2", ends_with=1)
    world.post(name, "f2", "resolved")
    assert len(world.json("events", "ls")) == 3
    shown = world.json("events", "show", "2")
    assert shown["runs"][0]["rule"] == "host-down" and json.loads(shown["body"])["alerts"], shown
    world.run("events", "show", "77", ends_with=1)
    world.run("runs", "resolve", "1", "happened", ends_with=1)
    acts = {(entry["reason"], entry["actor"]) for entry in world.json("audit", "ls", "--limit", 1000) if entry["kind"] == "command"}
    assert acts == {("retried", "operator"), ("discarded", "operator"), ("refused", "operator")}, acts
    harness.say("dead letters are retried and discarded, a run at work is not replayed; acts and refusals are in the audit")


def audit(world, bench):
    verdict = world.json("audit", "verify")
    assert verdict["whole"] and verdict["entries"] > 10, verdict
    export = bench.write("audit.jsonl", world.run("audit", "export"))
    proved = subprocess.run(
        [harness.tool("VPSBRIDGE_BIN"), "audit", "verify", "--export", export, "--json"], capture_output=True, text=True, cwd="/")
    assert proved.returncode == 0 and json.loads(proved.stdout)["whole"], proved
    lines = export.read_text().splitlines()
    for name, broken in {
        "edited": [line.replace("rebooted", "x").replace("send reboot", "send start") for line in lines],
        "removed": lines[:5] + lines[6:], "cut": lines[:-3], "moved": lines[:4] + [lines[5], lines[4]] + lines[6:],
    }.items():
        path = bench.write(f"{name}.jsonl", "\n".join(broken) + "\n")
        world.run("audit", "verify", "--export", path, ends_with=1)
    world.run("audit", "verify", "--export", "/nowhere", ends_with=66)
    head = json.loads(lines[-1])["head"]
    kept = f"{head['id']}:{head['hash']}"
    world.run("audit", "verify", "--head", kept)
    harness.say(f"{verdict['entries']} entries are whole, in the file and in an export; a tampered export is not")
    return kept


def tampering(world, bench, kept):
    file = world.data / "vpsbridge.sqlite"
    unlock = "DROP TRIGGER audit_stays; DROP TRIGGER audit_pruned;"
    shutil.copy(file, bench.folder / "whole.sqlite")
    for name, sql, head in [
        ("edited", "UPDATE audit SET actor = 'slack:U1' WHERE id = 5", None),
        ("deleted", "DELETE FROM audit WHERE id = 5", None),
        ("inserted", "INSERT INTO audit (at, kind, actor, detail) VALUES (1, 'run', 'rule', 'x')", None),
        ("cut off", "DELETE FROM audit WHERE id > 8", None),
        ("cut off with its head",
         "DELETE FROM audit WHERE id > 8; UPDATE audit_marks SET id = 8, hash = (SELECT hash FROM audit WHERE id = 8)"
         " WHERE name = 'head'", kept),
    ]:
        database = sqlite3.connect(file)
        database.executescript(unlock + sql)
        database.close()
        if head:
            world.run("audit", "verify")
        told = world.run("audit", "verify", *(["--head", head] if head else []), ends_with=1)
        assert told.splitlines()[-2].startswith("BROKEN"), (name, told)
        shutil.copy(bench.folder / "whole.sqlite", file)
    world.run("audit", "verify", "--head", kept)
    harness.say("an entry that was edited, deleted, inserted or cut off in the file is found")


def replay(world, bench):
    candidate = bench.write("candidate/web.yaml", RULES.replace("target:", "for: 5m\n    target:"))
    command = ["replay", "--since", "7d", "--rules", candidate]
    before = os.stat(world.data / "vpsbridge.sqlite").st_mtime_ns
    one, two = world.run(*command), world.run(*command)
    assert one == two and "rule host-down" in one and "assumed: " in one, one
    report = world.json(*command)
    assert report == world.json(*command) and report["deliveries"] == 3
    assert report["present"]["actions"] and not report["candidate"]["actions"], report
    assert {change["change"] for change in report["changes"]} == {"removed"}, report
    same = world.json("replay", "--rules", bench.folder / "rules")
    assert same["changes"] == [] and same["same"] == len(report["present"]["actions"]), same
    fleet = bench.write("fleet.json", {"count": 0, "results": []})
    assert world.json(*command, "--servers", fleet)["present"]["actions"] == []
    world.run("replay", "--rules", "/nowhere", ends_with=78)
    world.run("replay", "--since", "soon", "--rules", candidate, ends_with=64)
    assert os.stat(world.data / "vpsbridge.sqlite").st_mtime_ns == before, "a replay writes nothing"
    if shutil.which("strace"):
        trace = bench.folder / "trace"
        world.run(*command, prefix=["strace", "-f", "-e", "trace=socket,connect,sendto", "-o", trace])
        assert "AF_INET" not in trace.read_text() and "connect(" not in trace.read_text(), trace.read_text()
    harness.say("a replay prints what the candidate would not have done, the same to the byte twice, and opens no socket")


def main():
    with harness.Bench("records") as bench:
        world = World(bench)
        began = time.monotonic()
        dead_letters(world, bench)
        kept = audit(world, bench)
        entries = harness.metric(world.admin, "vpsbridge_audit_entries")[""]
        assert entries >= int(kept.split(":")[0]) and harness.metric(world.admin, "vpsbridge_db_size_bytes")[""] > 0
        assert len(harness.metric(world.admin, "vpsbridge_pruned_total")) == 8
        world.stop()
        assert "audit_head" in (bench.folder / "bridge.log").read_text()
        world.run("dead", "discard", "1", ends_with=1)
        tampering(world, bench, kept)
        replay(world, bench)
        world.serve()
        world.run("audit", "verify", "--head", kept)
        harness.say(f"{time.monotonic() - began:.1f} s")


if __name__ == "__main__":
    main()
