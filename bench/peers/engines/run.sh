#!/usr/bin/env bash
# The same two workflows on Holdpoint (SQLite), Restate (its own storage) and DBOS (PostgreSQL), under the same load, each flushing
# to the disk as it comes. Prints one JSON line per load; logs are in build/engines/data.
# Usage: bench/peers/engines/run.sh [SECONDS] [CLIENTS …]
# Needs `make bench`'s programs, npm, and PostgreSQL's programs; says so and leaves out what it cannot have.
set -euo pipefail
cd "$(dirname "$0")"
seconds=${1:-10}
shift || true
clients=("${@:-1}")
[ $# -gt 0 ] || clients=(1 16 64)
work=$PWD/../../../build/engines
mkdir -p "$work"
cp ./*.mjs "$work"
cd "$work"
export DO_NOT_TRACK=1 RESTATE_DISABLE_TELEMETRY=true
[ -f package.json ] || echo '{"private": true, "type": "module"}' >package.json
npm install --ignore-scripts --silent @restatedev/restate-server@1.7.12 @restatedev/restate-sdk@1.17.2 @dbos-inc/dbos-sdk@5.3.0

started=()
folder=
stop() {
    for process in "${started[@]}"; do kill -TERM "$process" 2>/dev/null || true; done
    wait || true
    started=()
    [ -z "$folder" ] || rm -rf "$folder"
    folder=
}
trap stop EXIT
# Beside the build, not in /tmp: that may be memory, where flushing to the disk costs nothing.
rm -rf data
mkdir data
free_port() { node -e 's=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})'; }
# until SECONDS COMMAND…: repeats it until it works.
until_works() {
    local left=$1
    shift
    until "$@" >/dev/null 2>&1; do
        left=$((left - 1))
        [ "$left" -gt 0 ] || { echo "not in time: $*" >&2; exit 1; }
        sleep 0.5
    done
}
loads() {
    for workload in approvals steps; do
        for count in "${clients[@]}"; do node load.mjs "$1" "$2" "$workload" "$count" "$seconds"; done
    done
}

holdpoint() {
    local bin=../release/bin
    [ -x $bin/bench_function ] || { echo "build/release/bin/bench_function is not here (make bench): Holdpoint is left out" >&2; return; }
    $bin/holdpoint up --data data/holdpoint --listen 127.0.0.1:0 >data/holdpoint.log 2>&1 &
    started+=($!)
    # The loads' alone: credentials that this shell may have belong to somebody else's account.
    unset "${!AWS_@}"
    eval "$($bin/holdpoint env --data data/holdpoint --wait 30 2>/dev/null)"
    $bin/holdpoint deploy ../../bench/template.yaml --data data/holdpoint --stack-name peer >/dev/null
    loads holdpoint "$AWS_ENDPOINT_URL"
}

restate() {
    local ingress admin node_port functions
    ingress=$(free_port) admin=$(free_port) node_port=$(free_port) functions=$(free_port)
    RESTATE_INGRESS__BIND_ADDRESS=127.0.0.1:$ingress RESTATE_ADMIN__BIND_ADDRESS=127.0.0.1:$admin \
        RESTATE_BIND_ADDRESS=127.0.0.1:$node_port RESTATE_ADVERTISED_ADDRESS=http://127.0.0.1:$node_port \
        node_modules/.bin/restate-server --base-dir data/restate --node-name peer >data/restate.log 2>&1 &
    started+=($!)
    PORT=$functions node restate.mjs >data/restate_functions.log 2>&1 &
    started+=($!)
    until_works 60 curl -fsS "http://127.0.0.1:$admin/health"
    until_works 60 curl -fsS -X POST "http://127.0.0.1:$admin/deployments" -H 'content-type: application/json' \
        -d "{\"uri\": \"http://127.0.0.1:$functions\"}"
    loads restate "http://127.0.0.1:$ingress"
}

dbos() {
    local bin port database
    bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -n 1)
    [ -x "$bin/initdb" ] || { echo "PostgreSQL's initdb is not here: DBOS is left out" >&2; return; }
    database=$(free_port) port=$(free_port)
    local as=()
    folder=$(mktemp -d /var/tmp/holdpoint-peer.XXXXXX)
    # PostgreSQL does not run as root.
    if [ "$(id -u)" -eq 0 ]; then
        as=(setpriv --reuid postgres --regid postgres --clear-groups)
        chown postgres "$folder"
    fi
    "${as[@]}" "$bin/initdb" --auth=trust --username=peer -D "$folder/data" >data/initdb.log
    "${as[@]}" "$bin/postgres" -D "$folder/data" -p "$database" -c unix_socket_directories="$folder" >data/postgres.log 2>&1 &
    started+=($!)
    until_works 60 psql -h 127.0.0.1 -p "$database" -U peer -d postgres -c 'create database peer'
    DATABASE_URL=postgresql://peer@127.0.0.1:$database/peer PORT=$port node dbos.mjs >data/dbos.log 2>&1 &
    started+=($!)
    until_works 60 curl -sS "http://127.0.0.1:$port/"
    loads dbos "http://127.0.0.1:$port"
}

holdpoint
stop
restate
stop
dbos
