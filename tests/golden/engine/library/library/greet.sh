#!/bin/sh
# WANT_JSON
check=false
grep -q '"_ansible_check_mode": true' "$1" && check=true
name=$(sed -n 's/.*"name": "\([^"]*\)".*/\1/p' "$1")
mode=$(stat -c '%a' "$1"; stat -c '%a' "$0" "$(dirname "$0")")
echo "noise before"
printf '{"changed": true, "msg": "hello %s", "check": %s, "modes": "%s", "text": "{{ not_a_template }}",' "$name" "$check" "$(echo $mode)"
echo ' "ansible_facts": {"greeted": "yes"}, "_ansible_x": 1}'
