# SPDX-License-Identifier: MIT
"""Hangs: whoever gives no sign of life within its limit is named within a second after it, restarted
where configured, and the events say why. Whoever works is left alone."""
import os
import signal
import socket
import time
import unittest

from harness import PATIENCE, Case, job, service, wait_for

QUICK = {"min_uptime": "50ms"}
FAST = {"initial": "10ms", "max": "10ms"}
BEAT = "sd('READY=1')\nwhile True:\n    sd('WATCHDOG=1')\n    time.sleep(0.2)\n"


class Hangs(Case):
    def assert_hung_in_time(self, server, pool, limit, since):
        """The event of the first hang, and when it came after `since` (epoch)."""
        event = server.wait_event("hung", pool)[-1]
        late = event["at"] - since - limit
        self.assertLess(late, 1.0 * PATIENCE, event)
        self.assertGreater(late, -0.1, event)
        return event

    def wait_restarted(self, server, pool, slot=1, generation=2):
        wait_for(lambda: server.worker(pool, slot)["generation"] >= generation, 15, "the restart")
        return server.wait_event("exited", pool)[-1]


class Silence(Hangs):
    def test_sleeping_service_is_restarted(self):
        command = self.script("sleep.py", "print('working')\ntime.sleep(0.5)\nprint('no more')\n"
                                          "open('quiet', 'a').write(f'{time.time()}\\n')\n"
                                          "time.sleep(100000)\n")
        server = self.start(service("svc", command, ready=QUICK, restart_backoff=FAST,
                                    hang={"silence": "2s", "action": "restart"}))
        event = self.assert_hung_in_time(server, "svc", 2, self.quiet_since())
        self.assertIn("silent, no CPU used for 2", event["text"])
        self.assertIn("restarting it", event["text"])
        self.assertTrue(event["alert"])
        self.assertTrue(server.events("suspect", "svc"))
        exited = self.wait_restarted(server, "svc")
        self.assertIn("hang by lifeguard: signal 15 (TERM)", exited["text"])
        self.assertIn("last words: no more", exited["text"])

    def quiet_since(self):
        return float(wait_for(lambda: os.path.exists(f"{self.work}/quiet") and
                              self.read("quiet").split(), 15, "the silence")[0])

    def test_hanging_task_is_restarted_and_retried(self):
        server = self.start(job("j", ["sh", "-c", "test -e well || sleep 100000; echo $1", "sh",
                                      "{}"], {"list": ["x"]}, 1, results="r.jsonl", retries=3,
                                backoff=FAST, hang={"silence": "1s", "action": "restart"}),
                            {"name": "stay", "mode": "command", "command": ["true"]})
        begun = wait_for(lambda: server.worker("j", 1)["pid"], 10, "the task") and time.time()
        event = self.assert_hung_in_time(server, "j", 1, begun)
        self.assertIn("task 1", event["text"])
        self.write("well", "")
        server.wait_done(pool="j")
        result = self.results("r.jsonl")[0]
        self.assertGreaterEqual(result["attempts"], 2)
        self.assertTrue(result["ok"])
        self.assertIn("hang", server.wait_event("task-retry", "j")[0]["text"])

    def test_idle_slot_is_not_watched(self):
        server = self.start(job("j", ["true"], None, 2, hang={"silence": "200ms"}))
        server.call("submit", pool="j", args=["1"])
        wait_for(lambda: server.status("j")["done"] == 1, 10, "the task")
        time.sleep(0.8) # as long as a false alarm would take, and twice that
        self.assertEqual(server.events("hung"), [])

    def test_stopped_worker(self):
        server = self.start(service("svc", self.script("tick.py", "while True:\n"
                                                       "    print('tick')\n    time.sleep(0.1)\n"),
                                    ready=QUICK, restart_backoff=FAST,
                                    hang={"silence": "1500ms", "action": "restart"}))
        server.wait_line("svc", "tick")
        pid = server.pids("svc")[1]
        at = time.time()
        os.kill(pid, signal.SIGSTOP)
        wait_for(lambda: server.worker("svc", 1)["flag"] == "stopped", 10, "the flag")
        event = self.assert_hung_in_time(server, "svc", 1.5, at)
        self.assertIn("stopped by a signal", event["text"])
        self.assertEqual(event["pid"], pid)
        self.wait_restarted(server, "svc")
        server.wait_line("svc", "tick")

    def test_busy_worker_is_not_silent(self):
        server = self.start(service("svc", self.script("burn.py", "while True: pass\n"),
                                    ready=QUICK, hang={"silence": "600ms", "action": "restart"}),
                            service("canary", ["sleep", "100000"], ready=QUICK,
                                    hang={"silence": "2s"}))
        # When the canary is found the burner would have been found three times over.
        server.wait_event("hung", "canary")
        self.assertEqual(server.events("hung", "svc"), [])
        self.assertEqual(server.worker("svc", 1)["generation"], 1)

    def test_printing_worker_is_not_silent(self):
        server = self.start(service("svc", ["sh", "-c", "while sleep 0.2; do echo tick; done"],
                                    ready=QUICK, hang={"silence": "700ms", "action": "restart"}),
                            service("canary", ["sleep", "100000"], ready=QUICK,
                                    hang={"silence": "2s"}))
        server.wait_event("hung", "canary")
        self.assertEqual(server.events("hung", "svc"), [])

    def test_report_leaves_it_alone_and_clears(self):
        command = self.script("nap.py", "print('awake')\n"
                                        "while not os.path.exists('wake'): time.sleep(0.1)\n"
                                        "while True:\n    print('back')\n    time.sleep(0.1)\n")
        server = self.start(service("svc", command, ready=QUICK, hang={"silence": "500ms"}))
        server.wait_event("hung", "svc")
        pid = server.pids("svc")[1]
        self.assertEqual(server.status("svc")["hung"], 1)
        self.assertEqual(server.status("svc")["state"], "hung")
        self.assertEqual(server.worker("svc", 1)["flag"], "hung")
        self.expect(3, "status")
        self.write("wake", "")
        server.wait_event("recovered", "svc")
        self.assertEqual(server.status("svc")["hung"], 0)
        self.assertIsNone(server.worker("svc", 1)["flag"])
        self.assertEqual(server.pids("svc")[1], pid)
        self.expect(0, "status")

    def test_held_pool_restarts_what_hung_when_it_is_resumed(self):
        server = self.start(service("svc", ["sleep", "100000"], ready=QUICK, restart_backoff=FAST,
                                    hang={"silence": "1s", "action": "restart"}))
        server.call("hold", target="svc")
        self.assertIn("not restarted: held", server.wait_event("hung", "svc")[0]["text"])
        self.assertEqual(server.worker("svc", 1)["generation"], 1)
        server.call("resume", target="svc")
        self.assertIn("hang by lifeguard", self.wait_restarted(server, "svc")["text"])
        self.assertGreaterEqual(len(server.wait_event("hung", "svc")), 1)

    def test_deaf_hung_worker_is_killed(self):
        server = self.start(service("svc", self.deaf(), ready=QUICK, restart_backoff=FAST,
                                    stop={"grace": "300ms"},
                                    hang={"silence": "500ms", "action": "restart"}))
        self.assertIn("signal 9 (KILL)", self.wait_restarted(server, "svc")["text"])


