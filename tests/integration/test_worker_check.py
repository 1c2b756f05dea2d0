# SPDX-License-Identifier: MIT
"""worker-check: the workers that people are to copy pass it, and each of many bad ones is told what
is wrong with it."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

from harness import PATIENCE, PROGRAM, PYTHON

EXAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../config/examples")

# A good worker in parts, so that a bad one differs in one of them.
GOOD = {
    "start": "",
    "ready": 'say(b"READY")',
    "ping": 'say(b"BEAT")',
    "work": "result = escape(unescape(fields[3]))",
    "answer": 'say(b"OK", fields[0], result)',
    "cancel": "pass",
    "unknown": "pass",
    "quiet": "sys.exit(0)",
    "stop": "sys.exit(0)",
    "end": "",
    "lines": "sys.stdin.buffer",
}
FRAME = r'''
import os, re, subprocess, sys, time
CODES = {b"\t": rb"\t", b"\n": rb"\n", b"\\": rb"\\", b"\0": rb"\0"}
BYTES = {code: byte for byte, code in CODES.items()}
def escape(data):
    if data in (b"", b"-"):
        return rb"\-" if data else b"-"
    return re.sub(rb"[\t\n\\\0]", lambda found: CODES[found[0]], data)
def unescape(field):
    return field[1:] if field in (b"-", rb"\-") else re.sub(rb"\\.", lambda f: BYTES[f[0]], field)
def write(data):
    while data:
        data = data[os.write(3, data):]
def say(*fields):
    write(b"\t".join(fields) + b"\n")
%(start)s
%(ready)s
for line in %(lines)s:
    verb, *fields = line.rstrip(b"\n").split(b"\t", 4)
    if verb == b"TASK":
        %(work)s
        %(answer)s
    elif verb == b"PING":
        %(ping)s
    elif verb == b"CANCEL":
        %(cancel)s
    elif verb == b"QUIET":
        %(quiet)s
    elif verb == b"STOP":
        %(stop)s
    else:
        %(unknown)s
%(end)s
'''


class WorkerCheck(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.directory)

    def run_check(self, *command, timeout=10, options=()):
        return subprocess.run([PROGRAM, "worker-check", "--timeout", f"{timeout * PATIENCE}s",
                               *options, *command], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=240, check=False)

    def worker(self, **parts):
        path = os.path.join(self.directory, "worker.py")
        with open(path, "w", encoding="utf-8") as file:
            file.write(FRAME % {**GOOD, **parts})
        return PYTHON, path

    def breaches(self, *command, timeout=10):
        """{check: the whole entry} of those that failed."""
        done = self.run_check(*command, timeout=timeout, options=["--json"])
        report = json.loads(done.stdout)
        found = {entry["check"]: entry for entry in report["checks"] if not entry["ok"]}
        self.assertEqual(report["ok"], not found)
        self.assertEqual(report["breaches"], len(found))
        self.assertEqual(done.returncode, 1 if found else 0)
        return found

    def check_breach(self, check, why, timeout=10, alone=True, **parts):
        """The check fails for that reason, and, if `alone`, no other does."""
        found = self.breaches(*self.worker(**parts), timeout=timeout)
        self.assertIn(check, found)
        self.assertIn(why, found[check]["why"])
        self.assertTrue(found[check]["do"])
        if alone:
            self.assertEqual(list(found), [check])
        return found[check]


class Examples(WorkerCheck):
    def check_passes(self, *command):
        done = self.run_check(*command, timeout=30)
        self.assertEqual((done.returncode, done.stderr), (0, b""), done.stdout.decode())
        lines = done.stdout.decode().splitlines()
        self.assertEqual(lines[-1], "19 checks, 0 breaches")
        for line in lines[:-1]:
            self.assertRegex(line, "^ok      ")
        return lines

    def example(self, name):
        return os.path.join(EXAMPLES, name)

    def test_shell(self):
        self.check_passes("sh", self.example("worker.sh"))

    @unittest.skipUnless(shutil.which("bash"), "no bash")
    def test_shell_that_is_bash(self):
        self.check_passes("bash", "--posix", self.example("worker.sh"))

    def test_python(self):
        self.check_passes(PYTHON, self.example("worker.py"))

    def test_python_module(self):
        self.check_passes(PYTHON, "-B", self.example("worker_task.py"))

    @unittest.skipUnless(shutil.which("node"), "no node")
    def test_node(self):
        self.check_passes("node", self.example("worker.js"))

    def test_c(self):
        lines = self.check_passes(os.environ["EXAMPLE_WORKER"])
        self.assertIn("ok      task: OK 1", lines)
        self.assertIn("ok      an empty payload: BURY not an integer", lines)

    def test_they_are_short(self):
        for name in ("worker.sh", "worker.py", "worker.js", "worker.c", "worker_task.py"):
            with open(self.example(name), encoding="utf-8") as file:
                self.assertLess(len(file.readlines()), 40, name)

    def test_they_agree(self):
        """Three languages get the same bytes out of every payload."""
        results = []
        for command in (("sh", self.example("worker.sh")), (PYTHON, self.example("worker.py")),
                        ("node", self.example("worker.js"))):
            if shutil.which(command[0]):
                done = self.run_check(*command, timeout=30, options=["--json"])
                report = json.loads(done.stdout)
                results.append([entry["detail"] for entry in report["checks"][2:]])
        self.assertGreaterEqual(len(results), 2)
        for other in results[1:]:
            self.assertEqual(other, results[0])

    def test_the_frame_of_the_bad_ones_is_good(self):
        self.assertEqual(self.breaches(*self.worker()), {})


class Bad(WorkerCheck):
    def test_ready_on_standard_output(self):
        self.check_breach("ready", '"READY" on standard output',
                          ready='print("READY", flush=True)')

    def test_never_ready(self):
        entry = self.check_breach("ready", "no READY within", timeout=1, ready="pass")
        self.assertEqual(entry["came"], "")

    def test_dead_at_start(self):
        entry = self.check_breach("ready", "no READY: it ended with status 3",
                                  start='sys.exit(print("no model", file=sys.stderr) or 3)')
        self.assertIn("no model", entry["log"])

    def test_killed(self):
        self.check_breach("cancel", "it was killed by signal KILL", cancel="os.kill(os.getpid(), 9)")

    def test_no_beat(self):
        self.check_breach("ping", "no BEAT within", timeout=2, ping="pass")

    def test_answers_twice(self):
        self.check_breach("task", "which it answered already", alone=False,
                          answer='say(b"OK", fields[0]); say(b"FAIL", fields[0], b"x")')

    def test_answers_after_cancel(self):
        self.check_breach("cancel", "which it answered already",
                          cancel='say(b"FAIL", fields[0], b"cancelled")')

    def test_answers_for_nobody(self):
        self.check_breach("task", "OK for task zzz, which it does not hold", alone=False,
                          answer='say(b"OK", b"zzz")')

    def test_progress_for_nobody(self):
        self.check_breach("task", "PROGRESS for task zzz", alone=False,
                          answer='say(b"PROGRESS", b"zzz", b"1", b"2")')

    def test_spaces(self):
        self.check_breach("task", "a TAB or the line's end must follow OK", alone=False,
                          answer='write(b"OK " + fields[0] + b"\\n")')

    def test_malformed(self):
        self.check_breach("task", "FAIL: the text is missing", alone=False,
                          answer='say(b"FAIL", fields[0])')

    def test_carriage_returns(self):
        self.check_breach("ready", "a TAB or the line's end must follow READY",
                          ready='write(b"READY\\r\\n")')

    def test_result_not_escaped(self):
        found = self.breaches(*self.worker(work="result = unescape(fields[3])"))
        self.assertIn('is no message of the protocol', found["TAB, newline, backslash"]["why"])
        self.assertIn("1 MiB of newlines", found)
        self.assertNotIn("task", found)

    def test_result_too_large(self):
        found = self.breaches(*self.worker(work='result = escape(unescape(fields[3]) + b"!")'))
        self.assertEqual(list(found), ["1 MiB of text", "1 MiB of newlines"])
        self.assertIn("more than 1 MiB", found["1 MiB of text"]["why"])

    def test_decodes_strictly(self):
        self.check_breach("invalid UTF-8", "it ended with status 1",
                          work="result = escape(unescape(fields[3]).decode().encode())")

    def test_no_empty_payloads(self):
        self.check_breach("an empty payload", "it ended with status 1",
                          work='result = escape(unescape(fields[3])); fields[3] == b"-" and 1 // 0')

    def test_reads_pieces_as_lines(self):
        self.check_breach("a line in two pieces", "", alone=False, timeout=3,
                          lines='iter(lambda: os.read(0, 4096), b"")')

    def test_short_lines_only(self):
        found = self.breaches(*self.worker(
            lines='iter(lambda: sys.stdin.buffer.readline(65536), b"")',
            work='line.endswith(b"\\n") or sys.exit(9); result = b"-"'))
        self.assertEqual(list(found), ["1 MiB of text", "1 MiB of newlines"])
        self.assertIn("it ended with status 9", found["1 MiB of text"]["why"])

    def test_dies_of_unknown_verbs(self):
        self.check_breach("unknown verbs", "it ended with status 1", unknown="1 // 0")

    def test_child_eats_tasks(self):
        self.check_breach("several in flight", "no answer to task", timeout=3, alone=False,
                          lines="iter(lambda: sys.stdin.buffer.raw.readline(), b'')",
                          work='result = b"-"; subprocess.run(["timeout", "0.1", "cat"], '
                               'stdout=subprocess.DEVNULL)')

    def test_child_talks_on_descriptor_3(self):
        entry = self.check_breach("task", '"progress: 10%" on descriptor 3', alone=False,
                                  work='result = b"-"; subprocess.run("echo progress: 10% >&3", '
                                       'shell=True, pass_fds=[3])')
        self.assertIn("3>&-", entry["do"])

    def test_child_outlives_it(self):
        self.check_breach("quiet", "a process that it started still holds descriptor 3",
                          quiet='subprocess.Popen(["sleep", "100"], pass_fds=[3]); sys.exit(0)')

    def test_closes_descriptor_3(self):
        self.check_breach("ping", "no BEAT: it closed descriptor 3", alone=False, timeout=2,
                          ping="os.close(3)")

    def test_half_a_line(self):
        self.check_breach("ping", "no BEAT: a line on descriptor 3 has no end", timeout=2,
                          alone=False, ping='write(b"BEAT")')

    def test_line_without_end(self):
        self.check_breach("task", "more than 2101248 bytes and no end", alone=False,
                          work='result = b"x" * 2200000')

    def test_supervisors_verbs(self):
        self.check_breach("task", "TASK, which only lifeguard says", alone=False,
                          answer='say(b"TASK", b"1", b"1", b"-", b"x")')

    def test_unlocks_what_it_does_not_hold(self):
        self.check_breach("task", "UNLOCK of gpu, which it does not hold", alone=False,
                          answer='say(b"UNLOCK", b"gpu")')

    def test_ignores_quiet(self):
        self.check_breach("quiet", "no exit after QUIET", timeout=2, quiet="pass")

    def test_drops_tasks_at_quiet(self):
        self.check_breach("quiet", "with a task that it had not answered",
                          answer='(fields[1] == b"3" and fields[2] == b"-" and os._exit(0), '
                                 'say(b"OK", fields[0], result))', alone=False)

    def test_status_at_quiet(self):
        self.check_breach("quiet", "it exited with status 7", quiet="sys.exit(7)")

    def test_ignores_stop(self):
        self.check_breach("stop", "no exit after STOP", timeout=2, stop="pass")

    def test_outlives_the_supervisor(self):
        self.check_breach("end of file", "no exit after the end of its standard input", timeout=2,
                          end="time.sleep(1000)")


class Words(WorkerCheck):
    def test_a_breach_in_words(self):
        done = self.run_check(*self.worker(ping='say(b"PONG")'))
        self.assertEqual(done.returncode, 1)
        text = done.stdout.decode()
        self.assertIn('BREACH  ping: "PONG" on descriptor 3 is no message of the protocol\n'
                      '          sent  PING\u240a\n'
                      '          came  PONG\u240a\n'
                      '          do    only messages', text)
        self.assertTrue(text.endswith("19 checks, 1 breach\n"), text)

    def test_foreign_bytes_are_harmless(self):
        done = self.run_check(*self.worker(ready='say(b"\\x1b]0;mine\\x07")'))
        self.assertEqual(done.returncode, 1)
        self.assertNotIn(b"\x1b", done.stdout)

    def test_needless_checks_are_not_made(self):
        done = self.run_check("cat", timeout=1)
        self.assertTrue(done.stdout.decode().endswith(
            "1 check, 1 breach; 18 more were not made, they need what failed\n"))
        found = self.breaches(*self.worker(answer="pass"), timeout=1)
        self.assertEqual(list(found), ["task"])

    def test_no_such_program(self):
        done = self.run_check("/no/such/worker")
        self.assertEqual((done.returncode, done.stdout), (1, b""))
        self.assertIn(b"/no/such/worker", done.stderr)

    def test_init_and_task(self):
        init = os.path.join(self.directory, "init")
        worker = self.worker(unknown=f'verb == b"INIT" and open({init!r}, "wb").write(fields[0])',
                             work="result = escape(unescape(fields[3]) * 2)")
        done = self.run_check(*worker, options=["--init", "model 7", "--task", "abc", "--json"])
        self.assertEqual(json.loads(done.stdout)["checks"][2]["detail"], "OK abcabc")
        with open(init, "rb") as file:
            self.assertEqual(file.read(), b"model 7")

    def test_shared_objects(self):
        """The module against the supervisor's own shared objects."""
        path = os.path.join(self.directory, "worker.py")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"import sys\nsys.path.insert(0, {EXAMPLES!r})\n"
                       "import lifeguard as lg\n"
                       "@lg.initializer\n"
                       "def start(model, size):\n"
                       "    global models\n"
                       "    models = [model, size]\n"
                       "@lg.task\n"
                       "def work(text: bytes):\n"
                       "    with lg.Lock('gpu') as lock, lg.Semaphore('db'):\n"
                       "        assert not lock.abandoned\n"
                       "        n = lg.Counter('n').add(2)\n"
                       "    d, l, v = lg.Dict('d'), lg.List('l'), lg.Value('v')\n"
                       "    d[text] = 'x\\ty'\n"
                       "    assert d[text] == d.get(text) == 'x\\ty' and text in d\n"
                       "    del d[text]\n"
                       "    assert text not in d and len(d) == 0 and d.get('k', 5) == 5\n"
                       "    l.push('a'); l.push('b')\n"
                       "    assert (len(l), l[0], l[-1], l.pop(), l.pop()) == (2, 'b', 'a', 'b', 'a')\n"
                       "    v.value = 1.5\n"
                       "    assert v.value == '1.5'\n"
                       "    try: lg.Lock('d').acquire()\n"
                       "    except lg.Denied: pass\n"
                       "    else: raise AssertionError('a dictionary was locked')\n"
                       "    lg.progress(1, 2, 'half'); lg.touch(5); lg.beat(); lg.status('busy')\n"
                       "    lg.put('next', ['a', 1])\n"
                       "    return models + [lg.current.attempt, n]\n"
                       "lg.run()\n")
        done = self.run_check(PYTHON, "-B", path, options=["--init", "m\n7", "--json"])
        report = json.loads(done.stdout)
        self.assertTrue(report["ok"], report)
        self.assertEqual(report["checks"][2]["detail"], 'OK ["m", "7", 1, 2]')
        self.assertEqual(report["checks"][8]["detail"][:16], 'OK ["m", "7", 1,')


if __name__ == "__main__":
    sys.stdout.flush()
    unittest.main(verbosity=2)
