#!/usr/bin/env python3
"""Brings the programs that the end-to-end tests and benchmarks use into .cache/, and says where each one is.

Nothing is installed on the machine and no service is started: Debian packages are downloaded and unpacked into .cache/tools/NAME, Python
packages go into .cache/venv. Neither needs root. What is there already is used as it is, so a second run needs no network.

    scripts/test_tools.py [NAME...]   prints NAME=PATH for each tool, and the reason for each one that cannot be had
"""

import hashlib
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache"
REQUIREMENTS = ROOT / "Tests" / "EndToEnd" / "requirements.txt"

# Debian's Alertmanager reads its default templates from this absolute path, and no flag or configuration key moves it.
ALERTMANAGER_SHARE = b"/usr/share/prometheus/alertmanager"


class Unavailable(Exception):
    """A tool cannot be had here; the text says why."""


def run(arguments, **options):
    """Runs a command to its end; its output is shown only when it fails, as the reason.

    Raises: Unavailable when it cannot be started, fails, or takes more than five minutes.
    """
    try:
        done = subprocess.run(
            [str(a) for a in arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, **options)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"{arguments[0]}: {error}") from error
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise Unavailable(f"{Path(str(arguments[0])).name} exited with {done.returncode}: {' / '.join(lines[-3:])}")
    return done.stdout


def apt_get(*arguments, cwd=None):
    """Runs apt-get on the machine's package lists, or, where these are missing or out of date, on a list of our own.

    The own list lies in .cache/apt and is fetched by `apt-get update` without root, from the sources that the machine is set to use.
    """
    if shutil.which("apt-get") is None:
        raise Unavailable("there is no apt-get on this machine")
    base = ["apt-get", "-q", "-o", "APT::Sandbox::User=root"]
    own = [
        "-o", f"Dir::State::Lists={CACHE / 'apt' / 'lists'}", "-o", f"Dir::Cache={CACHE / 'apt' / 'cache'}",
        "-o", "Debug::NoLocking=true",
    ]
    try:
        return run(base + list(arguments), cwd=cwd)
    except Unavailable:
        for folder in ("lists/partial", "cache/archives/partial"):
            (CACHE / "apt" / folder).mkdir(parents=True, exist_ok=True)
        run(base + own + ["update"])
        return run(base + own + list(arguments), cwd=cwd)


def unpacked(name, packages, with_dependencies=False):
    """The folder .cache/tools/NAME with the contents of Debian packages; fetched the first time.

    With `with_dependencies`, also what apt would install beside them on this machine, so that the programs find their libraries.
    """
    folder = CACHE / "tools" / name
    marker = folder / ".packages"
    if marker.exists():
        return folder
    names = list(packages)
    if with_dependencies:
        plan = apt_get("-s", "-y", "--no-install-recommends", "install", *packages)
        planned = [line.split()[1] for line in plan.splitlines() if line.startswith("Inst ")]
        names += [package for package in planned if package not in names]
    debs = CACHE / "debs"
    debs.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as work:
        downloads, root = Path(work) / "debs", Path(work) / "root"
        downloads.mkdir()
        root.mkdir()
        apt_get("download", *names, cwd=downloads)
        for deb in sorted(downloads.glob("*.deb")):
            run(["dpkg-deb", "-x", deb, root])
            deb.replace(debs / deb.name)
        (root / ".packages").write_text("\n".join(names) + "\n")
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        root.chmod(0o755)
        root.replace(folder)
    return folder


def wrapper(path, text):
    """Writes an executable shell script, unless it is there already with just that text."""
    if not path.exists() or path.read_text() != text:
        path.write_text(text)
        path.chmod(0o755)
    return path


def library_path(folder):
    """The folders with shared libraries of an unpacked package, as LD_LIBRARY_PATH has them."""
    return ":".join(sorted({str(library.parent) for library in folder.glob("usr/lib/*/*.so.*")} | {str(folder / "usr/lib")}))


def prometheus():
    return unpacked("prometheus", ["prometheus"]) / "usr" / "bin" / "prometheus"


def alertmanager():
    """Debian's Alertmanager, from a copy that finds its templates beside itself.

    Its path to them is a constant in the binary. The copy has it replaced by a relative one of the same length (the leading slash moved to
    the end), and a wrapper starts it in the unpacked folder. This needs no privileges at all; a mount namespace with an overlay on
    /usr/share works too, but only as root or where unprivileged user namespaces are allowed.
    """
    folder = unpacked("alertmanager", ["prometheus-alertmanager"])
    original = folder / "usr" / "bin" / "prometheus-alertmanager"
    relocated = original.with_name("prometheus-alertmanager.relocated")
    if not relocated.exists():
        relative = ALERTMANAGER_SHARE[1:] + b"/"
        part = relocated.with_suffix(".part")
        part.write_bytes(original.read_bytes().replace(ALERTMANAGER_SHARE, relative))
        part.chmod(0o755)
        part.replace(relocated)
    text = f'#!/bin/sh\ncd "{folder}" && exec "{relocated}" "$@"\n'
    return wrapper(folder / "alertmanager", text)


