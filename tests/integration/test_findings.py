# SPDX-License-Identifier: MIT
"""Every way to hang is found, and the finding says in words what it is; the evidence is taken before
the worker is ended, kept, and shown by `why` while it lives and when it is gone."""
import json
import os
import re
import subprocess
import time
import unittest

from harness import (PATIENCE, PROGRAM, PYTHON, Case, Control, pid_is_there, service,
                     wait_for)
from workers import PROTO

HANG = os.environ["HANG_WAYS"]
QUICK = {"min_uptime": "20ms"}
# way: (which limit finds it, what its finding must say). Where a shell or a C library may differ the
# words are left open; what is wrong, and with whom, is not.
WAYS = {
    "mutex": ("silence", r"thread \d+ \(hang_ways\) waits for a lock \(mutex at 0x\w+\) held by "
              r"thread \d+ \(hang_ways\), which waits for a lock .* held by .*: a deadlock"),
    "pipes": ("silence", r"waits to write into a full pipe \(fd \d+\), which pid \d+ \(hang_ways\) "
              r"should read, which waits to write into a full pipe .*: a deadlock"),
    "dead-holder": ("silence", r"waits for a lock .* whose holder, thread \d+, is gone"),
    "spin": ("spin", r"pid \d+ \(hang_ways\) spins in user code: (9\d|100)% of a CPU"),
    "sleep": ("silence", r"pid \d+ \(hang_ways\) sleeps for (99999|100000)s \(clock_nanosleep\)"),
    "stop": ("silence", r"is stopped by a signal \(state T\).*SIGCONT continues it"),
    "full-pipe": ("silence", r"waits to write into a full pipe \(fd \d+\), which pid \d+ "
                  r"\(hang_ways\) should read, which waits for a signal \(pause\)"),
    "zombie": ("silence", r"does not collect its children: 1 ended and are zombies, the first is "
               r"pid \d+ \(hang_ways\)"),
    "child": ("silence", r"waits for its child pid \d+ \(sleep\) to end \(wait4\), which sleeps "
              r"for \d+s"),
    "vfork": ("silence", r"waits for its child pid \d+ \(hang_ways\) to start a program or end "
              r"\(v?fork|clone"),
    "file-lock": ("silence", r"waits for a file lock \(fd \d+, .*\) held by pid \d+ \(hang_ways\), "
                  r"which waits for a signal"),
    "no-leader": ("silence", r"its main thread has ended; 1 other threads? go"),
}


