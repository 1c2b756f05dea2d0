# SPDX-License-Identifier: MIT
"""The tutorial programs of config/examples, run as they are; what comes out is compared with what
is computed here in another way."""
import collections
import glob
import json
import math
import os
import shutil
import subprocess
import unittest

from harness import Case

EXAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../config/examples")


class Examples(Case):
    def setUp(self):
        super().setUp()
        shutil.copytree(EXAMPLES, f"{self.work}/examples")

    def run_example(self, name, status=0):
        self.expect(status, "run", f"{self.work}/examples/{name}.cfg", "--headless", timeout=60)
        self.state = f"{self.directory}/.local/state/lifeguard/{name}"
        with open(f"{self.state}/results.jsonl", "rb") as file:
            return [json.loads(line) for line in file]

    def logs(self, pool):
        text = b""
        for path in glob.glob(f"{self.state}/logs/{pool}.*.log"):
            with open(path, "rb") as file:
                text += file.read()
        return text

    def test_each_is_tested(self):
        names = {os.path.basename(path)[:-4] for path in glob.glob(f"{EXAMPLES}/*.cfg")}
        tested = {name[5:].replace("_", "-") for name in dir(self) if name.startswith("test_")}
        self.assertLessEqual(names, tested)

    def test_squares(self):
        squares, odd = [], 1 # sums of odd numbers
        for _ in range(1000):
            squares.append((squares[-1] if squares else 0) + odd)
            odd += 2
        results = self.run_example("squares")
        self.assertEqual([int(each["result"]) for each in results], squares)
        self.assertLessEqual(len({each["worker"] for each in results}), 4)

    def test_count_primes(self):
        sieve = bytearray([1]) * 200000
        sieve[:2] = b"\0\0"
        for n in range(2, 448):
            if sieve[n]:
                sieve[n * n::n] = bytes(len(sieve[n * n::n]))
        results = self.run_example("count-primes")
        self.assertEqual(len(results), 20)
        self.assertEqual(int(results[-1]["result"]), sum(sieve))

    def test_roots(self):
        results = self.run_example("roots")
        self.assertEqual(len(results), 4)
        got = math.fsum(float(each["result"]) for each in results)
        # Euler and Maclaurin's formula for the sum of the roots up to n.
        n = 1e6
        wanted = 2 / 3 * n ** 1.5 + n ** 0.5 / 2 - 0.20788622497735457 + 1 / (24 * n ** 0.5)
        self.assertAlmostEqual(got, wanted, places=4)

    def test_producer_consumer(self):
        results = [each["result"] for each in self.run_example("producer-consumer")]
        self.assertEqual(results, [f"got {i}" for i in range(1, 101)] + ["100 items, sum 5050"])

    def test_pipeline(self):
        counted = subprocess.run(["wc", "-lw", "lifeguard.py", "pipeline.py"], text=True,
                                 cwd=f"{self.work}/examples", capture_output=True, check=True)
        lines, words, _ = counted.stdout.splitlines()[-1].split()
        results = self.run_example("pipeline")
        self.assertEqual(results[-1]["result"], f"{words} words in {lines} lines")
        self.assertEqual(len(results), int(lines))

    def test_counter(self):
        results = [(each["task"], json.loads(each["result"]))
                   for each in self.run_example("counter")]
        self.assertEqual(sorted(each["count"] for _, each in results), list(range(1, 201)))
        for task, each in results:
            self.assertEqual((each["length"], each["newest"]), (each["count"], task))

    def test_semaphore(self):
        results = self.run_example("semaphore")
        together = collections.Counter(each["result"] for each in results)
        self.assertEqual((set(together), sum(together.values())), ({"1", "2"}, 60))
        self.assertGreater(len({each["worker"] for each in results}), 2)

    def test_raising(self):
        results = {each["task"]: each for each in self.run_example("raising", 2)}
        self.assertEqual({task: float(each["result"]) for task, each in results.items()
                          if each["ok"]}, {"6/3": 2.0, "7/2": 3.5, "1/4": 0.25})
        zero, words = results["1/0"], results["one/two"]
        self.assertEqual((zero["state"], zero["attempts"]), ("failed", 3))
        self.assertIn("ZeroDivisionError", zero["error"])
        self.assertEqual((words["state"], words["attempts"]), ("buried", 1))
        self.assertIn("no division", words["error"])
        self.assertEqual(self.logs("divide").count(b"ZeroDivisionError: division by zero"), 3)

    def test_stuck(self):
        """Each of its four is named, as the README shows it."""
        server = self.spawn(["run", f"{self.work}/examples/stuck.cfg", "--headless"],
                            "stuck").connect()
        for pool, hung, found in (
                ("pipe", "silent", "which waits to write into a full pipe (fd 1), which pid "),
                ("spin", "spins", "spins in user code"),
                ("stalled", "stalled", "waits for its child pid "),
                ("restarted", "silent", "waits for its child pid ")):
            self.assertIn(hung, server.wait_event("hung", pool, 40)[0]["text"])
            text = server.wait_event("evidence", pool)[0]["text"]
            self.assertIn(found, text)
            self.assertRegex(text, r"\(lifeguard why \d+\)$")
        server.wait_event("exited", "restarted", text="hang by lifeguard")
        server.shutdown()

    def test_hanging(self):
        results = {each["seq"]: each for each in self.run_example("hanging", 1)}
        self.assertEqual({each["result"] for each in results.values() if each["ok"]},
                         {"slept 0.1", "slept 0.2", "slept 0.3"})
        hung = results[3]
        self.assertEqual((hung["state"], hung["attempts"]), ("buried", 2))
        self.assertIn("hang", hung["error"])
        self.assertEqual(sum(each["ok"] for each in results.values()), 4)

    def test_process_logs(self):
        results = self.run_example("process-logs")
        wrote = collections.defaultdict(list)
        for each in results:
            self.assertEqual(each["result"], str(each["worker"]))
            wrote[each["worker"]].append(f"process {each['worker']} works on {each['task']}")
        self.assertEqual(len(wrote), 3)
        for pid, lines in wrote.items():
            path, = glob.glob(f"{self.state}/logs/talkers.*.{pid}.log")
            with open(path, encoding="utf-8") as file:
                logged = [line[line.index("process"):-1] for line in file if "works on" in line]
            self.assertEqual(sorted(logged), sorted(lines))


if __name__ == "__main__":
    unittest.main()
