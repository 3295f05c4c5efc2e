#!/usr/bin/env bash
# `make bench`: measures on a server of its own, writes build/bench/results.json and prints a short table.
# Usage: bench/run.sh [SECONDS]           of each load, 10 when not given
#        bench/run.sh idle|history|pending|waits|polls …
#                                         what takes longer, into build/bench/long: 1, 1, 20, 6 and 6 minutes
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=10
long=()
for argument in "$@"; do
    case $argument in
        idle | history | pending | waits | polls) long+=("$argument") ;;
        *) seconds=$argument ;;
    esac
done
bin=build/release/bin
out=build/bench

for program in holdpoint approvals_workflow approval_api audit_seal hello_durable bench_function approvals_load steps_load waits_load sdk_load \
    function_start sync_probe core_bench; do
    [ -x "$bin/$program" ] || { echo "bench: $bin/$program is missing; run: make bench" >&2; exit 1; }
done
run_long() {
    local python=build/venv/bin/python
    tools/python_env.sh
    out=build/bench/long
    mkdir -p "$out"
    for load in "${long[@]}"; do
        echo "$load …"
        case $load in
            idle) "$python" bench/idle_server.py >"$out/idle.json" ;;
            history) "$python" bench/history_load.py >"$out/history.json" ;;
            pending)
                for count in 1000 100000 1000000; do
                    "$python" bench/pending_load.py "$count" --steps 10 >"$out/pending_$count.json"
                done
                ;;
            waits) "$python" bench/waits.py >"$out/waits.json" ;;
            polls) "$python" bench/polls_load.py >"$out/polls.json" ;;
        esac
    done
    python3 bench/report.py long "$out"
}
if [ ${#long[@]} -gt 0 ]; then
    run_long
    exit
fi
rm -rf "$out"
mkdir -p "$out"
# Beside the build, not in /tmp: that may be memory, where flushing to the disk costs nothing.
data=$(mktemp -d "$PWD/$out/data.XXXXXX")
"$bin/holdpoint" up --data "$data" --listen 127.0.0.1:0 >"$out/server.log" 2>&1 &
server=$!
finish() {
    local status=$?
    if [ -n "$server" ]; then
        kill -TERM "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    if [ "$status" -ne 0 ]; then
        echo "bench: failed; the end of the server's log:" >&2
        tail -n 20 "$out/server.log" >&2
    fi
    rm -rf "$data"
    exit "$status"
}
trap finish EXIT
# The loads' alone: credentials that this shell may have belong to somebody else's account.
unset "${!AWS_@}"
eval "$("$bin/holdpoint" env --data "$data" --wait 30 2>/dev/null)"

echo "Flushing to the disk, without a database …"
"$bin/sync_probe" "$data" >"$out/sync_before.json"
for mode in callback polling; do
    "$bin/holdpoint" deploy template.yaml --data "$data" --stack-name "bench-$mode" \
        --parameter-overrides "ApprovalWaitMode=$mode" PollIntervalSeconds=1 >/dev/null
    for clients in 1 16 64; do
        echo "Approvals, $mode mode, $clients at a time, $seconds s …"
        "$bin/approvals_load" --mode "$mode" --clients "$clients" --seconds "$seconds" >"$out/load_${mode}_$clients.json"
    done
done
"$bin/holdpoint" deploy bench/template.yaml --data "$data" --stack-name bench >/dev/null
for clients in 1 16 64; do
    echo "Sequential steps, $clients at a time, $seconds s …"
    "$bin/steps_load" --clients "$clients" --seconds "$seconds" >"$out/steps_cpp_$clients.json"
done
# The same workflow with AWS's own SDKs, where npm and pip can fetch them.
if tests/clients/install.sh build/clients bench/peers/steps.* && \
    "$bin/holdpoint" deploy bench/peers/template.yaml --data "$data" --stack-name peers --bin build/clients >/dev/null; then
    for peer in javascript python; do
        for clients in 1 16; do
            echo "Sequential steps, AWS's SDK for $peer, $clients at a time, $seconds s …"
            "$bin/steps_load" --function "bench-$peer" --clients "$clients" --seconds "$seconds" >"$out/steps_${peer}_$clients.json"
        done
    done
else
    echo "bench: AWS's SDKs could not be installed; the comparison is left out" >&2
fi
"$bin/sync_probe" "$data" >"$out/sync_after.json"
python3 bench/report.py processes "$server" "$data" >"$out/server.json"
kill -TERM "$server"
wait "$server"
server=

echo "The inbox with 10,000 requests that wait …"
tools/python_env.sh
build/venv/bin/python bench/inbox.py >"$out/inbox.json"

echo "The SDK over a stub that answers at once …"
strip -o "$out/bench_function" "$bin/bench_function"
"$bin/sdk_load" "$out/bench_function" >"$out/sdk.json"
echo "Starts of functions …"
bench/starts.sh "$bin" "$out" >/dev/null
echo "Without sockets and disk …"
"$bin/core_bench" --benchmark_out="$out/core.json" --benchmark_out_format=json >/dev/null 2>"$out/core.log"
echo
python3 bench/report.py table "$out"
