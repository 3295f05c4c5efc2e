#!/usr/bin/env bash
# Puts the clients and checkers that tests need into build/venv, and AWS's SAM CLI into build/sam, at the versions of tools/requirements*.txt;
# silent when they are there.
set -euo pipefail
cd "$(dirname "$0")/.."

install() {
    local wanted=$1 folder=$2
    if cmp -s "$wanted" "$folder/requirements.txt"; then return; fi
    echo "Installing the test clients into $folder ($wanted)"
    python3 -m venv "$folder"
    "$folder/bin/pip" install --quiet --disable-pip-version-check -r "$wanted" || {
        echo "python_env.sh: pip could not fetch the packages of $wanted. Check the network or PIP_INDEX_URL and run it again." >&2
        exit 1
    }
    cp "$wanted" "$folder/requirements.txt"
}

install tools/requirements.txt build/venv
install tools/requirements-sam.txt build/sam
