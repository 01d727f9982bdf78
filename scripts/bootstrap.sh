#!/usr/bin/env bash
# Creates .venv from the hash-locked requirements. As root, installs the system packages that tests use;
# otherwise names them, and the tests that need them are skipped visibly.
set -euo pipefail
cd "$(dirname "$0")/.."

system_packages=(python3-venv wrk strace postgresql mariadb-server-core)

# the browser tests run in any Chromium or Chrome that is there already
command -v chromium >/dev/null || command -v google-chrome >/dev/null || system_packages+=(chromium)

python=""
for candidate in python3.11 python3.12 python3.13 python3; do
  if command -v "$candidate" >/dev/null && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python=$candidate
    break
  fi
done
if [ -z "$python" ] && [ "$(id -u)" -eq 0 ]; then
  apt-get update -qq && apt-get install -y -qq python3 python3-venv >/dev/null
  python=python3
fi
[ -n "$python" ] || { echo "error: no Python 3.11 or newer found; try: apt-get install python3 python3-venv" >&2; exit 1; }

# Debian's npm brings hundreds of packages: only where there is none
command -v npm >/dev/null || system_packages+=(nodejs npm)

missing=()
for package in "${system_packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok' || missing+=("$package")
done
if [ "${#missing[@]}" -gt 0 ]; then
  if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    { apt-get update -qq && apt-get install -y -qq "${missing[@]}"; } >/dev/null 2>&1 ||
      echo "note: could not install ${missing[*]}: the tests that need them are skipped" >&2
  else
    echo "note: not installed (you are not root): ${missing[*]}; the tests that need them are skipped" >&2
  fi
fi

echo "setting up .venv (about a minute, once) …" >&2
if ! [ -x .venv/bin/python ]; then
  "$python" -m venv .venv 2>/dev/null || "$python" -m venv --without-pip .venv
fi
.venv/bin/python -m pip --version >/dev/null 2>&1 || .venv/bin/python -m ensurepip --upgrade >/dev/null
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
touch .venv/.complete
echo "done: . .venv/bin/activate, then graven --help" >&2
