"""Each check turns red on a violation seeded into a copy of the tree: a check that cannot fail proves nothing."""

import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from . import calls, documents, formatting, imports, rooms

COPIED = ("Sources", "Tests", "Benchmarks", "docs", "rules", "scripts", "Package.swift", "Makefile", ".swift-format")


@dataclass(frozen=True)
class Seed:
    """Text added to a file (made when it is not there), and a part of what the check must then say; None when it must stay silent."""

    name: str
    check: object
    path: str
    text: str
    expected: str | None


def swift(text):
    return f"\n{text}\n"


SEEDS = [
    Seed("a badly formatted file", formatting, "Sources/Model/Seed.swift", "struct  Seed{ let a:Int=1 }\n", "Seed.swift"),
    Seed("an import of a lower row", imports, "Sources/Model/Seed.swift", "import Engine\n", "without declaring"),
    Seed("a package import of a lower row", imports, "Sources/Store/Seed.swift", "package import Rules\n", "without declaring"),
    Seed("an import of one declaration", imports, "Sources/Model/Seed.swift", "import struct Engine.Worker\n", "without declaring"),
    Seed("an import after a semicolon", imports, "Sources/Model/Seed.swift", "let a = 1; import Engine\n", "without declaring"),
    Seed("YAML outside Rules", imports, "Sources/Engine/Seed.swift", "import Yams\n", "Yams"),
    Seed("Foundation in the core", imports, "Sources/Rules/Seed.swift", "import Foundation\n", "behind its wall"),
    Seed("FoundationEssentials in the core", imports, "Sources/Model/Seed.swift", "import FoundationEssentials\n", "behind its wall"),
    Seed("curl outside the transport", imports, "Sources/VPSAPI/Seed.swift", "import CCurl\n", "CCurl"),
    Seed("an HTTP server in the engine", imports, "Sources/Engine/Seed.swift", "import NIOCore\n", "NIOCore"),
    Seed("a module of a package not declared", imports, "Sources/Store/Seed.swift", "import Logging\n", "a product of swift-log"),
    Seed("a module nobody named", imports, "Sources/Engine/Seed.swift", "import Leftpad\n", "in no table"),
    Seed("a re-export", imports, "Sources/Engine/Seed.swift", "@_exported import Model\n", "past the walls"),
    Seed("a wrong dependency in the manifest", imports, "Package.swift", swift(
        'package.targets.first { $0.name == "Store" }?.dependencies.append("Engine")'), "`Store` (row 3) may not use `Engine`"),
    Seed("a target that the table lacks", imports, "Package.swift", swift(
        'package.targets.append(.target(name: "Seed", path: "Sources/Model"))'), "lacks `Seed`"),
    Seed("an import in a comment", imports, "Sources/Model/Seed.swift", "// import Engine\n/* import Yams */\n", None),
    Seed("a forced try", calls, "Sources/Model/Seed.swift", "let a = try" + "! f()\n", "kills the process"),
    Seed("a forced try in a test", calls, "Tests/BridgeTests/Seed.swift", "let a = try" + "! f()\n", "kills the process"),
    Seed("a forced try in an interpolation", calls, "Sources/Model/Seed.swift", 'let a = "x \\(try' + '! f("y")) z"\n', "kills the process"),
    Seed("the global queue", calls, "Sources/Engine/Seed.swift", "Dispatch" + "Queue.global().async {}\n", "global queue"),
    Seed("a blocked thread", calls, "Sources/Engine/Seed.swift", "Thread" + ".sleep(forTimeInterval: 1)\n", "blocks a thread"),
    Seed("a C sleep", calls, "Sources/Engine/Seed.swift", "usleep(10)\n", "blocks a thread"),
    Seed("a wait on a clock, and a negation that may throw", calls, "Sources/Engine/Seed.swift", swift(
        "try await clock.sleep(for: .seconds(1)); let a = try " + "!f()"), None),
    Seed("Foundation's JSON", calls, "Sources/Inbound/Seed.swift", "let d = JSONDecoder()\n", "JSON module"),
    Seed("Foundation's JSON in a test", calls, "Tests/BridgeTests/Seed.swift", "let d = JSONDecoder()\n", None),
    Seed("a built regex", calls, "Sources/Rules/Seed.swift", "let r = Regex<Substring>()\n", "exponential"),
    Seed("a regex from text", calls, "Sources/Rules/Seed.swift", "let r = try Regex(pattern)\n", "exponential"),
    Seed("a regex literal", calls, "Sources/Rules/Seed.swift", "let r = /a+b/\n", "exponential"),
    Seed("an extended regex literal", calls, "Sources/Rules/Seed.swift", "let r = #/a b/#\n", "exponential"),
    Seed("a message past the noise rule", calls, "Sources/Engine/Seed.swift", "let m = NewMessage(text: x)\n", "MessagePolicy"),
    Seed("division", calls, "Sources/Rules/Seed.swift", "let r = (a / b) / c\nlet s = x.reduce(1, /)\n", None),
    Seed("a call in a string or comment", calls, "Sources/Model/Seed.swift", 'let a = "try' + '! \\n" // Thread' + ".sleep\n", None),
    Seed("a reminder", calls, "scripts/seed", "# TO" + "DO later\n", "do it"),
    Seed("a file too long", rooms, "Sources/Model/Seed.swift", "// a line\n" * 451, "451 lines"),
    Seed("an undocumented function", rooms, "Sources/Model/Seed.swift", "package func seed() {}\n", "no documentation"),
    Seed("a documented function", rooms, "Sources/Model/Seed.swift", "/// Seeds.\n@inlinable\npackage func seed() {}\n", None),
    Seed("a make target that is not there", documents, "README.md", "\nRun `make haste`.\n", "make haste"),
    Seed("a make target in a block", documents, "docs/seed.md", "```\nmake haste\n```\n", "make haste"),
    Seed("a verb that is not there", documents, "README.md", "\n```sh\nvpsbridge levitate --now\n```\n", "vpsbridge levitate"),
    Seed("prose", documents, "README.md", "\nThis will make haste, says vpsbridge levitating.\n", None),
    Seed("a link that leads nowhere", documents, "docs/seed.md", "[here](nowhere.md)\n", "leads nowhere"),
    Seed("a link to no heading", documents, "docs/seed.md", "[here](../README.md#no-such-heading)\n", "names no heading"),
    Seed("good links", documents, "docs/seed.md", "# A `b` c\n[r](../README.md) [self](#a-b-c) [w](https://example.com/x)\n", None),
]


