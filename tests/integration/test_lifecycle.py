# SPDX-License-Identifier: MIT
"""Rows L and H of faults.md that no other file has: many deaths at once, a PID that comes back as a
stranger's, an operator's kill that meets the exit, what the kernel will not let go."""
import os
import signal
import subprocess
import time
import unittest

from harness import PATIENCE, PYTHON, Case, kill_and_wait, pid_is_there, pid_state, service, wait_for

QUICK = {"restart_backoff": {"initial": "10ms", "max": "10ms"}}


def zombies_of(parent):
    """PIDs of dead children that nobody has waited for."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat", "rb") as file:
                fields = file.read().rpartition(b")")[2].split()
            if fields[0] == b"Z" and int(fields[1]) == parent:
                found.append(int(entry))
        except OSError:
            continue
    return found


class Many(Case):
    def test_500_die_at_once(self):
        """L2: all are reaped within a second, all are replaced, nothing leaks."""
        server = self.start(service("svc", ["sleep", "100000"], 500, ready={"min_uptime": "10ms"},
                                    **QUICK), restart_limit=0)
        server.wait_state("svc", "busy", 500, 60)
        descriptors = server.descriptors()
        before = server.pids("svc")
        subprocess.run(["kill", "-9", *map(str, before.values())], check=True)
        died = time.monotonic()
        wait_for(lambda: not zombies_of(server.pid), 5, "all dead to be reaped")
        reaped = time.monotonic() - died
        # Half of the pool died young: one canary at a time, unless an operator starts it again.
        server.call("start", target="svc")
        server.wait_state("svc", "busy", 500, 60)
        self.assertFalse(set(before.values()) & set(server.pids("svc").values()))
        self.assertEqual({worker["generation"] for worker in server.workers("svc")}, {2})
        # Each slot keeps the log of the life before at hand, and no more.
        self.assertLessEqual(server.descriptors(), descriptors + 500 + 5)
        print(f"\n500 deaths reaped in {reaped:.2f} s", flush=True)
        self.assertLess(reaped, 1 * PATIENCE ** 2)

    def test_deaths_while_the_supervisor_sleeps(self):
        """L10: a hundred deaths make one SIGCHLD; each is found, the orphans' too."""
        fork = ("for n in range(10):\n"
                "    if os.fork() == 0:\n"
                "        if os.fork(): os._exit(0)\n" # the grandchild is the supervisor's now
                "        os.setsid(); time.sleep(1); os._exit(0)\n"
                "    os.wait()\n"
                "print('forked')\ntime.sleep(100000)\n")
        server = self.start(service("svc", self.script("fork.py", fork), 10,
                                    ready={"min_uptime": "10ms"}, **QUICK), restart_limit=0)
        server.wait_line("svc", "forked")
        pids = list(server.pids("svc").values())
        os.kill(server.pid, signal.SIGSTOP)
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        wait_for(lambda: len(zombies_of(server.pid)) >= 100, 15, "all to be dead")
        os.kill(server.pid, signal.SIGCONT)
        wait_for(lambda: not zombies_of(server.pid), 10, "all to be reaped")
        self.assertEqual(len(server.events("exited", "svc")), 10)


class Kill(Case):
    def test_operator_kill_races_exit(self):
        """L9: whoever comes first, there is one outcome and one event of each death."""
        server = self.start(service("svc", ["sh", "-c", "sleep 0.05; exit 3"], 4,
                                    ready={"min_uptime": "1ms"}, crash_loop={"failures": 1000000},
                                    **QUICK), service("canary", ["sleep", "100000"]),
                            restart_limit=0)
        sent = 0
        for turn in range(300):
            slot = turn % 4 + 1
            reply = server.control.request("kill", target=f"svc[{slot}]", signal="KILL")
            sent += reply["ok"]
            if turn % 20 == 0: # the breaker would leave one slot only
                server.call("start", target="svc")
        server.call("stop", target="svc")
        server.wait_state("svc", "down", 4)
        self.assertGreater(sent, 10)
        deaths = [(event["slot"], event["pid"]) for event in server.events("exited", "svc")]
        self.assertEqual(len(deaths), len(set(deaths)))
        starts = [(event["slot"], event["pid"]) for event in server.events("started", "svc")]
        self.assertEqual(sorted(starts), sorted(deaths))
        for event in server.events("exited", "svc"):
            self.assertRegex(event["text"], r"^(exit 3|killed by .*: signal 9|stopped by )")
        self.assertEqual(server.worker("canary", 1)["generation"], 1)


