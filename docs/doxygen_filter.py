#!/usr/bin/env python3
"""What Doxygen reads instead of a header: the same lines, with the house's `//` comments where it looks for comments.

The comment on a header's first lines is the file's, one after a declaration is that declaration's. What every class has (copy, move,
comparison) and the specialisations for void, which have what their templates have, need no words of their own.
"""
import re
import sys

AFTER = re.compile(r"^(\s+\S.*[;,\w}]) +// (?!NOLINT)(.*)$")
SPECIAL = re.compile(r"^\s+(explicit )?(\w+\((const )?\w+&&? \w+\)|\w+& operator=\(.*\)|\w+\(\)|~\w+\(\)|friend (bool|auto) operator\S+\(.*\))"
                     r"( noexcept)?( = default| = delete)?;$")
FOR_VOID = re.compile(r"^(class|struct) .*<void> \{")


def filtered(path, lines):
    described = []
    for_void = False
    for number, line in enumerate(lines):
        if line.startswith("//") and len(described) == number:
            described.append(line.removeprefix("//"))
        if line == "template <>":
            for_void = FOR_VOID.match(lines[number + 1]) is not None
        yield "" if for_void or SPECIAL.match(line) else AFTER.sub(r"\1  ///< \2", line)
        for_void = for_void and not (line.endswith("};") and not line.startswith(" "))
    # What is said of the header that everybody includes is the first page, too.
    for page in ["@file", "@mainpage notitle"] if path.endswith("durable/durable.hpp") else ["@file"]:
        yield from [f"/** {page}", *described, "*/"]


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as header:
        print("\n".join(filtered(sys.argv[1], header.read().splitlines())))
