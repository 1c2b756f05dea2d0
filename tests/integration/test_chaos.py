# SPDX-License-Identifier: MIT
"""Many tasks while their workers are killed at random: each task has one final state, no attempt
number is handed out twice, results keep their order, and the ledger adds up. Twenty thousand tasks
and 50 kills; a million and 1,000 with LIFEGUARD_LONG=1. LIFEGUARD_SEED replays a run."""
import collections
import os
import random
import signal
import time
import unittest

from workers import Workers

# Every attempt leaves a line before it is answered: what was begun, as nobody else tells it.
BODY = ("log = os.open('begun', os.O_WRONLY | os.O_APPEND | os.O_CREAT)\n"
        "def work(text, attempt, id):\n"
        "    os.write(log, b'%s %d\\n' % (text, attempt))\n"
        "    if PAUSE: time.sleep(PAUSE)\n"
        "    return b'%d %d' % (int(text) ** 2, attempt)\n"
        "serve(work)\n")


class Chaos(Workers):
    def run_with_kills(self, count, kills, pause):
        rng = random.Random(os.environ.get("LIFEGUARD_SEED", "11"))
        pool = self.pool("w", f"PAUSE = {pause}\n{BODY}", {"command": ["seq", str(count)]}, 4,
                         order="input", retries=0, bury_after_deaths=1000000,
                         crash_loop={"failures": 1000000})
        server = self.start(pool, self.pool("stay", "serve(None)\n"), restart_limit=0)
        killed = 0
        while (done := server.status("w")["done"]) < count:
            pids = list(server.pids("w").values())
            if killed == kills or done < killed * count / (kills + 1) or not pids:
                time.sleep(0.002)
                continue
            try:
                os.kill(rng.choice(pids), signal.SIGKILL)
                killed += 1
            except ProcessLookupError:
                pass
        self.assertEqual(killed, kills)
        self.expect(0, "tasks", "--audit")
        counts = server.audit()
        self.assertEqual((counts["done"], counts["accepted"]), (count, count))
        deaths = sum("KILL" in each["text"] for each in server.events("exited", "w"))
        self.assertEqual(server.shutdown(), 0)
        self.check(count, deaths)

    def check(self, count, deaths):
        begun = collections.Counter(self.read("begun").split(b"\n")[:-1])
        self.assertEqual({line: times for line, times in begun.items() if times > 1}, {})
        results = self.results("w.jsonl")
        self.assertEqual(len(results), count)
        again = 0
        for number, result in enumerate(results, 1):
            self.assertEqual((result["task"], result["seq"]), (str(number), number))
            self.assertEqual(result["result"], f"{number ** 2} {result['attempts']}")
            self.assertTrue(begun[b"%d %d" % (number, result["attempts"])])
            again += result["attempts"] > 1
        self.assertGreater(again, 0)
        self.assertGreater(deaths, 0)

    def test_20000_tasks_and_50_kills(self):
        self.run_with_kills(20000, 50, 0.0002)

    @unittest.skipUnless(os.environ.get("LIFEGUARD_LONG"), "LIFEGUARD_LONG is not set")
    def test_1000000_tasks_and_1000_kills(self):
        begun = time.monotonic()
        self.run_with_kills(1000000, 1000, 0)
        print(f"1000000 tasks: {time.monotonic() - begun:.1f}s")


if __name__ == "__main__":
    unittest.main()
