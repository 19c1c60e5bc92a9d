#!/usr/bin/env bash
# Installs what `npm run chaos` needs besides Node, from Debian or Ubuntu packages: PostgreSQL's programs, network namespaces, a clock that can be bent.
# Nothing is started.
set -euo pipefail

packages=(postgresql iproute2 iputils-arping libfaketime curl util-linux)
missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  echo "chaos: all of ${packages[*]} are installed"
  exit 0
fi
if ! command -v apt-get >/dev/null; then
  echo "chaos: needs ${missing[*]}; this script installs them with apt-get, which this machine does not have" >&2
  exit 1
fi
sudo=''
[ "$(id -u)" -eq 0 ] || sudo='sudo'
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -qq
# RUNLEVEL=1 keeps package scripts from starting servers on their default ports.
RUNLEVEL=1 $sudo -E apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
echo "chaos: installed ${missing[*]}"
