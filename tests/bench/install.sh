#!/usr/bin/env bash
# What `make bench` compares with, into .cache/bench: LiteLLM's proxy and py-spy in an environment of their own, Portkey's
# gateway from npm. Hash-pinned. Nothing of it comes near the product's environment. Only make calls this.
set -euo pipefail
cd "$(dirname "$0")/../.."
home=.cache/bench
mkdir -p "$home/portkey"
echo "Preparing what is compared with (once) …"
if [ ! -x "$home/venv/bin/python" ]; then .venv/bin/python -m venv "$home/venv"; fi
uv=$(command -v uv || ls .venv/bin/uv 2>/dev/null || true)
if [ -z "$uv" ] || ! "$uv" pip install -q --system-certs --python "$home/venv/bin/python" --require-hashes -r requirements-bench.lock; then
  "$home/venv/bin/python" -m pip --disable-pip-version-check -q install --require-hashes -r requirements-bench.lock
fi
cp tests/bench/portkey/package.json tests/bench/portkey/package-lock.json "$home/portkey/"
cd "$home/portkey"
PATH="$OLDPWD/.venv/bin:$PATH" npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
