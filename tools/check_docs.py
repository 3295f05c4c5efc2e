#!/usr/bin/env python3
"""Checks the documentation: its examples are code that is compiled, its links lead somewhere, the tests that it names exist.

    check_docs.py [--write]     --write copies the examples from their sources into the pages

In docs/sdk/*.md each ```cpp block has a line `<!-- source: PATH#REGION -->` before it: the block is what stands between `// [REGION]` and
`// [/REGION]` in that file, without its common indentation. Each row of the tables of traps (docs/traps.md) and
threats (docs/security.md) names, in its last column, the tests that hold what it says: `Suite.Name` or `file.py::name`. Exit status 1 when a block differs, has no source, a relative link of README.md or docs/
names no file, or no heading of it, or a row names no test, or one that is nowhere.
"""
import re
import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"(?:<!-- source: (?P<path>[^#\s]+)#(?P<region>[\w-]+) -->\n)?```cpp\n(?P<code>.*?)```\n", re.DOTALL)
LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.*?)\s*$", re.MULTILINE)
FENCE = re.compile(r"```.*?```", re.DOTALL)
# Pages whose tables name the tests that hold what they say, and how the heads of those tables begin.
HELD_BY_TESTS = {"docs/traps.md": "| trap |", "docs/security.md": "| asset |"}
CPP_TEST = re.compile(r"^ *(?:TEST|TEST_F|TEST_P|RC_GTEST_PROP|RC_GTEST_FIXTURE_PROP)\(\s*(\w+),\s*(\w+)", re.MULTILINE)
PYTHON_TEST = re.compile(r"^ *def (test_\w+)", re.MULTILINE)
NAMED_TEST = re.compile(r"`(\w+\.\w+|[\w/]+\.py::\w+)`")


def region_of(text, region):
    """The lines of a region, or None when there is none."""
    found = re.search(rf"^[ \t]*// \[{re.escape(region)}\]\n(.*?)^[ \t]*// \[/{re.escape(region)}\]$", text, re.DOTALL | re.MULTILINE)
    return textwrap.dedent(found.group(1)) if found else None


def with_examples(root, page, text, complaints):
    """The page with each example as it is in its source."""

    def replaced(block):
        line = text.count("\n", 0, block.start()) + 1
        if block["path"] is None:
            complaints.append(f"{page}:{line}: this example names no source; `<!-- source: PATH#REGION -->` goes before it")
            return block[0]
        source = root / block["path"]
        code = region_of(source.read_text(), block["region"]) if source.is_file() else None
        if code is None:
            complaints.append(f"{page}:{line}: there is no region {block['region']} in {block['path']}")
            return block[0]
        if code != block["code"]:
            complaints.append(f"{page}:{line}: this example differs from {block['path']}#{block['region']}: tools/check_docs.py --write")
        return f"<!-- source: {block['path']}#{block['region']} -->\n```cpp\n{code}```\n"

    return BLOCK.sub(replaced, text)


def anchors_of(text):
    """The names that a page's headings can be linked by."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in HEADING.findall(FENCE.sub("", text))}


def broken_links(root, page, text):
    for link in LINK.findall(FENCE.sub("", text)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (root / page).parent / path if path else root / page
        if not target.exists():
            yield f"{page}: the link {link} leads nowhere"
        elif anchor and target.suffix == ".md" and anchor not in anchors_of(target.read_text()):
            yield f"{page}: {path or page} has no heading #{anchor}"


def tests_of(name, text):
    """The tests in a source file, as those pages name them."""
    if name.endswith(".py"):
        return {f"{name}::{test}" for test in PYTHON_TEST.findall(text)}
    return {f"{suite}.{test}" for suite, test in CPP_TEST.findall(text)}


def wrong_test_names(page, text, tests, head="| trap |"):
    """Of the tables that begin with `head`; a page may have others."""
    is_held = False
    for number, line in enumerate(text.splitlines(), 1):
        is_held = line.startswith(head) or (is_held and line.startswith("|"))
        if not is_held or line.startswith(("| ---", head)):
            continue
        named = NAMED_TEST.findall(line.rstrip(" |").rsplit(" | ", 1)[-1])
        if not named:
            yield f"{page}:{number}: this row names no test"
        yield from (f"{page}:{number}: there is no test {test}" for test in named if test not in tests)


def all_tests(root):
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "*_test.cpp", "*_test.py", "*/test_*.py"], cwd=root,
                            capture_output=True, text=True, check=True).stdout.split()
    return set().union(*(tests_of(name, (root / name).read_text()) for name in listed if (root / name).is_file()))


def main(arguments):
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "README.md", "docs", "examples", "src", "tests"], cwd=ROOT,
                            capture_output=True, text=True, check=True).stdout.split()
    complaints = []
    for page in (path for path in listed if path.endswith(".md")):
        text = (ROOT / page).read_text()
        if page.startswith("docs/sdk/"):
            differing = []
            fresh = with_examples(ROOT, page, text, differing)
            if "--write" in arguments and fresh != text:
                (ROOT / page).write_text(fresh)
                text, differing = fresh, [one for one in differing if "differs" not in one]
            complaints += differing
        complaints += broken_links(ROOT, page, text)
        if page in HELD_BY_TESTS:
            complaints += wrong_test_names(page, text, all_tests(ROOT), HELD_BY_TESTS[page])
    print("\n".join(complaints) if complaints else "docs: ok")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
