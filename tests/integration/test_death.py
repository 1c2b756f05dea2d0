# SPDX-License-Identifier: MIT
"""When supervisor or guardian die: no worker outlives them, daemons among them, and who is left
says so."""
import os
import shutil
import signal
import subprocess
import time
import unittest

from harness import PATIENCE, PROGRAM, Case, pid_is_there, service, wait_for

# After the death: one second is promised, the rest is for a busy machine.
PROMISE = 1 + 2
WORKERS = 64

# A worker that writes down the PID of everything that it leaves behind: by its slot a child, a
# child in a session of its own, a daemon (double fork), or a daemon without an environment.
FAMILY = """
def note(kind):
    path = f"pids/{os.environ.get('LIFEGUARD_SLOT', sys.argv[-1])}.{kind}.{os.getpid()}"
    open(path + "~", "w").write(str(os.getpid()))
    os.rename(path + "~", path)

def child(kind, session=False, twice=False, bare=False):
    if os.fork():
        return
    if session:
        os.setsid()
    if twice and os.fork():
        os._exit(0)
    if bare:
        os.execve("/usr/bin/python3", ["python3", "-S", sys.argv[0], "bare",
                                       os.environ["LIFEGUARD_SLOT"]], {})
    note(kind)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    while True:
        time.sleep(1000)

if sys.argv[1:2] == ["bare"]:
    note("bare")
    while True:
        time.sleep(1000)
slot = int(os.environ["LIFEGUARD_SLOT"])
if slot % 4 == 0:
    child("child")
    child("setsid", session=True)
if slot % 8 == 1:
    child("daemon", session=True, twice=True)
if slot % 16 == 3:
    child("bare", session=True, twice=True, bare=True)
note("worker")
time.sleep(100000)
"""


class Death(Case):
    def family(self, workers=WORKERS, **supervisor):
        """A supervisor with its workers and their offspring all up: (server, PID -> kind)."""
        os.makedirs(f"{self.work}/pids", exist_ok=True)
        server = self.start(service("svc", self.script("family.py", FAMILY), workers,
                                    ready={"min_uptime": "50ms"}), **supervisor)
        slots = range(1, workers + 1)
        expected = workers + 2 * sum(slot % 4 == 0 for slot in slots) + \
            sum(slot % 8 == 1 for slot in slots) + sum(slot % 16 == 3 for slot in slots)
        wait_for(lambda: len(self.kinds()) == expected, 60, f"{expected} processes")
        return server

    def kinds(self):
        return {int(name.split(".")[2]): name.split(".")[1]
                for name in os.listdir(f"{self.work}/pids") if not name.endswith("~")}

    def survivors(self, kinds):
        return {pid: kind for pid, kind in kinds.items() if pid_is_there(pid)}

    def assert_all_gone(self, kinds):
        deadline = time.monotonic() + PROMISE * PATIENCE
        while self.survivors(kinds) and time.monotonic() < deadline:
            time.sleep(0.01)
        left = self.survivors(kinds)
        for pid in left: # they are this test's own
            os.kill(pid, signal.SIGKILL)
        self.assertEqual(left, {})

    def setUp(self):
        super().setUp()
        self.addCleanup(lambda: [os.kill(pid, signal.SIGKILL) for pid in self.survivors(
            self.kinds() if os.path.isdir(f"{self.work}/pids") else {})])


class Supervisor(Death):
    def kill_the_supervisor(self, number=signal.SIGKILL, **supervisor):
        server = self.family(**supervisor)
        kinds = self.kinds()
        self.assertEqual(len(self.survivors(kinds)), len(kinds))
        os.kill(server.pid, number)
        self.assert_all_gone(kinds)
        # The guardian reports, cleans up and exits with the supervisor's status.
        self.assertEqual(server.wait_end(10), 128 + number)
        self.assertIn("supervisor", self.read_error(server))
        self.assertFalse(os.path.exists(server.socket_path))
        self.expect(4, "status")
        return server

    def test_killed_with_cgroups(self):
        self.kill_the_supervisor(cgroups="auto")

    def test_killed_without_cgroups(self):
        self.kill_the_supervisor(cgroups="off")

    def test_aborted(self):
        self.kill_the_supervisor(signal.SIGABRT, cgroups="off")

    def test_the_next_one_starts(self):
        self.kill_the_supervisor()
        server = self.start(service("svc", ["sleep", "100000"], 2, ready={"min_uptime": "50ms"}))
        server.wait_state("svc", "busy", 2)
        self.assertEqual(server.shutdown(), 0)

    def test_stop_is_as_thorough(self):
        for tier in ("auto", "off"):
            server = self.family(16, cgroups=tier)
            kinds = self.kinds()
            self.assertEqual(server.shutdown(), 0)
            self.assert_all_gone(kinds)
            for name in os.listdir(f"{self.work}/pids"):
                os.unlink(f"{self.work}/pids/{name}")


