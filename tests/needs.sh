#!/usr/bin/env bash
# What the tests need from the system: a Chromium. Installed through apt when it is missing and we may; otherwise a failure.
set -euo pipefail
if command -v chromium >/dev/null; then exit 0; fi
if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
  echo "Installing Chromium for the browser tests …"
  export DEBIAN_FRONTEND=noninteractive
  (apt-get update -q && apt-get install -y -q --no-install-recommends chromium fonts-dejavu-core fonts-noto-cjk) >/tmp/patchbay-apt.log 2>&1 || { tail -5 /tmp/patchbay-apt.log >&2; exit 1; }
  exit 0
fi
echo "The browser tests need Chromium. Install it (Debian: apt-get install chromium) and run make test again." >&2
exit 1
