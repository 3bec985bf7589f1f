#!/usr/bin/env bash
# Shows quaymaster at work, from an empty folder to a bootstrapped, filled and pruned registry: scripts/demo.sh BINARY
# Everything is kept under target/demo; a second time goes on from there.
set -euo pipefail
cd "$(dirname "$0")/.."
binary=$(realpath "$1")
demo=target/demo
mkdir -p "$demo"
export PATH="$(dirname "$binary"):$PATH"

sandbox=
end() {
    status=$?
    trap '' INT TERM
    if [ -n "$sandbox" ]; then
        kill "$sandbox" 2>/dev/null || true
        wait "$sandbox" 2>/dev/null || true
    fi
    exit "$status"
}
trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
run() {
    printf '$ %s\n' "$*"
    "$@"
}

say '1. A sandbox registry: Quay'"'"'s API and an OCI registry, on a free loopback port'
rm -f "$demo/url"
quaymaster sandbox --listen 127.0.0.1:0 --state "$demo/registry" --superuser admin --ready-file "$demo/url" >"$demo/sandbox.log" 2>&1 &
sandbox=$!
for _ in $(seq 100); do
    [ -s "$demo/url" ] && break
    kill -0 "$sandbox" 2>/dev/null || { cat "$demo/sandbox.log" >&2; exit 1; }
    sleep 0.05
done
[ -s "$demo/url" ] || { echo 'the sandbox did not start' >&2; cat "$demo/sandbox.log" >&2; exit 1; }
export QUAY_URL QUAY_TOKEN_DIR=$PWD/$demo/tokens
QUAY_URL=$(cat "$demo/url")
echo "it listens on $QUAY_URL, its state is in $demo/registry"

say '2. Bootstrap it and open the projects: first user, tokens, users, organizations, robots, teams, repositories'
run quaymaster play -i inventories/sandbox playbooks/site.yml

say '3. Play it again: nothing is left to do'
run quaymaster play -i inventories/sandbox playbooks/site.yml | tee "$demo/second.log"
grep -Eq ' changed=0 unreachable=0 failed=0 ' "$demo/second.log" || { echo 'the second play changed something' >&2; exit 1; }

say '4. Fill it: tags as a month of nightly builds leaves them'
run quaymaster play -i inventories/sandbox scripts/demo-fill.yml

say '5. Prune: first the plan, then for real'
run quaymaster prune --url "$QUAY_URL" --token-file "$demo/tokens/myorganization1_pruner_token" \
    --organization myorganization1 --days 7 --keep latest
run quaymaster prune --url "$QUAY_URL" --token-file "$demo/tokens/myorganization1_pruner_token" \
    --organization myorganization1 --days 7 --keep latest --confirm

say 'What exists now'
token=$(cat "$demo/tokens/someuser_token")
cat <<TEXT
registry     $QUAY_URL (state in $demo/registry)
tokens       $demo/tokens (mode 0600)
look further (the registry ends with this demo; start it again first):
  quaymaster sandbox --listen ${QUAY_URL#http://} --state $demo/registry --superuser admin &
  curl -H "Authorization: Bearer \$(cat $demo/tokens/someuser_token)" $QUAY_URL/api/v1/organization/myorganization1
  skopeo list-tags --tls-verify=false --creds "myorganization1+cirobot:\$(cat $demo/tokens/robots/myorganization1+cirobot)" docker://${QUAY_URL#http://}/myorganization1/app
TEXT
