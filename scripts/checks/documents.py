"""What the documents say exists: commands, verbs and links."""

import re
from pathlib import Path
from urllib.parse import unquote

from .tree import Finding, code_only, files, line_of, swift_files

TITLE = "documents"
_FENCE = re.compile(r"^(?P<fence>```+|~~~+)[^\n]*\n(?P<body>.*?)^(?P=fence)[ \t]*$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\(\s*<?([^)\s>]+)>?[^)\n]*\)|^\[[^\]\n]+\]:\s*(\S+)", re.MULTILINE)
_HEADING = re.compile(r"^#{1,6}[ \t]+(.+?)[ \t]*#*$", re.MULTILINE)
_MAKE = re.compile(r"(?:^|[\s;&(])make[ ]+(?P<name>[a-z][a-z-]*)", re.MULTILINE)
_VERB = re.compile(r"(?:^|[\s/;&(])vpsbridge[ ]+(?P<verb>[a-z][a-z-]*)(?:[ ]+(?P<sub>[a-z][a-z-]*)\b)?", re.MULTILINE)
_TARGET = re.compile(r"^([a-z][a-z-]*):", re.MULTILINE)
_COMMAND_TYPE = re.compile(r"\b(?:struct|final class)\s+(\w+)\s*:[^{\n]*\b(?:Async)?ParsableCommand\b")


def check(root):
    root = Path(root)
    targets = set(_TARGET.findall((root / "Makefile").read_text())) if (root / "Makefile").exists() else set()
    verbs = command_tree(root)
    found = []
    for path in documents(root):
        text = path.read_text()
        name = str(path.relative_to(root))
        for offset, code in code_parts(text):
            for match in _MAKE.finditer(code):
                if match["name"] not in targets:
                    at = line_of(text, offset + match.start("name"))
                    found.append(Finding(name, at, f"`make {match['name']}` is no target of the Makefile"))
            for match in _VERB.finditer(code):
                problem = judge_verb(match["verb"], match["sub"], verbs)
                if problem:
                    found.append(Finding(name, line_of(text, offset + match.start("verb")), problem))
        found += broken_links(root, path, text)
    return found


def documents(root):
    top = sorted(path for path in Path(root).glob("*.md") if path.is_file())
    return top + files(root, ("docs", "rules", "Sources", "Tests", "Benchmarks", "scripts"), "*.md")


def code_parts(text):
    """Fenced blocks and code spans, each with its offset in the text."""
    parts = [(match.start("body"), match["body"]) for match in _FENCE.finditer(text)]
    rest = without_fences(text)
    return parts + [(match.start(1), match[1]) for match in _SPAN.finditer(rest)]


def without_fences(text):
    return _FENCE.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)


# --- verbs


def command_tree(root):
    """The verbs of the vpsbridge command, each with its subcommands, as its sources declare them (swift-argument-parser)."""
    names, children = {}, {}
    for path in swift_files(root, ("Sources/VPSBridge",)):
        text = path.read_text()
        starts = list(_COMMAND_TYPE.finditer(code_only(text)))
        for index, match in enumerate(starts):
            end = starts[index + 1].start() if index + 1 < len(starts) else len(text)
            body = text[match.start():end]
            named = re.search(r'commandName:\s*"([^"]+)"', body)
            listed = re.search(r"\bsubcommands:\s*\[(.*?)\]", body, re.DOTALL)
            names[match[1]] = named[1] if named else _default_name(match[1])
            children[match[1]] = re.findall(r"(\w+)\.self", listed[1]) if listed else []
    nested = {child for some in children.values() for child in some}
    tree = {}
    for root_type in (name for name in children if name not in nested):
        for child in children[root_type]:
            tree[names.get(child, child)] = {names.get(grandchild, grandchild) for grandchild in children.get(child, [])}
    return tree


def _default_name(type_name):
    """The name that swift-argument-parser gives a type without `commandName`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", type_name).lower()


def judge_verb(verb, sub, verbs):
    """What is wrong with a command line of a document; None when nothing is."""
    if verb not in verbs:
        return f"`vpsbridge {verb}` is no verb of the command"
    if verbs[verb] and sub and sub not in verbs[verb]:
        return f"`vpsbridge {verb} {sub}` is no verb of the command"
    return None


# --- links


def slug(heading):
    """The anchor that a rendered heading gets, as GitHub makes it."""
    text = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", lambda match: match[1] or "", heading).lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def anchors(text):
    return {slug(match[1]) for match in _HEADING.finditer(without_fences(text))}


def broken_links(root, path, text):
    found = []
    visible = _SPAN.sub(lambda match: " " * len(match.group()), without_fences(text))
    for match in _LINK.finditer(visible):
        target = match[1] or match[2]
        if re.match(r"[a-z][a-z0-9+.-]*:", target):
            continue
        file_part, _, anchor = unquote(target).partition("#")
        goal = (path.parent / file_part).resolve() if file_part else path
        at = (str(path.relative_to(root)), line_of(text, match.start()))
        if not goal.exists():
            found.append(Finding(*at, f"the link {target} leads nowhere"))
        elif anchor and goal.suffix == ".md" and anchor not in anchors(goal.read_text()):
            found.append(Finding(*at, f"the link {target} names no heading"))
    return found
