#!/usr/bin/env bash
# Times whole commands against ansible-core (from PyPI, in a venv under target/) in one run: benches/run.sh [BINARY]
set -euo pipefail
cd "$(dirname "$0")/.."
binary=$(realpath "${1:-target/$(rustc -vV | sed -n 's/^host: //p')/release/quaymaster}")
venv=target/ansible-venv
if [ ! -x "$venv/bin/ansible-playbook" ]; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet 'ansible-core>=2.18'
fi
exec "$venv/bin/python" benches/whole_binary.py "$binary" "$venv/bin"
