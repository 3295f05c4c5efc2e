#!/usr/bin/env bash
# Makes functions of AWS's own SDKs in FOLDER: javascript_steps and python_steps, to be deployed with bench/peers/template.yaml.
# Usage: bench/peers/install.sh FOLDER
set -euo pipefail
folder=$(realpath -m "${1:?FOLDER}")
here=$(cd "$(dirname "$0")" && pwd)
runtimes=$here/../../tests/clients
mkdir -p "$folder"
cp "$here"/steps.* "$here/package.json" "$runtimes"/runtime.* "$folder"
(cd "$folder" && npm install --silent --no-audit --no-fund)
[ -x "$folder/venv/bin/python" ] || python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
# A function's working folder and environment are the server's choice, so everything is named in full.
printf '#!/bin/sh\nexec %q %q %q\n' "$(command -v node)" "$folder/runtime.mjs" "$folder/steps.mjs" >"$folder/javascript_steps"
printf '#!/bin/sh\nexec %q %q %q\n' "$folder/venv/bin/python" "$folder/runtime.py" "$folder/steps.py" >"$folder/python_steps"
chmod +x "$folder/javascript_steps" "$folder/python_steps"
