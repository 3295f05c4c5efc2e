#!/usr/bin/env bash
# `make run`: installs what is missing, builds, starts the server with the approvals stack deployed, and says what to type next.
# Usage: tools/run.sh STACK MODE
set -euo pipefail
cd "$(dirname "$0")/.."
stack=${1:-app-sam}
mode=${2:-polling}
holdpoint=build/release/bin/holdpoint

tools/install_packages.sh build
echo "Building (the first time takes some minutes) …"
[ -f build/release/build.ninja ] || cmake --preset release >/dev/null
cmake --build --preset release --target holdpoint approvals_workflow approval_api audit_seal

"$holdpoint" up &
server=$!
trap 'kill -TERM "$server" 2>/dev/null || true; wait "$server" || true' EXIT
trap 'exit 130' INT TERM
"$holdpoint" env --wait 30 >/dev/null &
wait -n # a server that cannot start has said why, and ends this, too
"$holdpoint" deploy template.yaml --stack-name "$stack" --parameter-overrides "ApprovalWaitMode=$mode"

cat <<TEXT

Holdpoint is up; the approvals stack "$stack" is deployed (wait mode: $mode). Ctrl-C stops it; nothing is lost.

In another shell:

    eval "\$($holdpoint env)"
    $holdpoint approvals submit --document-id doc-123 --document-name "Q4 Budget Proposal" --requester user@example.com
    $holdpoint approvals list
    $holdpoint approvals approve <APPROVAL_ID> --approver boss@example.com --comments "Looks good"
    $holdpoint executions list
    $holdpoint approvals token --person boss@example.com      # sign in with it at the InboxUrl above, and decide there

The aws command line works there, too: see README.md.
TEXT
wait "$server"
