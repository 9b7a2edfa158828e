# needs: VPSBRIDGE_BIN
"""Rules change while the bridge runs: by SIGHUP, by the reload verb, by a swapped link; a bad set is refused until it is mended.

a Kubernetes-like folder of links ─▶ bridge (under a stream of alerts) ─▶ audit, metrics, a message to people; then try and explain
"""

import json
import os
import signal
import subprocess
import threading

import harness

TOKEN = "a-hook-token-of-the-reload-test"
BROKEN = "version: 1\nrules:\n  - name: broken\n    cooldwn: 1m\n"


def rules(number):
    """Two rules that match every alert and are told apart by their set's number."""
    return "version: 1\nrules:\n" + "".join(
        f"  - {{name: {name}-{number}, trigger: alertmanager, when: 'has(event.labels.server)', target: event.labels.server,"
        " autonomy: observe, actions: [server.reboot]}\n" for name in "ab")


def delivery(fingerprint):
    return {
        "version": "4", "groupKey": "{}", "truncatedAlerts": 0, "status": "firing", "receiver": "vpsbridge", "groupLabels": {},
        "commonLabels": {}, "commonAnnotations": {}, "externalURL": "",
        "alerts": [{
            "status": "firing", "labels": {"alertname": "HostDown", "server": "web-server-01"}, "annotations": {},
            "startsAt": "2026-11-21T10:00:00Z", "endsAt": "0001-01-01T00:00:00Z", "fingerprint": fingerprint, "generatorURL": "",
        }],
    }


class World:
    def __init__(self, bench):
        self.bench = bench
        self.people = bench.receiver()
        port, admin = harness.free_port(), harness.free_port()
        self.bridge, self.admin = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{admin}"
        self.data = bench.folder / "data"
        self.swap(1)
        (bench.folder / "rules").mkdir()
        os.symlink("../..data/web.yaml", bench.folder / "rules" / "web.yaml")
        self.config = bench.write("vpsbridge.yaml", {
            "listen": f"127.0.0.1:{port}", "admin": {"listen": f"127.0.0.1:{admin}"}, "data": str(self.data),
            "rules": str(bench.folder / "rules"),
            "api": {"base_url": f"http://127.0.0.1:{harness.free_port()}", "token_file": str(bench.write("api", "t", 0o600))},
            "sources": {"alertmanager": {
                "kind": "alertmanager", "auth": {"bearer_file": str(bench.write("hook", TOKEN, 0o600))}}},
            "channels": {"ops": {"kind": "webhook", "url": f"{self.people.url}/ops"}},
            "reload": {"watch": "1s"},
        })
        self.serve = bench.start("bridge", [harness.tool("VPSBRIDGE_BIN"), "serve", "--config", self.config])
        bench.wait_until("the bridge is ready", lambda: harness.answers(f"{self.bridge}/readyz"), 15)

    def swap(self, number, text=None):
        """A new folder, and a link that points to it from one instant to the next."""
        self.bench.write(f"..v{number}/web.yaml", text or rules(number))
        link = self.bench.folder / "..data"
        os.symlink(f"..v{number}", f"{link}.tmp")
        os.rename(f"{link}.tmp", link)

    def run(self, *arguments, ends_with=0, stdin=None):
        done = subprocess.run(
            [harness.tool("VPSBRIDGE_BIN"), *map(str, arguments), "--config", str(self.config)], capture_output=True, text=True,
            timeout=60, input=stdin)
        assert done.returncode == ends_with, (arguments, done.returncode, done.stdout, done.stderr)
        return done

    def revision(self):
        (label,) = harness.metric(self.admin, "vpsbridge_config_info")
        return label.split('"')[1]

    def is_successful(self):
        return harness.metric(self.admin, "vpsbridge_config_last_reload_successful")[""] == 1

    def wait_for_change(self, what, before):
        return self.bench.wait_until(what, lambda: (r := self.revision()) != before and r, 10)

    def post(self, fingerprint):
        return harness.request(
            "POST", f"{self.bridge}/hooks/alertmanager", delivery(fingerprint), {"Authorization": f"Bearer {TOKEN}"})


