# SPDX-License-Identifier: MIT
"""What workers print: kept under their PID, whole, in order, byte for byte, in bounded memory."""
import glob
import hashlib
import os
import pty
import random
import re
import signal
import subprocess
import threading
import time
import unittest

from harness import (PATIENCE, PROGRAM, SANITIZED, Case, Control, job, kill_and_wait, rss_of,
                     service, wait_for)

QUICK = {"min_uptime": "50ms"}
FAST = {"initial": "10ms", "max": "10ms"}
STAMP = re.compile(rb"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d{4} [oes][ +]")


class Logs(Case):
    def log_dir(self, name="t"):
        return f"{self.directory}/state/lifeguard/{name}/logs"

    def log_files(self, pool, slot=1, pid="*"):
        """The files of one slot or life, oldest bytes first."""
        found = glob.glob(f"{self.log_dir()}/{pool}.{slot}.{pid}.log*")
        return sorted(found, key=lambda path: -int(path.rpartition(".")[2])
                      if path.rpartition(".")[2].isdigit() else 0)

    def bytes_of(self, pool, slot=1, pid="*"):
        return b"".join(open(path, "rb").read() for path in self.log_files(pool, slot, pid))

    def lines_of(self, pool, slot=1, pid="*", stamped=True):
        """The workers' own lines without stamps."""
        lines = []
        for line in self.bytes_of(pool, slot, pid).split(b"\n"):
            if stamped and STAMP.match(line):
                if line[29:30] != b"s":
                    lines.append(line[31:])
            elif not stamped and not line.startswith(b"lifeguard: "):
                lines.append(line)
        return lines

    def ended(self, server, pool, slot=1):
        server.wait_state(pool, "down", 1)
        return next(event["pid"] for event in server.events("exited", pool)
                    if event["slot"] == slot)


