#!/usr/bin/env bash
# install.sh LOCK…: make .venv and install hash-pinned locks into it. Only make calls this.
set -euo pipefail
cd "$(dirname "$0")"

fits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; }

if [ ! -x .venv/bin/python ]; then
  for python in ${PYTHON:-} python3 python3.13 python3.12 python3.11; do
    if fits "$python"; then chosen=$python; break; fi
  done
  if [ -z "${chosen:-}" ]; then
    echo "Patchbay needs Python 3.11, 3.12 or 3.13. Install one, or name it: make run PYTHON=/path/to/python3.12" >&2
    exit 1
  fi
  echo "Preparing the environment (once) …"
  if ! "$chosen" -m venv .venv; then
    echo "Python's venv module is missing. On Debian and Ubuntu: apt-get install python3-venv" >&2
    exit 1
  fi
fi

# The command. Not an installed package: what runs is this checkout, and nothing has to be built for it.
root=$(pwd)
printf '#!/bin/sh\nPYTHONPATH="%s${PYTHONPATH:+:$PYTHONPATH}" exec "%s/.venv/bin/python" -m app.cli "$@"\n' "$root" "$root" > .venv/bin/patchbay
chmod +x .venv/bin/patchbay

requirements=()
for lock in "$@"; do requirements+=(-r "$lock"); done
pip=(.venv/bin/python -m pip --disable-pip-version-check -q)
# uv is ten times faster; where its index settings differ from pip's, pip does the same work.
uv=$(command -v uv || true)
if [ -z "$uv" ] && "${pip[@]}" install --require-hashes --only-binary :all: -r requirements-tools.lock; then uv=.venv/bin/uv; fi
if [ -n "$uv" ]; then
  if "$uv" pip install -q --system-certs --python .venv/bin/python --require-hashes --compile-bytecode "${requirements[@]}"; then exit 0; fi
  echo "Trying again with pip …"
fi
"${pip[@]}" install --require-hashes "${requirements[@]}"
