#!/usr/bin/env bash
# Installs the browser that test/browser drives, from Debian or Ubuntu packages.
set -euo pipefail

if command -v chromium >/dev/null; then
  echo "browser: chromium is installed"
  exit 0
fi
if ! command -v apt-get >/dev/null; then
  echo "browser: needs chromium; this script installs it with apt-get, which this machine does not have" >&2
  exit 1
fi
as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null
echo "browser: installed chromium"
