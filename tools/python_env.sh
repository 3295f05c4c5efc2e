#!/usr/bin/env bash
# Puts the clients and checkers that tests need into build/venv, at the versions of tools/requirements.txt; silent when they are there.
set -euo pipefail
cd "$(dirname "$0")/.."
stamp=build/venv/requirements.txt
if cmp -s tools/requirements.txt "$stamp"; then exit 0; fi
echo "Installing the test clients into build/venv (tools/requirements.txt)"
python3 -m venv build/venv
build/venv/bin/pip install --quiet --disable-pip-version-check -r tools/requirements.txt || {
    echo "python_env.sh: pip could not fetch the packages of tools/requirements.txt. Check the network or PIP_INDEX_URL and run it again." >&2
    exit 1
}
cp tools/requirements.txt "$stamp"
