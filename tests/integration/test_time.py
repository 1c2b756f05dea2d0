# SPDX-License-Identifier: MIT
"""Time that plays tricks (faults.md K1 to K3, S5): a wall clock that is set, a machine that is
suspended or paused, a supervisor that is stopped, a machine that starves. Nothing but time stamps
may show it: no false hang, no false time-out, no restart. Clocks jump by a preloaded shim, so that
of all processes the supervisor alone sees it."""
import os
import re
import signal
import struct
import subprocess
import time
import unittest

from harness import PATIENCE, Case, job, service, wait_for

HOUR = 3600
YEAR = 365 * 24 * HOUR
LONG = os.environ.get("LIFEGUARD_LONG")
# Tells about itself several times a second.
BEAT = ("sd('READY=1')\nn = 0\n"
        "while True: n += 1; sd('WATCHDOG=1'); print(n); time.sleep(0.1)\n")
# Would be hung after three seconds of its own, and gives no sign by itself.
QUIET = "sd('READY=1')\ntime.sleep(100000)\n"


class Clocks(Case):
    def setUp(self):
        super().setUp()
        self.clock = f"{self.directory}/clock"
        self.jump()
        self.shim = {"LD_PRELOAD": os.environ["CLOCK_SHIM"], "CLOCK_SHIM_FILE": self.clock}

    def jump(self, wall=0.0, monotonic=0.0, boottime=0.0):
        """Seconds that the supervisor's clocks are ahead."""
        data = struct.pack("qqq", *(int(each * 1e9) for each in (wall, monotonic, boottime)))
        fd = os.open(self.clock, os.O_RDWR | os.O_CREAT, 0o600)
        os.pwrite(fd, data, 0)
        os.close(fd)

    def pools(self):
        """One of each clock that runs against a worker; each would run out within an hour."""
        quick = {"restart_backoff": {"initial": "300ms", "max": "300ms"}}
        return (
            service("beats", self.script("beat.py", BEAT), 3, ready={"notify": True},
                    hang={"heartbeat": "30s", "silence": "30s", "action": "restart"}, **quick),
            service("starts", self.script("slow.py", "time.sleep(100000)\n"),
                    ready={"notify": True, "timeout": "600s"}, **quick),
            service("plain", ["sleep", "100000"], 2, **quick),
            job("tasks", ["sleep", "100000"], {"list": ["a", "b"]}, timeout="600s"),
            service("deaf", self.deaf(), stop={"grace": "600s"}, **quick),
        )

    def begin(self):
        server = self.start(*self.pools(), env=self.shim, shutdown_timeout="3s")
        server.wait_state("beats", "busy", 3)
        server.wait_state("plain", "busy", 2)
        server.wait_state("tasks", "busy", 2)
        server.wait_line("deaf", "ignoring TERM")
        server.call("stop", target="deaf[1]")
        self.before = {pool: server.pids(pool) for pool in ("beats", "starts", "plain", "tasks",
                                                            "deaf")}
        return server

    def turns(self, server, count=10):
        """Lets the supervisor's loop go on for a while that it can't skip: beats come in."""
        def beats():
            return int(server.worker("beats", 1)["last_line"])
        first = beats()
        wait_for(lambda: beats() >= first + count, 15, "beats")

    def all_is_as_it_was(self, server):
        for kind in ("hung", "suspect", "timeout", "kill", "backoff", "held", "exited", "unkillable",
                     "task-failed", "task-retry"):
            self.assertEqual(server.events(kind), [], kind)
        for pool, pids in self.before.items():
            self.assertEqual(server.pids(pool), pids, pool)
        self.assertEqual(server.worker("starts", 1)["state"], "starting")
        self.assertEqual(server.worker("deaf", 1)["state"], "stopping")
        server.audit()


