# needs: VPSBRIDGE_BIN ALERTMANAGER_BIN
"""The YAML that the documents print is accepted by the programs that it is written for.

Rule files and configurations go through `vpsbridge check`, rule tests through `vpsbridge test`; the receiver goes into a real Alertmanager. Only folders are replaced.
"""

import re
import subprocess

import harness

BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FOLDERS = ("/etc/vpsbridge", "/etc/alertmanager", "/var/lib/vpsbridge")
SECRETS = {
    "token": "a-secret-of-the-samples\n", "password": "a-secret-of-the-samples\n", "url": "https://chat.example.com/hooks/1\n",
    "bot": "123456:a-secret-of-the-samples\n",
}
PLAIN_RULES = """\
version: 1
rules:
  - name: sample
    trigger: alertmanager
    when: true
    target: event.labels.server
    autonomy: observe
    actions: [server.reboot]
"""
FALLBACK_CONFIGURATION = """\
api: {token_file: /etc/vpsbridge/vps-token}
data: /var/lib/vpsbridge
rules: /etc/vpsbridge/rules
secrets: {TICKETS_TOKEN_file: /etc/vpsbridge/tickets-token}
sources:
  alertmanager: {kind: alertmanager, auth: {bearer_file: /etc/vpsbridge/alertmanager-token}}
  slack: {kind: slack, auth: {signing_secret_file: /etc/vpsbridge/slack-token}}
channels:
  oncall: {kind: webhook, url: "https://chat.example.com/hooks/oncall"}
"""


def blocks():
    """Each YAML block of the documents with the place where it stands."""
    documents = sorted(harness.ROOT.glob("*.md")) + sorted((harness.ROOT / "docs").rglob("*.md"))
    for path in documents:
        text = path.read_text()
        for match in BLOCK.finditer(text):
            line = text.count("\n", 0, match.start()) + 2
            yield f"{path.relative_to(harness.ROOT)}:{line}", match[1]


def localized(bench, text):
    """The text with its folders moved into the bench, and every file that it reads made."""
    for folder in FOLDERS:
        text = text.replace(folder, f"{bench.folder}{folder}")
    for path, kind in re.findall(rf"({re.escape(str(bench.folder))}/[^\s,}}]+-({'|'.join(SECRETS)}))\b", text):
        bench.write(path.removeprefix(f"{bench.folder}/"), SECRETS[kind], 0o600)
    return text


def check(bench, configuration, rules):
    """Runs `vpsbridge check` over a configuration and one rule file."""
    bench.write("etc/vpsbridge/rules/sample.yaml", rules)
    path = bench.write("vpsbridge.yaml", localized(bench, configuration))
    done = subprocess.run(
        [harness.tool("VPSBRIDGE_BIN"), "check", "--config", path], capture_output=True, text=True, timeout=30, cwd=bench.folder)
    assert done.returncode == 0, f"check ended with {done.returncode}: {done.stdout}{done.stderr}"


def test(bench, text):
    """Runs `vpsbridge test` over one test file beside the shipped rules."""
    for path in (harness.ROOT / "rules").glob("*.yaml"):
        bench.write(f"tested/{path.name}", path.read_text())
    sample = bench.write("tested/sample.test.yaml", text)
    done = subprocess.run(
        [harness.tool("VPSBRIDGE_BIN"), "test", sample], capture_output=True, text=True, timeout=60, cwd=bench.folder)
    assert done.returncode == 0, f"test ended with {done.returncode}: {done.stdout}{done.stderr}"


def accept_by_alertmanager(bench, text):
    config = bench.write("alertmanager.yml", localized(bench, text))
    port = harness.free_port()
    process = bench.start("alertmanager", [
        harness.tool("ALERTMANAGER_BIN"), f"--config.file={config}", f"--storage.path={bench.folder / 'alertmanager'}",
        f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="])
    bench.wait_until("Alertmanager accepts it", lambda: harness.answers(f"http://127.0.0.1:{port}/-/ready"), 30)
    process.stop()
    bench.forget(process)


def main():
    counts = {"rules": 0, "tests": 0, "configuration": 0, "receiver": 0}
    with harness.Bench("document-samples") as bench:
        for place, text in blocks():
            try:
                if "receivers:" in text:
                    counts["receiver"] += 1
                    accept_by_alertmanager(bench, text)
                elif re.search(r"^tests:\n", text, re.MULTILINE):
                    counts["tests"] += 1
                    test(bench, text)
                elif re.search(r"^rules:\n", text, re.MULTILINE):
                    counts["rules"] += 1
                    check(bench, FALLBACK_CONFIGURATION, text)
                elif re.search(r"^(?:sources|api|limits|channels|heartbeat|maintenance|people|prices|retention):", text, re.MULTILINE):
                    counts["configuration"] += 1
                    check(bench, text, PLAIN_RULES)
                else:
                    raise AssertionError("of no known kind: neither rules, nor tests of them, nor a configuration, nor an Alertmanager receiver")
            except AssertionError as error:
                raise AssertionError(f"{place}: {error}") from error
    assert all(counts.values()), f"a kind of sample is no longer found: {counts}"
    harness.say(", ".join(f"{count} {kind}" for kind, count in counts.items()))


if __name__ == "__main__":
    main()
