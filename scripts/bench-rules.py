#!/usr/bin/env python3
"""`make bench`: what rules cost, 1 to 10,000 of them, over 20,000 Alertmanager events; and whether the right ones match.

The workloads and the counts that a naive oracle found come from ../shared/rule-bench (or RULE_BENCH); they are generated below .build,
23 MB. Prints; ends with 1 when a count of matches differs. RULE_BENCH_BIN is the release build's RuleBench.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parent.parent
EVIDENCE = Path(os.environ.get("RULE_BENCH", ROOT / ".." / "shared" / "rule-bench"))


def data():
    """The folder of the generated workloads; made once."""
    folder = ROOT / ".build" / "rule-bench"
    made = folder / "data" / "expected.json"
    if not made.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        shutil.copyfile(EVIDENCE / "gen.py", folder / "gen.py")
        subprocess.run([sys.executable, "gen.py"], cwd=folder, check=True)
        shutil.copyfile(EVIDENCE / "expected.json", made)
    return made.parent


def main():
    if not (EVIDENCE / "gen.py").exists():
        print(f"rules: not measured, there is no {EVIDENCE}/gen.py")
        return 0
    binary = os.environ.get("RULE_BENCH_BIN", str(ROOT / ".build" / "release" / "RuleBench"))
    return subprocess.run([binary, str(data()), *sys.argv[1:]]).returncode


if __name__ == "__main__":
    sys.exit(main())