class WallClock(Clocks):
    def test_a_year_ahead_and_back(self):
        server = self.begin()
        for years in (1, -1, 0):
            self.jump(wall=years * YEAR)
            self.turns(server)
            self.all_is_as_it_was(server)
        self.assertEqual(server.events("stall"), [])

    def test_time_stamps_follow_and_events_keep_their_order(self):
        server = self.start(service("svc", ["sleep", "100000"]), env=self.shim)
        server.wait_state("svc", "busy", 1)
        for step, years in enumerate((1, -1, 20)): # the last one is beyond 2038
            self.jump(wall=years * YEAR)
            server.call("kill", target="svc[1]", signal="KILL")
            wait_for(lambda: server.worker("svc", 1)["generation"] == step + 2, 10, "the next life")
            wait_for(lambda: len(server.events("exited")) == step + 1, 10, "the exit")
            at = server.events("exited")[-1]["at"]
            self.assertAlmostEqual(at, time.time() + years * YEAR, delta=60)
        order = [event["seq"] for event in server.events()]
        self.assertEqual(order, sorted(order))


class Suspend(Clocks):
    def test_eight_hours_as_linux_counts_them(self):
        """CLOCK_MONOTONIC stands still while the machine sleeps, the others do not."""
        server = self.begin()
        self.jump(wall=8 * HOUR, boottime=8 * HOUR)
        self.turns(server)
        self.all_is_as_it_was(server)
        self.assertEqual(server.events("stall"), [])

    def test_eight_hours_of_a_paused_virtual_machine(self):
        """All clocks jump. The loop may be waiting or not."""
        server = self.begin()
        for times in range(1, 6):
            self.jump(times * 8 * HOUR, times * 8 * HOUR, times * 8 * HOUR)
            wait_for(lambda: len(server.events("stall")) >= times, 10, "the jump to be seen")
            self.turns(server, 3)
        self.all_is_as_it_was(server)
        self.assertEqual(len(server.events("stall")), 5)
        self.assertIn("28800", server.events("stall")[0]["text"])

    def test_small_jumps_that_a_wait_hides(self):
        """The pool's next date is far away: a jump of less than that is seen all the same."""
        server = self.start(service("svc", self.script("quiet.py", QUIET), ready={"notify": True},
                                    hang={"heartbeat": "40s", "action": "restart"}), env=self.shim)
        server.wait_state("svc", "busy", 1)
        pids = server.pids("svc")
        server.control.close() # nobody looks: the loop waits as long as it likes
        for times in range(1, 7):
            self.jump(monotonic=times * 9)
            time.sleep(1.5) # the length of a wait, not something waited for
        server.connect()
        self.assertEqual(server.events("hung"), [])
        self.assertEqual(server.events("suspect"), [])
        self.assertEqual(server.pids("svc"), pids)

    def test_what_hangs_is_found_after_its_own_time(self):
        server = self.start(service("svc", self.script("quiet.py", QUIET), ready={"notify": True},
                                    hang={"heartbeat": "3s", "action": "restart"}), env=self.shim)
        server.wait_state("svc", "busy", 1)
        self.jump(monotonic=HOUR)
        server.wait_event("stall")
        server.wait_event("hung", "svc")


