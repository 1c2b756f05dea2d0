# SPDX-License-Identifier: MIT
"""Readiness and liveness as they are found out from outside: by a command, a connection, a line."""
import os
import signal
import socket
import time
import unittest

from harness import PATIENCE, Case, pid_is_there, pid_state, service, wait_for
from workers import Workers

FAST = {"initial": "10ms", "max": "50ms", "reset_after": "60s"}
LISTEN = """\
def listen(where):
    if where.startswith("/"):
        s = socket.socket(socket.AF_UNIX)
        if os.path.exists(where):
            os.unlink(where)
        s.bind(where)
    else:
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("127.0.0.1", int(where)))
    s.listen(100)
    return s
"""


def sleeper(size=1, name="svc", **keys):
    keys.setdefault("restart_backoff", FAST)
    return service(name, ["sleep", "100000"], size, **keys)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Readiness(Case):
    def test_command_makes_ready_when_it_succeeds(self):
        probe = self.write("probe", "#!/bin/sh\n"
                           "echo $1 $LIFEGUARD_PID $LIFEGUARD_POOL $LIFEGUARD_SLOT >> asked\n"
                           "test -e go.$LIFEGUARD_SLOT\n", 0o755)
        server = self.start(sleeper(2, ready={"command": [probe, "{pid}"]}))
        wait_for(lambda: os.path.exists(f"{self.work}/asked") and
                 len(self.read("asked").splitlines()) >= 6, 15, "some questions")
        server.wait_state("svc", "starting", 2)
        self.write("go.2", "")
        wait_for(lambda: server.worker("svc", 2)["state"] == "busy", 15, "slot 2 to be ready")
        self.assertEqual(server.worker("svc", 1)["state"], "starting")
        self.write("go.1", "")
        server.wait_state("svc", "busy", 2)
        pids = server.pids("svc")
        for line in self.read("asked").decode().splitlines():
            pid, same, pool, slot = line.split()
            self.assertEqual((pid, same, pool), (str(pids[int(slot)]), pid, "svc"))
        asked = len(self.read("asked").splitlines())
        server.wait_event("ready", "svc")
        self.assertEqual(len(self.read("asked").splitlines()), asked) # none after that

    def test_unix_socket_of_each_slot(self):
        worker = self.script("late.py", LISTEN +
                             "while not os.path.exists('go'): time.sleep(0.01)\n"
                             "s = listen(os.getcwd() + '/app.' + os.environ['LIFEGUARD_SLOT'])\n"
                             "while True: s.accept()[0].close()\n")
        server = self.start(service("svc", worker, 2, cwd=self.work,
                                    ready={"tcp": f"unix:{self.work}/app.{{slot}}"}))
        server.wait_state("svc", "starting", 2)
        self.write("go", "")
        server.wait_state("svc", "busy", 2)

    def test_port(self):
        port = free_port()
        worker = self.script("late.py", LISTEN + f"s = listen('{port}')\n"
                             "while True: s.accept()[0].close()\n")
        server = self.start(service("svc", worker, ready={"tcp": f"tcp://localhost:{port}"}))
        server.wait_state("svc", "busy", 1, 30)

    def test_log_line(self):
        worker = self.script("says.py", "print('x' * 5000 + 'listening on port 80')\n"
                             "print('listening on port')\n"
                             "while not os.path.exists('go'): time.sleep(0.01)\n"
                             "print('now listening on port 8080.', file=sys.stderr)\n"
                             "while True: time.sleep(1000)\n")
        server = self.start(service("svc", worker, cwd=self.work,
                                    ready={"log": "listening on port [0-9]+"}))
        server.wait_line("svc", "listening on port")
        self.assertEqual(server.worker("svc", 1)["state"], "starting")
        self.write("go", "")
        server.wait_state("svc", "busy", 1)

    def test_log_line_of_an_earlier_life_does_not_count(self):
        worker = self.script("once.py", "first = os.environ['LIFEGUARD_GENERATION'] == '1'\n"
                             "print('ready' if first else 'quiet')\n"
                             "time.sleep(0.2 if first else 1000)\n")
        server = self.start(service("svc", worker, restart_backoff=FAST, log={"per": "slot"},
                                    ready={"log": "^ready$"}))
        wait_for(lambda: server.worker("svc", 1)["generation"] == 2, 15, "the second life")
        server.wait_line("svc", "quiet")
        self.assertEqual(server.worker("svc", 1)["state"], "starting")

    def time_out(self, ready, cause, **keys):
        ready["timeout"] = "300ms"
        server = self.start(sleeper(ready=ready, crash_loop={"failures": 2}, **keys))
        server.wait_event("exited", "svc", text="not ready in time")
        server.wait_event("held", "svc")
        self.assertIn(cause, server.worker("svc", 1)["why"])
        self.assertEqual(server.events("ready"), [])

    def test_command_that_never_succeeds(self):
        self.time_out({"command": ["sh", "-c", "echo not yet; exit 7"]},
                      "not ready in time: exit 7: not yet; signal 15 (TERM)")

    def test_command_that_hangs(self):
        self.time_out({"command": ["sleep", "12345"]}, "not ready in time")

    def test_nobody_listens(self):
        self.time_out({"tcp": f"unix:{self.work}/nobody"},
                      f"not ready in time: connect unix:{self.work}/nobody"[:60])

    def test_line_never_comes(self):
        self.time_out({"log": "never"}, "not ready in time")

    def test_a_slow_pattern_does_not_stop_the_loop(self):
        worker = self.script("flood.py", "line = ('ab' * 2000 + '\\n') * 8\n"
                             "while not os.path.exists('go'): sys.stdout.write(line)\n"
                             "while True:\n"
                             "    print('x' * 40 + 'y', flush=True)\n"
                             "    time.sleep(0.05)\n")
        server = self.start(service("svc", worker, cwd=self.work, ready={
            "log": "(a|aa|aab|b)*(.*a.*b.*c.*a)?x{1,40}y"}))
        server.wait_event("ready-slow", "svc", 30, "some lines are not looked at")
        longest = 0
        for _ in range(60):
            begun = time.monotonic()
            server.status()
            longest = max(longest, time.monotonic() - begun)
            time.sleep(0.02)
        self.assertLess(longest, 0.25 * PATIENCE)
        self.assertEqual(server.worker("svc", 1)["state"], "starting")
        self.write("go", "")
        server.wait_state("svc", "busy", 1, 60)
        self.assertEqual(len(server.events("ready-slow")), 1)

    def test_slow_health_checks_of_others_keep_nobody_from_becoming_ready(self):
        slow = {"command": ["sleep", "1000"], "interval": "50ms", "timeout": "500s"}
        server = self.start(*(sleeper(24, name=f"slow{n}", health=slow, ready={"min_uptime": "1ms"})
                              for n in range(3)),
                            sleeper(40, cwd=self.work, restart_backoff=FAST, ready={
                                "command": ["sh", "-c", "test -e go"], "timeout": "20s"}))
        # Each pool has its checks, and some room is left for one more.
        for n in range(3):
            server.wait_event("checks-wait", f"slow{n}", 30, "health checks wait for their turn")
            text = server.events("checks-wait", f"slow{n}")[0]["text"]
            self.assertIn(int(text.split(" of this pool")[0].rsplit(" ", 1)[1]), range(3, 17), text)
        self.write("go", "")
        server.wait_state("svc", "busy", 40)
        self.assertEqual(server.events("exited"), [])

    def test_waiting_for_a_turn_is_no_time_to_become_ready_in(self):
        probe = self.write("probe", "#!/bin/sh\necho >> asked\nexec sleep 1\n", 0o755)
        server = self.start(sleeper(60, cwd=self.work, restart_backoff=FAST, ready={
            "command": [probe], "timeout": "2s"}))
        server.wait_state("svc", "busy", 60, 60) # 16 at a time: the last ones wait for 3 s
        self.assertEqual(server.events("exited"), [])
        self.assertGreaterEqual(len(server.events("checks-wait")), 1)