def text_of(path):
    """The file's text, "" while it is not there."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""


class Ways(Case):
    def start_ways(self, names, **hang):
        return self.start(*(service(name, [HANG, name], ready=QUICK,
                                    stop={"grace": "1s"}, limits={"core": "0"},
                                    restart_backoff={"initial": "60s", "max": "60s"},
                                    hang={WAYS[name][0]: "1500ms", **hang}) for name in names))

    def findings(self, server, pool):
        """Those of the report that was taken when the pool's worker hung."""
        pid = server.wait_event("hung", pool, 30)[0]["pid"]
        path = f"{self.directory}/state/lifeguard/{server.name}/reports/{pool}.1.{pid}-hang.txt"
        text = wait_for(lambda: text_of(path), 10,
                        f"the report of {pool}")
        return pid, text, re.search(r"^Findings\n(.*?)\n\n", text, re.S | re.M)[1]

    def test_each_finding_is_right(self):
        server = self.start_ways(WAYS)
        for name, (limit, words) in WAYS.items():
            with self.subTest(way=name):
                _, text, found = self.findings(server, name)
                self.assertRegex(found, words)
                for section in ("Known to lifeguard", "Last lines", "Processes", "Threads of pid",
                                "Open files of pid", "Memory and signals", "Limits and I/O",
                                "Environment (names)"):
                    self.assertIn(section, text)
                self.assertIn("  ready\n", text) # its last words
                self.assertNotIn(f"HOME={self.directory}", text) # names, not values

    def test_evidence_comes_before_the_kill_and_outlives_the_worker(self):
        server = self.start_ways(["mutex", "child"], action="restart",
                                 evidence=["sh", "-c", "echo looks at {pid}; kill -0 {pid} && "
                                                       "echo it lives"])
        for name in ("mutex", "child"):
            pid, text, _ = self.findings(server, name)
            self.assertIn(f"looks at {pid}\n  it lives", text)
            server.wait_event("exited", name)
            kinds = [e["kind"] for e in server.events(pool=name) if e["pid"] == pid]
            self.assertLess(kinds.index("hung"), kinds.index("evidence"))
            self.assertLess(kinds.index("evidence"), kinds.index("exited"))
            wait_for(lambda pid=pid: not pid_is_there(pid), 10, "its end")
            told = self.client(server, "why", str(pid))
            self.assertIn("ended after", told)
            self.assertIn("\nFindings\n  1 ", told) # line by line
            self.assertIn("hang by lifeguard", told)
            self.assertIn(f"looks at {pid}", told)

    def client(self, server, *words):
        done = subprocess.run([PROGRAM, *words, "-S", server.name], env=self.env, text=True,
                              capture_output=True, timeout=60 * PATIENCE, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_an_evidence_program_that_hangs_is_ended(self):
        server = self.start_ways(["sleep"], action="restart", evidence=["sleep", "1000"])
        hung = server.wait_event("hung", "sleep")[0]["at"]
        exited = server.wait_event("exited", "sleep", 30)[0]["at"]
        self.assertGreater(exited - hung, 9) # its time limit is 10 s
        self.assertLess(exited - hung, 10 + 3 * PATIENCE)
        self.assertIn("ended after its time limit", self.findings(server, "sleep")[1])

    def test_why_asks_and_answers_while_it_lives(self):
        server = self.start(service("idle", self.script("idle.py", "print('here')\ntime.sleep(1e6)\n"),
                                    2, ready=QUICK))
        server.wait_line("idle", "here")
        pid = server.pids("idle")[2]
        for target in (str(pid), "idle[2]"):
            text = self.client(server, "why", target)
            self.assertRegex(text, rf"pid {pid} \(python3[.\d]*\) sleeps for \d+s")
        report = json.loads(self.client(server, "why", str(pid), "--json"))["report"]
        self.assertEqual((report["pool"], report["slot"], report["pid"]), ("idle", 2, pid))
        self.assertEqual(report["findings"][0]["kind"], "sleep")
        self.assertIn("pipe:[", self.client(server, "files", str(pid)))
        self.assertRegex(self.client(server, "stack", "idle[2]"), r"clock_nanosleep\(")
        self.assertIn("LIFEGUARD_SLOT=2", self.client(server, "env", "idle[2]"))
        self.assertEqual(server.refusal("why", target="idle")["code"], "usage")
        self.assertEqual(server.refusal("why", target="99999999")["code"], "gone")
        self.assertEqual(server.worker("idle", 2)["pid"], pid) # nothing was done to it

    def test_what_outlives_its_grace_leaves_evidence_before_the_kill(self):
        server = self.start(service("deaf", self.deaf(), ready=QUICK, stop={"grace": "500ms"}))
        server.wait_line("deaf", "ignoring TERM")
        pid = server.pids("deaf")[1]
        begun = time.monotonic()
        server.call("stop", target="deaf")
        server.wait_state("deaf", "down", 1)
        self.assertLess(time.monotonic() - begun, 1.5 * PATIENCE) # grace + 1 s
        text = self.client(server, "why", str(pid))
        self.assertIn("signal 9 (KILL)", text)
        self.assertRegex(text, r"sleeps for \d+s")

    def test_an_operators_kill_leaves_evidence(self):
        server = self.start(service("idle", self.script("idle.py", "print('x')\ntime.sleep(1e6)\n"),
                                    ready=QUICK, restart_backoff={"initial": "10ms"}))
        server.wait_line("idle", "x")
        pid = server.pids("idle")[1]
        # Of a younger one no evidence is taken.
        wait_for(lambda: server.worker("idle", 1)["age"] >= 3, 10, "it to be old enough")
        server.call("kill", target=str(pid), signal="KILL")
        server.wait_event("exited", "idle", text="killed by tester")
        self.assertRegex(self.client(server, "why", str(pid)), r"sleeps for \d+s")

    def test_a_cause_of_death_names_operator_and_terminal(self):
        server = self.start(service("idle", self.script("idle.py", "print('x')\ntime.sleep(1e6)\n"),
                                    ready=QUICK))
        server.wait_line("idle", "x")
        ana = Control(server.socket_path, user="ana", tty="pts/7")
        ana.call("kill", target="idle[1]", signal="KILL")
        ana.close()
        server.wait_event("exited", "idle", text="killed by ana on pts/7: signal 9 (KILL)")

    def test_a_late_task_leaves_evidence(self):
        server = self.start({"name": "late", "mode": "command", "command": ["sleep", "{}"],
                             "tasks": {"list": ["1000"]}, "timeout": "500ms"},
                            {"name": "stay", "mode": "command", "command": ["true"]})
        failed = server.wait_event("task-failed", "late")[0]
        path = f"{self.directory}/state/lifeguard/{server.name}/reports/"
        text = text_of(path + f"late.1.{failed['pid']}-time-out.txt")
        self.assertRegex(text, r"pid \d+ \(sleep\) sleeps for (1000|999)s")
        self.assertIn("task 1, attempt 1", text)


class Workers(Case):
    def setUp(self):
        super().setUp()
        self.write("proto.py", PROTO)

    def worker(self, name, text):
        return [PYTHON, "-u", "-S", self.write(name, "import sys\nsys.path.insert(0, "
                                               f"{self.work!r})\nfrom proto import *\n" + text)]

    def report(self, server, pool, slot):
        pid = wait_for(lambda: [e["pid"] for e in server.events("hung", pool)
                                if e["slot"] == slot], 30, f"a hang of {pool}[{slot}]")[0]
        path = f"{self.directory}/state/lifeguard/{server.name}/reports/{pool}.{slot}.{pid}-hang.txt"
        return wait_for(lambda: text_of(path), 10,
                        f"the report of {pool}[{slot}]")

    def test_lock_cycle_between_two_workers(self):
        command = self.worker("cycle.py", """
mine, other = ("a", "b") if os.environ["LIFEGUARD_SLOT"] == "1" else ("b", "a")
say("READY")
verb = line()
say("LOCK", mine)
line()
open("held." + mine, "w").close()
while not os.path.exists("held." + other):
    time.sleep(0.01)
say("LOCK", other)
line()
""")
        server = self.start({"name": "cycle", "mode": "worker", "command": command, "size": 2,
                             "batch": 1, "tasks": {"list": ["1", "2"]},
                             "hang": {"silence": "1500ms"}})
        for slot, mine, other in ((1, "a", "b"), (2, "b", "a")):
            self.assertRegex(self.report(server, "cycle", slot),
                             rf"waits for lock {other} held by cycle\[{3 - slot}\] pid \d+.*, which "
                             rf"waits for lock {mine} held by cycle\[{slot}\] pid \d+.*: a deadlock")

    def test_lock_held_by_a_stopped_worker(self):
        command = self.worker("gpu.py", """
say("READY")
line()
say("LOCK", "gpu")
line()
open("held", "a").write(os.environ["LIFEGUARD_SLOT"])
os.kill(os.getpid(), signal.SIGSTOP)
""")
        server = self.start({"name": "gpu", "mode": "worker", "command": command, "size": 2,
                             "batch": 1, "tasks": {"list": ["1", "2"]},
                             "hang": {"silence": "1500ms"}})
        holder = int(wait_for(lambda: text_of(f"{self.work}/held"), 15, "the lock"))
        self.assertRegex(self.report(server, "gpu", 3 - holder),
                         rf"waits for lock gpu held by gpu\[{holder}\] pid \d+, which is stopped")

    def test_livelock_with_heartbeats(self):
        command = self.script("alive.py", "print('up')\nwhile True:\n    sd('WATCHDOG=1')\n"
                                          "    time.sleep(0.1)\n")
        server = self.start(service("alive", command, ready=QUICK,
                                    hang={"heartbeat": "1s", "stall": "3s"}))
        self.assertRegex(self.report(server, "alive", 1),
                         r"its heartbeats go on, but there was no output, answer or progress for "
                         r"\d.*: a livelock")

    def test_a_shell_whose_child_computes_is_not_silent(self):
        server = self.start(service("sums", ["sh", "-c", "echo begun; while :; do :; done & wait"],
                                    ready=QUICK, hang={"silence": "1500ms"}),
                            cgroups="off")
        server.wait_line("sums", "begun")
        time.sleep(4) # more than twice the limit: its child is busy all the time
        self.assertEqual(server.events("hung"), [])


if __name__ == "__main__":
    unittest.main()