class Stopped(Clocks):
    def test_supervisor_that_is_stopped_blames_nobody_and_loses_nothing(self):
        """S5: the workers go on, their pipes fill, nothing is lost."""
        span = 60 if LONG else 6
        count = ("import sys\nsd('READY=1')\nn = 0\n"
                 "while True:\n"
                 "    n += 1\n"
                 "    print(n, 'x' * 200)\n"
                 "    if n % 500 == 0: sd('WATCHDOG=1'); time.sleep(0.05)\n")
        server = self.start(
            service("counts", self.script("count.py", count), 2, ready={"notify": True},
                    hang={"heartbeat": "2s", "silence": "2s", "action": "restart"},
                    log={"max_size": "1G"}),
            job("tasks", ["sh", "-c", "sleep 0.2; echo {}"],
                {"list": [str(n) for n in range(60)]}, timeout="5s", results="out.jsonl"),
            service("starts", self.script("slow.py", "time.sleep(100000)\n"),
                    ready={"notify": True, "timeout": "5s"}))
        server.wait_state("counts", "busy", 2)
        pids = server.pids("counts")
        os.kill(server.pid, signal.SIGSTOP)
        time.sleep(span) # how long it stands still
        os.kill(server.pid, signal.SIGCONT)
        server.wait_event("stall")
        server.wait_done()
        for kind in ("hung", "timeout"):
            self.assertEqual(server.events(kind), [])
        self.assertEqual(server.pids("counts"), pids)
        self.assertEqual(sorted(int(each["task"]) for each in self.results("out.jsonl")),
                         list(range(60)))
        # The start that never gets ready has its five seconds all the same, and then no more.
        server.wait_event("exited", "starts", text="not ready in time")
        logs = f"{self.directory}/state/lifeguard/t/logs"
        server.call("stop", target="counts")
        server.wait_state("counts", "down", 2)
        for slot, pid in pids.items():
            with open(f"{logs}/counts.{slot}.{pid}.log", encoding="utf-8") as file:
                found = [int(match[1]) for line in file
                         if (match := re.search(r"(?:^|\s)(\d+) x{200}$", line.rstrip("\n")))]
            self.assertEqual(found, list(range(1, len(found) + 1)))
            self.assertGreater(len(found), 1000)

    def test_half_a_line_does_not_get_old_meanwhile(self):
        """W3 has ten seconds for the other half; they are the worker's own."""
        half = ("import os, time\nos.write(3, b'READY\\nOK\\t')\n"
                "print('half')\ntime.sleep(3)\nos.write(3, b'\\n')\ntime.sleep(100000)\n")
        server = self.start({"name": "w", "mode": "worker",
                             "command": self.script("half.py", half), "size": 1}, env=self.shim)
        server.wait_line("w", "half")
        self.jump(monotonic=HOUR)
        server.wait_event("stall")
        # The other half comes in its time, and is a breach of another kind then.
        server.wait_event("breach", "w")
        self.assertEqual(server.events("breach", "w")[0]["text"].count("half a line"), 0)


@unittest.skipUnless(os.path.exists("/proc/pressure/memory"), "no pressure stall information here")
class Starved(Case):
    MOUNT = ["unshare", *([] if os.getuid() == 0 else ["-Ur"]), "-m", "sh", "-c",
             'mount --bind "$0" /proc/pressure/memory && exec "$@"']

    def pressure(self, total):
        with open(f"{self.directory}/memory", "r+b" if total else "wb", buffering=0) as file:
            file.write(b"some avg10=0 avg60=0 avg300=0 total=0\n"
                       b"full avg10=0 avg60=0 avg300=0 total=%012d\n" % total)

    def setUp(self):
        super().setUp()
        self.pressure(0)
        path = f"{self.directory}/memory"
        if subprocess.run([*self.MOUNT, path, "true"], capture_output=True,
                          check=False).returncode:
            self.skipTest("a file can't be mounted over /proc/pressure/memory here")
        self.prefix = [*self.MOUNT, path]

    def test_signs_of_life_are_awaited_longer(self):
        """All that could run waits for memory, nearly always: the limit comes much later, and an
        event says so once."""
        server = self.start(service("svc", self.script("quiet.py", QUIET), ready={"notify": True},
                                    hang={"heartbeat": "4s", "action": "report"}),
                            prefix=self.prefix)
        server.wait_state("svc", "busy", 1)
        began, total = time.monotonic(), 0
        while time.monotonic() < began + 5 * PATIENCE:
            total += 1000000 # at least the whole of the time that has passed
            self.pressure(total)
            time.sleep(0.25)
            self.assertEqual(server.events("hung"), [])
        server.wait_event("hung", "svc") # the pressure is gone
        said = server.events("starved")
        self.assertEqual(len(said), 1, said)
        self.assertRegex(said[0]["text"], r"machine starved .*memory 100%.* shifted by \d+\.\ds")

    def test_quiet_machine_shifts_nothing(self):
        server = self.start(service("svc", self.script("quiet.py", QUIET), ready={"notify": True},
                                    hang={"heartbeat": "2s"}), prefix=self.prefix)
        server.wait_event("hung", "svc")


if __name__ == "__main__":
    unittest.main()
