#!/usr/bin/env bash
# Sets everything up, a browser included, and runs all checks: bash tests/run.sh [arguments for pytest]
# With --fast only lint and the tests that need neither a browser nor a download, in about two minutes.
set -euo pipefail
cd "$(dirname "$0")/.."

# What Python compiles is kept, also where it was told not to beside the code: that is a fifth of a run's start.
export PYTHONDONTWRITEBYTECODE= PYTHONPYCACHEPREFIX="$PWD/.venv/bytecode"

fast=
if [ "${1:-}" = --fast ]; then
  fast=yes
  shift
  set -- tests --ignore tests/browser -n 2 --dist loadfile -m "not network and not slow" "$@"
fi

python=.venv/bin/python
installed=.venv/installed # newer than the lists of what is installed
[ -x $python ] || python3 -m venv .venv
if [ ! "$fast" ] || [ ! -e $installed ] || [ requirements.txt -nt $installed ] || [ tests/requirements.txt -nt $installed ]; then
  $python -m pip install --quiet --disable-pip-version-check -r requirements.txt -r tests/requirements.txt
  touch $installed
fi

# Debian's Chromium where we may install it, else Playwright's own.
if [ ! "$fast" ] && ! command -v chromium >/dev/null; then
  sudo=$([ "$(id -u)" = 0 ] || echo sudo)
  if command -v apt-get >/dev/null && { [ -z "$sudo" ] || sudo -n true 2>/dev/null; }; then
    $sudo apt-get update -qq && $sudo apt-get install -y -qq chromium >/dev/null
  else
    $python -m playwright install chromium
  fi
fi

$python -m ruff check .
$python -m ruff format --check .
if [ $# -gt 0 ]; then
  exec $python -m pytest "$@"
fi
# Two files at a time, three with a browser, which waits a quarter of its time; those by themselves, since Playwright's
# event loop would meet other tests. What failed is tried once more, alone: beside another test, on two busy cores, a page
# or a process may be late. Where a process of tests died not all had their turn (and xdist would wait for ever if it
# began another), so all are tried.
printed=$(mktemp)
trap 'rm -f "$printed"' EXIT
for kind in "tests --ignore tests/browser --no-loadscope-reorder" tests/browser; do
  at_once=$([ "$kind" = tests/browser ] && echo 3 || echo 2)
  $python -m pytest -n "$at_once" --dist loadfile --max-worker-restart 0 $kind 2>&1 | tee "$printed" && continue
  again="--last-failed --last-failed-no-failures none"
  grep -q "crashed while running" "$printed" && again=
  $python -m pytest $kind $again
done
