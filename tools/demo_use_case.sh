#!/usr/bin/env bash
# `make demo-expense` and its siblings: a use case of src/approvals/use_cases on a server of its own. Usage: tools/demo_use_case.sh CASE [MODE]
set -euo pipefail
cd "$(dirname "$0")/.."
case=$1
mode=${2:-polling}
tools/install_packages.sh demo
. tools/demo_server.sh approvals_workflow approval_api audit_seal "$case"
python3 -B "src/approvals/use_cases/$case/demo.py" --bin "$(dirname "$holdpoint")" --data "$data" --mode "$mode"
