# needs: VPSBRIDGE_BIN
# when: named
"""A power cut at any instant: what was acknowledged and what was sent is in the data folder, whatever of the unsynced writes is lost.

`kill -9` cannot see a missing fsync, since the kernel keeps what a dead process wrote. So a shim (power_cut.c, by LD_PRELOAD) writes down
every write, truncation and fsync of the bridge's data folder, and when an answer or a request left. The folder is then rebuilt as a disk
may hold it after a cut: what a file's last fsync covers, and of what came after it nothing, everything, or some of it, torn and in any
order. Each such folder has to open, to be sound, and to hold every delivery that was answered 2xx and the intent of every request that
left. The same harness over a bridge with `synchronous = NORMAL` has to find a loss, or it proves nothing.

Environment: E2E_CUTS (default 60), E2E_ALERTS (default 120), E2E_SEED (default random, printed).
"""

import http.client
import json
import os
import random
import re
import shutil
import sqlite3
import struct
import subprocess
from pathlib import Path

import harness

API_TOKEN = "an-api-token-of-the-power-cut-test"
HOOK_TOKEN = "a-hook-token-of-the-power-cut-test"
CUTS = int(os.environ.get("E2E_CUTS", "60"))
ALERTS = int(os.environ.get("E2E_ALERTS", "120"))
SEED = int(os.environ.get("E2E_SEED", str(random.randrange(1 << 32))))
SECTOR = 512
SERVERS = 20
OPENED, WRITTEN, TRUNCATED, SYNCED, RENAMED, UNLINKED, ANSWERED, REQUESTED = range(1, 9)
DATABASE = "vpsbridge.sqlite"

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
    """Large enough that the log is checkpointed on the way; every 25th is about a server of its own."""
    server = number // 25 if number % 25 == 0 and number // 25 < SERVERS else None
    labels = {"alertname": "HostDown" if server is not None else "DiskFull", "number": str(number)}
    if server is not None:
        labels["server"] = f"node-{server + 1}"
    return {
        "version": "4", "groupKey": "{}", "truncatedAlerts": 0, "status": "firing", "receiver": "r", "groupLabels": {},
        "commonLabels": {}, "commonAnnotations": {"text": "x" * (number * 37 % 9_000)}, "externalURL": "", "alerts": [{
            "status": "firing", "labels": labels, "annotations": {}, "startsAt": "2026-11-21T10:00:00Z",
            "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "", "fingerprint": f"{number:016x}"}]}


def record(bench, name, environment):
    """Runs the bridge under the shim; returns its journal."""
    folder = bench.folder / name
    data = folder / "data"
    data.mkdir(parents=True)
    simulator_port, port = harness.free_port(), harness.free_port()
    simulator = f"http://127.0.0.1:{simulator_port}"
    sim = bench.start(f"{name}-simulator", [
        harness.tool("VPSBRIDGE_BIN"), "sim", "--listen", f"127.0.0.1:{simulator_port}", "--token", API_TOKEN, "--power-time", "1"])
    bench.wait_until("the simulator answers", lambda: harness.answers(f"{simulator}/metrics"), 15)
    assert harness.request("POST", f"{simulator}/_sim/servers", {"count": SERVERS, "prefix": "node"}).status == 201
    bench.write(f"{name}/rules/host-down.yaml", RULES)
    config = bench.write(f"{name}/vpsbridge.yaml", {
        "live": True, "listen": f"127.0.0.1:{port}", "admin": {"listen": f"127.0.0.1:{harness.free_port()}"},
        "data": str(data), "rules": str(folder / "rules"),
        "api": {"base_url": simulator, "token_file": str(bench.write("api-token", API_TOKEN, 0o600))},
        "sources": {"alertmanager": {
            "kind": "alertmanager", "auth": {"bearer_file": str(bench.write("hook-token", HOOK_TOKEN, 0o600))}}},
        "limits": {
            "storm": {"servers": 100000}, "flaps": {"max": 1000, "per": "1h"}, "boot_grace": "0s",
            "settle": "0s", "cooldown": "0s", "max_concurrent": 1000, "budgets": [{"max": 1000, "per": "1h"}],
            "fleet_budgets": [{"max": 100000, "per": "1h"}], "max_event_age": "24h"},
    })
    journal = folder / "journal"
    bridge = bench.start(f"{name}-bridge", [harness.tool("VPSBRIDGE_BIN"), "serve", "--config", config], env={
        "LD_PRELOAD": str(bench.folder / "power_cut.so"), "POWER_CUT_FOLDER": str(data), "POWER_CUT_JOURNAL": str(journal),
        **environment})

    def ready():
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        connection.request("GET", "/hooks/alertmanager")
        return connection.getresponse().status in (404, 405)

    bench.wait_until("the bridge listens", ready, 60)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for number in range(ALERTS):
        connection.request("POST", "/hooks/alertmanager", json.dumps(alert(number)), {
            "Content-Type": "application/json", "Authorization": f"Bearer {HOOK_TOKEN}"})
        answer = connection.getresponse()
        answer.read()
        assert answer.status // 100 == 2, (number, answer.status)

    def all_rebooted():
        ledger = harness.request("GET", f"{simulator}/_sim/ledger").json()
        return sum(entry["operation"] == "reboot" for entry in ledger["entries"]) >= min(SERVERS, (ALERTS + 24) // 25)

    bench.wait_until("the servers were rebooted", all_rebooted, 60)
    for process in (bridge, sim):
        process.kill()
        bench.forget(process)
    return read_journal(journal)


def read_journal(path):
    """The records in their order: (kind, file, offset, bytes)."""
    raw = Path(path).read_bytes()
    records, place = [], 0
    while place + 24 <= len(raw):
        kind, file, offset, count = struct.unpack_from("<IIQQ", raw, place)
        place += 24
        records.append((kind, file, offset, raw[place:place + count]))
        place += count
    return records


class Disk:
    """What the files hold for sure, and what was written to each since its last fsync."""

    def __init__(self):
        self.names = {}
        self.sure = {}
        self.waiting = {}

    def apply(self, kind, file, offset, payload):
        if kind == OPENED:
            name = payload.decode().rpartition("/")[2]
            self.names[file] = name
            self.sure.setdefault(name, bytearray())
            self.waiting.setdefault(name, [])
            if offset:
                self.waiting[name].append((TRUNCATED, 0, b""))
        elif kind == UNLINKED:
            # Whether the name is gone is settled by the folder's own fsync; a file that is back is what SQLite has to bear.
            name = payload.decode().rpartition("/")[2]
            self.sure.pop(name, None)
            self.waiting.pop(name, None)
        elif kind in (WRITTEN, TRUNCATED):
            self.waiting.setdefault(self.names[file], []).append((kind, offset, payload))
        elif kind == SYNCED:
            name = self.names[file]
            content = self.sure.setdefault(name, bytearray())
            for change in self.waiting.get(name, []):
                write(content, *change)
            self.waiting[name] = []

    def after_cut(self, chance, mode):
        """The folder's files as a cut may leave them: with none, all or some of the unsynced writes."""
        files = {}
        for name, content in self.sure.items():
            waiting = self.waiting.get(name, [])
            image = bytearray(content)
            if mode == "all":
                for change in waiting:
                    write(image, *change)
            elif mode == "some":
                kept = [change for change in waiting if chance.random() < 0.6]
                if chance.random() < 0.5:
                    chance.shuffle(kept)
                for kind, offset, payload in kept:
                    if kind == WRITTEN and chance.random() < 0.3:
                        # Torn: some of its sectors.
                        for start in range(0, len(payload), SECTOR):
                            if chance.random() < 0.5:
                                write(image, WRITTEN, offset + start, payload[start:start + SECTOR])
                    else:
                        write(image, kind, offset, payload)
            files[name] = bytes(image)
        return files


def write(content, kind, offset, payload):
    if kind == TRUNCATED:
        if offset <= len(content):
            del content[offset:]
        else:
            content.extend(bytes(offset - len(content)))
        return
    if offset > len(content):
        content.extend(bytes(offset - len(content)))
    content[offset:offset + len(payload)] = payload


def loss(folder, files, answered, requested):
    """What is missing in such a folder; None when nothing is."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, content in files.items():
        if name.startswith(DATABASE):
            (folder / name).write_bytes(content)
    if not answered and not requested:
        return None
    try:
        connection = sqlite3.connect(folder / DATABASE)
        try:
            check = connection.execute("PRAGMA integrity_check").fetchone()[0]
            if check != "ok":
                return f"the file is damaged: {check}"
            numbers = {json.loads(body)["alerts"][0]["labels"]["number"] for (body,) in
                       connection.execute("SELECT body FROM delivery_bodies")}
            intents = {server for (server,) in connection.execute("SELECT server FROM intents WHERE operation = 'reboot'")}
        finally:
            connection.close()
    except sqlite3.Error as error:
        return f"the file does not open: {error}"
    lost = [number for number in range(answered) if str(number) not in numbers]
    if lost:
        return f"{answered} deliveries were acknowledged, of these are missing: {lost[:5]}"
    unknown = [server for server in requested if server not in intents]
    return f"requests without an intent: {unknown}" if unknown else None


def judge(bench, records, cuts, chance):
    """Cuts the power at so many places; returns the first loss and how often it was cut."""
    # Just after something was promised is where a missing fsync shows; the rest is spread.
    promised = [index for index, record in enumerate(records) if record[0] in (ANSWERED, REQUESTED)]
    places = set(chance.sample(promised, min(len(promised), cuts // 2)))
    places |= set(chance.sample(range(len(records)), min(len(records), cuts - len(places))))
    disk, answered, requested, done = Disk(), 0, set(), 0
    for index, (kind, file, offset, payload) in enumerate(records):
        if kind == ANSWERED:
            answered += 1
        elif kind == REQUESTED:
            requested.add(int(re.search(rb"servers/(\d+)/", payload).group(1)))
        else:
            disk.apply(kind, file, offset, payload)
        if index not in places:
            continue
        for mode in ("none", "all", "some", "some"):
            done += 1
            found = loss(bench.folder / "cut", disk.after_cut(chance, mode), answered, requested)
            if found:
                return f"cut after record {index}, {mode} of the unsynced writes kept: {found}", done
    return None, done


def opens_with_the_store(bench, records, config_folder):
    """The bridge itself opens what a cut in the middle of the last writes leaves."""
    disk = Disk()
    for kind, file, offset, payload in records:
        if kind not in (ANSWERED, REQUESTED):
            disk.apply(kind, file, offset, payload)
    data = config_folder / "data"
    shutil.rmtree(data)
    data.mkdir()
    for name, content in disk.after_cut(random.Random(SEED), "some").items():
        (data / name).write_bytes(content)
    bridge = bench.start("after-the-cut", [harness.tool("VPSBRIDGE_BIN"), "serve", "--config", config_folder / "vpsbridge.yaml"])
    config = json.loads((config_folder / "vpsbridge.yaml").read_text())
    bench.wait_until("the bridge is ready again", lambda: harness.answers(f"http://{config['listen']}/readyz"), 60)
    bridge.stop()
    bench.forget(bridge)


def main():
    harness.say(f"{CUTS} cuts, {ALERTS} alerts, seed {SEED}")
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        harness.skip("there is no C compiler")
    chance = random.Random(SEED)
    with harness.Bench("power-cut") as bench:
        source = Path(__file__).resolve().parent / "power_cut.c"
        subprocess.run(
            [compiler, "-O2", "-shared", "-fPIC", "-o", str(bench.folder / "power_cut.so"), str(source), "-ldl", "-pthread"],
            check=True)
        records = record(bench, "full", {})
        synced = sum(kind == SYNCED for kind, *_ in records)
        answers = sum(kind == ANSWERED for kind, *_ in records)
        requests = sum(kind == REQUESTED for kind, *_ in records)
        assert answers == ALERTS and requests > 0 and synced > 0, (answers, requests, synced)
        found, done = judge(bench, records, CUTS, chance)
        assert not found, found
        harness.say(
            f"{len(records)} records, {synced} of them fsync, {answers} acknowledged, {requests} sent: nothing is lost in {done} folders")
        opens_with_the_store(bench, records, bench.folder / "full")
        mutant = record(bench, "normal", {"POWER_CUT_NORMAL": "1"})
        found, done = judge(bench, mutant, CUTS, chance)
        assert found, f"synchronous = NORMAL was not noticed in {done} folders"
        harness.say(f"synchronous = NORMAL is noticed: {found}")


if __name__ == "__main__":
    main()
