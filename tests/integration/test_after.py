# SPDX-License-Identifier: MIT
"""The order of pools: what `after` waits for, and the opposite order at the end."""
import signal
import time
import unittest

from harness import PATIENCE, Case, job, kill_and_wait, service, wait_for

FAST = {"initial": "10ms", "max": "50ms", "reset_after": "60s"}


def sleeper(name, size=1, **keys):
    keys.setdefault("restart_backoff", FAST)
    keys.setdefault("ready", {"min_uptime": "20ms"})
    return service(name, ["sleep", "100000"], size, **keys)


class Starting(Case):
    def gated(self, name="db", size=1, **keys):
        """Slot n is ready when the file go.n is there."""
        return sleeper(name, size, cwd=self.work,
                       ready={"command": ["sh", "-c", "test -e go.{slot}"]}, **keys)

    def seq(self, server, kind, pool):
        return server.wait_event(kind, pool)[0]["seq"]

    def note(self, server, pool):
        return server.status(pool)["note"]

    def test_ready_means_all_workers(self):
        server = self.start(sleeper("web", after=["db"]), self.gated(size=2))
        server.wait_state("db", "starting", 2)
        self.write("go.1", "")
        server.wait_state("db", "busy", 1)
        self.assertEqual(server.status("web")["state"], "waiting")
        self.assertEqual(self.note(server, "web"), "waits for db (ready)")
        self.assertEqual(server.workers("web"), [])
        self.assertIn("waits for db (ready)", server.events("waiting", "web")[0]["text"])
        shown = self.expect(0, "status").stdout.decode()
        self.assertIn("pool web: waits for db (ready)", shown)
        self.write("go.2", "")
        server.wait_state("web", "busy", 1)
        self.assertGreater(self.seq(server, "started", "web"),
                           max(event["seq"] for event in server.events("ready", "db")))
        self.assertIsNone(self.note(server, "web"))

    def test_started_does_not_wait_for_ready(self):
        server = self.start(sleeper("web", after=["db:started"]), self.gated(size=2))
        server.wait_state("web", "busy", 1)
        server.wait_state("db", "starting", 2)

    def test_healthy_waits_for_a_check_of_each(self):
        server = self.start(
            sleeper("web", after=["db:healthy"]),
            sleeper("db", 2, cwd=self.work, health={
                "command": ["sh", "-c", "echo >> asked; test -e well.{slot}"], "interval": "50ms",
                "failures": 1000}))
        server.wait_state("db", "busy", 2)
        self.write("well.1", "")
        wait_for(lambda: server.worker("db", 1)["health"] == "ok", 15, "a check")
        self.assertEqual(self.note(server, "web"), "waits for db (healthy)")
        self.write("well.2", "")
        server.wait_state("web", "busy", 1)

    def test_several_and_those_behind_them(self):
        server = self.start(sleeper("c", after=["b", "a:started"]), sleeper("b", after=["a:ready"]),
                            self.gated("a"))
        server.wait_state("a", "starting", 1)
        self.assertEqual(self.note(server, "c"), "waits for b (ready)")
        self.write("go.1", "")
        server.wait_state("c", "busy", 1)
        self.assertLess(self.seq(server, "ready", "a"), self.seq(server, "started", "b"))
        self.assertLess(self.seq(server, "ready", "b"), self.seq(server, "started", "c"))

    def test_what_fails_later_stops_nobody(self):
        server = self.start(sleeper("web", after=["db"]), sleeper("db"))
        server.wait_state("web", "busy", 1)
        before = server.pids("web")
        kill_and_wait(server.pids("db")[1])
        server.wait_event("exited", "db")
        server.call("stop", target="db")
        wait_for(lambda: server.status("db")["state"] == "stopped", 10, "db to stop")
        self.assertEqual(server.pids("web"), before)
        self.assertEqual(server.status("web")["state"], "ok")

    def test_operator_overrides(self):
        server = self.start(sleeper("web", after=["db"]), sleeper("api", after=["db"]),
                            self.gated())
        server.wait_state("db", "starting", 1)
        server.call("start", target="web")
        server.wait_state("web", "busy", 1)
        server.call("stop", target="api") # does not want it any more
        wait_for(lambda: server.status("api")["state"] == "stopped", 10, "api to be stopped")
        self.write("go.1", "")
        server.wait_state("db", "busy", 1)
        server.call("start", target="db")
        self.assertEqual(server.status("api")["state"], "stopped")

    def test_pool_without_autostart_is_not_started_by_others(self):
        server = self.start(sleeper("web", after=["db"]), sleeper("db", autostart=False))
        wait_for(lambda: server.status("web")["state"] == "waiting", 10, "web to wait")
        self.assertEqual(self.note(server, "web"), "waits for db (ready, autostart is off)")
        server.call("start", target="db")
        server.wait_state("web", "busy", 1)

    def finite(self, *pools, **supervisor):
        path = self.config(pools, **supervisor)
        return self.expect(0, "run", path, "--headless", "--exit-when-done")

    def test_done_passes_on_what_was_made(self):
        numbers = [str(number) for number in range(40)]
        self.finite(job("use", ["sh", "-c", "echo got $1 >> used", "sh", "{}"],
                        {"file": f"{self.work}/made"}, 4, after=["make:done"], cwd=self.work),
                    job("make", ["sh", "-c", "sleep 0.01; echo $1 >> made", "sh", "{}"],
                        {"list": numbers}, 4, cwd=self.work),
                    job("see", ["sh", "-c", "echo $1 >> seen", "sh", "{/}"],
                        {"glob": f"{self.work}/use[d]"}, after=["use:done"], cwd=self.work))
        self.assertEqual(sorted(self.read("used").decode().splitlines()),
                         sorted(f"got {number}" for number in numbers))
        self.assertEqual(self.read("seen"), b"used\n")

    def test_done_comes_after_its_results(self):
        self.finite(job("last", ["sh", "-c", "cat first > last", "sh", "{}"], {"list": ["x"]},
                        after=["first:done"], cwd=self.work),
                    job("first", ["echo", "{}"], {"list": ["1", "2", "3"]}, cwd=self.work,
                        results=f"{self.work}/first"))
        self.assertEqual(len(self.read("last").splitlines()), 3) # its results were all written

    def test_services_beside_jobs_end_with_them(self):
        self.finite(job("work", ["true", "{}"], {"list": ["1", "2"]}, after=["db"]),
                    sleeper("db"), sleeper("log", after=["db:started"]))


