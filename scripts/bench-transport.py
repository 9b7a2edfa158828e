#!/usr/bin/env python3
"""`make bench`: what the outbound transport costs beside a C program on the same libcurl and beside async-http-client.

    scripts/bench-transport.py [PART...]    some of: load cancel storm soak; all when none is named

Every figure of one table comes from interleaved rounds of the same run against nginx on loopback; trust the ratios, not the digits. Each
client sends one GET, made beforehand, over and over; a ratio is the median of the ratios of the single rounds. Nothing is asserted: it
prints. TRANSPORT_BENCH_BIN, CURL_BENCH_BIN and AHC_BENCH_BIN are the release builds; without the last, async-http-client is left out.
BENCH_ROUNDS, BENCH_SECONDS, BENCH_IN_FLIGHT and BENCH_REQUESTS make it shorter.
"""

import asyncio
import json
import os
import re
import statistics
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "Tests" / "EndToEnd"))
import harness  # noqa: E402
import test_tools  # noqa: E402

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
SECONDS = float(os.environ.get("BENCH_SECONDS", "2"))
IN_FLIGHT = [int(n) for n in os.environ.get("BENCH_IN_FLIGHT", "1 16 64 256").split()]
REQUESTS = int(os.environ.get("BENCH_REQUESTS", "1000000"))
CANCELLATIONS = 10_000

BODY = '{"id":"3f1c9a52-7d0e-4b8a-9c61-2e5d8f7a1b34","name":"web-7k2m9q","status":"active","region":"ams","updated":176380000}'
NGINX = """
daemon off;
master_process off;
pid %(folder)s/nginx.pid;
error_log stderr warn;
events { worker_connections 4096; }
http {
    access_log off;
    default_type application/json;
    keepalive_requests 1000000000;
    keepalive_timeout 3600s;
    client_body_temp_path %(folder)s/body;
    proxy_temp_path %(folder)s/proxy;
    fastcgi_temp_path %(folder)s/fastcgi;
    uwsgi_temp_path %(folder)s/uwsgi;
    scgi_temp_path %(folder)s/scgi;
    server {
        listen 127.0.0.1:%(port)d backlog=1024;
        location / { return 200 '%(body)s'; }
        location = /served { stub_status; }
    }
}
"""


class Client:
    """One of the programs that are measured beside each other."""

    def __init__(self, name, binary, *more):
        self.name, self.binary, self.more = name, binary, more
        self.rounds = []

    def load(self, url, in_flight):
        self.rounds.append(run(self.binary, "load", url, in_flight, SECONDS, *self.more))

    @property
    def rates(self):
        return [seen["requests"] / seen["seconds"] for seen in self.rounds]

    @property
    def microseconds(self):
        """CPU time per request."""
        return [seen["cpu"] / max(1, seen["requests"]) * 1e6 for seen in self.rounds]


class StalledServer:
    """Takes connections and requests, and answers nothing until the peer closes."""

    def __init__(self):
        self.port = harness.free_port()
        listening = threading.Event()

        async def hold(reader, writer):
            try:
                while await reader.read(65536):
                    pass
            except OSError:
                pass
            writer.close()

        async def serve():
            server = await asyncio.start_server(hold, "127.0.0.1", self.port, backlog=1024)
            listening.set()
            async with server:
                await server.serve_forever()

        threading.Thread(target=lambda: asyncio.run(serve()), daemon=True).start()
        listening.wait(10)


def run(binary, *arguments):
    """What one run of a client printed; a client that fails is shown and counts nothing."""
    done = subprocess.run([binary, *map(str, arguments)], capture_output=True, text=True, timeout=900)
    lines = done.stdout.strip().splitlines()
    if done.returncode != 0 or not lines:
        print(f"  {Path(binary).name} {arguments[0]} ended with {done.returncode}: {done.stderr.strip()[-500:]}", flush=True)
    return json.loads(lines[-1]) if lines else {"requests": 0, "failures": 0, "seconds": 1.0, "cpu": 0.0}


def start_nginx(bench, binary):
    """Starts nginx with a JSON body of 118 bytes on every path; returns its port."""
    port = harness.free_port()
    config = bench.write("nginx.conf", NGINX % {"folder": bench.folder, "port": port, "body": BODY})
    bench.start("nginx", [binary, "-p", bench.folder, "-c", config])
    bench.wait_until("nginx answers", lambda: harness.answers(f"http://127.0.0.1:{port}/served"), 15)
    return port


