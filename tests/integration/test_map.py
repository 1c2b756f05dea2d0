# SPDX-License-Identifier: MIT
"""map's closing words: the line that runs the failures again runs just those, whatever the inputs
are made of."""
import os
import shutil
import subprocess
import unittest

from harness import PATIENCE, PROGRAM, Case

HEAD = b"run just those again:\n  "


class Rerun(Case):
    def setUp(self):
        super().setUp()
        # The line names the program "lifeguard".
        self.env["PATH"] = f"{self.work}:{self.env.get('PATH', os.defpath)}"
        self.env["TMPDIR"] = self.work
        os.symlink(PROGRAM, f"{self.work}/lifeguard")
        # Notes its arguments, each ended by NUL and all by a newline and NUL, and fails.
        self.script_path = f"{self.work}/note"
        self.write("note", "#!/bin/sh\nprintf '%s\\0' \"$@\" '\n' >>noted\nexit 1\n")
        os.chmod(self.script_path, 0o755)

    def noted(self):
        with open(f"{self.work}/noted", "rb") as file:
            runs = file.read().split(b"\n\0")
        os.unlink(f"{self.work}/noted")
        return sorted(run.rstrip(b"\0").split(b"\0") for run in runs if run)

    def fails_again(self, *words, status, stdin=b""):
        """What the failures and then the copied line ran with; the line itself."""
        done = self.run_cli("map", *words, stdin=stdin)
        self.assertEqual(done.returncode, status, done.stderr[-2000:])
        first = self.noted()
        line = done.stderr.partition(HEAD)[2]
        self.assertEqual(line.count(b"\n"), 1, line)
        self.assertTrue(all(byte >= 32 or byte == 10 for byte in line), line)
        again = subprocess.run([shutil.which("bash") or "sh", "-c", line], cwd=self.work,
                               env=self.env, capture_output=True, check=False,
                               timeout=60 * PATIENCE)
        self.assertEqual(again.returncode, status, (line, again.stderr[-2000:]))
        self.assertEqual(self.noted(), first, line)
        return line

    def test_only_the_failures(self):
        done = self.run_cli("map", "-k", "sh", "-c", "test $1 != 2", "x", "{}", ":::", "1", "2")
        self.assertIn(b"x '{}' ::: 2\n", done.stderr.partition(HEAD)[2])

    def test_several_groups(self):
        self.fails_again("./note", "{2}", "{1}", ":::", "a b", "c", ":::", "x", "", status=4)

    def test_columns(self):
        self.fails_again("--colsep", ",", "./note", "{2}", "{1}", ":::", "a,b", "c,d e", "f",
                         status=3)

    def test_groups_of_inputs(self):
        line = self.fails_again("-n", "2", "-j", "1", "./note", ":::", "1", "2", "3", status=2)
        self.assertIn(b"::: 1 2 3", line)

    @unittest.skipUnless(shutil.which("bash"), "control bytes are written as bash reads them")
    def test_hostile_inputs(self):
        self.fails_again("./note", "{}", ":::", "a\nb", b"\xff\xfe", "\033[31mred", "-x", "",
                         "it's", "ü€", "back\\slash\t", "$(touch pwned)", status=9)
        self.assertFalse(os.path.exists(f"{self.work}/pwned"))

    def test_more_than_a_line_can_name(self):
        line = self.fails_again("-n", "2", "./note", stdin=b"".join(b"%d\n" % i
                                                                    for i in range(51)), status=26)
        self.assertIn(b"--arg-file", line)

    def test_inputs_that_end_in_nul(self):
        self.fails_again("-0", "./note", stdin=b"".join(b"%d\nx\0" % i for i in range(30)),
                         status=30)

    def test_input_that_looks_like_the_beginning_of_inputs(self):
        self.fails_again("./note", "{}", stdin=b":::\na\n", status=2)


if __name__ == "__main__":
    unittest.main()
