#!/usr/bin/env bash
# What every change must pass; `make check` runs it. Stops at the first thing that fails.
set -euo pipefail
cd "$(dirname "$0")/.."

# Mostly waits for the network.
tools/python_env.sh &
environment=$!
echo "== format"
git ls-files '*.cpp' '*.hpp' | xargs clang-format-19 --dry-run -Werror
echo "== layers and house rules"
(cd tools && python3 -m unittest discover -q -p '*_test.py')
python3 tools/check_layers.py
python3 tools/tidy.py
echo "== documentation: its examples and links"
python3 tools/check_docs.py
echo "== public headers, each alone"
python3 tools/check_public_headers.py
echo "== reference of the public headers"
mkdir -p build/docs && doxygen docs/Doxyfile
echo "== build"
cmake --preset dev >/dev/null
cmake --build --preset dev
echo "== templates"
python3 tests/conformance/make_template.py --check
wait "$environment"
printf '%s\n' . tests/conformance tests/clients examples/approvals_{python,javascript} src/approvals/use_cases/*/ |
    xargs -P "$(nproc)" -I{} build/venv/bin/python tools/check_template.py {}/template.yaml
echo "== lint of changed files (in CI: by the last 5 commits)"
[ -n "${CI:-}" ] && against=HEAD~5 || against=origin/main
tools/lint.sh "${CHECK_BASE-$(git rev-parse -q --verify "$against" || [ -n "${CI:-}" ] || git rev-parse HEAD~1)}"
echo "== unit and property tests, and 200 simulated worlds"
# In CI `make test` comes next, and runs them anyway.
[ -n "${CI:-}" ] || ctest --preset dev -L 'unit|property|sim' -j "$(nproc)"
echo "check: ok"
