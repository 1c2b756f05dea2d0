# SPDX-License-Identifier: MIT
"""`replay`: a task's process again, in the operator's terminal, with all that it had."""
import json
import os
import shutil
import unittest

from harness import Case, job

HOSTILE = "a b;$(touch pwned)\x01"


class Replay(Case):
    def submit(self, pool, task):
        return self.expect(0, "submit", pool, task).stdout.decode().strip()

    def command_pool(self):
        os.mkdir(f"{self.work}/sub")
        self.write("sub/show", 'echo "$PWD $GREET <$1> $LIFEGUARD_TASK_ID"; umask; exit 3\n')
        return job("c", ["sh", "show", "{}"], None, cwd="sub", env={"GREET": "hi"},
                   umask="0027")

    def test_a_command(self):
        self.start(self.command_pool())
        task = self.submit("c", HOSTILE)
        self.expect(1, "wait", task)
        done = self.expect(3, "replay", task)
        self.assertEqual(done.stdout.decode(), f"{self.work}/sub hi <{HOSTILE}> {task}\n0027\n")
        # What a script wants to see of it, without a process.
        plan = json.loads(self.expect(0, "replay", "--json", task).stdout)
        self.assertEqual(plan["argv"], ["sh", "show", HOSTILE])
        self.assertIn("GREET=hi", plan["env"])

    def test_input_is_the_task(self):
        self.start(job("i", ["cat"], None, input="stdin"))
        task = self.submit("i", "line one")
        self.expect(0, "wait", task)
        self.assertEqual(self.expect(0, "replay", task).stdout, b"line one\n")

    def test_a_worker_gets_this_task_alone(self):
        self.write("worker", """#!/bin/sh
printf 'READY\\n' >&3
while IFS='\t' read -r verb id try ms payload; do
  case $verb in
    INIT) printf 'STATUS\\t%s\\n' "$id" >&3 ;;
    TASK) printf 'OK\\t%s\\t<%s>\\n' "$id" "$payload" >&3 ;;
    QUIET|STOP) exit 0 ;;
  esac
done
""", 0o755)
        pool = job("w", ["./worker"], None, 1, mode="worker", init=["one", "two"])
        self.start(pool)
        task = self.submit("w", "x\ty")
        self.expect(0, "wait", task)
        self.assertEqual(self.expect(0, "replay", task).stdout.decode().splitlines(),
                         ["READY", "STATUS\tone\\ntwo", "OK\t1\t<x\\ty>"])

    @unittest.skipUnless(shutil.which("strace"), "no strace")
    def test_under_strace(self):
        self.start(self.command_pool())
        task = self.submit("c", "traced")
        self.expect(1, "wait", task)
        self.assertIn(b'"traced"', self.expect(3, "replay", "--strace", task).stderr)

    def test_nonsense(self):
        self.start(job("c", ["./nowhere", "{}"], None))
        task = self.submit("c", "a")
        self.expect(1, "wait", task)
        self.assertIn(b"exec ./nowhere", self.expect(1, "replay", task).stderr)
        self.assertIn(b"no task `zz`", self.expect(1, "replay", "zz").stderr)
        self.expect(2, "replay", "--gdb", "--strace", task)


if __name__ == "__main__":
    unittest.main()