class Heartbeat(Hangs):
    def test_missed_heartbeat(self):
        command = self.script("beat.py", "sd('READY=1')\n"
                                         "for i in range(5):\n"
                                         "    sd('WATCHDOG=1')\n    time.sleep(0.2)\n"
                                         "open('last', 'a').write(f'{time.time() - 0.2}\\n')\n"
                                         "while True: pass\n")
        server = self.start(service("svc", command, ready={"notify": True}, restart_backoff=FAST,
                                    hang={"heartbeat": "1s", "action": "restart"}))
        last = wait_for(lambda: os.path.exists(f"{self.work}/last") and
                        self.read("last").split(), 15, "the last beat")
        event = self.assert_hung_in_time(server, "svc", 1, float(last[0]))
        self.assertIn("no heartbeat for 1", event["text"])
        self.assertIn("(limit 1.0s); restarting it", event["text"])
        self.wait_restarted(server, "svc")

    def test_beating_worker_is_left_alone(self):
        server = self.start(service("svc", self.script("beat.py", BEAT), ready={"notify": True},
                                    hang={"heartbeat": "800ms", "action": "restart"}),
                            service("canary", self.script("once.py", "sd('READY=1')\n"
                                                          "time.sleep(100000)\n"),
                                    ready={"notify": True}, hang={"heartbeat": "2500ms"}))
        server.wait_event("hung", "canary")
        self.assertEqual(server.events("hung", "svc"), [])
        self.assertLess(server.worker("svc", 1)["heartbeat"], 0.8 * PATIENCE)

    def test_slow_start_is_not_a_missed_heartbeat(self):
        server = self.start(service("svc", self.script("slow.py", "time.sleep(1.5)\n" + BEAT),
                                    ready={"notify": True, "timeout": "60s"},
                                    hang={"heartbeat": "500ms", "action": "restart"}))
        self.assertEqual(server.worker("svc", 1)["state"], "starting")
        server.wait_state("svc", "busy", 1)
        self.assertEqual(server.events("hung"), [])
        self.assertEqual(server.worker("svc", 1)["generation"], 1)

    def test_never_ready(self):
        server = self.start(service("svc", ["sleep", "100000"], restart_backoff=FAST,
                                    ready={"notify": True, "timeout": "500ms"}))
        self.assertIn("not ready in time", self.wait_restarted(server, "svc")["text"])

    def test_trigger_and_status_and_extend(self):
        command = self.script("trigger.py", "sd('READY=1\\nSTATUS=about to give up')\n"
                                            "while not os.path.exists('go'): time.sleep(0.05)\n"
                                            "sd('WATCHDOG=trigger')\n"
                                            "time.sleep(100000)\n")
        server = self.start(service("svc", command, ready={"notify": True}, restart_backoff=FAST,
                                    hang={"heartbeat": "100s", "action": "restart"}))
        wait_for(lambda: server.worker("svc", 1)["status"] == "about to give up", 10, "the status")
        self.write("go", "")
        self.assertIn("WATCHDOG=trigger", server.wait_event("hung", "svc")[0]["text"])
        self.wait_restarted(server, "svc")

    def test_notification_of_a_stranger_counts_for_nobody(self):
        """A process that is no worker can't keep a hung one alive."""
        server = self.start(service("svc", self.script("path.py",
                                    "open('path', 'w').write(os.environ['NOTIFY_SOCKET'])\n"
                                    "sd('READY=1')\ntime.sleep(100000)\n"),
                                    ready={"notify": True}, hang={"heartbeat": "700ms"}))
        server.wait_state("svc", "busy", 1)
        stranger = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        stranger.connect(self.read("path"))

        def beat_and_look():
            stranger.send(b"WATCHDOG=1")
            return server.events("hung", "svc")
        wait_for(beat_and_look, 10, "the hang")
        stranger.close()

    def test_descendant_of_the_worker_may_beat(self):
        command = self.script("parent.py", "sd('READY=1')\n"
                                           "if os.fork() == 0:\n"
                                           "    while True:\n"
                                           "        sd('WATCHDOG=1')\n        time.sleep(0.1)\n"
                                           "time.sleep(100000)\n")
        server = self.start(service("svc", command, ready={"notify": True},
                                    hang={"heartbeat": "600ms"}),
                            service("canary", self.script("once.py", "sd('READY=1')\n"
                                                          "time.sleep(100000)\n"),
                                    ready={"notify": True}, hang={"heartbeat": "2s"}))
        server.wait_event("hung", "canary")
        self.assertEqual(server.events("hung", "svc"), [])


class Standstill(Hangs):
    def test_frozen_supervisor_blames_nobody(self):
        """Whoever stood still was the supervisor: no worker is hung for that."""
        server = self.start(service("svc", self.script("beat.py", BEAT), size=4,
                                    ready={"notify": True},
                                    hang={"heartbeat": "1s", "silence": "1s", "action": "restart"}))
        server.wait_state("svc", "busy", 4)
        os.kill(server.pid, signal.SIGSTOP)
        time.sleep(4) # how long it stands still, not something waited for
        os.kill(server.pid, signal.SIGCONT)
        server.wait_event("stall", None)
        self.assertTrue(all(worker["generation"] == 1 for worker in server.workers("svc")))
        self.assertEqual(server.events("hung"), [])


if __name__ == "__main__":
    unittest.main()
