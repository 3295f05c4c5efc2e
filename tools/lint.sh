#!/usr/bin/env bash
# clang-tidy over the sources that changed since they parted from BASE, or over all of them: lint.sh [BASE]. build/dev is configured.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ -n "${1:-}" ]; then
    sources() { git diff --name-only --diff-filter=d "$(git merge-base HEAD "$1")" -- 'src/*.cpp'; }
else
    sources() { git ls-files 'src/*.cpp'; }
fi
mapfile -t files < <(sources "$@" | grep -v '_test\.cpp$' || true)
[ ${#files[@]} -gt 0 ] || exit 0
# clang cannot read g++'s precompiled header, so its flags are left out.
mkdir -p build/lint
sed -E 's/ --param=[^ "]*//g; s/ -Winvalid-pch -include [^ "]*cmake_pch\.hxx//g; s/ -include [^ "]*cmake_pch\.hxx//g' build/dev/compile_commands.json >build/lint/compile_commands.json
printf '%s\n' "${files[@]}" | xargs -P "$(nproc)" -n 4 clang-tidy-19 -p build/lint --quiet
