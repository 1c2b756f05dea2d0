# SPDX-License-Identifier: MIT
"""map beside GNU parallel: both run the same words on the same input, at the same time, each in a
directory of its own. Without --shell map passes words as `parallel -q` does; with it, as parallel
does."""
import os
import shutil
import subprocess
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor

from harness import PATIENCE, PROGRAM, Case

PEER = shutil.which("parallel")


def peer_version():
    if not PEER:
        return b""
    return subprocess.run([PEER, "--version"], capture_output=True, check=False, timeout=60,
                          stdin=subprocess.DEVNULL).stdout.partition(b"\n")[0]


MISSING = None if peer_version().startswith(b"GNU parallel") else \
    "GNU parallel is not installed (tests/run.sh installs it)"


@unittest.skipIf(MISSING, MISSING)
class Side(Case):
    """Both programs, each in a directory of its own, at the same time."""

    def setUp(self):
        super().setUp()
        # No citation notice; no profile of the user's.
        os.makedirs(f"{self.directory}/.parallel")
        open(f"{self.directory}/.parallel/will-cite", "w", encoding="ascii").close()
        self.env["SHELL"] = "/bin/sh"
        for side in ("theirs", "ours"):
            os.mkdir(f"{self.work}/{side}")

    def given(self, name, text, mode=0o644):
        for side in ("theirs", "ours"):
            self.write(f"{side}/{name}", text, mode)

    def begin(self, side, words, stdin):
        out, err = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        with tempfile.TemporaryFile() as source:
            source.write(stdin)
            source.seek(0)
            process = subprocess.Popen(words, stdin=source, stdout=out, stderr=err, env=self.env,
                                       cwd=f"{self.work}/{side}")
        return process, out, err

    def end(self, process, out, err):
        try:
            process.wait(60 * PATIENCE)
        finally:
            process.kill()
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read())
            file.close()
        return subprocess.CompletedProcess(process.args, process.returncode, *texts)

    def both(self, *words, stdin=b"", shell=False):
        """How each ended: theirs, ours."""
        runs = [self.begin("theirs", [PEER, *([] if shell else ["-q"]), *words], stdin),
                self.begin("ours", [PROGRAM, "map", *(["--shell"] if shell else []), *words],
                           stdin)]
        return [self.end(*run) for run in runs]

    def same(self, *words, status=0, output=None, ordered=None, errors=False, **how):
        """Both end with `status` and say the same (in any order but with -k and -j1); `output` is
        what must be said. Returns our side."""
        theirs, ours = self.both(*words, **how)
        said = [theirs.stdout, ours.stdout]
        if ordered is None:
            ordered = "-k" in words or "-j1" in words
        if not ordered:
            said = [sorted(text.splitlines(True)) for text in said]
        self.assertEqual(said[1], said[0], (words, theirs.stderr, ours.stderr))
        self.assertEqual((theirs.returncode, ours.returncode), (status, status),
                         (words, theirs.stderr, ours.stderr))
        if errors:
            self.assertEqual(ours.stderr, theirs.stderr, words)
        if output is not None:
            if not ordered:
                output = b"".join(sorted(output.splitlines(True)))
                said[1] = b"".join(said[1])
            self.assertEqual(said[1], output, words)
        return ours


    def together(self, *calls):
        """Some at a time: a peer that starts slowly leaves the machine idle."""
        with ThreadPoolExecutor(3) as threads:
            for done in [threads.submit(call) for call in calls]:
                done.result()

    def all_same(self, *cases, **how):
        """Each case: words, and maybe what makes it special."""
        def one(words, special=None):
            return lambda: self.same(*words, **{**how, **(special or {})})
        self.together(*(one(*case) for case in cases))
