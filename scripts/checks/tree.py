"""What the checks share: findings, the files of the tree, and Swift text with comments and strings taken out."""

import functools
import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Finding:
    """One thing that a check has to say about a line; a remark is shown but fails nothing."""

    path: str
    line: int
    text: str
    is_remark: bool = False

    def __str__(self):
        return f"{self.path}:{self.line}: {self.text}"


def files(root, folders, pattern):
    """The files below some folders, hidden folders and build products left out, in a stable order."""
    found = []
    for folder in folders:
        start = Path(root) / folder
        candidates = [start] if start.is_file() else sorted(start.rglob(pattern))
        for path in candidates:
            parts = path.relative_to(root).parts
            if path.is_file() and not any(part.startswith(".") or part == "__pycache__" for part in parts):
                found.append(path)
    return found


def swift_files(root, folders=("Sources", "Tests", "Benchmarks")):
    return files(root, folders, "*.swift")


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


_QUOTE = re.compile(r'(#*)("""|")')


@functools.lru_cache(maxsize=4096)
def code_only(source):
    """Swift source with comments and string contents replaced by spaces; line numbers stay, and so does code in interpolations."""
    out = list(source)
    _blank_code(source, 0, out, closing=None)
    return "".join(out)


def _blank(out, start, end):
    for index in range(start, min(end, len(out))):
        if out[index] != "\n":
            out[index] = " "


def _blank_code(source, index, out, closing):
    """Walks code until the end, or, inside an interpolation, past its closing parenthesis; returns where it stopped."""
    depth = 0
    while index < len(source):
        two = source[index:index + 2]
        if two == "//":
            end = source.find("\n", index)
            end = len(source) if end < 0 else end
            _blank(out, index, end)
            index = end
        elif two == "/*":
            end = _end_of_block_comment(source, index)
            _blank(out, index, end)
            index = end
        elif source[index] in '"#' and (quote := _QUOTE.match(source, index)):
            index = _blank_string(source, quote, out)
        else:
            if source[index] == "(":
                depth += 1
            elif source[index] == ")":
                depth -= 1
                if closing and depth < 0:
                    return index + 1
            index += 1
    return index


def _end_of_block_comment(source, index):
    depth = 0
    while index < len(source):
        two = source[index:index + 2]
        if two == "/*":
            depth, index = depth + 1, index + 2
        elif two == "*/":
            depth, index = depth - 1, index + 2
            if depth == 0:
                break
        else:
            index += 1
    return index


def _blank_string(source, quote, out):
    """Blanks a string literal's contents, and goes through the code of its interpolations; returns where the literal ends."""
    hashes, marks = quote.groups()
    end_marks, escape = marks + hashes, "\\" + hashes
    index = quote.end()
    while index < len(source):
        if source.startswith(end_marks, index):
            return index + len(end_marks)
        if source.startswith(escape, index):
            after = index + len(escape)
            if source[after:after + 1] == "(":
                _blank(out, index, after)
                index = _blank_code(source, after + 1, out, closing=")")
            else:
                _blank(out, index, after + 1)
                index = after + 1
        elif marks == '"' and source[index] == "\n":
            return index  # not a string after all; the compiler will say so
        else:
            _blank(out, index, index + 1)
            index += 1
    return index