class Liveness(Case):
    def health(self, **keys):
        return {"interval": "50ms", "timeout": "10s", "failures": 3, **keys}

    def test_failures_in_a_row_restart_it_and_say_why(self):
        probe = self.write("probe", "#!/bin/sh\necho first\n"
                           "test -e sick.$1 || exit 0\necho feeling bad\nexit 4\n", 0o755)
        server = self.start(sleeper(3, cwd=self.work,
                                    health=self.health(command=[probe, "{slot}"])))
        server.wait_state("svc", "busy", 3)
        before = server.pids("svc")
        self.write("sick.2", "")
        server.wait_event("unhealthy", "svc")
        event = server.wait_event("exited", "svc")[0]
        os.unlink(f"{self.work}/sick.2")
        self.assertEqual((event["slot"], event["pid"]), (2, before[2]))
        self.assertIn("unhealthy: 3 health checks failed: exit 4: feeling bad; signal 15 (TERM)",
                      event["text"])
        wait_for(lambda: server.worker("svc", 2)["generation"] >= 2, 15, "another life")
        server.wait_state("svc", "busy", 3)
        after = server.pids("svc")
        self.assertNotEqual(after[2], before[2])
        self.assertEqual((after[1], after[3]), (before[1], before[3]))
        self.assertGreaterEqual(server.status("svc")["restarts"], 1)

    def test_success_between_clears_the_count(self):
        probe = self.write("probe", "#!/bin/sh\necho >> asked\n"
                           "n=$(wc -l < asked)\ntest $((n % 3)) = 0\n", 0o755)
        server = self.start(sleeper(cwd=self.work, health=self.health(command=[probe])))
        server.wait_state("svc", "busy", 1)
        wait_for(lambda: os.path.exists(f"{self.work}/asked") and
                 len(self.read("asked").splitlines()) >= 20, 30, "twenty checks")
        self.assertEqual(server.events("unhealthy"), [])
        self.assertEqual(server.worker("svc", 1)["generation"], 1)

    def test_refused_connection_is_a_failure(self):
        worker = self.script("deaf.py", LISTEN + "s = listen(os.getcwd() + '/app')\n"
                             "signal.signal(signal.SIGUSR1, lambda *_: s.close())\n"
                             "while True: time.sleep(1000)\n")
        server = self.start(service("svc", worker, cwd=self.work, restart_backoff=FAST,
                                    ready={"tcp": f"unix:{self.work}/app"},
                                    health=self.health(tcp=f"unix:{self.work}/app")))
        server.wait_state("svc", "busy", 1)
        server.call("kill", target="svc[1]", signal="USR1")
        event = server.wait_event("unhealthy", "svc")[0]
        self.assertIn("Connection refused", event["text"])
        server.wait_event("ready", "svc")
        wait_for(lambda: server.worker("svc", 1)["generation"] >= 2, 15, "another life")
        server.wait_state("svc", "busy", 1)

    def test_connection_that_is_not_made_in_time_is_a_failure(self):
        port = free_port()
        worker = self.script("full.py", "s = socket.socket()\n"
                             "s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n"
                             f"s.bind(('127.0.0.1', {port}))\n"
                             "s.listen(0)\n" # takes one or two connections, and never accepts
                             "sd('READY=1')\n"
                             "while True: time.sleep(1000)\n")
        server = self.start(service("svc", worker, restart_backoff=FAST, ready={"notify": True},
                                    health=self.health(tcp=f"127.0.0.1:{port}", timeout="200ms")))
        event = server.wait_event("unhealthy", "svc", 30)[0]
        self.assertIn("3 health checks failed: no connection within 200ms", event["text"])

    def test_check_that_hangs_is_killed_and_counts(self):
        probe = self.write("probe", "#!/bin/sh\ntest -e sick || exit 0\n"
                           "echo $$ >> hanging\necho looking\nsleep 54321 & sleep 54321\n", 0o755)
        server = self.start(sleeper(cwd=self.work, health=self.health(
            command=[probe], timeout="300ms", failures=2)))
        server.wait_state("svc", "busy", 1)
        self.write("sick", "")
        event = server.wait_event("unhealthy", "svc", 30)[0]
        os.unlink(f"{self.work}/sick")
        self.assertIn("no success within 300ms: looking", event["text"])
        for pid in self.read("hanging").split():
            wait_for(lambda pid=int(pid): not pid_is_there(pid), 10, "the end of the check")

    def test_stopped_worker_is_not_checked_and_its_check_ends(self):
        probe = self.write("probe", "#!/bin/sh\necho $$ >> asked\nexec sleep 54321\n", 0o755)
        server = self.start(sleeper(cwd=self.work, health=self.health(command=[probe],
                                                                      timeout="100s")))
        wait_for(lambda: os.path.exists(f"{self.work}/asked"), 15, "a check")
        check = int(self.read("asked").split()[0])
        self.assertTrue(pid_is_there(check))
        server.call("stop", target="svc")
        wait_for(lambda: not pid_is_there(check), 10, "the end of its check")
        wait_for(lambda: server.status("svc")["state"] == "stopped", 10, "svc to stop")
        self.assertEqual(len(self.read("asked").split()), 1)
        self.assertEqual(server.events("check") + server.events("unhealthy"), [])

    def test_held_pool_keeps_the_unhealthy_worker(self):
        server = self.start(sleeper(cwd=self.work, health=self.health(
            command=["sh", "-c", "test ! -e sick"])))
        server.wait_state("svc", "busy", 1)
        pid = server.pids("svc")[1]
        server.call("hold", target="svc")
        self.write("sick", "")
        server.wait_event("unhealthy", "svc", text="not restarted: held")
        self.assertEqual(server.worker("svc", 1)["flag"], "unhealthy")
        self.assertEqual(server.status("svc")["state"], "unhealthy")
        self.assertFalse(server.status()["healthy"])
        self.assertEqual(server.pids("svc")[1], pid)
        os.unlink(f"{self.work}/sick")
        server.wait_event("recovered", "svc", text="healthy again")
        wait_for(lambda: server.worker("svc", 1)["flag"] is None, 10, "the flag to go")
        self.assertEqual(server.pids("svc")[1], pid)

    def test_no_process_and_no_descriptor_is_left(self):
        probe = self.write("probe", "#!/bin/sh\necho >> asked\nsleep 300 > /dev/null 2>&1 &\nexit $((RANDOM % 2))\n",
                           0o755)
        server = self.start(sleeper(4, cwd=self.work, health=self.health(
            command=["bash", probe], failures=1000)))
        server.wait_state("svc", "busy", 4)

        def asked():
            return len(self.read("asked").splitlines()) if os.path.exists(f"{self.work}/asked") \
                else 0
        wait_for(lambda: asked() >= 10, 30, "ten checks")
        before = server.descriptors()
        wait_for(lambda: asked() >= 100, 60, "a hundred checks")
        wait_for(lambda: server.descriptors() <= before + 8, 10, "descriptors to be closed")

        def children():
            with open(f"/proc/{server.pid}/task/{server.pid}/children", encoding="ascii") as file:
                return len(file.read().split())
        wait_for(lambda: children() <= 4 + 4 + 1, 10, "no child to be left")

    def test_standstill_of_the_machine_fails_no_check(self):
        probe = self.write("probe", "#!/bin/sh\necho $$ >> asked\nexec sleep 1\n", 0o755)
        server = self.start(sleeper(cwd=self.work, health=self.health(
            command=[probe], timeout="2500ms", failures=1)))
        for turn in range(2):
            wait_for(lambda turn=turn: os.path.exists(f"{self.work}/asked") and
                     len(self.read("asked").split()) > turn, 15, "a check")
            pids = [server.pid, int(self.read("asked").split()[-1])]
            for pid in pids:
                os.kill(pid, signal.SIGSTOP)
            wait_for(lambda: all(pid_state(pid) == "T" for pid in pids), 10, "a standstill")
            wait_for_wall(4)
            for pid in pids:
                os.kill(pid, signal.SIGCONT)
            server.status()
            wait_for(lambda pid=pids[1]: not pid_is_there(pid), 10, "the end of the check")
        self.assertEqual(server.events("unhealthy") + server.events("check"), [])

    def test_a_thousand_copies_are_checked_and_the_loop_goes_on(self):
        server = self.start(sleeper(1000, health=self.health(command=["true"], interval="20s"),
                                    ready={"min_uptime": "50ms"}))
        server.wait_state("svc", "busy", 1000, 90)
        wait_for(lambda: all(each["health"] == "ok" for each in server.workers("svc")), 120,
                 "a thousand checks")
        self.assertEqual(server.events("unhealthy"), [])
        self.assertEqual(server.events("stall"), [])


