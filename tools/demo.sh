#!/usr/bin/env bash
# `make demo`: approve, reject and time out, in both wait modes, on a server of its own; prints the audit trails and ends.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/demo_server.sh approvals_workflow approval_api audit_seal

submit() { # STACK DOCUMENT SECONDS: prints the approval's id
    "$holdpoint" approvals submit --stack-name "$1" --document-id "$2" --document-name "Q4 Budget Proposal" \
        --requester user@example.com --timeout "$3" --quiet
}

for mode in polling callback; do
    stack="demo-$mode"
    say "== wait mode: $mode"
    "$holdpoint" deploy template.yaml --data "$data" --stack-name "$stack" --parameter-overrides "ApprovalWaitMode=$mode" PollIntervalSeconds=1
    approved=$(submit "$stack" doc-approve 120)
    rejected=$(submit "$stack" doc-reject 120)
    expired=$(submit "$stack" doc-timeout 6)
    say "Three requests wait for a person:"
    "$holdpoint" approvals list --stack-name "$stack" --status pending
    "$holdpoint" approvals approve "$approved" --stack-name "$stack" --approver boss@example.com --comments "Looks good, approved"
    "$holdpoint" approvals reject "$rejected" --stack-name "$stack" --approver boss@example.com --comments "Too expensive"
    say "Nobody decides the third; its time runs out …"
    for id in "$approved" "$rejected" "$expired"; do
        timeout 60 "$holdpoint" approvals watch "$id" --stack-name "$stack"
    done
    say "Audit trails:"
    for id in "$approved" "$rejected" "$expired"; do
        "$holdpoint" approvals get "$id" --stack-name "$stack" --audit
        echo
    done
    "$holdpoint" executions list --stack-name "$stack"
done
say "Done: six approvals, none lost, none decided twice."
