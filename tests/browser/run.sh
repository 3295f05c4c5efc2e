#!/usr/bin/env bash
# Tests of the inbox page in Debian's Chromium; without it, or without Playwright, skips (77) and says why, but never in CI.
set -euo pipefail
cd "$(dirname "$0")"
python=../../build/venv/bin/python
skip() {
    echo "$1"
    [ -n "${CI:-}" ] && exit 1
    exit 77
}
"$python" -c "import playwright, axe_playwright_python, pytest" 2>/dev/null || skip "Playwright is not installed: run tools/python_env.sh, which fetches it with pip."
command -v chromium >/dev/null || skip "There is no browser: install Debian's package chromium (tools/install_packages.sh browser)."
exec "$python" -B -m pytest -q -p no:cacheprovider "$@"
