# SPDX-License-Identifier: MIT
"""Service pools: keeping copies up, and everything that an operator may do to them."""
import os
import pwd
import signal
import socket
import subprocess
import threading
import unittest

from harness import PROGRAM, Case, Control, job, kill_and_wait, pid_is_there, service, wait_for

FAST = {"initial": "10ms", "max": "50ms", "reset_after": "60s"}
QUICK = {"min_uptime": "50ms"}


def drain(terminal):
    """Reads what the screen draws until it ends."""
    try:
        while os.read(terminal, 1 << 16):
            pass
    except OSError:
        pass
    os.close(terminal)


def sleeper(name="svc", size=3, **keys):
    keys.setdefault("restart_backoff", FAST)
    keys.setdefault("ready", QUICK)
    return service(name, ["sleep", "100000"], size, **keys)


class Keeping(Case):
    def test_killed_worker_is_replaced_and_only_that(self):
        server = self.start(sleeper(size=4))
        server.wait_state("svc", "busy", 4)
        before = server.pids("svc")
        kill_and_wait(before[2])
        after = wait_for(lambda: len(p := server.pids("svc")) == 4 and p, 10, "four PIDs")
        self.assertNotEqual(after[2], before[2])
        for slot in (1, 3, 4):
            self.assertEqual(after[slot], before[slot])
        self.assertEqual(server.worker("svc", 2)["generation"], 2)
        exited = server.wait_event("exited", "svc")
        self.assertEqual([(event["slot"], event["pid"]) for event in exited], [(2, before[2])])
        self.assertIn("signal 9 (KILL), not sent by lifeguard", exited[0]["text"])
        self.assertEqual(server.status("svc")["restarts"], 1)

    def test_who_did_it_is_the_user_whatever_the_environment_says(self):
        server = self.start(sleeper(size=1))
        server.wait_state("svc", "busy", 1)
        me = pwd.getpwuid(os.getuid()).pw_name
        environment = {**self.env, "TERM": "xterm-256color", "USER": "somebody"}
        main, terminal = os.openpty()
        screen = subprocess.Popen([PROGRAM, "attach"], env=environment, stdin=terminal,
                                  stdout=terminal, stderr=terminal, start_new_session=True)
        os.close(terminal)
        threading.Thread(target=drain, args=(main,), daemon=True).start()
        wait_for(lambda: os.write(main, b"+") and server.events("resized"), 10, "a size from +")
        subprocess.run([PROGRAM, "scale", "svc", "1"], env=environment, check=True, timeout=20,
                       stdout=subprocess.DEVNULL)
        self.assertEqual({event["who"] for event in server.events("resized")}, {me})
        screen.terminate()
        screen.wait(10)

    def test_numbers_that_nobody_took_are_null(self):
        server = self.start(sleeper(size=1))
        server.wait_state("svc", "busy", 1)
        self.assertIsNone(server.worker("svc", 1)["fds"])
        viewer = Control(server.socket_path)
        viewer.call("subscribe", view="detail", target="svc[1]")
        wait_for(lambda: (server.worker("svc", 1)["fds"] or 0) >= 3, 10, "a look at svc[1]")
        viewer.call("subscribe", view="summary")
        summary = next(message for message in iter(viewer.receive, None)
                       if message.get("view") == "summary")
        controllers = "/sys/fs/cgroup/cgroup.controllers"
        if os.access("/dev/kmsg", os.R_OK) and \
                os.readlink("/proc/self/ns/pid") == "pid:[4026531836]":
            self.assertEqual(summary["summary"]["oom"], 0)
        elif not os.path.exists(controllers) or "memory" not in open(controllers).read():
            self.assertIsNone(summary["summary"]["oom"])
        viewer.close()

    def test_crash_loop_is_held_with_its_reason(self):
        command = self.script("crash.py", "print('about to fail', flush=True)\nsys.exit(7)\n")
        server = self.start(service("bad", command, 2, restart_backoff=FAST, ready=QUICK,
                                    crash_loop={"failures": 3, "window": "60s", "probe": "100s"}),
                            sleeper("good", 2))
        server.wait_state("bad", "held", 2)
        held = server.events("held", "bad")
        self.assertEqual(len(held), 2)
        for event in held:
            self.assertIn("3 failures within 60s", event["text"])
            self.assertIn("exit 7", event["text"])
        self.assertIn("exit 7", server.worker("bad", 1)["why"])
        last_words = [event["text"] for event in server.events("exited", "bad")]
        self.assertTrue(all("last words: about to fail" in text for text in last_words), last_words)
        self.assertEqual(server.status("bad")["state"], "held")
        self.assertEqual(server.worker("bad", 1)["generation"], 3)
        server.wait_state("good", "busy", 2)
        self.assertFalse(server.status()["healthy"])
        self.expect(3, "status")
        # An operator's start is never rate-limited.
        server.call("start", target="bad[1]")
        wait_for(lambda: server.worker("bad", 1)["generation"] > 3, 10, "another start")

    def test_probe_ends_the_hold(self):
        command = self.script("moody.py", "if not os.path.exists('well'): sys.exit(1)\n"
                                          "time.sleep(100000)\n")
        server = self.start(service("moody", command, 1, restart_backoff=FAST, ready=QUICK,
                                    crash_loop={"failures": 2, "window": "60s", "probe": "1s"}))
        server.wait_state("moody", "held", 1)
        server.wait_event("held", "moody", text="the probe failed too")
        self.write("well", "")
        server.wait_state("moody", "busy", 1)
        self.assertEqual(server.status("moody")["state"], "ok")

    def test_deaths_alike_are_told_once(self):
        """One sentence for all of them, in the event, the status and the pane's alert; numbers and
        addresses do not make them different."""
        die = "print(f'no block {os.getpid()} at {id(object()):#x}', flush=True); os._exit(3)\n"
        server = self.start(service("svc", self.script("die.py", die), 8))
        server.wait_event("breaker", "svc")
        said = server.wait_event("alike", "svc")
        self.assertRegex(said[0]["text"], r"^3 of 3 deaths in 10m: exit 3, same last line: no block")
        self.assertIn("exit 3, same last line", server.events("breaker", "svc")[0]["text"])
        pool = server.status("svc")
        self.assertEqual(pool["deaths"]["alike"], pool["deaths"]["count"])
        self.assertEqual((pool["deaths"]["window"], pool["deaths"]["cause"]), (600, "exit 3"))
        alert = [line for line in pool["alert"] if "deaths in 10m" in line]
        self.assertEqual(len(alert), 1, pool["alert"])
        self.assertLessEqual(len(server.events("alike", "svc")), 2)

    def test_breaker_lets_healthy_siblings_run(self):
        command = self.script("half.py", "if int(os.environ['LIFEGUARD_SLOT']) <= 4 and "
                                         "not os.path.exists('well'): sys.exit(1)\n"
                                         "time.sleep(100000)\n")
        server = self.start(service("half", command, 6, restart_backoff=FAST, ready=QUICK,
                                    crash_loop={"failures": 60, "window": "60s", "probe": "1s"}))
        server.wait_event("breaker", "half")
        server.wait_state("half", "busy", 2)
        healthy = {slot: pid for slot, pid in server.pids("half").items() if slot > 4}
        self.assertEqual(len(healthy), 2)
        # While the breaker is open restarts come one canary at a time.
        self.write("well", "")
        server.wait_state("half", "busy", 6, 40)
        for slot, pid in healthy.items():
            self.assertEqual(server.pids("half")[slot], pid)

    def test_exec_failures_say_which_and_why(self):
        self.write("noexec", "#!/bin/sh\n", 0o644)
        self.write("nointerp", "#!/no/such/interpreter\n", 0o755)
        server = self.start(service("missing", ["/no/such/program"]),
                            service("noexec", [f"{self.work}/noexec"]),
                            service("nointerp", [f"{self.work}/nointerp"]),
                            service("nodir", ["sleep", "9"], cwd="/no/such/dir"),
                            service("search", ["no-such-program-anywhere"]))
        expected = {"missing": "No such file or directory", "noexec": "Permission denied",
                    "nointerp": "its interpreter /no/such/interpreter does not exist", "nodir": "/no/such/dir",
                    "search": "no-such-program-anywhere"}
        for pool, text in expected.items():
            server.wait_state(pool, "failed", 1)
            self.assertIn(text, server.worker(pool, 1)["why"])
            self.assertIn(text, server.events("failed", pool)[0]["text"])
            self.assertEqual(server.status(pool)["state"], "failed")
        self.assertIn(b"/no/such/program", self.expect(0, "ps").stdout)
        self.assertIn(b"failed", self.expect(3, "status").stdout)

    def test_restart_policies(self):
        command = self.script("end.py", "sys.exit(int(sys.argv[1]))\n")
        pools = [service(f"{policy.replace('-', '')}{status}", command + [str(status)],
                         restart=policy, restart_backoff=FAST, ready=QUICK,
                         crash_loop={"failures": 3, "window": "60s", "probe": "100s"})
                 for policy in ("never", "on-failure", "always") for status in (0, 1)]
        server = self.start(*pools)
        for pool in ("never0", "never1", "onfailure0"):
            server.wait_event("exited", pool)
            server.wait_state(pool, "down", 1)
            self.assertEqual(server.worker(pool, 1)["generation"], 1)
            # Nothing was restarted, so nothing is counted as a restart.
            self.assertEqual(server.status(pool)["restarts"], 0)
        for pool in ("onfailure1", "always1"):
            server.wait_state(pool, "held", 1)
        # A service that ends by itself with success is no failure: it is restarted, never held.
        wait_for(lambda: server.worker("always0", 1)["generation"] > 5, 20, "many restarts")
        self.assertEqual(server.events("held", "always0"), [])

    def test_worker_that_leaves_a_child_does_not_keep_it(self):
        command = self.script("leaver.py", """
pid = os.fork()
if pid == 0:
    time.sleep(100000)
open(f"child.{os.environ['LIFEGUARD_GENERATION']}", "w").write(str(pid))
if os.environ["LIFEGUARD_GENERATION"] == "1":
    sys.exit(3)
time.sleep(100000)
""")
        server = self.start(service("svc", command, restart_backoff=FAST, ready=QUICK))
        wait_for(lambda: server.worker("svc", 1)["generation"] == 2, 15, "the second life")
        child = int(self.read("child.1"))
        self.assertFalse(pid_is_there(child))