class Guardian(Death):
    def guardian_of(self, server):
        """Whoever watches now: the guardian of birth, or a child of the supervisor."""
        with open(f"/proc/{server.pid}/task/{server.pid}/children", encoding="ascii") as file:
            workers = set(server.pids().values())
            return [int(pid) for pid in file.read().split() if int(pid) not in workers]

    def test_killed_guardian_is_replaced(self):
        for tier in ("auto", "off"):
            server = self.family(16, cgroups=tier)
            kinds = self.kinds()
            self.assertEqual(server.status()["guardian"], "ok")
            groups = server.status()["tier"] == "cgroup"
            server.process.kill()
            server.process.wait()
            wait_for(lambda: server.status()["guardian"] == "degraded", 10, "degraded")
            server.wait_event("guardian")
            self.assertEqual(len(self.survivors(kinds)), len(kinds))
            # The new one does its duty. Without cgroups it knows workers by their environment: who
            # threw that away and daemonised itself is what "degraded" warns of.
            os.kill(server.pid, signal.SIGKILL)
            self.assert_all_gone({pid: kind for pid, kind in kinds.items()
                                  if groups or kind != "bare"})
            for pid in self.survivors(kinds):
                os.kill(pid, signal.SIGKILL)
            wait_for(lambda: not os.path.exists(server.socket_path), 5, "the socket to go")
            for name in os.listdir(f"{self.work}/pids"):
                os.unlink(f"{self.work}/pids/{name}")

    def test_second_guardian_is_replaced_too(self):
        server = self.family(4)
        groups = server.status()["tier"] == "cgroup"
        server.process.kill()
        server.process.wait()
        wait_for(lambda: server.status()["guardian"] == "degraded", 10, "degraded")
        second = wait_for(lambda: [pid for pid in self.guardian_of(server)
                                   if pid not in self.kinds()], 10, "the second guardian")[0]
        os.kill(second, signal.SIGKILL)
        third = wait_for(lambda: [pid for pid in self.guardian_of(server) if pid != second and
                                  pid not in self.kinds()], 10, "a third guardian")[0]
        kinds = self.kinds()
        os.kill(server.pid, signal.SIGKILL)
        self.assert_all_gone({pid: kind for pid, kind in kinds.items()
                              if groups or kind != "bare"})
        wait_for(lambda: not pid_is_there(third), 10, "the third guardian to end")

    def test_orderly_end_without_the_first_guardian(self):
        server = self.family(8)
        kinds = self.kinds()
        server.process.kill()
        server.process.wait()
        wait_for(lambda: server.status()["guardian"] == "degraded", 10, "degraded")
        self.expect(0, "shutdown")
        self.assert_all_gone(kinds)
        wait_for(lambda: not pid_is_there(server.pid), 10, "the supervisor to end")

    def test_both_killed(self):
        """Plain workers end at once; with cgroups the next supervisor ends what daemonised itself
        before it starts anything."""
        # A name of its own: whoever starts under a dead supervisor's name sweeps what that left.
        name = f"both{os.getpid()}"
        server = self.family(16, name=name)
        kinds = self.kinds()
        os.kill(server.process.pid, signal.SIGSTOP) # so that neither sees the other die
        os.kill(server.pid, signal.SIGKILL)
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait()
        self.assert_all_gone({pid: kind for pid, kind in kinds.items() if kind == "worker"})
        again = self.start(service("svc", ["sleep", "100000"], 2, ready={"min_uptime": "50ms"}),
                           name=name)
        if again.status()["tier"] == "cgroup":
            self.assertEqual(self.survivors(kinds), {})
            again.wait_event("sweep")
        again.wait_state("svc", "busy", 2)

    def test_a_living_namesake_is_left_alone(self):
        """Another runtime directory and another build: the same name is no sign of death."""
        server = self.start(service("svc", ["sleep", "100000"], 2, ready={"min_uptime": "50ms"}))
        server.wait_state("svc", "busy", 2)
        before = server.pids("svc")
        os.mkdir(f"{self.directory}/bin")
        os.mkdir(f"{self.directory}/run2", 0o700)
        shutil.copy(PROGRAM, f"{self.directory}/bin/lifeguard")
        path = self.config([service("svc", ["true"], restart="never")])
        env = {**self.env, "XDG_RUNTIME_DIR": f"{self.directory}/run2",
               "XDG_STATE_HOME": f"{self.directory}/state2"}
        other = subprocess.Popen([f"{self.directory}/bin/lifeguard", "run", path, "--headless"],
                                 env=env)
        try:
            wait_for(lambda: os.path.exists(f"{self.directory}/run2/lifeguard/t.sock"), 15,
                     "the namesake")
            self.assertEqual(subprocess.run([PROGRAM, "shutdown", "t"], env=env, check=False,
                                            stdout=subprocess.DEVNULL).returncode, 0)
        finally:
            other.terminate()
            other.wait()
        self.assertEqual(server.pids("svc"), before)


if __name__ == "__main__":
    unittest.main()
