# SPDX-License-Identifier: MIT
"""What the lints share: the repository's files, and how a finding is said."""
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def tracked(*suffixes, under=""):
    """Files of the repository (also new ones that are not ignored), as paths from its top."""
    command = ["git", "-c", "safe.directory=*", "-C", ROOT, "ls-files", "-z", "--cached", "--others",
               "--exclude-standard", under or "."]
    try:
        output = subprocess.check_output(command, stderr=subprocess.DEVNULL)
        names = [name for name in output.decode().split("\0") if name]
    except (OSError, subprocess.CalledProcessError):  # an unpacked archive
        names = [os.path.relpath(os.path.join(directory, file), ROOT)
                 for directory, _, files in os.walk(os.path.join(ROOT, under)) for file in files
                 if "/build" not in directory and "/.git" not in directory]
    return sorted(name for name in set(names)
                  if name.endswith(suffixes or ("",)) and os.path.isfile(os.path.join(ROOT, name)))


def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8", errors="replace") as file:
        return file.read()


def finish(findings):
    """Prints the findings and ends with the status that ctest reads."""
    for finding in findings:
        print(finding)
    print("%d findings" % len(findings))
    sys.exit(1 if findings else 0)
