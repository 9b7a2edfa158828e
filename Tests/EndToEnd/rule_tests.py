# needs: VPSBRIDGE_BIN
"""`vpsbridge test`: the shipped rules pass, what must fail fails with the documented status, and `check` does not read tests as rules."""

import json
import subprocess

import harness

RULES = (harness.ROOT / "rules" / "host-down.yaml").read_text()
TEST = """\
version: 1
servers: [{id: 12345, name: web-03}]
tests:
  - name: a reboot after two minutes
    timeline:
      - at: 0s
        event: {source: alertmanager, labels: {alertname: HostDown, severity: critical, instance: web-03}}
      - at: 2m
        expect: {actions: [{action: server.reboot, server: %s}]}
"""
CONFIGURATION = """\
data: data
rules: rules
sources:
  prod: {kind: alertmanager, auth: {bearer_file: not-there}}
"""


def run(bench, *arguments, status):
    """Runs the verb in the bench's folder; returns what it printed."""
    done = subprocess.run(
        [harness.tool("VPSBRIDGE_BIN"), *arguments], capture_output=True, text=True, timeout=60, cwd=bench.folder)
    assert done.returncode == status, f"{arguments} ended with {done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def main():
    with harness.Bench("rule-tests") as bench:
        shipped = run(bench, "test", str(harness.ROOT / "rules"), "--min-coverage", "100", status=0)
        assert "coverage 100 %" in shipped, shipped

        bench.write("rules/host-down.yaml", RULES)
        bench.write("rules/good.test.yaml", TEST % "web-03")
        assert "ok    rules/good.test.yaml:4 a reboot after two minutes" in run(bench, "test", "rules", status=0)
        assert "coverage is below 90 %" in run(bench, "test", "rules", "--min-coverage", "90", status=1)

        bench.write("rules/bad.test.yaml", TEST % "db-01")
        failed = run(bench, "test", "rules/bad.test.yaml", status=1)
        assert "expected: server.reboot db-01" in failed, failed
        assert "happened: server.reboot web-03 (12345) at 2m" in failed, failed
        report = json.loads(run(bench, "test", "rules", "--json", status=1))
        assert [test["ok"] for test in report["tests"]] == [False, True], report

        bench.write("rules/bad.test.yaml", TEST.replace("timeline:", "timelin:") % "web-03")
        assert "did you mean `timeline`?" in run(bench, "test", "rules", status=78)
        run(bench, "test", "nowhere", status=66)
        run(bench, "test", "rules/host-down.yaml", status=66)

        # The configuration's sources count, its secrets are not read; what is no rule file is not read as one.
        bench.write("rules/bad.test.yaml", TEST.replace("source: alertmanager", "source: prod") % "web-03")
        bench.write("rules/host-down.yaml", RULES.replace("trigger: alertmanager", "trigger: prod"))
        bench.write("rules/good.test.yaml", "version: 1\ntests: []\n")
        bench.write("vpsbridge.yaml", CONFIGURATION)
        assert "1 ok, 0 failed" in run(bench, "test", status=0)
        bench.write("not-there", "secret")
        bench.write("token", "secret")
        bench.write("vpsbridge.yaml", CONFIGURATION + "api: {token_file: token}\n")
        assert "1 rules" in run(bench, "check", status=0)
    harness.say("shipped rules, failures, wrong files and the configuration end as documented")


if __name__ == "__main__":
    main()
