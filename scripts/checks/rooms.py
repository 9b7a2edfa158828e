"""Small rooms: files that one can read in one go, and declarations that say what they are for."""

import re
from pathlib import Path

from .tree import Finding, swift_files

TITLE = "rooms"
LINES_WANTED = 400
LINES_ALLOWED = 450
_PACKAGE_API = re.compile(
    r"^\s*package\s+(?:(?:final|static|mutating|nonisolated|indirect|override|convenience|consuming|borrowing)(?:\([^)]*\))?\s+)*"
    r"(?P<kind>struct|class|enum|actor|protocol|func|subscript|typealias|macro)\b\s*(?P<name>\w*)")


def check(root):
    root = Path(root)
    found = []
    for path in swift_files(root):
        name = str(path.relative_to(root))
        lines = path.read_text().splitlines()
        if len(lines) > LINES_WANTED:
            is_remark = len(lines) <= LINES_ALLOWED
            found.append(Finding(name, len(lines), f"{len(lines)} lines: split where a second idea moved in", is_remark))
        if name.startswith("Sources/"):
            found += _undocumented(name, lines)
    return found


def _undocumented(name, lines):
    """Types and functions that other modules can call but that say nothing; swift-format checks `public` ones only."""
    found = []
    for index, line in enumerate(lines):
        match = _PACKAGE_API.match(line)
        if not match:
            continue
        above = index - 1
        while above >= 0 and lines[above].strip().startswith("@"):
            above -= 1
        if above < 0 or not lines[above].strip().startswith("///"):
            found.append(Finding(name, index + 1, f"`package {match['kind']} {match['name']}` has no documentation", is_remark=True))
    return found
