"""Times quaymaster over SSH against ansible-core with pipelining, Ansible with mitogen, pyinfra and scp: whole processes in
turn, against one sshd of its own on the loopback. Prints medians, ratios and peak memory of the runner.

W2: 100 tasks on one host, a quarter each of command, file, copy and template.   W8: the same again, nothing changes.
W3: 20 such tasks on 10 hosts.   W6: one file of 100 MB.
The binary is brought to the host before the clock runs: it stays there between runs.
"""

import importlib.util
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

from measure import timed

BINARY, VENV = sys.argv[1], pathlib.Path(sys.argv[2])
ONLY = set(sys.argv[3:])


def tasks(count: int) -> str:
    lines = []
    for n in range(count // 4):
        lines += [
            "    - command: 'true'\n      changed_when: false\n",
            f"    - file: {{path: '{{{{ out }}}}/d{n}', state: directory, mode: '0755'}}\n",
            f"    - copy: {{content: 'file {n}\\n', dest: '{{{{ out }}}}/c{n}', mode: '0644'}}\n",
            f"    - template: {{src: small.j2, dest: '{{{{ out }}}}/t{n}', mode: '0644'}}\n      vars: {{n: {n}}}\n",
        ]
    return "- hosts: all\n  gather_facts: false\n  tasks:\n" + "".join(lines)


def deploy(count: int) -> str:
    """The same for pyinfra."""
    lines = ["from io import StringIO", "from pyinfra import host", "from pyinfra.operations import files, server",
             "out = host.data.out"]
    for n in range(count // 4):
        lines += [
            f"server.shell(name='s{n}', commands=['true'])",
            f"files.directory(path=f'{{out}}/d{n}', mode='755')",
            f"files.put(src=StringIO('file {n}\\n'), dest=f'{{out}}/c{n}', mode='644')",
            f"files.template(src='templates/small.j2', dest=f'{{out}}/t{n}', mode='644', n={n}, "
            "inventory_hostname=host.name)",
        ]
    return "\n".join(lines) + "\n"


FILES = {
    "w2.yml": tasks(100),
    "w3.yml": tasks(20),
    "w6.yml": "- hosts: all\n  gather_facts: false\n  tasks:\n    - copy: {src: big.bin, dest: '{{ out }}/big', mode: '0644'}\n",
    "w2.py": deploy(100),
    "w3.py": deploy(20),
    "w6.py": "from pyinfra import host\nfrom pyinfra.operations import files\n"
    "files.put(src='big.bin', dest=f'{host.data.out}/big', mode='644')\n",
    "templates/small.j2": "# {{ n }}\n{% for i in range(3) %}\nline {{ i }} of {{ inventory_hostname }}\n{% endfor %}\n",
}


class Server:
    """An sshd with keys of its own."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        ssh = folder / ".ssh"
        ssh.mkdir(mode=0o700)
        for path in (folder / "host_key", ssh / "id_ed25519"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
        shutil.copy(ssh / "id_ed25519.pub", folder / "authorized_keys")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        (folder / "sshd_config").write_text(
            f"ListenAddress 127.0.0.1:{self.port}\nHostKey {folder}/host_key\nPidFile none\nUsePAM no\nStrictModes no\n"
            f"AuthorizedKeysFile {folder}/authorized_keys\nPermitRootLogin yes\nMaxStartups 1000\nMaxSessions 100\n"
            "Subsystem sftp internal-sftp\n")
        if os.geteuid() == 0:
            os.makedirs("/run/sshd", exist_ok=True)
        self.process = subprocess.Popen(["/usr/sbin/sshd", "-D", "-f", folder / "sshd_config"],
                                        stderr=subprocess.DEVNULL)
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                break
            except OSError:
                time.sleep(0.05)
        kind, key = (folder / "host_key.pub").read_text().split()[:2]
        (ssh / "known_hosts").write_text(f"[127.0.0.1]:{self.port} {kind} {key}\n")

    def end(self) -> None:
        self.process.terminate()
        self.process.wait()


def inventories(folder: pathlib.Path, server: Server) -> None:
    common = (f"[all:vars]\nansible_host=127.0.0.1\nansible_port={server.port}\nansible_user={os.environ.get('USER', 'root')}\n"
              f"ansible_python_interpreter={sys.executable}\nansible_ssh_private_key_file={folder}/.ssh/id_ed25519\n"
              f"ansible_ssh_common_args=-o UserKnownHostsFile={folder}/.ssh/known_hosts\n")
    (folder / "one.ini").write_text(f"h1\n{common}")
    (folder / "ten.ini").write_text("".join(f"h{n}\n" for n in range(1, 11)) + common)
    data = (f"{{'ssh_hostname': '127.0.0.1', 'ssh_port': {server.port}, 'ssh_key': '{folder}/.ssh/id_ed25519', "
            f"'ssh_known_hosts_file': '{folder}/.ssh/known_hosts', 'ssh_user': '{os.environ.get('USER', 'root')}'}}")
    for name, count in (("one.py", 1), ("ten.py", 10)):
        hosts = ", ".join(f"('h{n}', {data})" for n in range(1, count + 1))
        (folder / name).write_text(f"hosts = [{hosts}]\n")


def tools(folder: pathlib.Path) -> dict[str, tuple[dict[str, str], object]]:
    """Environment and command line of each tool."""
    mitogen = importlib.util.find_spec("ansible_mitogen")
    plain = {"ANSIBLE_PIPELINING": "1", "ANSIBLE_FORKS": "10", "ANSIBLE_HOME": str(folder / ".ansible")}
    found = {
        "quaymaster": ({}, lambda w, i, out: [BINARY, "play", "-f", "10", "-i", f"{i}.ini", f"{w}.yml", "-e", f"out={out}"]),
        "ansible-core": (plain, lambda w, i, out: [VENV / "ansible-playbook", "-i", f"{i}.ini", f"{w}.yml", "-e", f"out={out}"]),
        "pyinfra": ({}, lambda w, i, out: [VENV / "pyinfra", "-y", f"{i}.py", f"{w}.py", "--data", f"out={out}"]),
    }
    if mitogen:
        strategies = pathlib.Path(mitogen.origin).parent / "plugins/strategy"
        with_mitogen = plain | {"ANSIBLE_STRATEGY_PLUGINS": str(strategies), "ANSIBLE_STRATEGY": "mitogen_linear"}
        found["mitogen"] = (with_mitogen, found["ansible-core"][1])
    return found


# name, playbook, inventory, fresh folder for each run, rounds of quaymaster, rounds of the others
WORKLOADS = [
    ("W2 100 tasks, one host", "w2", "one", True, 5, 1),
    ("W8 the same, unchanged", "w2", "one", False, 5, 1),
    ("W3 20 tasks, ten hosts", "w3", "ten", True, 5, 1),
    ("W6 one file of 100 MB", "w6", "one", True, 3, 1),
]


def main() -> None:
    with tempfile.TemporaryDirectory(dir="target") as name:
        folder = pathlib.Path(name).resolve()
        server = Server(folder)
        try:
            measure_all(folder, server)
        finally:
            server.end()


def measure_all(folder: pathlib.Path, server: Server) -> None:
    for path, text in FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    # by another process: what this one once held counts as its children's peak memory
    with (folder / "big.bin").open("wb") as big:
        subprocess.run(["head", "-c", "100000000", "/dev/urandom"], stdout=big, check=True)
    inventories(folder, server)
    found = tools(folder)
    env = {"PATH": f"{VENV}:{os.environ['PATH']}", "HOME": str(folder), "LC_ALL": "C.UTF-8", "USER": os.environ.get("USER", "root")}
    out = folder / "out"
    out.mkdir()
    # the binary is there from now on, as it is on every host but new ones
    (folder / "empty.yml").write_text("- hosts: all\n  gather_facts: false\n  tasks: [{ping: }]\n")
    timed([BINARY, "play", "-i", "one.ini", "empty.yml"], folder, env)
    for title, playbook, inventory, fresh, ours, theirs in WORKLOADS:
        if ONLY and title.split()[0] not in ONLY:
            continue
        own = None
        runners = dict(found)
        if playbook == "w6":
            runners["scp"] = ({}, lambda w, i, out: ["scp", "-q", "-P", str(server.port), "-i", f"{folder}/.ssh/id_ed25519", "-o",
                                                     f"UserKnownHostsFile={folder}/.ssh/known_hosts", "big.bin", f"127.0.0.1:{out}/big"])
        for tool, (more, command) in runners.items():
            runs = []
            words = [str(word) for word in command(playbook, inventory, out)]
            shutil.rmtree(out)
            out.mkdir()
            if not fresh:
                timed(words, folder, env | more)
            for _ in range(ours if tool in ("quaymaster", "scp") else theirs):
                if fresh:
                    shutil.rmtree(out)
                    out.mkdir()
                runs.append(timed(words, folder, env | more))
            seconds, memory = statistics.median(t for t, _ in runs), max(m for _, m in runs)
            own = own or seconds
            print(f"{title:24} {tool:13} {seconds:9.3f} s {memory:6.0f} MiB {seconds / own:7.1f}x", flush=True)


main()
