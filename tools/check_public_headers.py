#!/usr/bin/env python3
"""Compiles every public header alone, as C++20, with each compiler that authors of functions use, and looks at what it pulls in.

    check_public_headers.py [COMPILER...]     g++ and clang++-19 when none is named

A header may pull in the standard library, Boost.Describe and what that is written with. Exit status 1 when one does not
compile, warns, or pulls in more.
"""
import concurrent.futures
import functools
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMPILERS = ["g++", "clang++-19"]
FLAGS = ["-std=c++20", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror", "-fsyntax-only", "-H"]
# Boost.Describe, and what it is written with.
BOOST = re.compile(r"/boost/(describe|mp11|config|version)(/|\.hpp$)")
PULLED_IN = re.compile(r"^\.+ (.*)$", re.MULTILINE)


def pulled_in(messages):
    return {os.path.realpath(header) for header in PULLED_IN.findall(messages)}


def compile_with(compiler, source, folder=None):
    include = ["-I", str(folder)] if folder else []
    return subprocess.run([compiler, *FLAGS, *include, "-x", "c++", "-"], input=source, capture_output=True, text=True)


@functools.cache
def standard_library(compiler):
    """Every file that including the whole standard library pulls in."""
    return pulled_in(compile_with(compiler, "#include <bits/stdc++.h>\n").stderr)


def check(compiler, standard, folder, header):
    name = header.relative_to(folder).as_posix()
    # Twice: it must guard itself, too.
    done = compile_with(compiler, f"#include <{name}>\n#include <{name}>\n", folder)
    if done.returncode != 0:
        messages = "\n".join(line for line in done.stderr.splitlines() if not PULLED_IN.match(line))
        return [f"{name}: does not compile alone with {compiler}:\n{messages}"]
    more = {found for found in pulled_in(done.stderr) - standard if not found.startswith(f"{folder}/") and not BOOST.search(found)}
    return [f"{name}: pulls in {found}" for found in sorted(more)]


def check_folder(folder, compilers):
    """The complaints about the headers below `folder`."""
    headers = sorted(folder.rglob("*.hpp"))
    complaints = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for compiler in compilers:
            if shutil.which(compiler) is None:
                complaints.append(f"{compiler} is not installed: tools/install_packages.sh test")
                continue
            standard = standard_library(compiler)
            for found in pool.map(lambda header: check(compiler, standard, folder, header), headers):
                complaints += found
    return complaints


def main(compilers):
    complaints = check_folder(ROOT / "include", compilers or COMPILERS)
    print("\n".join(complaints) if complaints else "public headers: ok")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
