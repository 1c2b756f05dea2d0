# SPDX-License-Identifier: MIT
"""scale.policy = "backlog": the pool grows while tasks wait and shrinks when workers idle, tells
why, and keeps out of an operator's way."""
import re
import time
import unittest

from harness import service, wait_for
from workers import Workers

SLEEP = "serve(lambda data, attempt, id: time.sleep(float(data)) or b'')\n"


class Backlog(Workers):
    def begin(self, size=1, body=SLEEP, **keys):
        scale = {"policy": "backlog", "up_after": "200ms", "down_after": "1s", "step": 2}
        server = self.start(self.pool("w", body, size=size, max=6, scale={**scale, **keys}))
        server.wait_state("w", "idle", size)
        return server

    def wait_size(self, server, size, timeout=20):
        wait_for(lambda: server.status("w")["size"] == size, timeout, f"size {size}")

    def test_grows_and_shrinks(self):
        server = self.begin()
        self.submit(server, "w", *["0.2"] * 150)
        self.wait_size(server, 6)
        up = server.events("scaled", "w")
        self.assertRegex(up[0]["text"], r"^size 1→3 by scale: \d+ waiting for .*, oldest .*, "
                                        r"(drain .* at .*/s|none done yet)$")
        self.assertEqual(server.status("w")["size_by"], "scale")
        self.wait_counts(server, done=150)
        self.wait_size(server, 1)
        down = server.events("scaled", "w")[-1]
        self.assertRegex(down["text"], r"^size \d→1 by scale: \d idle for ")
        self.assertFalse(down["undo"])
        # Nothing was lost or done twice by those that went.
        self.assertEqual(len(self.results("w.jsonl")), 150)
        self.submit(server, "w", *["0.2"] * 50) # and again
        self.wait_size(server, 6)

    def test_operator(self):
        server = self.begin(down_after="100s")
        server.call("hold", target="w")
        self.submit(server, "w", *["0.5"] * 40)
        reply = server.call("scale", pool="w", size=2)
        self.assertIn("scale goes on from there", server.events("resized", "w")[-1]["text"])
        server.wait_state("w", "busy", 2)
        began = time.monotonic()
        wait_for(lambda: server.status("w")["done"] >= 4, 15, "some tasks")
        self.assertGreater(time.monotonic() - began, 0.2) # longer than up_after
        self.assertEqual(server.status("w")["size"], 2)
        server.call("resume", target="w")
        self.wait_size(server, 6)
        self.assertTrue(reply["ok"])
        self.expect(0, "scale", "w", "5")
        server.call("undo")

    def test_crash_loop_does_not_grow(self):
        server = self.begin(2, "say('READY')\nhear()\nos._exit(3)\n")
        self.submit(server, "w", *["0"] * 20)
        server.wait_event("held", "w", 30)
        self.assertEqual(server.status("w")["size"], 2)
        self.assertEqual(server.events("scaled"), [])

    def test_forecast(self):
        """With twice as many workers, which sleep and need no CPU, about half the time."""
        server = self.start(self.pool("w", SLEEP, {"list": ["0.3"] * 60}),
                            service("s", ["sleep", "9999"]))
        wait_for(lambda: server.status("w")["done"] >= 6, 15, "some tasks")
        pool = server.status("w")
        self.assertEqual((pool["forecast"]["size"], pool["forecast"]["useful"]), (4, 4))
        self.assertAlmostEqual(pool["forecast"]["eta"], pool["eta"] / 2, delta=pool["eta"] / 5)
        self.assertIsNone(server.status("s")["forecast"])

    def test_needs_a_bound(self):
        path = self.config([self.pool("w", SLEEP, scale={"policy": "backlog"}),
                            service("s", ["true"])])
        done = self.expect(1, "check", path)
        self.assertRegex(done.stdout + done.stderr, rb":\d+: scale.policy: .* needs max")
        path = self.config([service("s", ["true"], scale={"policy": "backlog"}, max=3)])
        self.assertRegex(self.expect(1, "check", path).stderr, re.compile(rb"scale.policy"))


if __name__ == "__main__":
    unittest.main()
