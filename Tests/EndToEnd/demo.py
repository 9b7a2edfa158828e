# needs: VPSBRIDGE_BIN
"""`vpsbridge demo` tells its story to the end."""

import subprocess

import harness

port, simulator = harness.free_port(), harness.free_port()
ended = subprocess.run(
    [harness.tool("VPSBRIDGE_BIN"), "demo", "--port", str(port), "--simulator-port", str(simulator)], capture_output=True, text=True,
    timeout=120)
assert ended.returncode == 0, (ended.returncode, ended.stdout, ended.stderr)
assert "The run succeeded" in ended.stdout, ended.stdout
harness.say(f"{len(ended.stdout.splitlines())} lines, the run succeeded")
