"""Times quaymaster against ansible-core, whole processes in turn, and prints medians, ratios and peak memory.

W1: 100 local tasks, a quarter each of command, file, copy and template, into a fresh folder.
W4: one copy task that loops over 1,000 items.   W5: start-up: an empty play.
loop: one template task that loops over 1,000 items.   W7: one debug task on 5,000 hosts with local connections.
W8: W1 again on the folder that W1 left: nothing changes.   list: the hosts of an inventory of 10,000, listed.
grow: quaymaster alone with up to 10,000 hosts and 100 tasks: time and memory for each host and task.
"""

import os
import pathlib
import shutil
import statistics
import sys
import tempfile

import measure

BINARY, ANSIBLE = sys.argv[1], pathlib.Path(sys.argv[2])
ONLY = set(sys.argv[3:])


def w1_playbook() -> str:
    tasks = []
    for n in range(25):
        tasks += [
            f"    - command: 'true'\n      changed_when: false\n",
            f"    - file: {{path: '{{{{ out }}}}/d{n}', state: directory, mode: '0755'}}\n",
            f"    - copy: {{content: 'file {n}\\n', dest: '{{{{ out }}}}/c{n}', mode: '0644'}}\n",
            f"    - template: {{src: small.j2, dest: '{{{{ out }}}}/t{n}', mode: '0644'}}\n      vars: {{n: {n}}}\n",
        ]
    return "- hosts: all\n  gather_facts: false\n  tasks:\n" + "".join(tasks)


def hosts(count: int) -> str:
    return "[all:vars]\nansible_connection=local\n" + "".join(
        f"[group{g}]\n" + "".join(f"host{n:05} number={n}\n" for n in range(g, count, 20)) for g in range(20)
    )


def growing(tasks: int) -> str:
    """Tasks of four kinds: output, a check, a fact that stays, a registered result."""
    kinds = [
        "debug: {{msg: 'task {n} on {{{{ inventory_hostname }}}}'}}",
        "assert: {{that: number | int + {n} > 0, quiet: true}}",
        "set_fact: {{fact_{n}: '{{{{ number | int * {n} }}}}'}}",
        "stat: {{path: /etc/hostname, get_checksum: false}}\n      register: result_{n}",
    ]
    return "- hosts: all\n  gather_facts: false\n  tasks:\n" + "".join(
        f"    - {kinds[n % 4].format(n=n)}\n" for n in range(tasks)
    )


FILES = {
    "w1.yml": w1_playbook(),
    "w4.yml": "- hosts: all\n  gather_facts: false\n  tasks:\n"
    "    - copy: {content: 'item {{ item }}\\n', dest: '{{ out }}/i{{ item }}', mode: '0644'}\n"
    "      loop: '{{ range(1000) | list }}'\n",
    "w6.yml": "- hosts: all\n  gather_facts: false\n  tasks:\n"
    "    - template: {src: small.j2, dest: '{{ out }}/t{{ n }}', mode: '0644'}\n"
    "      loop: '{{ range(1000) | list }}'\n      loop_control: {loop_var: n}\n",
    "w5.yml": "- hosts: all\n  gather_facts: false\n  tasks: []\n",
    "w7.yml": "- hosts: all\n  gather_facts: false\n  tasks:\n    - debug: {msg: 'hello {{ inventory_hostname }}'}\n",
    "one.ini": "localhost ansible_connection=local\n",
    "many.ini": "[all:vars]\nansible_connection=local\n[many]\nhost[0001:5000]\n",
    "10000.ini": hosts(10_000),
    "1000.ini": hosts(1_000),
    "grow10.yml": growing(10),
    "grow100.yml": growing(100),
    "templates/small.j2": "# {{ n }}\n{% for i in range(3) %}\nline {{ i }} of {{ inventory_hostname }}\n{% endfor %}\n",
}

# name, playbook, inventory, fresh folder for each run, rounds of quaymaster, rounds of ansible-core
WORKLOADS = [
    ("W1 100 local tasks", "w1.yml", "one.ini", True, 5, 1),
    ("W8 100 tasks, unchanged", "w1.yml", "one.ini", False, 5, 1),
    ("W4 loop of 1,000 files", "w4.yml", "one.ini", True, 3, 1),
    ("loop of 1,000 templates", "w6.yml", "one.ini", True, 3, 1),
    ("W5 empty play", "w5.yml", "one.ini", True, 5, 3),
    ("W7 debug on 5,000 hosts", "w7.yml", "many.ini", True, 3, 1),
    ("list of 10,000 hosts", "w7.yml", "10000.ini --list-hosts", True, 5, 1),
]


def timed(command: list[str], folder: pathlib.Path) -> tuple[float, float]:
    env = {"PATH": f"{ANSIBLE}:{os.environ['PATH']}", "HOME": str(folder), "LC_ALL": "C.UTF-8", "ANSIBLE_FORKS": "5",
           "ANSIBLE_PYTHON_INTERPRETER": sys.executable}
    return measure.timed(command, folder, env)


def main() -> None:
    print(f"{'workload':26} {'quaymaster':>12} {'MiB':>6} {'ansible-core':>13} {'MiB':>6} {'ratio':>8}")
    with tempfile.TemporaryDirectory(dir="target") as name:
        folder = pathlib.Path(name).resolve()
        for path, text in FILES.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        for title, playbook, inventory, fresh, ours, theirs in WORKLOADS:
            if ONLY and title.split()[0] not in ONLY:
                continue
            row = {}
            tools = {
                "quaymaster": ([BINARY, "play"], ours),
                "ansible": ([str(ANSIBLE / "ansible-playbook")], theirs),
            }
            for tool, (start, rounds) in tools.items():
                out = folder / f"out-{tool}"
                command = [*start, "-i", *inventory.split(), playbook, "-e", f"out={out}"]
                if not fresh:
                    shutil.rmtree(out, ignore_errors=True)
                    out.mkdir()
                    timed(command, folder)
                runs = []
                for _ in range(rounds):
                    if fresh:
                        shutil.rmtree(out, ignore_errors=True)
                        out.mkdir()
                    runs.append(timed(command, folder))
                row[tool] = (statistics.median(t for t, _ in runs), max(m for _, m in runs))
            (a, am), (b, bm) = row["quaymaster"], row["ansible"]
            print(f"{title:26} {a:10.3f} s {am:6.0f} {b:11.2f} s {bm:6.0f} {b / a:7.0f}x", flush=True)
        if not ONLY or "grow" in ONLY:
            grow(folder)


def grow(folder: pathlib.Path) -> None:
    print(f"\n{'hosts':>8} {'tasks':>6} {'seconds':>9} {'MiB':>6} {'us/host/task':>13} {'KiB/host':>9}")
    for count in (1_000, 10_000):
        for tasks in (10, 100):
            seconds, mib = timed([BINARY, "play", "-i", f"{count}.ini", f"grow{tasks}.yml"], folder)
            each = seconds * 1e6 / count / tasks
            print(f"{count:8} {tasks:6} {seconds:9.2f} {mib:6.0f} {each:13.1f} {mib * 1024 / count:9.1f}", flush=True)


main()
