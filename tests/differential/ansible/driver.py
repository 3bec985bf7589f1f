"""Runs playbooks with ansible-core: imports it once and forks for each case, a few at a time.

Reads from stdin a JSON list of cases {"runs": [[ARG, …], …], "dir", "env": {}, "stdin", "out"}. For each it writes into the
folder `out`, per run N: `N.exit`, `N.events` (the lines of callback/stream.py), `N.stdout` and `N.stderr`.
A case with variables of the environment runs in a process of its own, because ansible reads them when it is imported.
"""

import json
import os
import signal
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SECONDS = 120

BASE = {
    "ANSIBLE_CONFIG": os.path.join(HERE, "ansible.cfg"),
    "ANSIBLE_CALLBACK_PLUGINS": os.path.join(HERE, "callback"),
    "ANSIBLE_STDOUT_CALLBACK": "stream",
    "ANSIBLE_NOCOLOR": "1",
    "ANSIBLE_PIPELINING": "1",
    "ANSIBLE_LOCALHOST_WARNING": "0",
    "ANSIBLE_INVENTORY_UNPARSED_WARNING": "0",
    "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
    "STREAM_FILE": "/dev/null",
}


def redirect(path, descriptor):
    opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(opened, descriptor)
    os.close(opened)


def play(case, number):
    """Runs one command line in this process, which ends with it."""
    from ansible.cli.playbook import PlaybookCLI

    os.setsid()
    signal.alarm(SECONDS)
    out = os.path.join(case["out"], str(number))
    os.environ["STREAM_FILE"] = out + ".events"
    os.environ["HOME"] = case["out"]
    open(out + ".events", "w").close()
    os.chdir(case["dir"])
    with open(out + ".stdin", "w") as file:
        file.write(case["stdin"])
    stdin = os.open(out + ".stdin", os.O_RDONLY)
    os.dup2(stdin, 0)
    redirect(out + ".stdout", 1)
    redirect(out + ".stderr", 2)
    code = 250
    try:
        PlaybookCLI.cli_executor(["ansible-playbook", *case["runs"][number]])
    except SystemExit as end:
        code = end.code or 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        with open(out + ".exit", "w") as file:
            file.write(str(code))
        os._exit(0)


def run(case):
    for number in range(len(case["runs"])):
        if case["env"]:
            environment = {**os.environ, **case["env"]}
            if os.path.exists(os.path.join(case["dir"], "ansible.cfg")):
                environment.pop("ANSIBLE_CONFIG")
            subprocess.run(
                [sys.executable, __file__, json.dumps(case), str(number)],
                env=environment,
                cwd=case["dir"],
                stdin=subprocess.DEVNULL,
                check=False,
            )
            continue
        child = os.fork()
        if child == 0:
            play(case, number)
        os.waitpid(child, 0)


def main():
    if len(sys.argv) > 2:
        play(json.loads(sys.argv[1]), int(sys.argv[2]))
    os.environ.update(BASE)
    cases = json.load(sys.stdin)
    import ansible.cli.playbook
    import ansible.executor.task_queue_manager  # noqa: F401  what every case imports

    jobs = int(sys.argv[1])
    running = set()
    for case in cases:
        if len(running) >= jobs:
            running.discard(os.wait()[0])
        child = os.fork()
        if child == 0:
            try:
                run(case)
            finally:
                os._exit(0)
        running.add(child)
    while running:
        running.discard(os.wait()[0])


main()
