#!/usr/bin/env bash
# Sets everything up, a browser included, and runs all checks: bash tests/run.sh [arguments for pytest]
set -euo pipefail
cd "$(dirname "$0")/.."

python=.venv/bin/python
[ -x $python ] || python3 -m venv .venv
$python -m pip install --quiet --disable-pip-version-check -r requirements.txt -r tests/requirements.txt

# Debian's Chromium where we may install it, else Playwright's own.
if ! command -v chromium >/dev/null; then
  sudo=$([ "$(id -u)" = 0 ] || echo sudo)
  if command -v apt-get >/dev/null && { [ -z "$sudo" ] || sudo -n true 2>/dev/null; }; then
    $sudo apt-get update -qq && $sudo apt-get install -y -qq chromium >/dev/null
  else
    $python -m playwright install chromium
  fi
fi

$python -m ruff check .
$python -m ruff format --check .
$python -m pytest "$@"