def served(port):
    """How many requests nginx has taken."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/served", timeout=10) as answer:
        return int(re.search(rb"\n \d+ \d+ (\d+)", answer.read()).group(1))


def ratio(ours, theirs):
    """The median of the ratios of the rounds, with their range."""
    ratios = [a / b for a, b in zip(ours, theirs) if b]
    return f"{statistics.median(ratios):5.2f} ({min(ratios):.2f}-{max(ratios):.2f})" if ratios else "no figure"


def load(url, programs):
    print(f"requests over kept connections, {ROUNDS} interleaved rounds of {SECONDS:g} s; load of the machine {os.getloadavg()[0]:.1f}")
    for in_flight in IN_FLIGHT:
        curl = Client("C on libcurl", programs["curl"])
        swift = Client("CurlDriver", programs["swift"])
        others = [
            Client(f"async-http-client, {threads} thread{'s'[:threads - 1]}", programs["ahc"], threads)
            for threads in ((1, 2) if programs["ahc"] else ())]
        clients = [curl, swift, *others]
        for number in range(ROUNDS):
            for client in clients if number % 2 == 0 else reversed(clients):
                client.load(url, in_flight)
        print(f"  {in_flight} in flight")
        for client in clients:
            failures = sum(seen["failures"] for seen in client.rounds)
            print(f"    {client.name:30} {statistics.median(client.rates):9.0f} requests/s   "
                  f"{statistics.median(client.microseconds):6.1f} us of CPU a request   {failures} failed")
        print(f"    CurlDriver / C: requests/s {ratio(swift.rates, curl.rates)}, CPU {ratio(swift.microseconds, curl.microseconds)}")
        if others:
            best = max(others, key=lambda client: statistics.median(client.rates))
            print(f"    CurlDriver / {best.name}: requests/s {ratio(swift.rates, best.rates)}, "
                  f"CPU {ratio(swift.microseconds, best.microseconds)}", flush=True)


def shown_memory(resident):
    return " ".join(f"{kib / 1024:.1f}" for kib in resident)


def soak(url, programs, port):
    print(f"{REQUESTS} requests, 64 in flight")
    seen = run(programs["swift"], "soak", url, 64, REQUESTS)
    before, running, after = seen["descriptors"]
    print(f"  resident MiB after each tenth: {shown_memory(seen['residentKiB'])}; {seen['failures']} of {seen['requests']} failed")
    print(f"  open descriptors: {before} before, {running} at the end, {after} after the shutdown")


def cancel(programs):
    print("cancelled one of 64 that wait for a server that does not answer, 2,000 times")
    seen = run(programs["swift"], "cancel", f"http://127.0.0.1:{StalledServer().port}/", 64, 2_000)
    print(f"  `send` returned after p50 {seen['p50']:.3f} ms, p99 {seen['p99']:.3f} ms, max {seen['max']:.3f} ms; "
          f"{seen['maybeSent']} maybe sent, {seen['notSent']} not sent, {seen['outstanding']} left over")


def storm(url, programs, port):
    print(f"{REQUESTS} requests, 64 in flight, about {CANCELLATIONS} of them cancelled at a random instant")
    before = served(port)
    seen = run(programs["swift"], "storm", url, 64, REQUESTS, CANCELLATIONS)
    # Less the request that asks, and the one by which the descriptors are counted.
    taken = served(port) - before - 2
    descriptors = seen["descriptors"]
    print(f"  {seen['tried']} cancellations: {seen['maybeSent']} maybe sent, {seen['notSent']} not sent, the rest came too late; "
          f"{seen['responses']} responses, {seen['failures']} failed, {seen['outstanding']} left over")
    print(f"  nginx took {taken} requests: {taken - seen['responses']} beyond the responses, of {seen['maybeSent']} that may have been sent")
    print(f"  resident MiB after each tenth: {shown_memory(seen['residentKiB'])}; open descriptors: {descriptors[0]} before, "
          f"{descriptors[1]} at the end, {descriptors[2]} after the shutdown")


def main():
    folder = test_tools.ROOT / ".build" / "release"
    programs = {
        "swift": os.environ.get("TRANSPORT_BENCH_BIN", str(folder / "TransportBench")),
        "curl": os.environ.get("CURL_BENCH_BIN", str(folder / "CurlBench")),
        "ahc": os.environ.get("AHC_BENCH_BIN"),
    }
    paths, reasons = test_tools.find(["NGINX_BIN"])
    if "NGINX_BIN" not in paths:
        sys.exit(f"bench-transport: {reasons['NGINX_BIN']}")
    parts = sys.argv[1:] or ["load", "cancel", "storm", "soak"]
    with harness.Bench("bench-transport") as bench:
        port = start_nginx(bench, paths["NGINX_BIN"])
        url = f"http://127.0.0.1:{port}/v1/servers/42/"
        for name, part in {
            "load": lambda: load(url, programs),
            "cancel": lambda: cancel(programs),
            "storm": lambda: storm(url, programs, port),
            "soak": lambda: soak(url, programs, port),
        }.items():
            if name in parts:
                part()


if __name__ == "__main__":
    main()
