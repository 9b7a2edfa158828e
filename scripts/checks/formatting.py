"""Swift sources are as `swift format` writes them."""

import re
import subprocess
from pathlib import Path

from .tree import Finding

TITLE = "format"
_LINE = re.compile(r"^(?P<path>/?[^:\n]+):(?P<line>\d+):\d+: (?:error|warning): (?P<text>.*)$", re.MULTILINE)


def check(root):
    root = Path(root)
    targets = [name for name in ("Sources", "Tests", "Benchmarks", "Package.swift") if (root / name).exists()]
    done = subprocess.run(
        ["swift", "format", "lint", "--strict", "--parallel", "--recursive", *targets], cwd=root, capture_output=True, text=True)
    found = []
    for match in _LINE.finditer(done.stderr + done.stdout):
        path = Path(match["path"])
        shown = path.relative_to(root) if path.is_absolute() and path.is_relative_to(root) else path
        found.append(Finding(str(shown), int(match["line"]), match["text"] + "; `make format` mends most"))
    if done.returncode != 0 and not found:
        found.append(Finding("Sources", 1, f"swift format ended with {done.returncode}: {done.stderr.strip()[:300]}"))
    return found
