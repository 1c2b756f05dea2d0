# SPDX-License-Identifier: MIT
"""The top of the repository holds what it is meant to hold, and no file is a build's product."""
import re

import tree

ALLOWED = {"src", "config", "tests", "screenshots", "CMakeLists.txt", "README.md", "LICENSE"}
PRODUCTS = r".*\.(o|a|so|pyc|gcda|gcno|log|orig|rej|swp)$|(.*/)?core(\.\d+)?$|(.*/)?__pycache__/.*"


def check(names):
    findings = sorted({"%s: not at the top" % name.split("/")[0] for name in names
                       if name.split("/")[0] not in ALLOWED and not name.startswith(".")})
    findings += ["%s: made by a build or a tool" % name for name in names
                 if re.fullmatch(PRODUCTS, name)]
    return findings


if __name__ == "__main__":
    tree.finish(check(tree.tracked()))