class Stopping(Case):
    def slow_to_stop(self, name, **keys):
        """Writes when it is told to stop, and when it has."""
        worker = self.script("slow.py", "log = os.open('order', os.O_WRONLY|os.O_APPEND|os.O_CREAT)\n"
                             "name = os.environ['LIFEGUARD_POOL'].encode()\n"
                             "def stop(*_):\n"
                             "    os.write(log, name + b' told\\n')\n"
                             "    time.sleep(0.2)\n"
                             "    os.write(log, name + b' gone\\n')\n"
                             "    os._exit(0)\n"
                             "signal.signal(signal.SIGTERM, stop)\n"
                             "sd('READY=1')\n"
                             "while True: time.sleep(1000)\n")
        return service(name, worker, cwd=self.work, ready={"notify": True}, **keys)

    def up(self, *pools, **supervisor):
        server = self.start(*pools, **supervisor)
        for pool in pools:
            server.wait_state(pool["name"], "busy", pool["size"])
        return server

    def test_dependents_go_first(self):
        server = self.up(self.slow_to_stop("db"), self.slow_to_stop("web", after=["api"]),
                         self.slow_to_stop("api", after=["db"]), self.slow_to_stop("other"))
        self.assertEqual(server.shutdown(), 0)
        order = self.read("order").decode().splitlines()
        self.assertEqual([line for line in order if "other" not in line],
                         ["web told", "web gone", "api told", "api gone", "db told", "db gone"])
        self.assertLess(order.index("other told"), order.index("web gone")) # waits for nobody

    def deaf_pair(self, **supervisor):
        keys = {"stop": {"grace": "1000s"}}
        deaf = self.deaf()
        return self.up(service("db", deaf, ready={"log": "ignoring"}, **keys),
                       service("web", deaf, ready={"log": "ignoring"}, after=["db"], **keys),
                       **supervisor)

    def test_second_signal_kills_at_once(self):
        server = self.deaf_pair(shutdown_timeout="1000s")
        server.process.send_signal(signal.SIGTERM)
        server.wait_state("web", "stopping", 1)
        self.assertEqual(server.worker("db", 1)["state"], "busy") # its turn has not come
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        server.wait_end()
        self.assertLess(time.monotonic() - began, 20 * PATIENCE)

    def test_whose_turn_has_not_come(self):
        server = self.deaf_pair(shutdown_timeout="1000s")
        server.process.send_signal(signal.SIGTERM)
        server.wait_state("web", "stopping", 1)
        server.call("subscribe", view="summary")
        rows = {row["pool"]: row for row in server.control.receive()["summary"]["stopping"]}
        self.assertEqual((rows["db"]["state"], rows["db"]["waits"]), ("waiting", "web"))
        self.assertIsNone(rows["web"]["waits"])
        self.assertGreater(rows["web"]["kill_in"], 0)
        self.assertIn("stopping", self.expect(3, "status").stdout.decode())
        for verb in (["scale", "db", "+1"], ["restart", "db"], ["start", "web[1]"]):
            self.assertIn("the supervisor is stopping", self.expect(1, *verb).stderr.decode())
        self.assertEqual(len(server.workers("db")), 1)
        self.assertEqual(server.shutdown(now=True), 0)

    def test_now_skips_the_order(self):
        server = self.deaf_pair(shutdown_timeout="1000s")
        self.assertEqual(server.shutdown(now=True), 0)

    def test_order_is_bounded(self):
        server = self.deaf_pair(shutdown_timeout="500ms")
        self.assertEqual(server.shutdown(), 0)

    def test_waiting_pool_never_starts_at_the_end(self):
        server = self.start(sleeper("web", after=["db"]),
                            sleeper("db", cwd=self.work, ready={"command": ["test", "-e", "go"]}))
        server.wait_state("db", "starting", 1)
        self.assertEqual(server.shutdown(), 0)