class Resizing(Case):
    def test_survivors_keep_their_pids(self):
        server = self.start(sleeper(size=3))
        server.wait_state("svc", "busy", 3)
        first = server.pids("svc")
        server.call("scale", pool="svc", size="8")
        server.wait_state("svc", "busy", 8)
        grown = server.pids("svc")
        self.assertEqual({slot: grown[slot] for slot in first}, first)
        server.call("scale", pool="svc", size="-5")
        wait_for(lambda: server.pids("svc") == first, 10, "the youngest to go")
        self.assertEqual(len(server.workers("svc")), 3)
        self.assertEqual(server.status("svc")["restarts"], 0)
        for pid in set(grown.values()) - set(first.values()):
            wait_for(lambda: not pid_is_there(pid), 5, "surplus workers to end")

    def test_services_outlast_the_jobs_beside_them(self):
        """The run is not done with its jobs: the screen would leave without a question."""
        server = self.start(sleeper(), job("j", ["true"], {"list": ["a"]}, 1))
        server.wait_done(pool="j")
        server.call("subscribe", view="summary")
        message = server.control.messages.pop() if server.control.messages else \
            server.control.receive()
        self.assertEqual(message["summary"]["state"], "running")

    def test_expect_undo_and_bounds(self):
        server = self.start(sleeper(size=2, min=1, max=6))
        server.wait_state("svc", "busy", 2)
        reply = server.call("scale", pool="svc", size="+2", expect=2)
        self.assertEqual(reply["undo_for"], 8)
        server.wait_state("svc", "busy", 4)
        refused = server.refusal("scale", pool="svc", size="9", expect=2)
        self.assertEqual(refused["code"], "changed")
        self.assertIn("tester", refused["error"])
        self.assertEqual(server.refusal("scale", pool="svc", size="7")["code"], "refused")
        self.assertEqual(server.refusal("scale", pool="svc", size="0")["code"], "refused")
        self.assertEqual(server.refusal("scale", pool="svc", size="x")["code"], "usage")
        self.assertIn("size -96 is", server.refusal("scale", pool="svc", size="-100")["error"])
        self.assertIn("above", server.refusal("scale", pool="svc", size="+2147483647")["error"])
        self.assertEqual(server.refusal("scale", pool="sv", size="3")["code"], "unknown")
        server.call("undo")
        server.wait_state("svc", "busy", 2)
        self.assertEqual(server.refusal("undo")["code"], "refused")
        status = server.status("svc")
        self.assertEqual((status["want"], status["configured"], status["size_by"]),
                         (2, 2, "tester"))

    def test_size_zero_and_back(self):
        server = self.start(sleeper(size=2))
        server.wait_state("svc", "busy", 2)
        server.call("scale", pool="svc", size="0")
        wait_for(lambda: not server.workers("svc"), 10, "no workers")
        server.call("scale", pool="svc", size="2")
        server.wait_state("svc", "busy", 2)

    def test_resize_storm_settles(self):
        server = self.start(sleeper(size=5))
        for size in (20, 1, 15, 3, 12, 0, 7):
            server.call("scale", pool="svc", size=size)
        server.wait_state("svc", "busy", 7)
        wait_for(lambda: len(server.workers("svc")) == 7, 10, "seven workers")