class Files(Logs):
    def test_one_file_a_process(self):
        server = self.start(service("svc", ["sh", "-c", "echo I am $$; sleep 100000"], 2,
                                    ready=QUICK, restart_backoff=FAST))
        server.wait_line("svc", "I am")
        before = server.pids("svc")
        kill_and_wait(before[1])
        server.wait_state("svc", "busy", 2)
        server.wait_line("svc", "I am")
        names = {os.path.basename(path) for path in glob.glob(f"{self.log_dir()}/*")}
        after = server.pids("svc")
        self.assertEqual(names, {f"svc.1.{before[1]}.log", f"svc.1.{after[1]}.log",
                                 f"svc.2.{after[2]}.log"})
        for slot, pid in ((1, before[1]), (1, after[1]), (2, after[2])):
            self.assertEqual(self.lines_of("svc", slot, pid), [b"I am %d" % pid])
        text = self.bytes_of("svc", 1, before[1])
        self.assertIn(b"generation 1 started", text)
        self.assertIn(b"signal 9 (KILL)", text)
        self.assertEqual(os.stat(self.log_files("svc", 1, before[1])[0]).st_mode & 0o7, 0)

    def test_per_slot_and_per_pool(self):
        for per, name in (("slot", "svc.1.log"), ("pool", "svc.log")):
            server = self.start(service("svc", ["sh", "-c", "echo I am $$; sleep 100000"], 1,
                                        ready=QUICK, restart_backoff=FAST, log={"per": per}),
                                name=per)
            server.wait_line("svc", "I am")
            first = server.pids("svc")[1]
            kill_and_wait(first)
            wait_for(lambda: server.pids("svc").get(1, first) != first, 10, "the next life")
            server.wait_line("svc", f"I am {server.pids('svc')[1]}")
            with open(f"{self.log_dir(per)}/{name}", "rb") as file:
                text = file.read()
            self.assertIn(b"I am %d" % first, text)
            self.assertIn(b"I am %d" % server.pids("svc")[1], text)

    def test_one_log_for_all_mixes_neither_lines_nor_results(self):
        command = self.script("halves.py", "for i in range(50):\n"
                                           "    print(sys.argv[1], end='')\n"
                                           "    time.sleep(0.002)\n"
                                           "    print('-' + sys.argv[1])\n")
        names = [f"task{i}" for i in range(20)]
        server = self.start(job("j", command + ["{}"], {"list": names}, 4, log={"per": "pool"},
                                results="r.jsonl"), {"name": "stay", "mode": "command",
                                                     "command": ["true"]})
        server.wait_done(pool="j")
        for result in self.results("r.jsonl"):
            self.assertEqual(set(result["result"].split()),
                             {f"{result['task']}-{result['task']}"})
            self.assertEqual(len(result["result"].split()), 50)
        with open(f"{self.log_dir()}/j.log", "rb") as file:
            lines = [line[31:].decode() for line in file.read().splitlines() if line[29:30] == b"o"]
        self.assertEqual(sorted(lines), sorted(50 * [f"{name}-{name}" for name in names]))

    def test_rotation_under_load_loses_nothing(self):
        count = 60000
        command = self.script("flood.py", f"for i in range({count}):\n"
                                          "    sys.stdout.write(f'line {i:08} ' + 'x' * (i % 90)"
                                          " + chr(10))\n"
                                          "sys.stdout.flush()\n")
        command.remove("-u")
        server = self.start(service("svc", command, restart="never",
                                    log={"max_size": "64K", "keep": 1000}))
        pid = self.ended(server, "svc")
        files = self.log_files("svc", 1, pid)
        self.assertGreater(len(files), 20)
        self.assertLess(max(os.path.getsize(path) for path in files), 70000)
        self.assertEqual([int(line.split()[1]) for line in self.lines_of("svc", 1, pid)],
                         list(range(count)))

    def test_old_rotations_go(self):
        command = self.script("flood.py", "for i in range(20000): print(f'line {i:08}')\n")
        server = self.start(service("svc", command, restart="never",
                                    log={"max_size": "64K", "keep": 2}))
        pid = self.ended(server, "svc")
        self.assertEqual(len(self.log_files("svc", 1, pid)), 3)
        self.assertEqual(int(self.lines_of("svc", 1, pid)[-1].split()[1]), 19999)

    def test_old_lives_go(self):
        server = self.start(service("svc", ["sh", "-c", "echo life $LIFEGUARD_GENERATION; exit 1"],
                                    ready=QUICK, restart_backoff=FAST,
                                    crash_loop={"failures": 60, "window": "1s"},
                                    log={"keep_lives": 3}))
        wait_for(lambda: server.worker("svc", 1)["generation"] > 8, 20, "some lives")
        server.call("stop", target="svc")
        server.wait_state("svc", "down", 1)
        wait_for(lambda: len(self.log_files("svc")) <= 4, 10, "old lives to go")

    def test_last_words(self):
        command = self.script("last.py", "sys.stdout.write('first\\nand then')\n"
                                         "os.kill(os.getpid(), signal.SIGKILL)\n")
        server = self.start(service("svc", command, restart="never"))
        pid = self.ended(server, "svc")
        self.assertEqual(self.lines_of("svc", 1, pid)[:2], [b"first", b"and then"])
        self.assertIn("last words: and then", server.events("exited", "svc")[0]["text"])

    def test_much_said_just_before_the_end(self):
        command = self.script("burst.py", "data = b''.join(b'%07d\\n' % i for i in range(7000))\n"
                                          "os.write(1, data)\n"
                                          "os.kill(os.getpid(), signal.SIGKILL)\n")
        server = self.start(service("svc", command, restart="never"))
        pid = self.ended(server, "svc")
        self.assertEqual([int(line) for line in self.lines_of("svc", 1, pid)], list(range(7000)))

    def test_bytes_are_stored_as_they_are(self):
        data = b"".join(random.Random(5).randbytes(5000).replace(b"\n", b"") + b"\n"
                        for _ in range(200)) + b"\0\xff\x1b[31m\r\n"
        self.write("data", data)
        server = self.start(service("svc", ["cat", f"{self.work}/data"], restart="never",
                                    log={"timestamps": False}))
        pid = self.ended(server, "svc")
        self.assertEqual(b"\n".join(self.lines_of("svc", 1, pid, stamped=False)), data)

    def test_stderr_apart(self):
        server = self.start(service("svc", ["sh", "-c", "echo out; echo err >&2"], restart="never",
                                    log={"stderr": "separate"}))
        pid = self.ended(server, "svc")
        text = self.bytes_of("svc", 1, pid)
        self.assertRegex(text, rb"(?m)^\S+ o out$")
        self.assertRegex(text, rb"(?m)^\S+ e err$")

    def test_a_line_without_end_costs_no_memory(self):
        size = 64 << 20
        command = self.script("endless.py", f"block = b'x' * 65536\n"
                                            f"for i in range({size} // 65536):\n"
                                            f"    os.write(1, block)\n")
        server = self.start(service("svc", command, restart="never", autostart=False,
                                    log={"timestamps": False, "max_size": "200M"}))
        before = rss_of(server.pid)
        server.call("start", target="svc")
        most = 0

        def look():
            nonlocal most
            most = max(most, rss_of(server.pid))
            return server.worker("svc", 1)["state"] == "down" and server.events("exited", "svc")
        wait_for(look, 60, "64 MiB")
        # The ring holds 1 MiB of it, and there is the read buffer.
        self.assertLess(most - before, (8 << 20) * (4 if SANITIZED else 1))
        digest = hashlib.sha256()
        length = 0
        for path in self.log_files("svc"):
            with open(path, "rb") as file:
                for line in file:
                    if not line.startswith(b"lifeguard: "):
                        digest.update(line.rstrip(b"\n"))
                        length += len(line.rstrip(b"\n"))
        self.assertEqual(length, size)
        self.assertEqual(digest.hexdigest(), hashlib.sha256(b"x" * size).hexdigest())

    def test_flood_from_eight_starves_nobody(self):
        server = self.start(service("flood", ["yes", "flooding"], 8, ready=QUICK,
                                    log={"max_size": "256K", "keep": 1}),
                            service("calm", ["sh", "-c", "while sleep 0.1; do date +%s%N; done"],
                                    ready=QUICK))
        server.wait_state("flood", "busy", 8)
        before = rss_of(server.pid)
        slowest = 0.0
        seen = set()

        def look():
            nonlocal slowest
            begun = time.monotonic()
            server.status()
            slowest = max(slowest, time.monotonic() - begun)
            line = server.worker("calm", 1)["last_line"] or ""
            if line.isdigit():
                seen.add(line)
            return len(seen) > 15
        wait_for(look, 30, "the calm worker's lines")
        self.assertLess(slowest, 0.25 * 3 * PATIENCE)
        # Eight rings of 1 MiB fill up; nothing else grows.
        self.assertLess(rss_of(server.pid) - before, (24 << 20) * PATIENCE)

    def test_log_removed_or_moved_outside(self):
        server = self.start(service("svc", ["sh", "-c", "while sleep 0.05; do date +%s%N; done"],
                                    ready=QUICK))
        path = f"{self.log_dir()}/svc.1.{server.pids('svc')[1]}.log"
        wait_for(lambda: os.path.exists(path) and os.path.getsize(path) > 200, 10, "the log")
        os.rename(path, path + ".moved")
        wait_for(lambda: os.path.exists(path) and os.path.getsize(path) > 0, 15, "a new file")
        os.unlink(path)
        wait_for(lambda: os.path.exists(path) and os.path.getsize(path) > 0, 15, "another one")