class Config(Case):
    def refused(self, pools, *texts):
        done = self.run_cli("check", self.config(pools))
        self.assertNotEqual(done.returncode, 0)
        for text in texts:
            self.assertIn(text, (done.stdout + done.stderr).decode())
        return (done.stdout + done.stderr).decode()

    def test_what_can_never_start_is_refused(self):
        self.refused([sleeper("web", after=["bd"]), sleeper("db")], "t.cfg:",
                     "after: there is no pool bd (did you mean db?)")
        self.refused([sleeper("web", after=["web"])], "after: pool web would wait for itself")
        self.refused([sleeper("web", after=["db:reddy"]), sleeper("db")],
                     "`reddy` is not started, ready, healthy or done (did you mean ready?)")
        self.refused([sleeper("web", after=["db:"]), sleeper("db")], "`` is not started")
        self.refused([sleeper("web", after=["db:done"]), sleeper("db")],
                     "after: db:done: that pool never ends, it is a service; wait for db:ready")
        self.refused([sleeper("web", after=["j:done"]), job("j", ["true"])],
                     "after: j:done: that pool never ends; wait for j:ready")
        self.refused([sleeper("web", after=["j:done"]), job("j", ["true"], {"from": "i"}),
                      job("i", ["true"])], "after: j:done: that pool never ends;")
        self.refused([sleeper("web", after=["db:healthy"]), sleeper("db")],
                     "after: db:healthy: that pool has no health checks; give it health.command")
        self.refused([job("b", ["true", "{}"], {"from": "a"}, after=["a:done"]),
                      job("a", ["true", "{}"], {"list": ["1"]})],
                     "after: a:done: its results are tasks of b and would fill its queue")

    def test_circles_are_named_once(self):
        text = self.refused([sleeper("a", after=["b"]), sleeper("b", after=["c:started"]),
                             sleeper("c", after=["a"])],
                            "after: a circle that never starts: a waits for b waits for c waits for a")
        self.assertEqual(text.count("circle"), 1)
        # Who must be done must get its tasks first.
        self.refused([job("x", ["true", "{}"], {"from": "y"}),
                      job("y", ["true", "{}"], {"list": ["1"]}, after=["x:done"])], "a circle")
        path = self.config([sleeper("a", after=["b", "c", "d"]), sleeper("b", after=["d"]),
                            sleeper("c", after=["d", "b"]), sleeper("d")])
        self.expect(0, "check", path)


if __name__ == "__main__":
    unittest.main()
