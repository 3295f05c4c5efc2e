#!/usr/bin/env bash
# run.sh TARGET SECONDS: replays a fuzz target's corpus, then tries new inputs for so long in all.
# New inputs of interest go to build/fuzz/corpus/TARGET, and what broke it to build/fuzz/found/TARGET-…
set -euo pipefail
target=$1 seconds=$2
cd "$(dirname "$0")/.."
program=${HOLDPOINT_BIN:-build/asan/bin}/fuzz_$target
[ -f "fuzz/$target.cpp" ] || { echo "no fuzz target '$target'; there are: $(cd fuzz && ls ./*.cpp | sed 's|./||; s|\.cpp||' | tr '\n' ' ')"; exit 1; }
[ -x "$program" ] || { echo "$program is not built: cmake --preset asan && cmake --build --preset asan --target fuzz_$target"; exit 1; }
mkdir -p "build/fuzz/corpus/$target" build/fuzz/found
dictionary=()
[ -f "fuzz/$target.dict" ] && dictionary=("-dict=fuzz/$target.dict")
# In CI a failure is of the change, not of luck.
seed=()
[ -n "${CI:-}" ] && seed=(-seed=1)
export LOG_LEVEL=FATAL ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1
exec "$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=4096 -print_final_stats=0 \
    -artifact_prefix="build/fuzz/found/$target-" "${seed[@]}" "${dictionary[@]}" "build/fuzz/corpus/$target" "fuzz/corpus/$target"
