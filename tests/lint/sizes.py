# SPDX-License-Identifier: MIT
"""Files of at most 500 lines of at most 100 columns; functions of at most 60 lines, half of them
under 15 and nine in ten under 40."""
import re
import statistics

import tree

MOST_LINES, MOST_COLUMNS, MOST_FUNCTION = 500, 100, 60
MEDIAN, NINE_IN_TEN = 15, 40


def functions(text):
    """(name, line, length in lines) of each function; the braces of functions stand at column 0."""
    lines = text.splitlines()
    found = []
    for start, line in enumerate(lines):
        if line != "{":
            continue
        head = ""
        for back in range(start - 1, max(start - 8, -1), -1):
            head = lines[back] + head
            if re.match(r"\w", lines[back]):
                break
        name = re.search(r"(\w+)\(", head)
        end = next((i for i in range(start, len(lines)) if lines[i] == "}"), None)
        if name and end:
            found.append((name.group(1), start + 1, end - start + 1))
    return found


def check_file(name, text):
    findings = []
    lines = text.splitlines()
    if len(lines) > MOST_LINES:
        findings.append("%s: %d lines" % (name, len(lines)))
    for number, line in enumerate(lines, 1):
        if len(line) > MOST_COLUMNS:
            findings.append("%s:%d: %d columns" % (name, number, len(line)))
    for function, line, length in functions(text):
        if length > MOST_FUNCTION:
            findings.append("%s:%d: %s has %d lines" % (name, line, function, length))
    return findings


def check_spread(lengths):
    lengths = sorted(lengths)
    findings = []
    if statistics.median(lengths) >= MEDIAN:
        findings.append("the median function has %d lines" % statistics.median(lengths))
    if lengths[len(lengths) * 9 // 10] >= NINE_IN_TEN:
        findings.append("one function in ten has %d lines or more"
                        % lengths[len(lengths) * 9 // 10])
    return findings


if __name__ == "__main__":
    FILES = {name: tree.read(name) for name in tree.tracked(".c", ".h")}
    FINDINGS = [finding for name, text in FILES.items() for finding in check_file(name, text)]
    FINDINGS += check_spread([length for name, text in FILES.items() if name.startswith("src/")
                              for _, _, length in functions(text)])
    tree.finish(FINDINGS)