def run(root):
    """Runs all seeds and prints one line; returns whether each check said what it had to say, and nothing more than it should."""
    started = time.monotonic()
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder).resolve() / "tree"
        _copy(Path(root), copy)
        before = {}
        for seed in SEEDS:
            failure = _judge(seed, copy, before)
            if failure:
                failures.append(f"{seed.name}: {failure}")
    for failure in failures:
        print(f"  self-test: {failure}")
    verdict = f"{len(failures)} of {len(SEEDS)} failed" if failures else f"{len(SEEDS)} seeds, ok"
    print(f"self-test: {verdict} ({time.monotonic() - started:.1f} s)", flush=True)
    return not failures


def _copy(root, copy):
    copy.mkdir()
    for name in COPIED:
        source = root / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        elif source.exists():
            shutil.copy(source, copy / name)
    for document in root.glob("*.md"):
        shutil.copy(document, copy / document.name)


def _judge(seed, copy, before):
    """What went wrong with one seed; None when all went well. What the tree has to say without the seed does not count."""
    check = seed.check
    path = copy / seed.path
    if check is formatting:  # lints the seed's folder alone: the whole tree would take too long
        return _judge_format(seed, copy)
    if check not in before:
        before[check] = set(map(_without_line, check.check(copy)))
    original = path.read_text() if path.exists() else None
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text((original or "") + seed.text)
    try:
        said = [text for text in map(_without_line, check.check(copy)) if text not in before[check]]
    finally:
        if original is None:
            path.unlink()
        else:
            path.write_text(original)
    if seed.expected is None:
        return f"said {said[0]!r} of something that is allowed" if said else None
    return None if any(seed.expected in text for text in said) else f"not seen; said {said}"


def _without_line(finding):
    return f"{finding.path}: {finding.text}"


def _judge_format(seed, copy):
    small = copy.parent / "small"
    (small / seed.path).parent.mkdir(parents=True, exist_ok=True)
    (small / seed.path).write_text(seed.text)
    shutil.copy(copy / ".swift-format", small / ".swift-format")
    said = [str(finding) for finding in formatting.check(small)]
    return None if any(seed.expected in text for text in said) else f"not seen; said {said}"
