#!/usr/bin/env bash
# What every change must pass; `make check` runs it. Stops at the first thing that fails.
set -euo pipefail
cd "$(dirname "$0")/.."

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
echo "== templates"
python3 tests/conformance/make_template.py --check
tools/python_env.sh
build/venv/bin/python tools/check_template.py
for template in tests/conformance tests/clients examples/approvals_python examples/approvals_javascript; do
    build/venv/bin/python tools/check_template.py "$template/template.yaml"
done
echo "== build"
cmake --preset dev >/dev/null
cmake --build --preset dev
echo "== lint of changed files (in CI: by the last 50 commits; CHECK_BASE= lints all)"
[ -n "${CI:-}" ] && against=HEAD~50 || against=origin/main
base=${CHECK_BASE-$(git rev-parse -q --verify "$against" || true)}
if [ -n "$base" ]; then
    changed() { git diff --name-only --diff-filter=d "$(git merge-base HEAD "$base")" -- 'src/*.cpp'; }
else
    changed() { git ls-files 'src/*.cpp'; }
fi
mapfile -t files < <(changed | grep -v '_test\.cpp$' || true)
# clang cannot read g++'s precompiled header, so its flags are left out.
if [ ${#files[@]} -gt 0 ]; then
    mkdir -p build/lint
    sed -E 's/ -Winvalid-pch -include [^ "]*cmake_pch\.hxx//g; s/ -include [^ "]*cmake_pch\.hxx//g' build/dev/compile_commands.json >build/lint/compile_commands.json
    printf '%s\n' "${files[@]}" | xargs -P "$(nproc)" -n 4 clang-tidy-19 -p build/lint --quiet
fi
echo "== unit and property tests, and 200 simulated worlds"
ctest --preset dev -L 'unit|property|sim' -j "$(nproc)"
echo "check: ok"
