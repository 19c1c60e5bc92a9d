#!/usr/bin/env bash
# Installs the real servers that test/parts talks to, from Debian or Ubuntu packages, and the packages named as arguments. Nothing
# is started: the tests start what they need on 127.0.0.1 with data in a temporary folder, and stop it afterwards.
set -euo pipefail

packages=(prometheus prometheus-alertmanager prometheus-blackbox-exporter postgresql bind9 bind9-dnsutils haproxy rclone nats-server "$@")
missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  echo "parts: all of ${packages[*]} are installed"
  exit 0
fi
if ! command -v apt-get >/dev/null; then
  echo "parts: needs ${missing[*]}; this script installs them with apt-get, which this machine does not have" >&2
  exit 1
fi
as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)
# RUNLEVEL=1 keeps package scripts from starting servers on their default ports.
quietly=(env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1)
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" "${quietly[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
echo "parts: installed ${missing[*]}"