class Acting(Case):
    def test_stop_start_restart_one_worker(self):
        server = self.start(sleeper(size=3))
        server.wait_state("svc", "busy", 3)
        before = server.pids("svc")
        server.call("stop", target="svc[2]")
        server.wait_state("svc", "down", 1)
        self.assertEqual(set(server.pids("svc")), {1, 3})
        self.assertIn("stopped by tester", server.events("exited", "svc")[0]["text"])
        server.call("start", target="svc[2]")
        server.wait_state("svc", "busy", 3)
        server.call("restart", target=str(before[1]))
        wait_for(lambda: server.pids("svc").get(1, before[1]) != before[1], 10, "a new PID")
        self.assertEqual(server.pids("svc")[3], before[3])

    def test_stop_and_start_the_pool(self):
        server = self.start(sleeper(size=3))
        server.wait_state("svc", "busy", 3)
        server.call("stop", target="svc")
        server.wait_state("svc", "down", 3)
        wait_for(lambda: server.status("svc")["state"] == "stopped", 5, "stopped")
        server.call("start", target="svc")
        server.wait_state("svc", "busy", 3)
        self.assertEqual(server.status("svc")["state"], "ok")

    def test_rolling_restart_one_at_a_time(self):
        server = self.start(sleeper(size=4, ready={"min_uptime": "300ms"}))
        server.wait_state("svc", "busy", 4)
        before = server.pids("svc")
        server.call("restart", target="svc")
        fewest = 4

        def rolled():
            nonlocal fewest
            workers = server.workers("svc")
            fewest = min(fewest, sum(worker["state"] == "busy" for worker in workers))
            return all(worker["generation"] == 2 and worker["state"] == "busy"
                       for worker in workers)
        wait_for(rolled, 30, "the roll")
        self.assertGreaterEqual(fewest, 3)
        self.assertFalse(set(before.values()) & set(server.pids("svc").values()))

    def test_drain_hold_resume_pause(self):
        server = self.start(sleeper(size=2), sleeper("other", 1))
        server.wait_state("svc", "busy", 2)
        self.assertEqual(server.refusal("pause", target="svc")["code"], "refused")
        server.call("hold", target="svc")
        os.kill(server.pids("svc")[1], signal.SIGKILL)
        server.wait_state("svc", "held", 1)
        self.assertIn("an operator holds restarts", server.events("held", "svc")[0]["text"])
        server.call("resume", target="svc")
        server.wait_state("svc", "busy", 2)
        server.call("drain", target="svc")
        server.wait_state("svc", "down", 2)
        self.assertEqual(len(server.pids("other")), 1)
        server.call("resume", target="svc")
        server.wait_state("svc", "busy", 2)
        server.call("drain", target="svc[1]")
        server.wait_state("svc", "down", 1)
        self.assertEqual(server.refusal("pause", target="svc[2]")["code"], "refused")

    def test_hold_for_takes_a_span_and_nothing_else(self):
        server = self.start(sleeper(size=1))
        server.wait_state("svc", "busy", 1)
        for span in (0, -1, -1e300, 1e300, 366 * 86400 + 1, "60", "", True, False, [], [60], {}):
            for target in ("svc[1]", "svc"):
                with self.subTest(span=span, target=target):
                    reply = server.refusal("hold", target=target, **{"for": span})
                    self.assertEqual(reply["code"], "usage")
                    self.assertIn("for: give a number of seconds", reply["error"])
        # What is no JSON is no request at all.
        for span in ("NaN", "Infinity", "1e999"):
            with Control(server.socket_path).socket as one:
                one.sendall(b'{"id": 1, "cmd": "hold", "target": "svc[1]", "for": %s}\n'
                            % span.encode())
                self.assertIn(b'"ok":false', one.recv(65536).replace(b" ", b""))
        self.assertEqual(server.events("hold"), [])
        server.call("hold", target="svc[1]", **{"for": 366 * 86400})
        server.call("hold", target="svc[1]", **{"for": 0.5})
        self.assertEqual(server.refusal("hold", target="svc", **{"for": 60})["code"], "usage")
        server.call("hold", target="svc[1]", **{"for": None}) # as if it were not there
        self.assertEqual(len(server.events("hold")), 3)

    def test_kill_with_a_signal(self):
        command = self.script("usr1.py", "signal.signal(signal.SIGUSR1, "
                                         "lambda *a: print('got USR1', flush=True))\n"
                                         "print('handler set', flush=True)\n"
                                         "while True: signal.pause()\n")
        server = self.start(service("svc", command, 1, restart_backoff=FAST, ready=QUICK))
        server.wait_line("svc", "handler set")
        pid = server.pids("svc")[1]
        self.expect(0, "kill", "svc[1]", "-s", "USR1")
        server.wait_line("svc", "got USR1")
        self.assertEqual(server.pids("svc")[1], pid)
        server.call("kill", target=str(pid), signal="KILL")
        event = server.wait_event("exited", "svc")[0]
        self.assertIn("killed by tester", event["text"])
        self.assertEqual(server.refusal("kill", target="svc[1]", signal="NOPE")["code"], "usage")
        self.assertEqual(server.refusal("kill", target="svc")["code"], "usage")

    def test_stale_pid_is_gone(self):
        server = self.start(sleeper(size=1))
        server.wait_state("svc", "busy", 1)
        worker = server.worker("svc", 1)
        reply = server.refusal("kill", target="svc[1]", start=worker["start"] + 1)
        self.assertEqual(reply["code"], "gone")
        kill_and_wait(worker["pid"])
        server.wait_state("svc", "busy", 1)
        for target in (str(worker["pid"]), "svc[1]"):
            reply = server.refusal("kill", target=target, start=worker["start"])
            self.assertEqual(reply["code"], "gone")
        # A PID that is no worker of ours, alive or not, is never signalled.
        self.assertEqual(server.refusal("kill", target=str(os.getpid()))["code"], "gone")
        self.assertEqual(server.refusal("kill", target="1")["code"], "gone")
        self.assertEqual(self.expect(1, "kill", str(worker["pid"])).stdout, b"")

    def test_term_ignored_is_killed_after_grace(self):
        command = self.deaf()
        server = self.start(service("deaf", command, 1, stop={"grace": "500ms"}, ready=QUICK))
        server.wait_line("deaf", "ignoring TERM")
        server.call("stop", target="deaf")
        server.wait_event("kill", "deaf")
        server.wait_state("deaf", "down", 1)
        exited = server.events("exited", "deaf")[0]
        stopping = server.events("stopping", "deaf")[0]
        self.assertIn("signal 9 (KILL)", exited["text"])
        self.assertGreaterEqual(exited["at"] - stopping["at"], 0.45)

    def test_term_reaches_children_with_sessions_of_their_own(self):
        command = self.script("waiter.py", """
signal.signal(signal.SIGTERM, lambda *_: None)
child = os.fork()
if child == 0:
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    print("up", flush=True)
    time.sleep(100000)
while os.waitpid(child, 0)[0] != child:
    pass
""")
        server = self.start(service("svc", command, 1, stop={"grace": "60s"}, ready=QUICK))
        if server.status()["tier"] != "cgroup":
            self.skipTest("without cgroups such a child gets KILL after the grace time")
        server.wait_line("svc", "up")
        server.call("stop", target="svc")
        server.wait_state("svc", "down", 1, 20)
        self.assertEqual(server.events("kill", "svc"), [])

    def test_stopped_child_with_a_session_of_its_own_is_continued(self):
        """TERM alone would wait for ever."""
        command = self.script("waiter.py", """
signal.signal(signal.SIGTERM, lambda *_: None)
child = os.fork()
if child == 0:
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGSTOP)
    time.sleep(100000)
os.waitpid(child, os.WUNTRACED)
print("stopped", flush=True)
while os.waitpid(child, 0)[0] != child:
    pass
""")
        server = self.start(service("svc", command, 1, stop={"grace": "60s"}, ready=QUICK))
        if server.status()["tier"] != "cgroup":
            self.skipTest("without cgroups such a child gets KILL after the grace time")
        server.wait_line("svc", "stopped")
        server.call("stop", target="svc")
        server.wait_state("svc", "down", 1, 20)
        self.assertEqual(server.events("kill", "svc"), [])

    def test_stopped_worker_can_be_stopped(self):
        server = self.start(sleeper(size=1, stop={"grace": "20s"}))
        server.wait_state("svc", "busy", 1)
        os.kill(server.pids("svc")[1], signal.SIGSTOP)
        server.call("stop", target="svc")
        server.wait_state("svc", "down", 1, 5)
        self.assertIn("signal 15 (TERM)", server.events("exited", "svc")[0]["text"])