def wait_for_wall(seconds):
    """The one thing that only time can do: pass."""
    end = time.monotonic() + seconds
    wait_for(lambda: time.monotonic() >= end, seconds + 10, "time to pass")


class Working(Workers):
    def test_unhealthy_worker_is_replaced_and_its_task_done_by_another(self):
        body = ("def work(text, *_):\n"
                "    if not os.path.exists('well'):\n"
                "        print('stuck')\n"
                "        time.sleep(1000)\n"
                "    return os.getpid()\n"
                "serve(work)\n")
        server = self.start(self.pool("w", body, size=1, cwd=self.work, health={
            "command": ["test", "!", "-e", "sick"], "interval": "50ms", "failures": 2}))
        server.wait_state("w", "idle", 1)
        first = server.pids("w")[1]
        self.submit(server, "w", "1")
        server.wait_line("w", "stuck")
        self.write("well", "")
        self.write("sick", "")
        server.wait_event("exited", "w", text="unhealthy: 2 health checks failed: exit 1")
        os.unlink(f"{self.work}/sick")
        result = self.wait_results("w", 1)[0]
        self.assertNotEqual(int(result["result"]), first)
        self.assertEqual(server.audit()["done"], 1)


class Rolling(Case):
    """Slot n of a life is fit while the file well.n.GENERATION is there; the first lives all are."""

    def pool(self, **keys):
        return sleeper(3, cwd=self.work, crash_loop={"failures": 2}, **keys)

    def probe(self):
        return ["sh", "-c",
                "test $LIFEGUARD_GENERATION = 1 || test -e well.{slot}.$LIFEGUARD_GENERATION"]

    def generations(self, server):
        return [worker["generation"] for worker in server.workers("svc")]

    def roll_to_the_end(self, server):
        wait_for(lambda: all(worker["state"] == "busy" for worker in server.workers("svc")), 20,
                 "three workers")
        before = server.pids("svc")
        server.call("restart", target="svc")
        for slot in (1, 2, 3):
            wait_for(lambda slot=slot: server.worker("svc", slot)["generation"] == 2, 20,
                     f"a new worker in slot {slot}")
            # The others wait for it, however long that takes.
            asked = len(self.read("asked").splitlines())
            wait_for(lambda asked=asked: len(self.read("asked").splitlines()) >= asked + 3, 20,
                     "some questions")
            self.assertEqual(self.generations(server), [2] * slot + [1] * (3 - slot))
            self.write(f"well.{slot}.2", "")
        server.wait_state("svc", "busy", 3)
        self.assertFalse(set(before.values()) & set(server.pids("svc").values()))
        self.assertEqual(server.events("roll"), [])

    def asking(self):
        return ["sh", "-c", "test $LIFEGUARD_GENERATION = 1 && exit 0; echo >> asked;"
                            "test -e well.{slot}.$LIFEGUARD_GENERATION"]

    def test_waits_for_readiness_from_outside(self):
        self.write("asked", "")
        self.roll_to_the_end(self.start(self.pool(ready={"command": self.asking()})))

    def test_waits_for_health(self):
        self.write("asked", "")
        self.roll_to_the_end(self.start(self.pool(health={
            "command": self.asking(), "interval": "50ms", "failures": 100000})))

    def stops(self, cause, **keys):
        server = self.start(self.pool(**keys))
        server.wait_state("svc", "busy", 3)
        if "health" in keys:
            wait_for(lambda: all(worker["health"] == "ok" for worker in server.workers("svc")), 20,
                     "three checks")
        before = server.pids("svc")
        server.call("restart", target="svc")
        event = server.wait_event("roll", "svc", 30)[0]
        self.assertTrue(event["alert"])
        self.assertIn("rolling restart stopped: the new worker failed: " + cause, event["text"])
        self.assertIn("2 are left as they were", event["text"])
        server.wait_event("held", "svc")
        after = server.pids("svc")
        self.assertEqual((after[2], after[3]), (before[2], before[3]))

    def test_stops_at_one_that_does_not_get_ready(self):
        self.stops("not ready in time: exit 1",
                   ready={"command": self.probe(), "timeout": "300ms"})

    def test_stops_at_one_that_is_not_healthy(self):
        self.stops("unhealthy: 2 health checks failed: exit 1",
                   health={"command": self.probe(), "interval": "50ms", "failures": 2})


