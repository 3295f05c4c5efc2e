# Sourced by demos, with the functions that they need as arguments: builds those, starts a server in a folder of its own, and ends
# both with the demo. Sets `holdpoint` and `data`, and the variables of `holdpoint env`.
preset=${PRESET:-release}
holdpoint=build/$preset/bin/holdpoint

tools/install_packages.sh build
[ -f build/$preset/build.ninja ] || cmake --preset "$preset" >/dev/null
cmake --build --preset "$preset" --target holdpoint "$@"

data=$(mktemp -d)
"$holdpoint" up --data "$data" --listen 127.0.0.1:0 >"$data/server.log" 2>&1 &
server=$!
finish() {
    local status=$?
    kill -TERM "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
    if [ "$status" -ne 0 ]; then
        echo "demo: failed; the end of the server's log:" >&2
        tail -n 40 "$data/server.log" >&2
    fi
    rm -rf "$data"
    exit "$status"
}
trap finish EXIT
eval "$("$holdpoint" env --data "$data" --wait 30)"

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
