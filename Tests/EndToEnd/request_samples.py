# needs: VPSBRIDGE_BIN E2E_PYTHON CURL_BIN NODE_BIN PHP_BIN
"""The request samples printed in the Servers API's documents, run with their own clients against the simulator.

Only origin and token are replaced; the text is otherwise run as printed. What a client shows is caught beside the sample (a .curlrc, a
preloaded console, an appended PHP file), never by changing it. Each sample has to succeed and to return every documented field.
"""

import ast
import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import harness

DOCUMENTS = harness.ROOT.parent / "shared" / "seeds"
ORIGIN = "https://admin.vps.org"
TOKEN_PLACEHOLDER = "YOUR_API_TOKEN"
TOKEN = "a-token-of-the-samples"
SAMPLES_EACH = 24

# The nine operations in the order in which the documents have them, and the status of success.
OPERATIONS = [
    ("list", 200), ("create", 201), ("get", 200), ("replace", 200), ("update", 200), ("delete", 204), ("start", 200), ("stop", 200),
    ("reboot", 200),
]

# Where each client's samples begin and end, by whole lines.
BEGINS = {
    "curl": re.compile(r"curl -X "),
    "python": re.compile(r"import requests$"),
    "javascript": re.compile(r"const (?:response = await fetch\(|serverId = )"),
    "php": re.compile(r"\$(?:data = \[|ch = curl_init\()"),
}
ENDS = {
    "python": re.compile(r"print\("), "javascript": re.compile(r"console\.log\("), "php": re.compile(r"curl_close\("),
}


@dataclass(frozen=True)
class Sample:
    operation: str
    client: str
    text: str


def read_document(text):
    """The samples of a document, and per operation the example answer that it prints, where it prints one."""
    samples, answers, operation = [], {}, -1
    lines = text.splitlines()
    index = 0
    while index < len(lines):
        client = next((name for name, begin in BEGINS.items() if begin.match(lines[index])), None)
        if client:
            start = index
            if client == "curl":
                operation += 1
                while lines[index].strip() and not BEGINS["python"].match(lines[index]):
                    index += 1
            else:
                while not ENDS[client].match(lines[index]):
                    index += 1
                index += 1
            samples.append(Sample(OPERATIONS[operation][0], client, "\n".join(lines[start:index]) + "\n"))
        elif lines[index] == "{":
            start = index
            while lines[index] != "}":
                index += 1
            index += 1
            answers[OPERATIONS[operation][0]] = json.loads("\n".join(lines[start:index]))
        else:
            index += 1
    return samples, answers


# --- the clients


class Clients:
    """Runs one sample with its own client; each method returns the status, where the client shows it, and the answer's body."""

    def __init__(self, folder):
        self.folder = Path(folder)
        (self.folder / ".curlrc").write_text('silent\nshow-error\nwrite-out = "\\n%{http_code}"\n')
        (self.folder / "console.cjs").write_text("console.log = (value) => process.stdout.write(JSON.stringify(value) + '\\n');\n")
        (self.folder / "show.php").write_text("<?php echo json_encode($servers ?? $server);\n")

    def _output(self, arguments, **environment):
        done = subprocess.run(
            [str(a) for a in arguments], capture_output=True, text=True, timeout=60, cwd=self.folder, env={**os.environ, **environment})
        assert done.returncode == 0, f"exit {done.returncode}: {done.stderr[-800:]}"
        return done.stdout

    def curl(self, text):
        path = f"{Path(harness.tool('CURL_BIN')).parent}:{os.environ['PATH']}"
        body, _, status = self._output(["bash", "-c", text], CURL_HOME=str(self.folder), PATH=path, no_proxy="*").rpartition("\n")
        return int(status), json.loads(body) if body.strip() else None

    def python(self, text):
        (self.folder / "sample.py").write_text(text)
        shown = ast.literal_eval(self._output([harness.tool("E2E_PYTHON"), "sample.py"], no_proxy="*"))
        return (shown, None) if isinstance(shown, int) else (None, shown)

    def javascript(self, text):
        (self.folder / "sample.mjs").write_text(text)
        return None, json.loads(self._output([harness.tool("NODE_BIN"), "--require", self.folder / "console.cjs", "sample.mjs"]))

    def php(self, text):
        (self.folder / "sample.php").write_text("<?php\n" + text)
        shown = self._output([harness.tool("PHP_BIN"), "-d", f"auto_append_file={self.folder / 'show.php'}", "sample.php"])
        return None, json.loads(shown)