def php():
    """PHP with its curl extension: the machine's when it has both, else Debian's, unpacked."""
    found = shutil.which("php")
    if found and subprocess.run([found, "-r", "exit(function_exists('curl_init') ? 0 : 1);"], capture_output=True).returncode == 0:
        return Path(found)
    folder = unpacked("php", ["php-cli", "php-curl"], with_dependencies=True)
    programs = sorted(folder.glob("usr/bin/php[0-9]*"))
    extensions = sorted(folder.glob("usr/lib/php/*/curl.so"))
    if not programs or not extensions:
        raise Unavailable("Debian's php-cli and php-curl hold no program or no curl extension")
    text = (
        f'#!/bin/sh\nLD_LIBRARY_PATH="{library_path(folder)}" exec "{programs[-1]}" -n '
        f'-d extension_dir="{extensions[-1].parent}" -d extension=curl "$@"\n')
    return wrapper(folder / "php", text)


def node():
    """Node.js 18 or newer (the first with `fetch`): the machine's, else Debian's, unpacked."""
    found = shutil.which("node")
    if found and subprocess.run([found, "-e", "process.exit(typeof fetch === 'function' ? 0 : 1)"]).returncode == 0:
        return Path(found)
    folder = unpacked("node", ["nodejs"], with_dependencies=True)
    program = folder / "usr" / "bin" / ("nodejs" if (folder / "usr/bin/nodejs").is_file() else "node")
    return wrapper(folder / "node", f'#!/bin/sh\nLD_LIBRARY_PATH="{library_path(folder)}" exec "{program}" "$@"\n')


def plain(name):
    """A program of the Debian package of its own name: the machine's, else Debian's, unpacked."""
    found = shutil.which(name)
    if found:
        return Path(found)
    folder = unpacked(name, [name], with_dependencies=True)
    text = f'#!/bin/sh\nLD_LIBRARY_PATH="{library_path(folder)}" exec "{folder}/usr/bin/{name}" "$@"\n'
    return wrapper(folder / name, text)


def nginx():
    """nginx: the machine's, else Debian's smallest one, unpacked. Run it with a configuration of its own: nothing is in /etc."""
    found = shutil.which("nginx")
    if found:
        return Path(found)
    folder = unpacked("nginx", ["nginx-light"], with_dependencies=True)
    text = f'#!/bin/sh\nLD_LIBRARY_PATH="{library_path(folder)}" exec "{folder}/usr/sbin/nginx" "$@"\n'
    return wrapper(folder / "nginx", text)


def python():
    """A Python with the packages of Tests/EndToEnd/requirements.txt."""
    venv = CACHE / "venv"
    program = venv / "bin" / "python"
    marker = venv / ".requirements"
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    if marker.exists() and marker.read_text() == wanted and program.exists():
        return program
    shutil.rmtree(venv, ignore_errors=True)
    environment = dict(os.environ)
    try:
        run([sys.executable, "-c", "import ensurepip"])
        run([sys.executable, "-m", "venv", venv])
    except Unavailable:  # Debian splits this part off; pip itself is then taken from its package
        run([sys.executable, "-m", "venv", "--without-pip", venv])
        wheels = sorted(unpacked("pip", ["python3-pip-whl"]).glob("usr/share/python-wheels/pip-*.whl"))
        if not wheels:
            raise Unavailable("Debian's python3-pip-whl holds no pip") from None
        environment["PYTHONPATH"] = str(wheels[-1])
    run(
        [program, "-m", "pip", "install", "--disable-pip-version-check", "--only-binary", ":all:", "--timeout", "30",
         "--requirement", REQUIREMENTS], env=environment)
    marker.write_text(wanted)
    return program


TOOLS = {
    "PROMETHEUS_BIN": prometheus,
    "ALERTMANAGER_BIN": alertmanager,
    "E2E_PYTHON": python,
    "CURL_BIN": lambda: plain("curl"),
    "NODE_BIN": node,
    "PHP_BIN": php,
    "WRK_BIN": lambda: plain("wrk"),
    "WEBHOOK_BIN": lambda: plain("webhook"),
    "NGINX_BIN": nginx,
}


def find(names):
    """Looks for tools by their names in TOOLS.

    A name that is set in the environment already is taken from there.
    Returns: the paths of those that are there, and the reasons for those that are not.
    """
    paths, reasons = {}, {}
    CACHE.mkdir(exist_ok=True)
    for name in names:
        given = os.environ.get(name)
        try:
            path = Path(given) if given else TOOLS[name]()
            if not (path.exists() and path.stat().st_mode & stat.S_IXUSR):
                raise Unavailable(f"{path} is not an executable file")
            paths[name] = str(path)
        except (Unavailable, OSError) as error:
            reasons[name] = str(error)
    return paths, reasons


def main():
    unknown = [name for name in sys.argv[1:] if name not in TOOLS]
    if unknown:
        sys.exit(f"no such tool: {', '.join(unknown)}; there are: {', '.join(TOOLS)}")
    paths, reasons = find(sys.argv[1:] or TOOLS)
    for name, path in paths.items():
        print(f"{name}={path}")
    for name, reason in reasons.items():
        print(f"{name} cannot be had: {reason}", file=sys.stderr)
    return 1 if reasons else 0


if __name__ == "__main__":
    sys.exit(main())
