# SPDX-License-Identifier: MIT
"""Trees of processes (faults.md L6, L7): five hundred in one pool, a quarter of them in sessions of
their own or daemons that let go of everything. However a worker ends, nothing of its tree is left,
with cgroups and without, and its successor does not start before."""
import os
import signal
import time
import unittest

from harness import PATIENCE, Case, job, pid_is_there, service, wait_for

SLOTS, EACH = 10, 50
# Each writes a line when it is up; the worker itself last. Kinds: in the worker's group; a session
# of its own; a daemon (double fork); a daemon that closed what it inherited.
TREE = """
size = int(sys.argv[1])
out = os.open("pids", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
ready, done = os.pipe()
kinds = ["group"] * 6 + ["session", "daemon"]

def note(kind):
    with open("/proc/self/stat") as file:
        start = file.read().rpartition(")")[2].split()[19]
    line = f"{os.environ['LIFEGUARD_SLOT']} {os.environ['LIFEGUARD_GENERATION']} {kind} " \\
           f"{os.getpid()} {start}"
    os.write(out, line.encode() + b"\\n")
    os.write(done, b".")

for n in range(size - 1):
    kind = kinds[n % len(kinds)]
    if os.fork():
        continue
    if kind != "group":
        os.setsid()
    if kind == "daemon" and os.fork():
        os._exit(0)
    if n % 3 == 0: # nothing of the worker's is held open
        null = os.open("/dev/null", os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(null, fd)
    if n % 2:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    note(kind)
    while True:
        time.sleep(1000)
for n in range(size - 1):
    os.read(ready, 1)
note("worker")
print("all up")
"""
STAYS = "while True: time.sleep(1000)\n"


class Trees(Case):
    TIER = "auto"

    def forest(self, slots=SLOTS, each=EACH, **keys):
        command = self.script("tree.py", TREE + STAYS) + [str(each)]
        server = self.start(service("svc", command, slots, ready={"min_uptime": "10ms"},
                                    restart_backoff={"initial": "10ms", "max": "10ms"},
                                    stop={"grace": "1s"}, **keys),
                            cgroups=self.TIER)
        wait_for(lambda: len(self.family()) == slots * each, 30, "all processes")
        self.addCleanup(self.clear)
        return server

    def family(self, generation=1, slot=None):
        """(PID, start) -> kind."""
        try:
            lines = self.read("pids").decode().split("\n")[:-1]
        except FileNotFoundError:
            return {}
        rows = [line.split() for line in lines]
        return {(int(row[3]), int(row[4])): row[2] for row in rows
                if int(row[1]) == generation and slot in (None, int(row[0]))}

    def living(self, family):
        left = {}
        for (pid, start), kind in family.items():
            try:
                with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
                    fields = file.read().rpartition(")")[2].split()
                if fields[0] not in "ZX" and int(fields[19]) == start:
                    left[pid] = kind
            except (FileNotFoundError, ProcessLookupError):
                continue
        return left

    def clear(self):
        for generation in range(1, 4):
            for pid in self.living(self.family(generation)):
                os.kill(pid, signal.SIGKILL)

    def all_gone(self, family, within):
        began = time.monotonic()
        try:
            wait_for(lambda: not self.living(family), within, "the end of the trees")
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.living(family)}") from None
        print(f"{len(family)} gone after {time.monotonic() - began:.2f} s", flush=True)

    def test_stop(self):
        server = self.forest()
        server.call("stop", target="svc")
        # Grace, then KILL; those that were orphaned meanwhile have two seconds at most.
        self.all_gone(self.family(), 5)
        server.wait_state("svc", "down", SLOTS)
        self.assertEqual(server.events("unkillable"), [])

    def test_kill(self):
        server = self.forest(4, 25)
        for slot in range(1, 5):
            server.call("kill", target=f"svc[{slot}]", signal="KILL")
        self.all_gone(self.family(), 5)
        wait_for(lambda: len(self.family(2)) == 100, 10, "the successors")

    def test_restart(self):
        server = self.forest(4, 25)
        server.call("restart", target="svc")
        self.all_gone(self.family(), 20)
        wait_for(lambda: len(self.family(2)) == 100, 20, "the successors")
        self.assertEqual(len(self.living(self.family(2))), 100)

    def test_shutdown_now(self):
        server = self.forest()
        server.call("shutdown", now=True)
        self.all_gone(self.family(), 5)
        self.assertEqual(server.wait_end(5), 0)

    def test_death_of_the_worker(self):
        """L6: the leader dies of itself; its successor waits until nothing of it is left."""
        server = self.forest(4, 25)
        for pid in server.pids().values():
            os.kill(pid, signal.SIGKILL)
        def successor_or_survivor():
            born = self.family(2)
            for slot in range(1, 5):
                if self.family(2, slot) and self.living(self.family(1, slot)):
                    raise AssertionError(f"slot {slot} began anew beside "
                                         f"{self.living(self.family(1, slot))}")
            return len(born) == 100
        wait_for(successor_or_survivor, 15, "the successors")

    def test_daemon_alone(self):
        """L7: the worker's whole work is a daemon; it is found when the worker ends."""
        text = TREE.replace('["group"] * 6 + ["session", "daemon"]', '["daemon"]')
        server = self.start(service("svc", self.script("daemons.py", text) + ["3"], 2,
                                    restart="never", ready={"min_uptime": "10ms"}),
                            cgroups=self.TIER)
        self.addCleanup(self.clear)
        wait_for(lambda: len(self.family()) == 6, 10, "the daemons")
        self.all_gone(self.family(), 5)
        server.wait_state("svc", "down", 2)

    def test_tasks(self):
        """A task's tree goes two seconds after the task."""
        server = self.start(job("tasks", self.script("tree.py", TREE) + ["10"],
                                {"list": ["a", "b"]}, results="out.jsonl"),
                            service("stays", ["sleep", "100000"]), cgroups=self.TIER)
        self.addCleanup(self.clear)
        wait_for(lambda: len(self.family(1)) == 20, 10, "the trees")
        self.all_gone(self.family(1), 8)
        server.wait_done(pool="tasks")
        self.assertEqual([each["exit"] for each in self.results("out.jsonl")], [0] * 2)


class WithoutCgroups(Trees):
    TIER = "off"


if __name__ == "__main__":
    unittest.main()