class Names(Case):
    def test_second_of_the_name_is_refused(self):
        server = self.start(sleeper(size=2))
        server.wait_state("svc", "busy", 2)
        before = server.pids("svc")
        second = self.expect(255, "run", self.config([sleeper("x", 1)], "t"), "--headless")
        self.assertIn(b"already", second.stderr)
        self.assertEqual(server.pids("svc"), before)
        with_new_client = Control(server.socket_path)
        self.assertEqual(with_new_client.hello["pid"], server.pid)
        with_new_client.close()

    def test_stale_socket_is_replaced(self):
        os.mkdir(f"{self.runtime}/lifeguard", 0o700)
        left = socket.socket(socket.AF_UNIX)
        left.bind(f"{self.runtime}/lifeguard/t.sock")
        left.listen()
        left.close()
        self.expect(4, "status", "t")
        server = self.start(sleeper(size=1))
        server.wait_state("svc", "busy", 1)

    def test_two_names_at_once(self):
        one = self.start(sleeper(size=1), name="one")
        two = self.start(sleeper(size=1), name="two")
        listing = self.expect(0, "list").stdout
        self.assertIn(b"one", listing)
        self.assertIn(b"two", listing)
        self.expect(2, "status")
        self.expect(4, "-S", "three", "status")
        one.wait_state("svc", "busy", 1)
        two.wait_state("svc", "busy", 1)
        self.expect(0, "-S", "one", "scale", "svc", "2")
        one.wait_state("svc", "busy", 2)
        self.assertEqual(len(two.workers("svc")), 1)


