# SPDX-License-Identifier: MIT
"""`wait`: for any, for all, for the first failure; whoever submitted the tasks."""
import json
import subprocess
import unittest

from harness import PATIENCE, PROGRAM, Case, job, wait_for


class Waiting(Case):
    def setUp(self):
        super().setUp()
        # A task waits for a file of its own name; those that begin with "bad" fail.
        self.write("until", "#!/bin/sh\nwhile [ ! -e \"$1\" ]; do sleep 0.02; done\n"
                            "case $1 in bad*) exit 3 ;; *) echo \"saw $1\" ;; esac\n")
        self.server = self.start(job("jobs", ["sh", "until", "{}"], None, 4))

    def submit(self, *tasks):
        return self.expect(0, "submit", "jobs", *tasks).stdout.decode().split()

    def waiter(self, *words):
        return subprocess.Popen([PROGRAM, "-S", self.server.name, "wait", *words], cwd=self.work,
                                env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def end(self, process):
        """Exit status, lines, errors. A task that was final before it was asked for has no result
        any more, so that part is left out."""
        out, err = process.communicate(timeout=30 * PATIENCE)
        lines = sorted(line.partition(": saw")[0] for line in out.decode().splitlines())
        return process.returncode, lines, err.decode()

    def test_all(self):
        a, b = self.submit("a", "b")
        waiter = self.waiter(a, b)
        self.write("b", "")
        wait_for(lambda: self.server.status("jobs")["done"] == 1, 10, "b")
        self.assertIsNone(waiter.poll())
        self.write("a", "")
        self.assertEqual(self.end(waiter), (0, [f"{a} done", f"{b} done"], ""))
        # They are final now: told at once.
        self.assertEqual(self.end(self.waiter("--all", a, b))[:2],
                         (0, [f"{a} done", f"{b} done"]))

    def test_any(self):
        ids = self.submit("a", "never")
        waiter = self.waiter("--any", *ids)
        self.write("a", "")
        self.assertEqual(self.end(waiter)[:2], (0, [f"{ids[0]} done"]))
        self.expect(0, "cancel", ids[1])

    def test_first_failure(self):
        ids = self.submit("a", "bad", "never")
        waiter = self.waiter("--first-failure", *ids)
        self.write("a", "")
        wait_for(lambda: self.server.status("jobs")["done"] == 1, 10, "a")
        self.assertIsNone(waiter.poll())
        self.write("bad", "")
        status, lines, _ = self.end(waiter)
        self.assertEqual(status, 1)
        self.assertIn(f"{ids[1]} failed: exit 3", lines)
        self.expect(0, "cancel", ids[2])

    def test_json_and_nonsense(self):
        self.write("bad", "")
        failed, = self.submit("bad")
        done = self.expect(1, "wait", "--json", failed)
        self.assertEqual(json.loads(done.stdout)["state"], "failed")
        self.assertIn(b"no task `zz`", self.expect(1, "wait", failed, "zz").stderr)
        self.expect(2, "wait")
        self.expect(2, "wait", "--any", "--all", failed)

    def test_results_come_with_it(self):
        self.write("a", "")
        done = self.expect(0, "submit", "jobs", "--wait", "a")
        self.assertIn(b" done: saw a\n", done.stdout)

    def test_a_time_limit_of_its_own(self):
        done = self.expect(1, "submit", "jobs", "--wait", "--timeout", "0.2", "never")
        self.assertIn(b"time-out", done.stdout)

    def test_the_supervisor_goes(self):
        ids = self.submit("never")
        waiter = self.waiter(*ids)
        self.server.shutdown()
        # Before it was found, while it was asked, or while it was waited for.
        status, _, err = self.end(waiter)
        self.assertIn(status, (1, 4), err)
        self.assertIn("supervisor", err)


if __name__ == "__main__":
    unittest.main()