class Verb(Logs):
    def begin(self):
        server = self.start(service("svc", ["sh", "-c", "seq 1 200; echo it is $LIFEGUARD_SLOT; "
                                                        "exec sleep 100000"], 2, ready=QUICK,
                                    restart_backoff=FAST))
        server.wait_line("svc", "it is")
        return server

    def texts(self, output):
        return [line[31:] for line in output.splitlines() if line[29:30] != b"s"]

    def test_tail(self):
        self.begin()
        self.assertEqual(self.texts(self.expect(0, "logs", "svc[1]", "-n", "3").stdout),
                         [b"199", b"200", b"it is 1"])
        both = self.expect(0, "logs", "svc", "-n", "2").stdout
        self.assertEqual(len(both.splitlines()), 2)
        self.assertEqual(len(self.expect(0, "logs", "*", "-n", "400").stdout.splitlines()), 400)
        self.expect(1, "logs", "svc[9]")
        self.expect(1, "logs", "nope")

    def test_grep_and_json(self):
        self.begin()
        found = self.texts(self.expect(0, "logs", "svc[2]", "--grep", "^1.9$").stdout)
        self.assertEqual(found, [b"109", b"119", b"129", b"139", b"149", b"159", b"169", b"179",
                                 b"189", b"199"])
        self.assertIn(b'"text":"it is 2"',
                      self.expect(0, "logs", "svc[2]", "-n", "1", "--json").stdout)
        self.expect(2, "logs", "svc", "--grep", "(")

    def test_slot_at_rest_whose_tasks_all_succeeded(self):
        server = self.start(job("j", ["echo", "said", "{}"], {"list": ["a"]}, 1),
                            service("stay", ["sleep", "100000"], ready=QUICK))
        server.wait_done(pool="j")
        wait_for(lambda: self.texts(self.expect(0, "logs", "j").stdout) == [b"said a"], 10, "it")
        self.assertEqual(self.expect(0, "logs", "j", "--previous").stdout, b"")

    def test_previous(self):
        server = self.begin()
        first = server.pids("svc")[1]
        kill_and_wait(first)
        wait_for(lambda: server.pids("svc").get(1, first) != first, 10, "the next life")
        server.wait_line("svc", "it is")
        previous = self.expect(0, "logs", "svc[1]", "--previous", "-n", "2").stdout
        self.assertIn(b"pid %d" % first, previous)
        self.assertIn(b"signal 9 (KILL)", previous)
        now = self.expect(0, "logs", "svc[1]", "-n", "500").stdout
        self.assertNotIn(b"pid %d" % first, now)

    def test_follow(self):
        command = self.script("count.py", "i = 0\nwhile True:\n    print(f'count {i}')\n"
                                          "    i += 1\n    time.sleep(0.002)\n")
        server = self.start(service("svc", command, ready=QUICK, restart_backoff=FAST,
                                    log={"max_size": "64K", "keep": 3}))
        server.wait_line("svc", "count")
        follower = subprocess.Popen([PROGRAM, "logs", "svc[1]", "-f", "-n", "5"], env=self.env,
                                    stdout=subprocess.PIPE)
        numbers = []
        # Long enough for the file to be rotated meanwhile.
        while len(numbers) < 3000:
            line = follower.stdout.readline()
            if b" o count " in line:
                numbers.append(int(line.split()[-1]))
            self.assertNotIn(b"came faster", line)
        self.assertEqual(numbers, list(range(numbers[0], numbers[0] + 3000)))
        # It goes on with the next life.
        kill_and_wait(server.pids("svc")[1])
        while b"count 0" not in (line := follower.stdout.readline()):
            self.assertTrue(line)
        follower.send_signal(signal.SIGINT)
        follower.stdout.close()
        self.assertIn(follower.wait(10), (0, 130, -signal.SIGINT))

    def log_view(self, server, target, last, **arguments):
        """Numbers of the lines that a viewer gets until the last one, and how many it missed."""
        viewer = Control(server.socket_path)
        self.addCleanup(viewer.close)
        viewer.call("subscribe", view="log", target=target, **arguments)
        numbers, skipped = [], []
        while not numbers or numbers[-1] != last:
            message = viewer.messages.pop(0) if viewer.messages else viewer.receive()
            if message.get("view") != "log":
                continue
            skipped.append(message["skipped"])
            numbers += [int(line[6].split()[0]) for line in message["lines"] if line[5] == "o"]
        return numbers, skipped

    def test_a_viewer_gets_the_newest_lines_whatever_their_length(self):
        command = self.script("long.py", "for i in range(2000):\n    print(i, 'x' * 200)\n"
                                         "sys.stdout.flush()\ntime.sleep(100000)\n")
        server = self.start(service("svc", command, ready=QUICK))
        server.wait_line("svc", "1999 ")
        numbers, _ = self.log_view(server, "svc[1]", 1999, tail=2000)
        self.assertEqual(numbers, list(range(numbers[0], 2000)))
        self.assertGreater(len(numbers), 200)
        self.assertEqual(self.log_view(server, "*", 1999, tail=3)[0], [1997, 1998, 1999])

    def test_a_viewer_of_a_flood_gets_its_end(self):
        command = self.script("flood.py", "while not os.path.exists('go'): time.sleep(0.01)\n"
                                          "for i in range(100000): print(i)\n"
                                          "sys.stdout.flush()\ntime.sleep(100000)\n")
        server = self.start(service("svc", command, ready=QUICK))
        server.wait_state("svc", "busy", 1)
        threading.Timer(0.3, self.write, ("go", "")).start()
        numbers, skipped = self.log_view(server, "svc", 99999, tail=0)
        self.assertEqual(numbers, sorted(set(numbers)))
        self.assertEqual(len(numbers) + sum(skipped), 100000)
        self.assertEqual(numbers[-200:], list(range(99800, 100000)))

    def test_control_bytes_reach_no_terminal(self):
        server = self.start(service("svc", ["sh", "-c", r"printf 'a\033]0;owned\007b\n'; "
                                                        "sleep 100000"], ready=QUICK))
        server.wait_line("svc", "owned")
        pid, fd = pty.fork()
        if pid == 0:
            os.execve(PROGRAM, [PROGRAM, "logs", "svc[1]"], {**self.env, "TERM": "xterm"})
        output = b""
        while True:
            try:
                block = os.read(fd, 65536)
            except OSError:
                break
            if not block:
                break
            output += block
        os.close(fd)
        os.waitpid(pid, 0)
        self.assertIn(b"owned", output)
        self.assertNotIn(b"\x1b]", output)
        self.assertNotIn(b"\x07", output)


if __name__ == "__main__":
    unittest.main()
