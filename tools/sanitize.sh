#!/usr/bin/env bash
# The unit and property tests under ASan+UBSan, then those of what has threads under TSan; `make sanitize` runs it. Builds the
# test programs alone, and runs each as a whole: what is built for nothing here costs as much as the tests.
set -euo pipefail
cd "$(dirname "$0")/.."

threaded='holdpoint_(base|net|store|engine|aws|testing)_(property_)?test'

# run PRESET PATTERN: builds and runs the test programs whose name matches.
run() {
    local preset=$1 pattern=$2
    cmake --preset "$preset" >/dev/null
    local programs
    mapfile -t programs < <(grep -xE "$pattern" "build/$preset/unit_tests.txt")
    echo "== $preset: ${programs[*]}"
    cmake --build --preset "$preset" --target "${programs[@]}"
    printf '%s\n' "${programs[@]}" | LOG_LEVEL=FATAL xargs -P "$(nproc)" -I{} tools/run_test.sh "build/$preset/tests/{}"
}

run asan '.*'
run tsan "${threaded// /|}"
echo "sanitize: ok"
