# SPDX-License-Identifier: MIT
"""clang-format changes nothing. One version only, because versions disagree."""
import os
import shutil
import subprocess

import tree

VERSION = "14"


def program():
    return shutil.which("clang-format-" + VERSION) or shutil.which("clang-format")


def check(paths):
    tool = program()
    if not tool:
        return ["clang-format-%s is not installed" % VERSION]
    version = subprocess.check_output([tool, "--version"], text=True)
    if " version %s." % VERSION not in version:
        return ["%s: version %s is wanted, this is: %s" % (tool, VERSION, version.strip())]
    done = subprocess.run([tool, "--dry-run", "-Werror", *paths], cwd=tree.ROOT, text=True,
                          capture_output=True, check=False)
    changed = sorted({line.split(":")[0] for line in done.stderr.splitlines()
                      if "[-Wclang-format-violations]" in line})
    if done.returncode and not changed:
        return [done.stderr.strip()]
    return ["%s: clang-format would change it" % os.path.relpath(path, tree.ROOT)
            if os.path.isabs(path) else "%s: clang-format would change it" % path
            for path in changed]


if __name__ == "__main__":
    tree.finish(check(tree.tracked(".c", ".h")))
