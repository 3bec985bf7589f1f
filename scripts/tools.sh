#!/usr/bin/env bash
# Installs the checkers that `make lint` runs and that no Debian package holds, unless they are there.
set -euo pipefail
if ! cargo deny --version >/dev/null 2>&1; then
    echo 'installing cargo-deny (once)'
    cargo install cargo-deny --version 0.20.2 --locked
fi
