# SPDX-License-Identifier: MIT
"""map by itself: the line that runs the failures again runs just those, whatever the inputs are made
of; interrupts; output that can't be written."""
import fcntl
import json
import os
import pty
import re
import shutil
import signal
import struct
import subprocess
import termios
import unittest

from harness import PATIENCE, PROGRAM, Case, wait_for

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
        self.fails_again("--colsep", ",", "-n", "2", "./note", ":::", "a,b", "c,d e", "f", "g",
                         "h,i", status=3)

    def test_linked_sources(self):
        line = self.fails_again("./note", "{2}", "{1}", ":::", "a b", "c", ":::+", "x", "",
                                ":::", "1", status=2)
        self.assertNotIn(b":::+", line)
        self.fails_again("-n", "2", "./note", ":::", "a", "b", "c", ":::", "1", status=2)

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

    def test_inputs_that_look_like_sources(self):
        for word in (b":::+", b"::::", b"::::+"):
            self.fails_again("./note", "{}", stdin=word + b"\na\n", status=2)


class Interrupts(Case):
    """Tasks note their begin and end."""
    SCRIPT = 'echo "begun $1" >>noted; until test -e go; do sleep 0.02; done; echo "done $1"'

    def begin(self, script=SCRIPT, inputs=5):
        server = self.spawn(["map", "-j2", "sh", "-c", script, "sh", ":::",
                             *(str(i) for i in range(inputs))], stdout=subprocess.PIPE)
        wait_for(lambda: self.count("noted") == 2, 10, "two tasks")
        return server

    def count(self, name):
        try:
            return len(self.read(name).splitlines())
        except FileNotFoundError:
            return 0

    def interrupt(self, server, number, said):
        server.process.send_signal(number)
        wait_for(lambda: said in self.read_error(server), 10, said)

    def test_the_first_waits_for_what_runs(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            server = self.begin()
            self.interrupt(server, number, "no more tasks are started")
            self.write("go", "")
            self.assertEqual(server.wait_end(), 130)
            self.assertEqual(sorted(server.process.stdout.read().splitlines()),
                             [b"done 0", b"done 1"])
            self.assertEqual(self.count("noted"), 2)
            self.assertIn("interrupted: 2", self.read_error(server))
            os.unlink(f"{self.work}/go")
            os.unlink(f"{self.work}/noted")

    def test_failures_are_named_all_the_same(self):
        server = self.begin(self.SCRIPT + "; exit 3")
        self.interrupt(server, signal.SIGINT, "no more tasks are started")
        self.write("go", "")
        self.assertEqual(server.wait_end(), 130)
        text = self.read_error(server)
        self.assertIn("interrupted: 2 of 5 tasks failed, 3 were not finished:", text)
        self.assertRegex(text, r"run just those again:\n  lifeguard map .* ::: [01] [01]\n")

    def test_the_second_ends_what_runs(self):
        server = self.begin("trap '' TERM INT; " + self.SCRIPT)
        self.interrupt(server, signal.SIGINT, "no more tasks are started")
        self.assertIsNone(server.process.poll())
        server.process.send_signal(signal.SIGINT)
        self.assertEqual(server.wait_end(10), 130)
        self.assertEqual(server.process.stdout.read(), b"")
        wait_for(self.no_process_left, 10, "the end of the tasks")

    def test_nothing_begins_after_an_interrupt_that_finds_tasks_to_retry(self):
        server = self.spawn(["map", "-j2", "--retries", "0", "sh", "-c", "echo x >>noted; exit 1",
                             ":::", *"abc"])
        wait_for(lambda: self.count("noted") > 5, 10, "some tries")
        self.interrupt(server, signal.SIGINT, "no more tasks are started")
        self.assertEqual(server.wait_end(), 130)


class Writing(Case):
    """Whoever reads is gone, or the disk is full: the run ends, and says so where it must."""

    def run_into(self, target, *words):
        with open(target, "wb") as out:
            server = self.spawn(["map", *words], stdout=out)
        return server.wait_end(), self.read_error(server)

    def endless(self):
        """More inputs than could be run in the time of the test."""
        return ["-j2", "sh", "-c", "echo x; sleep 0.02", ":::", *(str(i) for i in range(60000))]

    def test_a_reader_that_leaves(self):
        for words in (self.endless(), ["--dry-run", "echo", ":::", *["x" * 1000] * 1500]):
            server = self.spawn(["map", *words], stdout=subprocess.PIPE)
            self.assertTrue(server.process.stdout.readline())
            server.process.stdout.close()
            self.assertIn(server.wait_end(20), (128 + signal.SIGPIPE, -signal.SIGPIPE))
            self.assertEqual(self.read_error(server), "")
            wait_for(self.no_process_left, 10, "the end of the tasks")

    def test_a_full_disk(self):
        for words in (self.endless(), ["echo", ":::", "a"], ["--dry-run", "echo", ":::", "a"]):
            status, text = self.run_into("/dev/full", *words)
            self.assertEqual((status, text), (255, "lifeguard: standard output: No space left on "
                                              "device; the run was ended\n"))

    def test_closed_descriptors(self):
        def run(redirection, *words):
            return subprocess.run(["sh", "-c", f'exec "$0" "$@" {redirection}', PROGRAM, "map",
                                   *words], cwd=self.work, env=self.env, capture_output=True,
                                  input=b"from\nstdin\n", check=False, timeout=30 * PATIENCE)
        done = run(">&-", "echo", ":::", "a")
        self.assertEqual((done.returncode, done.stdout), (255, b""))
        self.assertIn(b"standard output: Bad file descriptor", done.stderr)
        done = run("2>&-", "echo", ":::", "a")
        self.assertEqual((done.returncode, done.stdout), (0, b"a\n"))
        done = run("<&-", "echo")
        self.assertEqual((done.returncode, done.stdout), (0, b""))
        done = run("<&- >&- 2>&-", "sh", "-c", "echo x >file; cat >>file", "sh", ":::", "a")
        self.assertEqual(done.returncode, 0)
        self.assertEqual(self.read("file"), b"x\n")

    def test_results_that_cannot_be_kept(self):
        os.mkdir(f"{self.work}/out")
        self.write("out/1", "a file where a directory should be")
        done = self.expect(255, "map", "-k", "--results", "out", "echo", ":::", "a", "b", "c")
        self.assertEqual(done.stdout, b"a\nb\nc\n")
        self.assertIn(b"--results, task 1: mkdir", done.stderr)
        self.assertIn(b"nor could files of 2 other tasks be written", done.stderr)
        self.expect(255, "map", "--results", "/dev/null/x", "echo", ":::", "a")

    def test_output_of_what_a_halt_cut_off(self):
        done = self.expect(1, "map", "-j2", "--halt", "now,fail=1", "sh", "-c",
                           'echo "in $1"; case $1 in f) until test -e go; do sleep 0.02; done; '
                           "exit 1;; *) touch go; sleep 1000;; esac", "sh", ":::", "f", "a")
        self.assertEqual(done.stdout, b"in f\n")


class Bar(Case):
    """On a terminal, with its output."""

    def terminal(self, columns, *words, **options):
        """Starts map there; what it has shown so far is in the bytes returned."""
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        os.set_blocking(ours, False)
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        process = subprocess.Popen([PROGRAM, "map", "--bar", *words], cwd=self.work, env=self.env,
                                   stderr=theirs, **{"stdin": subprocess.DEVNULL,
                                                     "stdout": theirs, **options})
        os.close(theirs)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.tty, self.shown = ours, b""
        return process

    def look(self):
        try:
            self.shown += os.read(self.tty, 1 << 16)
        except (BlockingIOError, OSError): # nothing now; nothing any more
            pass
        return self.shown

    def wait_shown(self, text):
        wait_for(lambda: re.search(text, self.look()), 15, text)

    def end(self, process, status=0):
        wait_for(lambda: (self.look(), process.poll())[1] is not None, 20, "the end")
        self.look()
        self.assertEqual(process.returncode, status, self.shown)

    def test_it_fits_into_any_width(self):
        for columns in (20, 40, 60, 200):
            process = self.terminal(columns, "-j2", "sh", "-c", "sleep 0.3; exit 1", "sh", ":::",
                                    *"abcdef")
            self.end(process, 6)
            bars = re.findall(rb"\r([^\r\n]*?)\033\[K", self.shown)
            self.assertTrue([bar for bar in bars if b"/6" in bar], bars)
            self.assertLess(max(len(bar) for bar in bars), columns)
            framed = [bar.startswith(b"[") for bar in bars if bar]
            self.assertTrue(all(framed) if columns >= 60 else columns == 40 or not any(framed),
                            bars)

    def test_output_without_a_newline_stays(self):
        process = self.terminal(80, "-k", "-j2", "sh", "-c", 'sleep 0.3; printf "<$1>"', "sh", ":::",
                                *"abcdef")
        self.end(process)
        for letter in b"abcdef":
            self.assertRegex(self.shown, rb"<%c>(\r\n|<|$)" % letter)

    def test_it_stays_while_output_goes_elsewhere(self):
        process = self.terminal(80, "-j2", "sh", "-c", "sleep 0.01; echo x", ":::",
                                *(str(i) for i in range(12000)), stdout=subprocess.DEVNULL)
        # Of all that will come, not of what is in the queue.
        self.wait_shown(rb" [1-9][0-9]*/12000  ")
        self.assertNotIn(b"\r\033[K", self.shown)
        for _ in range(2):
            process.send_signal(signal.SIGINT)
        self.end(process, 130)

    def test_nobody_knows_how_many_will_come(self):
        process = self.terminal(80, "echo", stdin=subprocess.PIPE)
        process.stdin.write(b"a\nb\n")
        process.stdin.flush()
        self.wait_shown(rb"\r2 of 2 so far")
        process.stdin.close()
        self.end(process)


class Compare(Case):
    def test_a_sample_twice(self):
        self.write("note", "#!/bin/sh\necho x >>ran\nsleep 0.05\n", 0o755)
        done = self.expect(0, "map", "--compare", "-j4", "./note", "{}",
                           stdin=b"".join(b"%d\n" % n for n in range(100)))
        self.assertIn(b"16 of 100 inputs, twice", done.stdout)
        self.assertRegex(done.stdout.decode(), r"speed-up \d+\.\d\d")
        self.assertIn(b"all 100 inputs would take about", done.stdout)
        self.assertEqual(self.read("ran").count(b"x"), 32)

    def test_as_json(self):
        done = json.loads(self.expect(0, "map", "--compare", "--json", "-j2", "sleep", ":::",
                                      "0.3", "0.3").stdout)
        self.assertEqual((done["sample"], done["one"]["slots"], done["many"]["slots"]), (2, 1, 2))
        self.assertGreater(done["one"]["wall"], 0.6)
        self.assertGreater(done["speedup"], 1.0)

    def test_failures_and_nothing(self):
        self.expect(2, "map", "--compare", "false", ":::", "a", "b")
        self.assertIn(b"no inputs", self.expect(255, "map", "--compare", "true").stderr)


class Persistent(Case):
    """map --worker: one process takes task after task."""

    def worker(self, work):
        self.write("worker", f"""#!/bin/sh
printf 'READY\\n' >&3
while IFS='\t' read -r verb id try ms payload; do
  case $verb in
    TASK) {work} ;;
    QUIET|STOP) exit 0 ;;
  esac
done
""")
        os.chmod(f"{self.work}/worker", 0o755)
        return f"{self.work}/worker"

    def test_results_are_the_output(self):
        worker = self.worker("printf 'OK\\t%s\\t%s\\n' $id $((payload * payload)) >&3")
        inputs = [b"%d" % n for n in range(1, 501)]
        done = self.run_cli("map", "-k", "-j2", "--worker", worker, stdin=b"\n".join(inputs))
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertEqual([int(line) for line in done.stdout.split()],
                         [n * n for n in range(1, 501)])
        pids = self.run_cli("map", "-j1", "--worker", self.worker(
            "printf 'OK\\t%s\\t%s\\n' $id $$ >&3"), ":::", "a", "b", "c").stdout.split()
        self.assertEqual(len(pids), 3)
        self.assertEqual(len(set(pids)), 1)

    def test_failures_are_told_with_their_reason(self):
        worker = self.worker("if [ $payload = b ]; then printf 'FAIL\\t%s\\tno %s\\n' $id $payload; "
                             "else printf 'OK\\t%s\\n' $id; fi >&3")
        done = self.run_cli("map", "--worker", worker, ":::", "a", "b", "c")
        # A result is a line, also when it is empty.
        self.assertEqual((done.returncode, done.stdout), (1, b"\n\n"))
        self.assertIn(b"  b: no b\n", done.stderr)
        self.assertIn(b"--worker", done.stderr.partition(HEAD)[2])

    def test_a_worker_that_never_works_ends_the_run(self):
        done = self.run_cli("map", "--worker", "./nowhere", ":::", "a", "b")
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"No such file or directory", done.stderr)
        done = self.run_cli("map", "-j1", "--worker", "false", ":::", "a", "b", "c")
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"no worker: exit 1", done.stderr)


if __name__ == "__main__":
    unittest.main()
