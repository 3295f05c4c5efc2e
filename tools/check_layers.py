#!/usr/bin/env python3
"""Checks that every folder includes only what the table below allows (docs/architecture.md explains it).

A folder may include itself, what its row names, and what those may include in turn. An entry may be a folder, a
sub-folder ("approvals/domain") or one header ("store/store.hpp"). Exit status 1 when something is not allowed.
"""
import re
import sys
from collections import defaultdict
from pathlib import Path

ALLOWED = {
    "durable": [],
    "base": [],
    "wire": ["base"],
    "net": ["base"],
    "mail": ["net"],
    "core": ["wire"],
    "tables": ["wire"],
    "topics": ["wire"],
    "functions": ["wire"],
    "stacks": ["wire"],
    "identity": ["wire"],
    "store": ["core", "tables", "topics", "functions"],
    "engine": ["store/store.hpp", "store/log_store.hpp", "core", "tables", "topics", "functions", "net", "mail"],
    "api": ["engine", "identity", "stacks", "net", "wire"],
    "aws": ["net", "identity", "wire"],
    "sdk": ["durable", "aws", "net", "wire"],
    "testing": ["sdk", "core", "store"],
    "approvals": ["durable", "aws", "base"],
    "approvals/domain": ["durable", "base"],
    "approvals/repository": ["approvals/domain", "aws", "base"],
    "approvals/use_cases": ["approvals", "durable", "aws", "base"],
    "cli": ["aws", "approvals/domain", "approvals/repository", "stacks", "base"],
    # The executable `holdpoint` is the server with the commands linked in.
    "server": ["api", "store", "cli"],
    "examples": ["durable"],
    # Simulated worlds, at the repository's root: everything but server and cli.
    "sim": ["api", "engine", "store", "testing", "sdk", "approvals", "aws"],
    # Fuzz targets, at the root too: what reads bytes of others, and the services that take them.
    "fuzz": ["api", "engine", "store", "core", "tables", "topics", "stacks", "identity", "net", "wire", "approvals"],
}

# Library headers that only some folders may see: heavy ones, and those that would let a pure room touch the world.
LIBRARIES = {
    "sqlite3.h": ["store"],
    "yaml-cpp/": ["stacks"],
    "CLI/": ["cli", "server"],
    "boost/asio": ["net"],
    "boost/beast": ["net"],
    "openssl/": ["base", "net", "engine"],
    "minizip/": ["api"],
    "zstd.h": ["store"],
    "utf8proc.h": ["approvals"],
}
# Public headers may include the standard library and these.
PUBLIC_LIBRARIES = ("boost/describe",)

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def folder_of(path):
    """The row of ALLOWED that `path` ("core/decide.hpp", "durable/durable.hpp") belongs to, or None."""
    parts = path.split("/")
    for length in (2, 1):
        name = "/".join(parts[:length])
        if len(parts) > length and name in ALLOWED:
            return name
    return None


def reachable(folder):
    """Everything that `folder` may include: its row, and what that may include."""
    found, queue = set(), [folder]
    while queue:
        for entry in ALLOWED.get(queue.pop(), []):
            if entry not in found:
                found.add(entry)
                queue.append(entry)
    return found


def may_include(folder, target):
    allowed = reachable(folder) | {folder}
    return any(target == entry or target.startswith(entry + "/") for entry in allowed)


def is_standard(header):
    return "/" not in header and "." not in header


def check_file(path, text):
    """The complaints about one file; `path` is relative to src/ or include/."""
    folder = folder_of(path)
    if folder is None:
        return [f"{path}: no row in ALLOWED for this folder: add one to tools/check_layers.py and docs/architecture.md"]
    complaints = []
    is_test = path.endswith("_test.cpp")
    for bracket, header in INCLUDE.findall(text):
        target = folder_of(header)
        if target is not None:
            if not may_include(folder, header):
                complaints.append(f"{path}: {folder} may not include {header} (allowed: {', '.join(sorted(reachable(folder))) or 'nothing'})")
        elif bracket == '"' and (folder not in ("examples", "fuzz") or "/" in header):  # beside it, or the tests' own world
            complaints.append(f'{path}: "{header}" is not a path from src/')
        elif folder == "durable" and not is_standard(header) and not header.startswith(PUBLIC_LIBRARIES):
            complaints.append(f"{path}: public headers include the standard library and {', '.join(PUBLIC_LIBRARIES)} only, not <{header}>")
        elif not is_test:
            for prefix, folders in LIBRARIES.items():
                if header.startswith(prefix) and folder.split("/")[0] not in folders:
                    complaints.append(f"{path}: only {', '.join(folders)} may include <{header}>")
    return complaints


def find_cycle(edges):
    """A list of folders that include each other in a ring, or None."""
    state, stack = {}, []

    def visit(node):
        state[node] = "open"
        stack.append(node)
        for target in sorted(edges.get(node, ())):
            if state.get(target) == "open":
                return stack[stack.index(target):] + [target]
            if target not in state and (cycle := visit(target)):
                return cycle
        stack.pop()
        state[node] = "done"
        return None

    for node in sorted(edges):
        if node not in state and (cycle := visit(node)):
            return cycle
    return None


def check_tree(root):
    complaints, edges = [], defaultdict(set)
    for base in (root / "src", root / "include", root):
        folders = [base] if base != root else [root / "examples", root / "sim", root / "fuzz"]
        for folder in folders:
            for path in sorted(p for p in folder.rglob("*") if p.suffix in (".hpp", ".cpp", ".h")):
                relative = path.relative_to(base).as_posix()
                text = path.read_text()
                complaints += check_file(relative, text)
                source = (folder_of(relative) or relative).split("/")[0]
                for _, header in INCLUDE.findall(text):
                    target = (folder_of(header) or source).split("/")[0]
                    if target != source and not relative.endswith("_test.cpp"):
                        edges[source].add(target)
    if cycle := find_cycle(edges):
        complaints.append(f"folders include each other in a ring: {' -> '.join(cycle)}")
    return complaints


def main():
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent
    complaints = check_tree(root)
    print("\n".join(complaints) if complaints else "layers: ok")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