class Ending(Case):
    def test_shutdown(self):
        server = self.start(sleeper(size=3))
        server.wait_state("svc", "busy", 3)
        pids = server.pids("svc").values()
        done = self.expect(0, "shutdown")
        self.assertIn(b"t stopped", done.stdout)
        self.assertEqual(server.wait_end(), 0)
        for pid in pids:
            self.assertFalse(pid_is_there(pid))
        self.assertFalse(os.path.exists(server.socket_path))
        self.expect(4, "status")

    def test_shutdown_says_whom_it_waits_for_and_now(self):
        command = self.deaf()
        server = self.start(service("deaf", command, 1, stop={"grace": "100s"}, ready=QUICK))
        server.wait_line("deaf", "ignoring TERM")
        waiting = self.popen("shutdown")
        line = waiting.stdout.readline()
        self.assertIn(b"waiting for 1 worker: deaf[1]", line)
        self.assertIsNone(server.process.poll())
        self.expect(0, "shutdown", "--now")
        self.assertEqual(server.wait_end(), 0)
        self.assertIn(b"stopped", waiting.communicate(timeout=10)[0])

    def popen(self, *words):
        process = subprocess.Popen([os.environ["LIFEGUARD"], *words], env=self.env, cwd=self.work,
                                   stdout=subprocess.PIPE)
        self.addCleanup(process.stdout.close)
        return process

    def test_one_term_stops_two_kill(self):
        command = self.deaf()
        server = self.start(service("deaf", command, 2, stop={"grace": "100s"}, ready=QUICK))
        server.wait_line("deaf", "ignoring TERM")
        server.process.send_signal(signal.SIGTERM)
        server.wait_state("deaf", "stopping", 2)
        server.process.send_signal(signal.SIGTERM)
        self.assertEqual(server.wait_end(10), 0)

    def test_shutdown_timeout_kills(self):
        command = self.deaf()
        server = self.start(service("deaf", command, 1, stop={"grace": "100s"}, ready=QUICK),
                            shutdown_timeout="1s")
        server.wait_line("deaf", "ignoring TERM")
        self.assertEqual(server.shutdown(10), 0)

    def test_run_command_without_a_config(self):
        server = self.spawn(["run", "-S", "plain", "--headless", "-n", "2", "--", "sleep", "1000"],
                            "plain").connect()
        server.wait_state("sleep", "busy", 2)
        self.assertEqual(server.shutdown(), 0)

    def test_detach(self):
        path = self.config([sleeper(size=1)], "d")
        self.assertIn(b"d runs", self.expect(0, "run", path, "--detach").stdout)
        self.expect(0, "status", "d")
        self.expect(0, "shutdown", "d")

    def test_pool_choice(self):
        path = self.config([sleeper("one", 1), sleeper("two", 1)])
        server = self.spawn(["run", path, "--headless", "--pool", "two"]).connect()
        server.wait_state("two", "busy", 1)
        self.assertEqual(server.pids("one"), {})
        self.expect(2, "run", path, "--headless", "--pool", "three")
        server.call("start", target="one")
        server.wait_state("one", "busy", 1)


if __name__ == "__main__":
    unittest.main()
