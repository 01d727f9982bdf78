#!/usr/bin/env bash
# Type-checks the browser UI. Without npm it says so and ends well.
set -euo pipefail
cd "$(dirname "$0")"
if ! command -v npm >/dev/null || ! command -v node >/dev/null; then
  echo "note: the browser UI was not type-checked: npm is not installed" >&2
  exit 0
fi
# the folder is as the lock says when the lock was installed last
if ! cmp -s package-lock.json node_modules/.installed-lock 2>/dev/null; then
  if ! npm ci --ignore-scripts --no-audit --no-fund --silent >/dev/null 2>&1; then
    echo "note: the browser UI was not type-checked: its tools cannot be had here (npm ci)" >&2
    exit 0
  fi
  cp package-lock.json node_modules/.installed-lock
fi
node_modules/.bin/tsc -p .
