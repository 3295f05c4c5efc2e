#!/usr/bin/env python3
"""House rules that a compiler does not check: banned calls with their replacement, lengths, marks.

Reads every tracked source file. Exit status 1 when a rule is broken. A line may be excused with `tidy: allow <why>`.
"""
import re
import subprocess
import sys
from pathlib import Path

FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70

# (what, in which files, except in which, what to do instead)
BANNED = [
    (r"\bsystem_clock::now\b", r"^(src|include)/.*\.[ch]pp$", r"^src/base/", "take the time from a Clock (base/clock.hpp) or as an argument"),
    (r"\bsteady_clock\b", r"^(src|include)/.*\.[ch]pp$", r"^src/base/", "measure with Clock::monotonic() (base/clock.hpp)"),
    (r"\brandom_device\b|\bmt19937\b", r"^(src|include)/.*\.[ch]pp$", r"^src/base/", "draw from a Random (base/random.hpp)"),
    (r"\bsleep_for\b|\busleep\(|\bnanosleep\(", r"_test\.cpp$", r"^$", "wait for a condition with a deadline, or move a ManualClock"),
    (r"^\s*using namespace (?!std::(chrono_)?literals|std::chrono_literals)", r"\.hpp$", r"^$", "name what you use; a header must not open namespaces"),
    (r"\bassert\(", r"^src/.*\.[ch]pp$", r"^src/(sdk|testing|approvals)/", "HOLDPOINT_ASSERT stays on in release (base/assert.hpp)"),
    (r"\b(co_await|co_return|co_yield)\b", r"\.[ch]pp$", r"^$", "no coroutines: g++ 12 miscompiles them (docs/architecture.md)"),
    (r"\bstd::format\b", r"\.[ch]pp$", r"^$", "g++ 12 has no <format>: fmt::format"),
    (r"\b(TODO|FIXME|XXX)\b(?!\([\w.-]+\))", r"\.(hpp|cpp|py|sh|sql|md|yaml|txt)$", r"^tools/tidy", "finish it, or say who will: TODO(owner)"),
]
CODE = (".hpp", ".cpp", ".py", ".sh", ".sql", ".js", ".cmake")


def banned_calls(path, lines):
    rules = [(re.compile(what), instead) for what, where, but, instead in BANNED if re.search(where, path) and not re.search(but, path)]
    for number, line in enumerate(lines, 1):
        if "tidy: allow " in line:
            continue
        for what, instead in rules:
            if found := what.search(line):
                yield f"{path}:{number}: {found.group(0).strip()}: {instead}"


def long_functions(path, lines):
    """Functions at namespace scope, told by a body that opens and closes in the first column (as clang-format writes it)."""
    start = None
    for number, line in enumerate(lines, 1):
        if start is None and line.endswith("{") and not line.startswith((" ", "}", "namespace", "struct", "class", "enum", "union", "extern", "#", "//")):
            start = number if "(" in line or line.startswith("{") else None
        elif line.startswith("}") and start is not None:
            if number - start - 1 > FUNCTION_LINES_MAX:
                yield f"{path}:{start}: function of {number - start - 1} lines (at most {FUNCTION_LINES_MAX}): split it"
            start = None


def header_form(path, lines):
    if not lines or not lines[0].startswith("// "):
        yield f"{path}:1: a header's first line says in one sentence what the file is for"
    if not any(line.strip() == "#pragma once" for line in lines[:10]):
        yield f"{path}:1: #pragma once is missing"


def types_in(lines):
    """The classes at the level of a namespace that has a name, with that name."""
    spaces = []
    for line in lines:
        if opened := re.match(r"namespace\s*([\w:]*)\s*\{", line):
            spaces.append(opened.group(1))
        elif line.startswith("}") and "namespace" in line and spaces:
            spaces.pop()
        elif spaces and all(spaces):
            if found := re.match(r"(?:struct|class|union)\s+(\w+)\s*(?:final\s*)?(?::[^:].*|\{.*)$", line):
                yield "::".join([*spaces, found.group(1)])


def types_of_one_name(texts):
    """A program may link all of src, and of two types of one name it gets one's functions for both, without a word."""
    found = {}
    for path, text in texts.items():
        for name in types_in(text.splitlines()):
            found.setdefault(name, []).append(path)
    for name, paths in found.items():
        if len(paths) > 1:
            yield f"{paths[1]}: {name} is in {paths[0]}, too: a program with both takes one for the other"


def check(path, text):
    lines = text.splitlines()
    complaints = list(banned_calls(path, lines))
    if path.endswith(CODE) and len(lines) > FILE_LINES_MAX:
        complaints.append(f"{path}: {len(lines)} lines (at most {FILE_LINES_MAX}): split it by what changes together")
    if path.endswith((".cpp", ".hpp")):
        complaints += long_functions(path, lines)
    if path.endswith(".hpp"):
        complaints += header_form(path, lines)
    return complaints


def main():
    root = Path(__file__).resolve().parent.parent
    names = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True).stdout.split("\0")
    complaints = []
    linked = {}
    for name in names:
        path = root / name
        if not name or not path.is_file() or "/vendor/" in name:
            continue
        if name.endswith(CODE + (".md", ".yaml", ".txt")):
            complaints += check(name, path.read_text())
        if re.match(r"(src|include)/.*\.[ch]pp$", name):
            linked[name] = path.read_text()
    complaints += types_of_one_name(linked)
    print("\n".join(complaints) if complaints else "tidy: ok")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