# --- the checks


def lacks(documented, answered, where="answer"):
    """The first documented field that an answer lacks or has with another type; None when all are there."""
    if isinstance(documented, dict):
        if not isinstance(answered, dict):
            return f"{where} is no object"
        for name, value in documented.items():
            if name not in answered:
                return f"{where}.{name} is missing"
            problem = lacks(value, answered[name], f"{where}.{name}")
            if problem:
                return problem
        return None
    if isinstance(documented, list):
        if not isinstance(answered, list) or len(answered) < len(documented):
            return f"{where} has too few elements"
        return next((problem for problem in map(lacks, documented, answered, [where] * len(documented)) if problem), None)
    numbers = (int, float)
    if documented is None or answered is None:
        return None if documented is answered else f"{where} is {answered!r}, documented as {documented!r}"
    if isinstance(documented, numbers) and not isinstance(documented, bool):
        same = isinstance(answered, numbers) and not isinstance(answered, bool)
    else:
        same = type(documented) is type(answered)
    return None if same else f"{where} is {answered!r}, documented as {documented!r}"


def check(sample, status, body, answers):
    expected = dict(OPERATIONS)[sample.operation]
    assert status in (None, expected), f"status {status}, documented {expected}"
    if sample.operation == "delete":
        assert body is None, body
        return
    # The documents print no answer for replace and update: those return the server, whose fields the list shows.
    documented = answers.get(sample.operation) or answers["list"]["results"][0]
    problem = lacks(documented, body)
    assert problem is None, f"{problem}; the answer was {json.dumps(body)[:600]}"


def run_document(name, text, simulator, clients):
    samples, answers = read_document(text)
    assert len(samples) == SAMPLES_EACH, f"{name}: found {len(samples)} samples: {[(s.operation, s.client) for s in samples]}"
    for sample in samples:
        assert sample.text.count(ORIGIN) == 1 and sample.text.count(TOKEN_PLACEHOLDER) == 1, sample.text
        assert harness.request("POST", f"{simulator}/_sim/reset").status == 200
        if sample.operation == "start":
            assert harness.request("POST", f"{simulator}/_sim/servers/12345/status", {"status": "stopped"}).status == 200
        text = sample.text.replace(ORIGIN, simulator).replace(TOKEN_PLACEHOLDER, TOKEN)
        try:
            status, body = getattr(clients, sample.client)(text)
            check(sample, status, body, answers)
            applied = harness.request("GET", f"{simulator}/_sim/ledger").json()["applied"]
            assert sum(applied.values()) == (0 if sample.operation in ("list", "get") else 1), applied
            assert sample.operation in ("list", "get") or applied[sample.operation] == 1, applied
        except (AssertionError, ValueError) as error:
            raise AssertionError(f"{name}: {sample.operation} with {sample.client}: {error}") from error
    by_client = {client: sum(1 for sample in samples if sample.client == client) for client in BEGINS}
    harness.say(f"{name}: {len(samples)} samples succeeded: {', '.join(f'{n} {client}' for client, n in by_client.items())}")


def main():
    documents = sorted(DOCUMENTS.glob("*.txt")) if DOCUMENTS.is_dir() else []
    if not documents:
        harness.skip("the documents are not beside this tree")
    with harness.Bench("request-samples") as bench:
        port = harness.free_port()
        simulator = f"http://127.0.0.1:{port}"
        bench.start("simulator", [harness.tool("VPSBRIDGE_BIN"), "sim", "--listen", f"127.0.0.1:{port}", "--token", TOKEN])
        bench.wait_until("the simulator answers", lambda: harness.answers(f"{simulator}/metrics"), 15)
        for document in documents:
            run_document(document.stem, document.read_text(), simulator, Clients(bench.folder))


if __name__ == "__main__":
    main()
