"""Imports follow ARCHITECTURE.md: only from rows above, only through the walls, and only what Package.swift declares."""

import functools
import json
import re
import subprocess
import tempfile
from pathlib import Path

from .tree import Finding, code_only, line_of, swift_files

TITLE = "imports"
OWN = "this package"
TOOLCHAIN = "the toolchain"
_IMPORT = re.compile(
    r"(?:^|;)[ \t]*(?P<attributes>(?:@\w+(?:\([^)\n]*\))?\s+)*)(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+"
    r"(?:(?:typealias|struct|class|enum|protocol|let|var|func|actor)\s+)?(?P<module>[A-Za-z_]\w*)",
    re.MULTILINE)
_CODE = re.compile(r"`([^`]+)`")


class Architecture:
    """The two tables of ARCHITECTURE.md."""

    def __init__(self, root):
        self.rows = {}
        self.origin = {}
        self.allowed = {}
        self.problems = []
        for number, line in enumerate((Path(root) / "ARCHITECTURE.md").read_text().splitlines(), start=1):
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            if not line.startswith("|") or len(cells) < 3:
                continue
            if cells[0].isdigit():
                for module in _CODE.findall(cells[1]):
                    self.rows[module] = int(cells[0])
            elif _CODE.search(cells[1]) and (cells[2].startswith(("any", "all but", "`"))):
                for module in _CODE.findall(cells[1]):
                    self.origin[module] = cells[0]
                    self.allowed[module] = self._judge(cells[2])
        if not self.rows or not self.origin:
            self.problems.append(Finding("ARCHITECTURE.md", 1, "has no table of modules, or none of what comes from outside"))

    @staticmethod
    def _judge(cell):
        names = set(_CODE.findall(cell))
        if cell.startswith("any"):
            return lambda module: True
        if cell.startswith("all but"):
            return lambda module: module not in names
        return lambda module: module in names


@functools.lru_cache(maxsize=None)
def _dump(manifest, root):
    # A folder of its own: in the usual one it would wait for a build that happens to run.
    with tempfile.TemporaryDirectory() as scratch:
        done = subprocess.run(
            ["swift", "package", "--scratch-path", scratch, "dump-package"], cwd=root, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"swift package dump-package ended with {done.returncode}: {done.stderr.strip()[:500]}")
    return json.loads(done.stdout)


class Target:
    """One target of Package.swift: where it lies, and what it declares."""

    def __init__(self, description):
        self.name = description["name"]
        # Tests and benchmarks are no part of the product: no row, no walls, but what they import they declare.
        self.is_aside = description["type"] == "test" or (description.get("path") or "").startswith(("Tests/", "Benchmarks/"))
        base = "Tests" if description["type"] == "test" else "Sources"
        self.folder = description.get("path") or f"{base}/{self.name}"
        self.modules, self.packages = set(), set()
        for dependency in description["dependencies"]:
            if "byName" in dependency:
                self.modules.add(dependency["byName"][0])
            elif "target" in dependency:
                self.modules.add(dependency["target"][0])
            elif "product" in dependency:
                self.packages.add(dependency["product"][1])


def check(root):
    root = Path(root)
    architecture = Architecture(root)
    if architecture.problems:
        return architecture.problems
    package = _dump((root / "Package.swift").read_text(), str(root))
    targets = {target.name: target for target in map(Target, package["targets"])}
    found = _against_manifest(architecture, targets)
    for target in targets.values():
        for path in swift_files(root, [target.folder]):
            code = code_only(path.read_text())
            for match in _IMPORT.finditer(code):
                at = (str(path.relative_to(root)), line_of(code, match.start("module")))
                if "@_exported" in match["attributes"]:
                    found.append(Finding(*at, "`@_exported` carries a module past the walls; import it where it is used"))
                if problem := _judge(match["module"], target, architecture, targets):
                    found.append(Finding(*at, problem))
    return found


def _against_manifest(architecture, targets):
    """Package.swift has the modules of the table, and no dependency that the rows forbid."""
    found = []
    for name, target in targets.items():
        if target.is_aside:
            continue
        if name not in architecture.rows:
            found.append(Finding("ARCHITECTURE.md", 1, f"the table of modules lacks `{name}`, a target of Package.swift"))
            continue
        for module in sorted(target.modules & architecture.rows.keys()):
            if architecture.rows[module] >= architecture.rows[name]:
                found.append(Finding("Package.swift", 1, _wrong_way(name, module, architecture)))
    for name in architecture.rows.keys() - targets.keys():
        found.append(Finding("ARCHITECTURE.md", 1, f"the table of modules has `{name}`, which is no target of Package.swift"))
    return found


def _wrong_way(importer, module, architecture):
    return (
        f"`{importer}` (row {architecture.rows[importer]}) may not use `{module}` (row {architecture.rows[module]}): "
        "only rows above, see ARCHITECTURE.md")


def _judge(module, target, architecture, targets):
    """What is wrong with one import; None when nothing is."""
    if module == target.name:
        return None
    if module in targets:
        if module not in target.modules:
            return f"`{target.name}` imports `{module}` without declaring it in Package.swift"
        if not target.is_aside and architecture.rows[module] >= architecture.rows.get(target.name, 0):
            return _wrong_way(target.name, module, architecture)
        if not target.is_aside and module in architecture.allowed and not architecture.allowed[module](target.name):
            return f"`{target.name}` may not import `{module}`: it stays behind its wall, see ARCHITECTURE.md"
        return None
    if module not in architecture.origin:
        return f"`{module}` is in no table of ARCHITECTURE.md: what comes from outside is named there first"
    origin = architecture.origin[module]
    if origin not in (OWN, TOOLCHAIN) and origin not in target.packages:
        return f"`{target.name}` imports `{module}` without declaring a product of {origin} in Package.swift"
    if not target.is_aside and not architecture.allowed[module](target.name):
        return f"`{target.name}` may not import `{module}`: it stays behind its wall, see ARCHITECTURE.md"
    return None
