#!/usr/bin/env bash
# Makes target/ansible, the ansible-core that the differential tests compare with (tests/differential/). Made once for each
# version of its requirements; a second run costs nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
wanted=tests/differential/ansible/requirements.txt
venv=target/ansible

mkdir -p target
exec 9>target/ansible.lock
flock 9
cmp -s "$wanted" "$venv/made-from" && exit 0

echo "making $venv with $(grep ^ansible-core "$wanted")"
rm -rf "$venv"
python3 -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$wanted"
cp "$wanted" "$venv/made-from"
