# SPDX-License-Identifier: MIT
"""cppcheck on src."""
import os
import shutil
import subprocess
import sys

import tree

# Each with its reason.
PASSED_OVER = (
    "missingIncludeSystem",      # libraries are not read
    "unmatchedSuppression",
    "normalCheckLevelMaxBranches",
    "constParameterCallback",    # callbacks have the signature that their caller wants
    "constParameterPointer",     # ... and so have most handlers
    "constVariablePointer",
    "variableScope",             # declarations stand at the head of a block
    "checkersReport",
)


def check(build):
    if not shutil.which("cppcheck"):
        return ["cppcheck is not installed"]
    command = ["cppcheck", "--quiet", "--std=c11", "--inline-suppr",
               "--enable=warning,performance,portability", "--error-exitcode=0",
               "-j", str(os.cpu_count()), "-D_GNU_SOURCE", '-DLIFEGUARD_VERSION="0"',
               "-DLIFEGUARD_PCRE2=1", "-Djson_array_foreach(a,i,v)=while((i=0,v=0,1))",
               "-Djson_object_foreach(o,k,v)=while((k=0,v=0,1))", "--template={file}:{line}: {severity}: {message} [{id}]",
               *["--suppress=" + each for each in PASSED_OVER], "-I", "src", "src"]
    done = subprocess.run(command, cwd=tree.ROOT, text=True, capture_output=True, check=False)
    findings = [line for line in done.stderr.splitlines() if "[" in line]
    if done.returncode:
        findings.append("cppcheck ended with %d" % done.returncode)
    return sorted(set(findings))


if __name__ == "__main__":
    tree.finish(check(sys.argv[1]))