class Reuse(Case):
    def test_pid_that_is_somebody_elses_now(self):
        """L5: in a PID namespace a stranger gets the dead worker's number; nobody touches it."""
        inner = f"""
import os, signal, subprocess, sys, time
sys.path.insert(0, {os.path.dirname(os.path.abspath(__file__))!r})
from harness import Case, service, wait_for

class Inner(Case):
    def runTest(self):
        server = self.start(service("svc", ["sleep", "100000"], 2, stop={{"grace": "1s"}},
                                    ready={{"min_uptime": "10ms"}}, restart="never"))
        server.wait_state("svc", "busy", 2)
        old = server.pids("svc")[1]
        os.kill(old, signal.SIGKILL)
        server.wait_state("svc", "down", 1)
        for attempt in range(50):
            with open("/proc/sys/kernel/ns_last_pid", "w") as file:
                file.write(str(old - 1))
            stranger = subprocess.Popen(["sleep", "100000"], start_new_session=True)
            if stranger.pid == old:
                break
            stranger.kill()
            stranger.wait()
        self.assertEqual(stranger.pid, old)
        # All that an operator can do to the slot, and to the number.
        for cmd, target in (("kill", "svc[1]"), ("kill", old), ("stop", "svc[1]"), ("stop", old),
                            ("restart", old), ("start", "svc[1]"), ("kill", "svc[1]"),
                            ("stop", "svc")):
            server.control.request(cmd, target=target)
        server.wait_state("svc", "down", 2)
        server.shutdown()
        self.assertIsNone(stranger.poll())
        stranger.kill()
        stranger.wait()

import unittest
unittest.TextTestRunner(stream=sys.stdout).run(Inner()).wasSuccessful() or sys.exit(1)
"""
        words = ["unshare", *([] if os.getuid() == 0 else ["-Ur"]), "-pf", "--mount-proc"]
        try:
            able = subprocess.run([*words, "sh", "-c", "echo 300 > /proc/sys/kernel/ns_last_pid"],
                                  capture_output=True, check=False).returncode == 0
        except FileNotFoundError:
            able = False
        if not able:
            self.skipTest("no PID namespace whose last PID may be set")
        done = subprocess.run([*words, PYTHON, "-W", "ignore", self.write("inner.py", inner)],
                              capture_output=True, text=True, timeout=60 * PATIENCE, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


class Unkillable(Case):
    # Its child waits in open() between vfork and exec: until then it sleeps uninterruptibly.
    STUCK = ("os.mkfifo(f'fifo.{os.getpid()}')\nprint('about to sleep')\n"
             "os.posix_spawn('/bin/true', ['true'], os.environ, file_actions=[\n"
             "    (os.POSIX_SPAWN_OPEN, 5, f'fifo.{os.getpid()}', os.O_RDONLY, 0)])\n")

    def setUp(self):
        super().setUp()
        self.hold = f"{self.directory}/hold"
        self.env["KILL_SHIM_FILE"] = self.hold
        open(self.hold, "wb").close()

    def stuck(self):
        server = self.start(service("stuck", self.script("stuck.py", self.STUCK),
                                    stop={"grace": "200ms"}, ready={"min_uptime": "10ms"}, **QUICK),
                            service("well", ["sleep", "100000"]),
                            env={"LD_PRELOAD": os.environ["KILL_SHIM"]}, cgroups="off")
        server.wait_line("stuck", "about to sleep")
        pid = server.pids("stuck")[1]
        self.addCleanup(lambda: pid_is_there(pid) and kill_and_wait(pid))
        wait_for(lambda: pid_state(pid) == "D", 5, "the worker to sleep uninterruptibly")
        return server, pid

    def test_is_named_and_has_no_double(self):
        """H3: UNKILLABLE with what the kernel holds it in; no second process in its slot; when it
        goes at last, the slot goes on."""
        server, pid = self.stuck()
        server.call("restart", target="stuck[1]")
        event = server.wait_event("unkillable", "stuck")[0]
        self.assertRegex(event["text"], rf"UNKILLABLE: .*; pid {pid}, state D"
                                        r"( in \w+|, wait channel not known)$")
        worker = server.worker("stuck", 1)
        self.assertEqual((worker["pid"], worker["generation"]), (pid, 1))
        self.assertIn("unkillable", (worker["state"], worker["flag"]))
        server.call("start", target="stuck")
        self.assertEqual(server.pids("stuck"), {1: pid})
        self.assertEqual(len(server.events("started", "stuck")), 1)
        self.assertEqual(server.status("well")["live"], 1)
        os.unlink(self.hold)
        os.killpg(pid, signal.SIGKILL) # the one that it waits for, too
        wait_for(lambda: server.worker("stuck", 1)["generation"] == 2, 10, "the successor")

    def test_shutdown_does_not_wait_for_it(self):
        server, pid = self.stuck()
        began = time.monotonic()
        server.call("shutdown")
        self.assertTrue(pid_is_there(pid))
        self.assertEqual(server.wait_end(20), 0)
        print(f"\nshutdown with an unkillable worker took {time.monotonic() - began:.1f} s",
              flush=True)
        self.assertLess(time.monotonic() - began, (0.2 + 5 + 4) * PATIENCE)


if __name__ == "__main__":
    unittest.main()
