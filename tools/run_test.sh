#!/usr/bin/env bash
# run_test.sh PROGRAM: runs a test program; says one line when it passes, and everything when it does not.
output=$(timeout 900 "$1" --gtest_brief=1 2>&1)
status=$?
if [ "$status" -eq 0 ]; then
    echo "$(basename "$1"): $(tail -n 1 <<<"$output")"
    exit 0
fi
echo "$(basename "$1") FAILED ($status):"
echo "$output"
exit 255 # xargs stops here
