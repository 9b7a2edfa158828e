"""Calls that must not be made, each with what to write instead."""

import re
from dataclasses import dataclass
from pathlib import Path

from .tree import Finding, code_only, files, line_of, swift_files

TITLE = "banned calls"


@dataclass(frozen=True)
class Ban:
    pattern: re.Pattern
    text: str
    folders: tuple = ("Sources", "Tests", "Benchmarks")
    # The files whose business it is.
    own: tuple = ()


# Written so that no line of this file is itself such a call.
BANS = [
    Ban(re.compile(r"\btry[!]"), "`try` with an exclamation mark kills the process: throw, or handle the error"),
    Ban(
        re.compile(r"\bDispatchQueue\s*\.\s*global\b"),
        "on Linux the global queue is the pool that runs every task: use a private serial queue or a thread"),
    Ban(re.compile(r"\bThread\s*\.\s*sleep\b|(?<![.\w])(?:u|nano)?sleep\s*\("), "blocks a thread: wait on a clock that is passed in"),
    Ban(
        re.compile(r"\bJSON(?:Serialization|Decoder|Encoder)\b"),
        "Foundation's JSON is slow and unbounded: use the JSON module", ("Sources",)),
    Ban(
        re.compile(r"\bNSRegularExpression\b|\bRegex\s*[({<]|\bimport\s+RegexBuilder\b|#/[^\n]*/#"),
        "backtracking expressions take exponential time on hostile text", ("Sources",)),
    Ban(
        re.compile(r"(?:^|[=(,:\[{]|\breturn\b|\bin\b)[ \t]*/(?![\s/*)=])[^/\n]*[^\s/]/(?!/)", re.MULTILINE),
        "a regex literal backtracks: exponential time on hostile text", ("Sources",)),
    Ban(re.compile(r"\bNSLock\b|\bNSRecursiveLock\b"), "use `Mutex` of Synchronization", ("Sources",)),
    Ban(
        re.compile(r"\bNewMessage\("), "what people are told goes through `MessagePolicy`", ("Sources",),
        ("MessagePolicy+Messages.swift", "MessagePolicy+Runs.swift")),
]

_REMINDER = re.compile(r"\b(?:TO" + "DO|FIX" + "ME)" + r"\b")


def check(root):
    root = Path(root)
    found = []
    for path in swift_files(root):
        name = str(path.relative_to(root))
        code = code_only(path.read_text())
        for ban in BANS:
            if name.split("/")[0] not in ban.folders or path.name in ban.own:
                continue
            for match in ban.pattern.finditer(code):
                start = match.start() + len(match.group()) - len(match.group().lstrip())
                found.append(Finding(name, line_of(code, start), f"`{match.group().strip()}`: {ban.text}"))
    for path in files(root, ("Sources", "Tests", "Benchmarks", "scripts", "rules", "Package.swift", "Makefile", "Dockerfile"), "*"):
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        for match in _REMINDER.finditer(text):
            at = line_of(text, match.start())
            found.append(Finding(str(path.relative_to(root)), at, f"`{match.group()}`: do it, or write it down outside the tree"))
    return found
