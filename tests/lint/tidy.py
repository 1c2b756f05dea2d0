# SPDX-License-Identifier: MIT
"""clang-tidy with the checks of .clang-tidy, on every file of src."""
import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import sys

import tree


def sources(build):
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        entries = json.load(file)
    prefix = os.path.join(tree.ROOT, "src") + "/"
    return sorted({entry["file"] for entry in entries if entry["file"].startswith(prefix)})


def check_file(build, path):
    done = subprocess.run(["clang-tidy", "--quiet", "-p", build,
                           "--extra-arg=-Wno-ignored-optimization-argument", path], text=True,
                          capture_output=True, check=False)
    findings = [line.replace(tree.ROOT + "/", "") for line in done.stdout.splitlines()
                if re.search(r": (warning|error): ", line)]
    if done.returncode and not findings:
        findings = ["%s: %s" % (path, done.stderr.strip()[-500:])]
    return findings


def check(build):
    if not shutil.which("clang-tidy"):
        return ["clang-tidy is not installed"]
    paths = sources(build)
    if not paths:
        return ["no sources in %s/compile_commands.json" % build]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(lambda path: check_file(build, path), paths)
    return sorted({finding for result in results for finding in result})


if __name__ == "__main__":
    tree.finish(check(sys.argv[1]))
