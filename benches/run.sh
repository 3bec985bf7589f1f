#!/usr/bin/env bash
# Times whole commands against ansible-core, and over SSH against mitogen and pyinfra too (all from PyPI, in a venv under
# target/), in one run: benches/run.sh [BINARY [WORKLOAD …]]
set -euo pipefail
cd "$(dirname "$0")/.."
binary=$(realpath "${1:-target/$(rustc -vV | sed -n 's/^host: //p')/release/quaymaster}")
venv=target/ansible-venv
if [ ! -x "$venv/bin/pyinfra" ]; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet 'ansible-core>=2.18' mitogen pyinfra
fi
"$venv/bin/python" benches/whole_binary.py "$binary" "$venv/bin" "${@:2}"
"$venv/bin/python" benches/over_ssh.py "$binary" "$venv/bin" "${@:2}"