class Stream:
    """Alerts, one after the other, for as long as the block lasts."""

    def __init__(self, world):
        self.world, self.sent, self.over = world, 0, threading.Event()
        self.thread = threading.Thread(target=self.send)

    def send(self):
        while not self.over.is_set():
            assert self.world.post(f"f{self.sent}").status == 200
            self.sent += 1

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def reloads(world, bench):
    first = world.revision()
    socket = world.data / "admin.sock"
    assert socket.is_socket() and socket.stat().st_mode & 0o777 == 0o600, oct(socket.stat().st_mode)

    world.swap(2)
    second = world.wait_for_change("the swapped link is seen", first)
    world.swap(3)
    world.serve.child.send_signal(signal.SIGHUP)
    third = world.wait_for_change("SIGHUP is heard", second)
    world.swap(4)
    done = world.run("reload")
    fourth = world.revision()
    assert done.stdout.startswith("taken: 2 rules") and fourth not in (first, second, third), done.stdout
    assert world.run("reload").stdout.startswith("unchanged: ")
    harness.say("taken: a swapped link, SIGHUP, the reload verb")

    world.swap(5, BROKEN)
    done = world.run("reload", ends_with=78)
    assert "unknown key `cooldwn`" in done.stderr and "still in force" in done.stderr, done.stderr
    assert world.revision() == fourth and not world.is_successful()
    world.run("check", ends_with=78)
    told = bench.wait_until("people are told", lambda: world.people.requests, 10)
    bench.holds_for("they are told once", lambda: len(world.people.requests) == 1 and world.revision() == fourth, 3)
    harness.say(f"refused, told once: {json.loads(told[0][2])['text']!r}")

    answer = json.loads(world.run("reload", "--json", ends_with=78).stdout)
    assert answer["result"] == "refused" and answer["revision"] == fourth and answer["diagnostics"], answer
    os.unlink(bench.folder / "..data")
    bench.holds_for("a deletion is no empty set", lambda: world.revision() == fourth, 3)
    world.swap(6)
    world.wait_for_change("the mended rules are taken", fourth)
    assert world.is_successful()
    harness.say("a deleted folder left the rules as they were; mended, they were taken by themselves")


def whole(world, sent):
    """Every alert was judged by both rules of one set."""
    runs = json.loads(world.run("runs", "ls", "--json", "--limit", 100_000).stdout)
    of_delivery = {}
    for run in runs:
        of_delivery.setdefault(run["delivery"], []).append((run["rule"].split("-")[1], run["revision"]))
    assert len(of_delivery) == sent, (len(of_delivery), sent)
    assert all(len(found) == 2 and len(set(found)) == 1 for found in of_delivery.values())
    sets = {found[0][0] for found in of_delivery.values()}
    harness.say(f"{sent} alerts, each judged by one whole set: {', '.join(sorted(sets))}")


def explains(world, bench):
    first = world.run("explain", "1").stdout
    assert "rule a-1" in first and "event.labels.server is \"web-server-01\"" in first, first
    old = bench.write("old/web.yaml", rules(1).replace("has(event.labels.server)", "event.labels.alertname == \"Other\""))
    compared = json.loads(world.run("explain", "1.0", "--rules", old, "--json").stdout)
    changed = {(d["rule"], d["before"], d["after"]) for d in compared["other"]["differences"]}
    assert changed == {("a-1", "match", "no_match"), ("b-1", "match", "no_match")}, changed
    world.run("explain", "999999", ends_with=1)
    world.run("explain", "nonsense", ends_with=64)

    body = json.dumps(delivery("t1"))
    tried = world.run("try", "--source", "alertmanager", "--server", "name=web-server-01,id=12345", "-", stdin=body)
    assert "request 1 POST /api/v1/servers/12345/reboot/" in tried.stdout, tried.stdout
    world.run("try", "--source", "alertmanager", "--expect", "a-6", "--expect", "b-6", "-", stdin=body)
    world.run("try", "--source", "alertmanager", "--expect", "none", "-", stdin=body, ends_with=1)
    world.run("try", "--source", "alertmanager", "-", stdin="{", ends_with=1)
    world.run("try", "--source", "alertmanager", "/nowhere.json", ends_with=66)
    world.run("try", "--source", "nobody", "-", stdin=body, ends_with=64)
    assert "name: a-6" in world.run("check", "--print").stdout
    for form in ("json", "sarif"):
        json.loads(world.run("check", "--format", form).stdout)
    world.run("check", "--rules", bench.write("broken/web.yaml", BROKEN), "--format", "github", ends_with=78)
    world.run("check", "--rules", "/nowhere", ends_with=66)
    harness.say("explain, try and check show conditions, values and requests, and end as documented")


def main():
    with harness.Bench("reload") as bench:
        world = World(bench)
        with Stream(world) as stream:
            reloads(world, bench)
        bench.wait_until(
            "everything is decided", lambda: harness.metric(world.admin, "vpsbridge_deliveries_undispatched")[""] == 0, 30)
        whole(world, stream.sent)
        explains(world, bench)
        world.serve.kill()
        assert (world.data / "admin.sock").is_socket(), "a killed bridge leaves its socket"
        world.run("reload", ends_with=69)
        bench.forget(world.serve)
        again = bench.start("bridge", [harness.tool("VPSBRIDGE_BIN"), "serve", "--config", world.config])
        bench.wait_until("the bridge is ready again", lambda: harness.answers(f"{world.bridge}/readyz"), 15)
        assert world.run("reload").stdout.startswith("unchanged: ")
        assert again.stop() == 0 and not (world.data / "admin.sock").exists()
        bench.forget(again)
        harness.say("after kill -9 the stale socket is replaced; after a stop it is gone")


if __name__ == "__main__":
    main()
