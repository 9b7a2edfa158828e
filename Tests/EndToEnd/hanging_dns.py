"""A resolver that never answers: a request whose name look-up hangs ends at its timeout, and no other request notices.

The machine around it is made here: mount and network namespaces of its own, in which /etc/resolv.conf names a silent server on
127.0.0.1. That takes root; without it the script is skipped. In them runs the Swift suite CurlTransportHangingLookupTests, built before.
"""

import ctypes
import fcntl
import os
import socket
import struct
import subprocess
import sys
from pathlib import Path

import harness

SUITE = "CurlTransportHangingLookupTests"
RESOLVER_FILE = Path("/etc/resolv.conf")
TIME_LIMIT = 300.0  # seconds; a first look at the package takes most of it

CLONE_NEWNS, CLONE_NEWNET = 0x00020000, 0x40000000
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
SIOCSIFFLAGS, IFF_UP = 0x8914, 1


def call(function, *arguments):
    """A function of the C library that says -1 for failure. Raises: OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, function)(*arguments) != 0:
        raise OSError(ctypes.get_errno(), f"{function}: {os.strerror(ctypes.get_errno())}")


def enter_namespaces():
    call("unshare", CLONE_NEWNS | CLONE_NEWNET)
    call("mount", b"none", b"/", None, ctypes.c_ulong(MS_REC | MS_PRIVATE), None)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))


def name_resolver(bench):
    text = bench.write("resolv.conf", "nameserver 127.0.0.1\noptions timeout:30 attempts:1\n")
    call("mount", str(text).encode(), str(RESOLVER_FILE.resolve()).encode(), None, ctypes.c_ulong(MS_BIND), None)


def built_tests():
    """The path of the built test bundle; skips when there is none."""
    found = subprocess.run(
        ["swift", "build", "--show-bin-path", "--ignore-lock"], cwd=harness.ROOT, capture_output=True, text=True, check=True)
    bundle = Path(found.stdout.strip().splitlines()[-1]) / "vpsbridgePackageTests.xctest"
    if not bundle.exists():
        harness.skip(f"{bundle} is not there; build it by: swift build --build-tests")
    return bundle


def main():
    if os.geteuid() != 0:
        harness.skip("needs root, for namespaces with a resolver of their own")
    if not RESOLVER_FILE.exists():
        harness.skip(f"needs {RESOLVER_FILE}, to put another in its place")
    bundle = built_tests()
    with harness.Bench("hanging_dns") as bench:
        try:
            enter_namespaces()
        except OSError as error:
            harness.skip(f"needs namespaces of its own: {error}")
        name_resolver(bench)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind(("127.0.0.1", 53))
            tests = bench.start(
                "tests", [str(bundle), "--testing-library", "swift-testing", "--filter", SUITE],
                env={**os.environ, "VPSBRIDGE_HANGING_DNS": "1"})
            bench.wait_until("the tests have ended", lambda: tests.has_ended, timeout=TIME_LIMIT)
            log = tests.log()
            silent.setblocking(False)
            assert silent.recv(512), "no look-up came to the silent resolver"
        for line in log.splitlines():
            if "look-ups ended" in line or "Test run" in line:
                harness.say(line.strip())
        assert "Test run with 2 tests" in log and " passed after" in log and "failed" not in log, log


if __name__ == "__main__":
    sys.exit(main())
