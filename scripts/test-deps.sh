#!/usr/bin/env bash
# Installs what the tests run beside quaymaster itself: registry clients, a container engine, what makes whole systems for it, an
# SSH server, Python for ansible-core. Only what is absent is installed, so a second run costs nothing.
set -euo pipefail

# command and the Debian package that has it
needed=(skopeo:skopeo podman:podman runc:runc openssl:openssl iptables:iptables debootstrap:debootstrap
    sshd:openssh-server ssh:openssh-client)
missing=()
for entry in "${needed[@]}"; do
    PATH="$PATH:/usr/sbin:/sbin" command -v "${entry%%:*}" >/dev/null || missing+=("${entry##*:}")
done
# podman's network back-end is no command on the path
[ -e /usr/lib/podman/netavark ] || missing+=(netavark)
# the differential tests run ansible-core in an environment of its own; Debian has the making of one apart
python3 -c 'import venv, ensurepip' 2>/dev/null || missing+=(python3-venv)
# debootstrap checks Debian's signatures with it
[ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || missing+=(debian-archive-keyring)
[ ${#missing[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null; then
    echo "the tests need ${missing[*]}; install them with this system's package manager" >&2
    exit 1
fi
sudo=''
if [ "$(id -u)" -ne 0 ]; then
    sudo=sudo
fi
echo "installing what the tests need: ${missing[*]}"
$sudo apt-get update -qq
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
