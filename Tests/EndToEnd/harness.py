"""What the end-to-end scripts share: processes on loopback ports, waiting for a thing to be seen, HTTP, and the senders' configuration.

Standard library only. A script makes one `Bench`, starts what it needs on it, and leaves the `with` block: every process is then ended
and, when the block failed, the last lines of each log are printed. Waiting is always for something seen, within a limit; a process that
ends meanwhile fails the wait at once.
"""

import ctypes
import http.client
import http.server
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
LOG_LINES_SHOWN = 40
EXIT_SKIPPED = 77


def say(text):
    """One line of the script's story."""
    print(f"    {text}", flush=True)


def skip(reason):
    """Ends the script as skipped."""
    print(f"    skipped: {reason}", flush=True)
    sys.exit(EXIT_SKIPPED)


def tool(name):
    """The path of a tool that the runner found; see scripts/end-to-end."""
    path = os.environ.get(name)
    if not path:
        skip(f"{name} is not set; run this by scripts/end-to-end")
    return path


# --- HTTP


@dataclass
class Reply:
    status: int
    headers: dict
    body: bytes

    def json(self):
        return json.loads(self.body)


def request(method, url, body=None, headers=None, timeout=10.0):
    """One HTTP request over a fresh connection, past any proxy that the environment names; a body that is not bytes is sent as JSON.

    Raises: OSError or http.client.HTTPException when there is no whole answer.
    """
    parts = urllib.parse.urlsplit(url)
    headers = dict(headers or {})
    if body is not None and not isinstance(body, (bytes, bytearray)):
        body = json.dumps(body).encode()
        headers.setdefault("Content-Type", "application/json")
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)
    try:
        target = parts.path or "/"
        connection.request(method, f"{target}?{parts.query}" if parts.query else target, body=body, headers=headers)
        answer = connection.getresponse()
        return Reply(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
    finally:
        connection.close()


def answers(url, statuses=(200,)):
    """Whether a GET of the address is answered with one of the statuses."""
    try:
        return request("GET", url, timeout=2.0).status in statuses
    except (OSError, http.client.HTTPException):
        return False


class Receiver:
    """A web server that records each request made to it and answers 200 with an empty body."""

    def __init__(self):
        self.requests = []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                receiver.requests.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def bodies(self):
        """The recorded bodies, read as JSON."""
        return [json.loads(body) for _, _, body in list(self.requests)]

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


# --- processes


def free_port():
    """A port on 127.0.0.1 that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _end_with_parent():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # one that is killed writes no core, which would take long and hold secrets
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: a killed script leaves no process behind


class Process:
    """A program under test; its output goes to a log file."""

    def __init__(self, name, arguments, log, cwd=None, env=None):
        self.name = name
        self.log_path = Path(log)
        self.arguments = [str(a) for a in arguments]
        with open(log, "ab") as output:
            self.child = subprocess.Popen(
                self.arguments, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd=cwd,
                env={**os.environ, **(env or {})}, preexec_fn=_end_with_parent if sys.platform == "linux" else None)

    @property
    def pid(self):
        return self.child.pid

    @property
    def has_ended(self):
        return self.child.poll() is not None

    def log(self):
        return self.log_path.read_text(errors="replace")

    def log_tail(self, lines=LOG_LINES_SHOWN):
        return "\n".join(self.log().splitlines()[-lines:])

    def kill(self):
        """Ends it at once, as a power cut of the process would (SIGKILL)."""
        self.child.kill()
        self.child.wait()

    def stop(self, timeout=15.0):
        """Asks it to end (SIGTERM) and waits.

        Returns: the exit status, or None when it had to be killed after `timeout` seconds.
        """
        if not self.has_ended:
            self.child.terminate()
            try:
                self.child.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()
                return None
        return self.child.returncode


class Bench:
    """A temporary folder and the processes that run in it."""

    def __init__(self, name):
        self.name = name
        self.folder = Path(tempfile.mkdtemp(prefix=f"vpsbridge-{name}-"))
        self.processes = []
        self.receivers = []

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        for process in reversed(self.processes):
            process.stop()
        for receiver in self.receivers:
            receiver.stop()
        if kind is None or os.environ.get("E2E_KEEP") is None:
            if kind is not None:
                self._show_logs()
            shutil.rmtree(self.folder, ignore_errors=True)
        else:
            self._show_logs()
            print(f"    kept: {self.folder}", flush=True)

    def _show_logs(self):
        for process in self.processes:
            print(f"--- {process.name} (pid {process.pid}, ended with {process.child.returncode}), its last lines:")
            print(process.log_tail(), flush=True)

    def start(self, name, arguments, cwd=None, env=None):
        """Starts a program; its log is NAME.log in the bench's folder, appended to when a name is started again."""
        process = Process(name, arguments, self.folder / f"{name}.log", cwd=cwd, env=env)
        self.processes.append(process)
        return process

    def forget(self, process):
        """No longer expects the process to be alive."""
        self.processes.remove(process)

    def receiver(self):
        receiver = Receiver()
        self.receivers.append(receiver)
        return receiver

    def write(self, name, text, mode=0o644):
        """Writes a file of the bench's folder (JSON when it is no text) and returns its path."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text if isinstance(text, str) else json.dumps(text, indent=1))
        path.chmod(mode)
        return path

    def wait_until(self, what, predicate, timeout, every=0.1):
        """Waits until the predicate returns something true, and returns that.

        Raises: AssertionError after `timeout` seconds, or as soon as a process of the bench has ended.
        """
        started = time.monotonic()
        seen = None
        while True:
            try:
                seen = predicate()
                if seen:
                    return seen
            except (OSError, http.client.HTTPException, ValueError) as error:
                seen = error
            for process in self.processes:
                if process.has_ended:
                    raise AssertionError(f"{process.name} ended with {process.child.returncode} while waiting for: {what}")
            if time.monotonic() - started > timeout:
                raise AssertionError(f"not seen within {timeout:g} s: {what}; last: {seen!r}")
            time.sleep(every)

    def holds_for(self, what, predicate, seconds, every=0.2):
        """Checks that the predicate stays true for that many seconds."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not predicate():
                raise AssertionError(f"did not last {seconds:g} s: {what}")
            time.sleep(every)

    # --- the programs

    def start_prometheus(self, target_port, alertmanager_port, rules=None):
        """Debian's Prometheus: scrapes `target_port` and judges its rules every second; returns its address once it is ready."""
        port = free_port()
        self.write("prometheus/rules.yml", rules or HOST_DOWN_RULE)
        config = self.write("prometheus/prometheus.yml", prometheus_configuration(target_port, alertmanager_port))
        self.start("prometheus", [
            tool("PROMETHEUS_BIN"), f"--config.file={config}", f"--storage.tsdb.path={self.folder / 'prometheus' / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}", "--rules.alert.resend-delay=1s",
        ])
        url = f"http://127.0.0.1:{port}"
        self.wait_until("Prometheus is ready", lambda: answers(f"{url}/-/ready"), 30)
        return url

    def start_alertmanager(self, webhook_url, token, port=None, group_interval="1s", repeat_interval="2s"):
        """Debian's Alertmanager with one webhook receiver; returns its address once it is ready."""
        port = port or free_port()
        config = self.write(
            "alertmanager/alertmanager.yml", alertmanager_configuration(webhook_url, token, group_interval, repeat_interval), 0o600)
        self.start("alertmanager", [
            tool("ALERTMANAGER_BIN"), f"--config.file={config}", f"--storage.path={self.folder / 'alertmanager' / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=",
        ])
        url = f"http://127.0.0.1:{port}"
        self.wait_until("Alertmanager is ready", lambda: answers(f"{url}/-/ready"), 30)
        return url


# --- the senders' configuration; JSON is YAML too, so that no value needs quoting by hand

HOST_DOWN_RULE = json.dumps({"groups": [{
    "name": "servers",
    "interval": "1s",
    "rules": [{
        "alert": "HostDown",
        "expr": "vps_server_up == 0",
        "for": "0s",
        "labels": {"severity": "critical"},
        "annotations": {"summary": "{{ $labels.server }} does not answer"},
    }],
}]})


def prometheus_configuration(target_port, alertmanager_port):
    return {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "rule_files": ["rules.yml"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{alertmanager_port}"]}]}]},
        "scrape_configs": [{"job_name": "servers", "static_configs": [{"targets": [f"127.0.0.1:{target_port}"]}]}],
    }


def alertmanager_configuration(webhook_url, token, group_interval, repeat_interval):
    return {
        "route": {
            "receiver": "vpsbridge", "group_by": ["alertname"], "group_wait": "0s", "group_interval": group_interval,
            "repeat_interval": repeat_interval,
        },
        "receivers": [{
            "name": "vpsbridge",
            "webhook_configs": [{
                "url": webhook_url, "send_resolved": True,
                "http_config": {"authorization": {"type": "Bearer", "credentials": token}},
            }],
        }],
    }


def metric(url, name):
    """The samples of one metric on a metrics page: label text to value, `""` for no labels."""
    samples = {}
    for line in request("GET", f"{url}/metrics").body.decode().splitlines():
        if line.startswith(name) and line[len(name):len(name) + 1] in ("{", " "):
            labels, _, value = line[len(name):].rpartition(" ")
            samples[labels.strip("{} ")] = float(value)
    return samples
