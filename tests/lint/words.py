# SPDX-License-Identifier: MIT
"""Every source begins with its licence; nothing is left undone in a comment; text speaks of the
project, not of those who wrote it or of their machines."""
import re

import tree

SOURCES = (".c", ".h", ".py", ".sh", ".pl")
UNDONE = r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b|not impl" r"emented|place" r"holder"
MACHINE = r"/home/\w+/|/tmp/build"
# File names that a user may well have, in examples and tests.
HARMLESS = r"/home/(ana|bob|user|x)/|X{6,}"


def head(name, text):
    first = text.splitlines()[:2]
    if name.startswith("config/examples/") or not first:
        return []  # to be copied freely; their first line is the interpreter
    wanted = "SPDX-License-Identifier: MIT"
    if name.endswith((".c", ".h")) and first[0] != "/* %s */" % wanted:
        return ["%s:1: the first line must be /* %s */" % (name, wanted)]
    if not any(wanted in line for line in first):
        return ["%s:1: the licence is missing: %s" % (name, wanted)]
    return []


def check_file(name, text):
    findings = head(name, text) if name.endswith(SOURCES) else []
    for number, line in enumerate(text.splitlines(), 1):
        where = "%s:%d" % (name, number)
        plain = re.sub(HARMLESS, "", line)
        if re.search(UNDONE, plain):
            findings.append("%s: unfinished: %s" % (where, line.strip()))
        if re.search(MACHINE, plain):
            findings.append("%s: not about the project: %s" % (where, line.strip()))
        if name.endswith(SOURCES) and line != line.rstrip():
            findings.append("%s: white space at the end" % where)
        if name.endswith((".c", ".h")) and "\t" in line:
            findings.append("%s: a tab" % where)
    if text and not text.endswith("\n") and name.endswith(SOURCES):
        findings.append("%s: no newline at the end" % name)
    return findings


if __name__ == "__main__":
    tree.finish([finding for name in tree.tracked()
                 if not name.endswith((".png", ".gif", ".bin", "lint/words.py")) and
                 "/fixtures/" not in name
                 for finding in check_file(name, tree.read(name))])
