"""One command, timed as a whole process."""

import os
import pathlib
import subprocess
import sys
import time


def timed(command: list[str], folder: pathlib.Path, env: dict[str, str]) -> tuple[float, float]:
    """Wall seconds and peak MiB of the largest process of a command. A command that fails ends the benchmark."""
    started = time.monotonic()
    process = subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{command}: exit {process.returncode}\n{output.decode(errors='replace')[-2000:]}")
    return time.monotonic() - started, usage.ru_maxrss / 1024
