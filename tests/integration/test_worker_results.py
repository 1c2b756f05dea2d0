# SPDX-License-Identifier: MIT
"""Results of workers: each line tells of its own task, whether it went straight through, waited for
its turn, or is of the kind that waits on disk."""
import unittest

from workers import Workers

# Odd tasks end in other ways than even ones, so that neighbours' lines never agree by chance.
MIXED = """
def work(text, attempt, id):
    number = int(text)
    if number % 7 == 3:
        raise Bury("bad %d" % number)
    if number % 5 == 1 and int(attempt) < 3:
        raise Fail("exit %d" % (number % 3 + 1))
    return "%d %d" % (os.getpid(), int(attempt))
serve(work)
"""
LONG = """
def work(text, attempt, id):
    number = int(text)
    if number == 1 and int(attempt) == 1:
        raise Fail("later")
    return (text * 20000)[:number * 97 % 9000]
serve(work)
"""


class Lines(Workers):
    def check(self, **keys):
        self.run_pools(self.pool("w", MIXED, {"command": ["seq", "2000"]}, 3, retries=2,
                                 backoff={"initial": "10ms", "max": "10ms"}, **keys),
                       status=101)
        results = self.results("w.jsonl")
        self.assertEqual(sorted(each["seq"] for each in results), list(range(1, 2001)))
        for each in results:
            number = int(each["task"])
            attempts = 3 if number % 5 == 1 and number % 7 != 3 else 1
            self.assertEqual((each["seq"], each["attempts"]), (number, attempts), each)
            self.assertEqual(each["ok"], number % 7 != 3, each)
            if each["ok"]:
                self.assertEqual(each["result"], f"{each['worker']} {attempts}", each)
                self.assertEqual(each["exit"], 0, each)
            else:
                self.assertEqual((each["state"], each["error"], each["result"]),
                                 ("buried", f"bad {number}", ""), each)
                self.assertEqual(each["exit"], 1, each)
        slots = {(each["worker"], each["slot"]) for each in results}
        self.assertEqual(len(slots), len({worker for worker, _ in slots}))
        return results

    def test_as_completed(self):
        self.check(order="completion")

    def test_in_input_order(self):
        results = self.check(order="input")
        self.assertEqual([each["seq"] for each in results], list(range(1, 2001)))

    def test_long_ones_wait_for_the_first(self):
        self.run_pools(self.pool("w", LONG, {"command": ["seq", "500"]}, 2, order="input",
                                 retries=1, backoff={"initial": "300ms", "max": "300ms"}))
        results = self.results("w.jsonl")
        self.assertEqual([(each["seq"], each["result"]) for each in results],
                         [(i, (str(i) * 20000)[:i * 97 % 9000]) for i in range(1, 501)])


if __name__ == "__main__":
    unittest.main()