class Config(Case):
    def check(self, pool, *texts):
        path = self.config([pool])
        done = self.run_cli("check", path)
        if not texts:
            self.assertEqual(done.returncode, 0, done.stderr)
            return
        self.assertNotEqual(done.returncode, 0)
        for text in texts:
            self.assertIn(text, (done.stderr + done.stdout).decode())

    def test_mistakes_are_told_before_anything_starts(self):
        self.check(sleeper(ready={"tcp": "example.org:80"}), "t.cfg:",
                   "ready.tcp: `example.org:80`: the host must be a numeric address or localhost")
        self.check(sleeper(ready={"tcp": "127.0.0.1:99999"}), "ready.tcp:", "1 to 65535")
        self.check(sleeper(ready={"tcp": "unix:app.sock"}), "ready.tcp:", "must begin with /")
        self.check(sleeper(ready={"log": "a(b"}), "ready.log: `a(b`: Unmatched (")
        self.check(sleeper(ready={"log": "a{255}{255}{255}"}), "ready.log:", "repeats too much")
        self.check(sleeper(ready={"log": "a", "notify": True}),
                   "ready.log: ready.notify is set too, and only one of them can decide")
        self.check(sleeper(health={"command": ["true"], "tcp": "127.0.0.1:80"}),
                   "health.tcp: health.command is set too")
        self.check(sleeper(health={"command": ["true"], "failures": 0}), "health.failures")
        self.check(sleeper(ready={"tcp": "[::1]:80{slot}"}, health={"tcp": "unix:/x/{pid}"}))


if __name__ == "__main__":
    unittest.main()
