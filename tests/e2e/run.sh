#!/usr/bin/env bash
# Runs test files with the clients of tools/requirements.txt; without them, skips (77) and says why, but never in CI.
set -euo pipefail
cd "$(dirname "$0")"
python=../../build/venv/bin/python
if ! "$python" -c "import boto3, pytest" 2>/dev/null; then
    echo "The AWS clients under test are not installed: run tools/python_env.sh, which fetches them with pip."
    [ -n "${CI:-}" ] && exit 1
    exit 77
fi
if [ -n "${HOLDPOINT_OTHER_SDKS:-}" ] && ! ../clients/install.sh ../../build/clients; then
    echo "AWS's own durable execution SDKs and what else runs beside the server could not be fetched from PyPI and npm: run tests/clients/install.sh build/clients."
    [ -n "${CI:-}" ] && exit 1
    exit 77
fi
if [ -n "${HOLDPOINT_GO:-}" ] && ! ../clients/go/install.sh ../../build/clients/go; then
    echo "Go, AWS's SDK for it and its runtime could not be fetched from PyPI and the Go module proxy: run tests/clients/go/install.sh build/clients/go."
    [ -n "${CI:-}" ] && exit 1
    exit 77
fi
exec "$python" -B -m pytest -q -p no:cacheprovider "$@"
