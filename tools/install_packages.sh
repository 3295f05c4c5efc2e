#!/usr/bin/env bash
# Installs the Debian packages of the named groups (tools/packages.txt) that are missing; silent when none is.
# Usage: tools/install_packages.sh [build] [test] [check] [coverage]
set -euo pipefail
list="$(dirname "$0")/packages.txt"
[ $# -gt 0 ] || set -- build

wanted=()
for group in "$@"; do
    mapfile -t packages < <(awk -v group="$group" '$1 == group { print $2 }' "$list")
    if [ ${#packages[@]} -eq 0 ]; then
        echo "install_packages.sh: no group '$group' in $list (there are: $(awk '!/^#/ && NF { print $1 }' "$list" | sort -u | tr '\n' ' '))" >&2
        exit 2
    fi
    wanted+=("${packages[@]}")
done

if ! command -v dpkg-query >/dev/null; then
    echo "install_packages.sh: this is not a Debian system. Install these with your package manager, then go on: ${wanted[*]}" >&2
    exit 1
fi

missing=()
for package in "${wanted[@]}"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "install_packages.sh: packages are missing and this user is not root and has no sudo. As root, run:" >&2
        echo "    apt-get install --no-install-recommends ${missing[*]}" >&2
        exit 1
    fi
    as_root=(sudo)
fi
echo "Installing ${#missing[@]} Debian packages: ${missing[*]}"
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
