# SPDX-License-Identifier: MIT
"""Worker pools: persistent processes that take task after task. What goes in comes out byte for
byte, tasks end as their workers say, and whatever happens to a worker no task is lost."""
import base64
import json
import os
import signal
import time
import unittest

from harness import PATIENCE, pid_is_there, wait_for
from workers import Workers, bytes_of

SQUARE = "serve(lambda text, attempt, id: int(text) ** 2)\n"
ECHO = "serve(lambda text, attempt, id: text)\n"
SH = r"""#!/bin/sh
tab=$(printf '\t')
printf 'READY\n' >&3
while IFS=$tab read -r verb id attempt ms payload; do
  case $verb in
    TASK) printf 'OK\t%s\t%s\n' "$id" $((payload * payload)) >&3 ;;
    PING) printf 'BEAT\n' >&3 ;;
    QUIET | STOP) exit 0 ;;
  esac
done
"""
NASTY = [b"", b"-", rb"\-", b"--", b"\t", b"\n", b"a\n", b"a\n\n", b"\\", rb"\t\n\0\\", b"\0",
         b"a\0b\0", b"\xff\xfe\x80", b"\xc3", b"a\tb\tc", b" lead and trail ", b"\r\n", b"\x1b[31m",
         bytes(range(256)), "grün 字".encode(), b"x" * 65536, b"\0" * 70000]


class Values(Workers):
    def test_squares_in_input_order(self):
        self.run_pools(self.pool("w", SQUARE, {"command": ["seq", "3000"]}, 4, order="input"))
        self.assertEqual([int(result["result"]) for result in self.results("w.jsonl")],
                         [i * i for i in range(1, 3001)])

    def test_squares_as_completed(self):
        body = "serve(lambda text, *_: time.sleep(int(text) % 3 / 100) or int(text) ** 2)\n"
        self.run_pools(self.pool("w", body, {"command": ["seq", "200"]}, 4, batch=1))
        results = self.results("w.jsonl")
        self.assertEqual({int(each["task"]): int(each["result"]) for each in results},
                         {i: i * i for i in range(1, 201)})
        self.assertEqual(len(results), 200)
        self.assertNotEqual([each["seq"] for each in results], list(range(1, 201)))
        self.assertEqual(len({each["worker"] for each in results}), 4)

    def test_worker_in_sh(self):
        script = self.write("square.sh", SH, 0o755)
        self.run_pools(self.pool("w", [script], {"command": ["seq", "500"]}, 3))
        self.assertEqual({task: each["result"] for task, each in self.outcome("w").items()},
                         {str(i): str(i * i) for i in range(1, 501)})

    def test_bytes_come_and_go_as_they_are(self):
        self.write("nasty.py", f"NASTY = {NASTY!r}\n")
        make = "from nasty import NASTY\nserve(lambda text, *_: NASTY[int(text)])\n"
        self.run_pools(self.pool("make", make, {"command": ["seq", "0", str(len(NASTY) - 1)]}, 2,
                                 order="input"),
                       self.pool("echo", ECHO, {"from": "make"}, 2, order="input"))
        for name, key in (("make", "result"), ("echo", "task"), ("echo", "result")):
            got = [bytes_of(result, key) for result in self.results(f"{name}.jsonl")]
            self.assertEqual(len(got), len(NASTY))
            for one, other in zip(got, NASTY):
                self.assertTrue(one == other, (name, key, one[:50], other[:50]))

    def test_one_mebibyte_and_not_a_byte_more(self):
        body = ("serve(lambda text, *_: b'\\n' * (int(text[1:]) << 20) if text[:1] == b'm' else\n"
                "      b'%d' % len(text))\n")
        self.write("list", b"x" * (1 << 20) + b"\nm1\n")
        server = self.start(self.pool("w", body, {"file": "list"}),
                            self.pool("next", "serve(lambda text, *_: b'%d' % len(text))\n",
                                      {"from": "w"}), self.pool("stay", ECHO))
        wait_for(lambda: server.status("next")["done"] == 2, 20, "both stages")
        self.assertEqual(sorted(each["result"] for each in self.wait_results("next", 2)),
                         ["1048576", "7"])
        lengths = {len(bytes_of(each)) for each in self.wait_results("w", 2)}
        self.assertEqual(lengths, {7, 1 << 20})

    def test_submitted_bytes(self):
        server = self.start(self.pool("w", ECHO))
        some = [data for data in NASTY if len(data) < 1000]
        self.submit(server, "w", *({"base64": base64.b64encode(data).decode()} for data in some))
        self.wait_counts(server, done=len(some))
        self.assertEqual(sorted(bytes_of(result) for result in self.wait_results("w", len(some))),
                         sorted(some))

    def test_init_comes_before_the_first_task(self):
        body = "import proto\nserve(lambda *_: proto.init)\n"
        self.run_pools(self.pool("w", body, {"list": ["x", "y"]}, init=["model=a b", "-", "\t"]))
        self.assertEqual([each["result"] for each in self.results("w.jsonl")],
                         ["model=a b\n-\n\t"] * 2)

    def test_unknown_verbs_are_ignored_and_told_once(self):
        body = ("def work(text, *_):\n    say('FROB', text)\n    return text\n"
                "serve(work)\n")
        server = self.start(self.pool("w", body, {"list": ["x", "y", "z"]}, 1),
                            self.pool("stay", ECHO))
        self.wait_counts(server, done=3)
        told = server.events("protocol", "w")
        self.assertEqual(len(told), 1, told)
        self.assertIn("said FROB, a verb that nobody knows", told[0]["text"])

    def test_worker_has_its_own_descriptors_only(self):
        body = ("serve(lambda *_: ' '.join(fd for fd in os.listdir('/proc/self/fd')\n"
                "                          if os.path.exists('/proc/self/fd/' + fd)))\n")
        server = self.start(self.pool("w", body, None, 8, batch=1))
        server.wait_state("w", "idle", 8)
        self.submit(server, "w", *map(str, range(40)))
        self.wait_counts(server, done=40)
        self.assertEqual({each["result"] for each in self.wait_results("w", 40)}, {"0 1 2 3"})
        before = None
        for turn in range(1, 4):
            for pid in server.pids("w").values():
                os.kill(pid, signal.SIGKILL)
            wait_for(lambda: len(server.events("exited", "w")) == 8 * turn, 10, "eight ends")
            server.wait_state("w", "idle", 8)
            before = before or server.descriptors() # with the logs of the lives before
        wait_for(lambda: server.descriptors() <= before, 10, "no descriptor more than before")

    def test_batch_is_in_flight_at_once(self):
        # Answers only when it holds more than half of a batch, the last first.
        body = ("say('READY')\nheld = []\nwhile True:\n    fields = hear()\n"
                "    if fields[0] != b'TASK': os._exit(0)\n    held.append(fields)\n"
                "    if len(held) >= 5 or fields[4] == b'last':\n"
                "        for each in reversed(held): say('OK', each[1], each[4])\n"
                "        held = []\n")
        self.write("list", "".join(f"{i}\n" for i in range(64)) + "last\n")
        self.run_pools(self.pool("w", body, {"file": "list"}, 1, batch=8, order="input"))
        self.assertEqual([each["result"] for each in self.results("w.jsonl")],
                         [str(i) for i in range(64)] + ["last"])

    def test_worker_of_several_tasks_gets_them_as_they_come(self):
        body = ("say('READY')\nheld = []\nwhile True:\n    fields = hear()\n"
                "    if fields[0] != b'TASK': os._exit(0)\n    held.append(fields)\n"
                "    if len(held) == 3:\n"
                "        for each in held: say('OK', each[1], each[4])\n")
        server = self.start(self.pool("w", body, None, 1, batch=8))
        for i in range(3):
            self.submit(server, "w", str(i))
            self.wait_counts(server, **({"running": i + 1} if i < 2 else {"done": 3}))

    def test_too_long_for_the_protocol_fails_and_blocks_nobody(self):
        server = self.start(self.pool("w", ECHO))
        big = "x" * ((1 << 20) + 1)
        reply = server.control.request("submit", pool="w", args=[big])
        self.submit(server, "w", "small")
        self.wait_counts(server, done=1)
        if reply["ok"]:
            self.assertEqual(server.audit()["failed"], 1)


class Verdicts(Workers):
    def test_attempts_are_numbered(self):
        body = ("def work(text, attempt, id):\n"
                "    if attempt < int(text): raise Fail('attempt %d' % attempt)\n"
                "    return attempt\nserve(work)\n")
        self.run_pools(self.pool("w", body, {"list": ["1", "2", "3", "4", "5"]}, retries=3),
                       status=1)
        results = self.outcome("w")
        self.assertEqual({task: each["attempts"] for task, each in results.items()},
                         {"1": 1, "2": 2, "3": 3, "4": 4, "5": 4})
        self.assertEqual([results[task]["result"] for task in "1234"], list("1234"))
        self.assertEqual((results["5"]["ok"], results["5"]["error"]), (False, "attempt 4"))

    def test_bury_and_kick(self):
        body = ("def work(text, attempt, id):\n"
                "    if not os.path.exists('well'): raise Bury('poison: ' + text.decode())\n"
                "    return 'well'\nserve(work)\n")
        server = self.start(self.pool("w", body))
        one, = self.submit(server, "w", "x")
        self.wait_counts(server, buried=1)
        self.assertEqual(self.task(server, one)["error"], "poison: x")
        self.assertEqual(self.task(server, one)["attempts"], 1)
        self.write("well", "")
        server.call("kick", tasks=[one])
        self.wait_counts(server, done=1, buried=0)

    def test_release_is_not_an_attempt(self):
        body = ("seen = set()\n"
                "def work(text, attempt, id):\n"
                "    if text in seen: return '%d %.3f' % (attempt, time.time())\n"
                "    seen.add(text)\n"
                "    raise Release(*[b'300'] * (text == b'late'))\nserve(work)\n")
        begun = time.time()
        self.run_pools(self.pool("w", body, {"list": ["now", "late"]}, 1, batch=1))
        results = self.outcome("w")
        for task in ("now", "late"):
            attempt, at = results[task]["result"].split()
            self.assertEqual((attempt, results[task]["attempts"]), ("1", 1))
            if task == "late":
                self.assertGreater(float(at) - begun, 0.29)

    def test_exit_statuses_bury_and_retry(self):
        body = "def work(text, *_): raise Fail(b'exit ' + text)\nserve(work)\n"
        self.run_pools(self.pool("w", body, {"list": ["3", "4", "5"]}, retries=2, bury_on=[3],
                                 retry_on=[4]), status=3)
        results = self.outcome("w")
        self.assertEqual({task: (each["state"], each["attempts"], each["exit"])
                          for task, each in results.items()},
                         {"3": ("buried", 1, 3), "4": ("failed", 3, 4), "5": ("failed", 1, 5)})

    def test_timeout_and_soft_timeout(self):
        body = ("def work(text, attempt, id):\n"
                "    if text == b'deaf': time.sleep(1000)\n"
                "    if text == b'slow' and hear()[:2] == [b'CANCEL', id]: raise Fail('gave up')\n"
                "    return text\nserve(work)\n")
        server = self.start(self.pool("w", body, None, 2, soft_timeout="200ms", timeout="600ms",
                                      retries=0))
        slow, deaf, good = self.submit(server, "w", "slow", "deaf", "good")
        self.wait_counts(server, done=1, cancelled=1, failed=1)
        self.assertEqual(self.task(server, slow)["error"],
                         "cancelled: over its soft time-out: gave up")
        self.assertIn("time-out", self.task(server, deaf)["error"])
        self.assertEqual(self.task(server, good)["state"], "done")
        self.assertIn("was told to stop", server.events("timeout", "w")[0]["text"])

    def test_time_limit_of_one_task(self):
        """It is handed out alone, so that its neighbours have the worker's whole time."""
        body = ("def work(text, *_):\n    if text == b'slow': time.sleep(1000)\n    return text\n"
                "serve(work)\n")
        server = self.start(self.pool("w", body, None, 1, batch=8, retries=1))
        server.call("pause", target="w")
        self.submit(server, "w", "a", "b")
        slow, = self.submit(server, "w", "slow", timeout=0.3)
        self.submit(server, "w", "c", "d")
        server.call("resume", target="w")
        self.wait_counts(server, done=4, failed=1)
        self.assertEqual(self.task(server, slow)["attempts"], 2)
        self.assertEqual({each["attempts"] for each in self.wait_results("w", 5)
                          if each["ok"]}, {1})

    def test_touch_keeps_it_alive(self):
        body = ("def work(text, attempt, id):\n"
                "    for i in range(8):\n"
                "        time.sleep(0.1)\n        say('TOUCH', id)\n"
                "    return 'done'\nserve(work)\n")
        self.run_pools(self.pool("w", body, {"list": ["x"]}, 1, timeout=f"{0.5 * PATIENCE}s",
                                 retries=0))
        self.assertEqual(self.results("w.jsonl")[0]["result"], "done")

    def test_death_charges_nobody_and_poison_is_found(self):
        body = ("def work(text, attempt, id):\n"
                "    if text == b'poison': os.kill(os.getpid(), signal.SIGSEGV)\n"
                "    return attempt\nserve(work)\n")
        tasks = [str(i) for i in range(5)] + ["poison"] + [str(i) for i in range(5, 10)]
        self.run_pools(self.pool("w", body, {"list": tasks}, 1, batch=11, retries=0,
                                 bury_after_deaths=2), status=1)
        results = self.outcome("w")
        self.assertEqual(results.pop("poison")["state"], "buried")
        self.assertEqual({each["ok"] for each in results.values()}, {True})
        self.assertGreater(max(int(each["result"]) for each in results.values()), 1)


class Pipelines(Workers):
    def test_three_stages_by_from(self):
        add = "serve(lambda text, *_: time.sleep(0.002) or int(text) + 1000)\n"
        server = self.start(self.pool("square", SQUARE, {"command": ["seq", "400"]}, 2),
                            self.pool("add", add, {"from": "square"}, 2, queue={"capacity": 10}),
                            self.pool("halve", "serve(lambda text, *_: int(text) / 2)\n",
                                      {"from": "add"}, 1, queue={"capacity": 10}, order="input"),
                            self.pool("stay", ECHO))
        most = 0
        while server.status("halve")["done"] < 400:
            most = max(most, *(server.status(name)["queue"] for name in ("add", "halve")))
            self.assertEqual(server.events("breach"), [])
        self.assertEqual(sorted(float(each["result"]) for each in self.wait_results("halve", 400)),
                         sorted((i * i + 1000) / 2 for i in range(1, 401)))
        self.assertLessEqual(most, 10)
        self.assertGreater(most, 0)
        wait_for(lambda: server.status("halve")["state"] == "done", 10, "the end of the last stage")

    def test_three_stages_by_put(self):
        first = ("def work(text, *_):\n"
                 "    for i in range(40): say('PUT', 'middle', int(text) * 100 + i)\n"
                 "serve(work)\n")
        middle = ("def work(text, *_):\n    time.sleep(0.001)\n"
                  "    say('PUT', 'last', int(text) * 3)\nserve(work)\n")
        server = self.start(self.pool("first", first, {"command": ["seq", "10"]}, 2),
                            self.pool("middle", middle, None, 2, queue={"capacity": 10}, batch=4),
                            self.pool("last", ECHO, None, 1, queue={"capacity": 10}))
        most = 0
        while server.status("last")["done"] < 400:
            most = max(most, *(server.status(name)["queue"] for name in ("middle", "last")))
        self.assertEqual(sorted(int(each["result"]) for each in self.wait_results("last", 400)),
                         sorted((t * 100 + i) * 3 for t in range(1, 11) for i in range(40)))
        self.assertLessEqual(most, 10)
        self.assertGreater(most, 2)
        server.audit()

    def test_results_that_wait_for_their_turn_need_room_too(self):
        """The first is slow and fails once: what comes behind it in order does not pile up."""
        body = ("def work(text, attempt, id):\n"
                "    if text == b'1': time.sleep(0.5)\n"
                "    if text == b'1' and attempt == 1: raise Fail('once more')\n"
                "    return text\nserve(work)\n")
        server = self.start(self.pool("w", body, {"command": ["seq", "300"]}, 2, order="input"),
                            self.pool("next", "serve(lambda text, *_: time.sleep(0.001))\n",
                                      {"from": "w"}, 1, queue={"capacity": 10}, order="input"),
                            self.pool("stay", ECHO, None, 1))
        most = 0
        while server.status("next")["done"] < 300:
            most = max(most, server.status("next")["queue"])
        self.assertEqual([int(each["task"]) for each in self.wait_results("next", 300)],
                         list(range(1, 301)))
        self.assertLessEqual(most, 11)
        self.assertGreater(most, 0)

    def test_full_of_results_that_wait_for_one_that_failed(self):
        """64 MiB wait for their turn and no spill file can be made: the one that they wait for is
        tried again all the same, and nothing else is begun meanwhile."""
        body = ("def work(text, attempt, id):\n"
                "    if text == b'1' and attempt == 1:\n"
                "        while not os.path.exists('full'): time.sleep(0.01)\n"
                "        raise Fail('once more')\n"
                "    return b'x' * (1 << 20)\nserve(work)\n")
        server = self.start(self.pool("w", body, {"command": ["seq", "100"]}, 2, order="input",
                                      results="", batch=1), self.pool("stay", ECHO, None, 1),
                            env={"TMPDIR": "/nonexistent"})
        wait_for(lambda: server.status("w")["done"] >= 25, 20, "many results")
        wait_for(lambda: server.status("w")["busy"] == 1, 20, "the pool to hand out no more")
        done = server.status("w")["done"]
        self.assertLess(done, 75)
        self.write("full", "")
        wait_for(lambda: server.status("w")["done"] == 100, 20, "all tasks")

    def test_put_into_the_own_pool(self):
        body = ("def work(text, *_):\n    n = int(text)\n"
                "    if n > 1: say('PUT', 'w', n // 2); say('PUT', 'w', n - n // 2)\n"
                "    return n\nserve(work)\n")
        server = self.start(self.pool("w", body, None, 2, queue={"capacity": 4}))
        self.submit(server, "w", "64")
        self.wait_counts(server, done=127)
        leaves = [each for each in self.wait_results("w", 127) if each["result"] == "1"]
        self.assertEqual(len(leaves), 64)

    def test_drain_with_a_put_under_way(self):
        body = ("def work(text, *_):\n    open('begun', 'w').close()\n"
                "    while not os.path.exists('go'): time.sleep(0.01)\n"
                "    for i in range(5): say('PUT', 'next', i)\nserve(work)\n")
        server = self.start(self.pool("w", body, None, 1), self.pool("next", ECHO, None, 1,
                                                                     queue={"capacity": 2}))
        self.submit(server, "w", "x")
        wait_for(lambda: os.path.exists(f"{self.work}/begun"), 10, "the task")
        for pool in ("next", "w"):
            server.call("drain", target=pool)
        self.write("go", "")
        self.wait_counts(server, done=1, ready=5)
        server.wait_state("w", "down", 1)


class Shared(Workers):
    def test_counter_under_a_lock_is_exact(self):
        body = ("def work(text, *_):\n"
                "    assert ask('LOCK', 'guard')[0] == b'GRANTED'\n"
                "    n = int(get('GET', 'n') or 0)\n"
                "    time.sleep(0.001)\n"
                "    say('SET', 'n', n + 1)\n    say('UNLOCK', 'guard')\n"
                "    return get('INCR', 'sum', int(text))\nserve(work)\n")
        server = self.start(self.pool("w", body, {"command": ["seq", "200"]}, 4),
                            self.pool("read", "serve(lambda text, *_: get('GET', text))\n"))
        wait_for(lambda: server.status("w")["done"] == 200, 20, "all tasks")
        self.submit(server, "read", "n", "sum")
        wait_for(lambda: server.status("read")["done"] == 2, 10, "both values")
        self.assertEqual({task: each["result"] for task, each in self.outcome("read", 2).items()},
                         {"n": "200", "sum": str(sum(range(1, 201)))})

    def test_abandoned_lock_says_so(self):
        body = ("def work(text, *_):\n    got = ask('LOCK', 'guard')\n"
                "    if text == b'die':\n        open('held', 'w').close()\n"
                "        time.sleep(1000)\n"
                "    say('UNLOCK', 'guard')\n    return b' '.join(got)\nserve(work)\n")
        server = self.start(self.pool("w", body, None, 1, batch=1), self.pool("v", body, None, 1,
                                                                            batch=1))
        self.submit(server, "w", "die")
        wait_for(lambda: os.path.exists(f"{self.work}/held"), 10, "the holder")
        wait_for(lambda: server.worker("w", 1)["held"] == "guard", 10, "ps to show the holder")
        self.submit(server, "v", "a", "b")
        wait_for(lambda: server.worker("v", 1)["awaits"] == "guard", 10, "ps to show who waits")
        server.call("pause", target="w")
        os.kill(server.pids("w")[1], signal.SIGKILL)
        wait_for(lambda: server.status("v")["done"] == 2, 10, "the waiters")
        self.assertEqual(self.outcome("v", 2)["a"]["result"], "GRANTED guard abandoned")
        self.assertEqual(self.outcome("v", 2)["b"]["result"], "GRANTED guard")

    def test_semaphore_lets_two_in(self):
        body = ("def work(text, *_):\n    assert ask('ACQUIRE', 'two')[0] == b'GRANTED'\n"
                "    inside = int(get('INCR', 'inside', 1))\n    time.sleep(0.02)\n"
                "    get('INCR', 'inside', -1)\n    say('RELEASE_PERMIT', 'two')\n"
                "    return inside\nserve(work)\n")
        self.run_pools(self.pool("w", body, {"command": ["seq", "40"]}, 6, batch=1, shared=(
            {"name": "two", "type": "semaphore", "value": 2},)))
        self.assertEqual({each["result"] for each in self.results("w.jsonl")}, {"1", "2"})

    def test_dictionary_and_list(self):
        body = ("def work(text, *_):\n"
                "    say('HSET', 'squares', text, int(text) ** 2)\n"
                "    say('LPUSH', 'list', text)\n"
                "    return get('HGET', 'squares', text)\nserve(work)\n")
        read = ("def work(text, *_):\n"
                "    n = int(get('HLEN', 'squares'))\n"
                "    some = [get('LPOP', 'list') for _ in range(int(get('LLEN', 'list')))]\n"
                "    say('HDEL', 'squares', '7')\n"
                "    return '%d %d %s %s %s' % (n, sum(map(int, some)), get('HGET', 'squares', '6'),"
                " get('HGET', 'squares', '7'), get('LPOP', 'list'))\nserve(work)\n")
        server = self.start(self.pool("w", body, {"command": ["seq", "100"]}, 3),
                            self.pool("read", read, None, 1))
        wait_for(lambda: server.status("w")["done"] == 100, 20, "all tasks")
        self.submit(server, "read", "go")
        wait_for(lambda: server.status("read")["done"] == 1, 10, "the reader")
        self.assertEqual(self.wait_results("read", 1)[0]["result"], "100 5050 b'36' None None")


class Life(Workers):
    def test_recycling_loses_nothing(self):
        server = self.start(self.pool("w", "serve(lambda *_: time.sleep(0.001) or os.getpid())\n",
                                      {"command": ["seq", "600"]}, 2, batch=1, max_tasks=100,
                                      order="input"), self.pool("stay", ECHO))
        wait_for(lambda: server.status("w")["done"] == 600, 30, "all tasks")
        results = self.wait_results("w", 600)
        self.assertEqual([int(each["task"]) for each in results], list(range(1, 601)))
        self.assertEqual({each["attempts"] for each in results}, {1})
        pids = [each["result"] for each in results]
        self.assertGreaterEqual(len(set(pids)), 4)
        self.assertIn("tasks done", server.events("recycle", "w")[0]["text"])
        self.assertEqual({each["text"] for each in server.events("exited", "w")
                          if "recycled" in each["text"]}, {"recycled by lifeguard: exit 0"})

    def test_memory_over_its_limit(self):
        body = ("kept = []\ndef work(text, *_):\n    kept.append(bytearray(int(text) << 20))\n"
                "    return os.getpid()\nserve(work)\n")
        server = self.start(self.pool("w", body, None, 1, max_memory="100M"))
        self.submit(server, "w", "1")
        self.wait_counts(server, done=1)
        self.submit(server, "w", "120")
        self.assertIn("of memory, over 100", server.wait_event("recycle", "w")[0]["text"])
        wait_for(lambda: server.events("exited", "w"), 10, "the end of the large one")
        self.submit(server, "w", "2")
        self.wait_counts(server, done=3)
        pids = [each["result"] for each in self.wait_results("w", 3)]
        self.assertEqual((pids[0] == pids[1], pids[1] == pids[2]), (True, False))

    def test_heartbeat(self):
        body = ("def work(text, *_):\n    if text == b'hang': time.sleep(1000)\n    return text\n"
                "serve(work)\n")
        server = self.start(self.pool("w", body, None, 1, batch=1, bury_after_deaths=2,
                                      hang={"heartbeat": "1s", "action": "restart"}))
        server.wait_state("w", "idle", 1)
        pid = server.pids("w")[1]
        begun = time.monotonic() # it answers PING: three limits pass
        wait_for(lambda: time.monotonic() > begun + 3, 10, "the time")
        self.assertEqual((server.pids("w")[1], server.events("hung")), (pid, []))
        hang, = self.submit(server, "w", "hang")
        self.assertIn("no heartbeat", server.wait_event("hung", "w")[0]["text"])
        self.wait_counts(server, buried=1)
        self.assertIn("hang", self.task(server, hang)["error"])
        self.assertFalse(pid_is_there(pid))
        self.submit(server, "w", "fine")
        self.wait_counts(server, done=1)

    def test_submit_and_wait_by_the_command_line(self):
        self.start(self.pool("w", SQUARE, retries=0))
        self.expect(0, "submit", "w", "3", "4", "--wait")
        self.expect(1, "submit", "w", "nonsense", "--wait")
        self.expect(0, "submit", "w", "-", "--wait", stdin=b"5\n6\n")
        self.assertEqual({int(each["result"]) for each in self.wait_results("w", 5) if each["ok"]},
                         {9, 16, 25, 36})

    def test_cancel_running_work(self):
        body = ("def work(text, attempt, id):\n"
                "    if text == b'deaf': time.sleep(1000)\n"
                "    if text == b'polite':\n"
                "        while hear() != [b'CANCEL', id]: pass\n"
                "        raise Release()\n"
                "    return text\nserve(work)\n")
        server = self.start(self.pool("w", body, None, 2, batch=1, stop={"grace": "300ms"}))
        deaf, polite = self.submit(server, "w", "deaf", "polite")
        self.wait_counts(server, running=2)
        pids = server.pids("w")
        server.call("cancel", tasks=[deaf, polite])
        self.wait_counts(server, cancelled=2)
        self.assertEqual(self.task(server, polite)["error"], "cancelled by tester")
        self.assertIn("cancelled by tester", self.task(server, deaf)["error"])
        self.submit(server, "w", "a", "b")
        self.wait_counts(server, done=2)
        # The polite one lives on, the deaf one was replaced.
        self.assertEqual(len(set(pids.values()) & set(server.pids("w").values())), 1)

    def test_drain_and_resume(self):
        body = "serve(lambda *_: time.sleep(0.3))\n"
        server = self.start(self.pool("w", body, None, 2, batch=1))
        self.submit(server, "w", *map(str, range(4)))
        self.wait_counts(server, running=2)
        server.call("drain", target="w")
        server.wait_state("w", "down", 2)
        self.wait_counts(server, done=2, ready=2)
        self.assertEqual([each["text"] for each in server.events("exited", "w")],
                         ["drained by lifeguard: exit 0"] * 2)
        server.call("resume", target="w")
        self.wait_counts(server, done=4)
        self.assertEqual({each["attempts"] for each in self.wait_results("w", 4)}, {1})

    def test_scale_and_rolling_restart_lose_nothing(self):
        body = "serve(lambda text, *_: time.sleep(0.003) or text)\n"
        server = self.start(self.pool("w", body, {"command": ["seq", "800"]}, 3),
                            self.pool("stay", ECHO, None, 1))
        server.wait_state("w", "busy", 3)
        first = set(server.pids("w").values())
        server.call("restart", target="w")
        wait_for(lambda: not first & set(server.pids("w").values()), 20, "other processes")
        server.call("scale", pool="w", size=6)
        wait_for(lambda: len(server.pids("w")) >= 6, 10, "six workers")
        server.call("scale", pool="w", size=1)
        wait_for(lambda: server.status("w")["done"] == 800, 30, "all tasks")
        results = self.outcome("w", 800)
        self.assertEqual(set(results), {str(i) for i in range(1, 801)})
        self.assertEqual({each["attempts"] for each in results.values()}, {1})
        server.audit()

    def test_stop_and_start(self):
        server = self.start(self.pool("w", "serve(lambda *_: time.sleep(0.2))\n", None, 2, batch=4))
        self.submit(server, "w", *map(str, range(8)))
        self.wait_counts(server, running=8)
        server.call("stop", target="w")
        server.wait_state("w", "down", 2)
        self.assertEqual(server.audit()["running"], 0)
        server.call("start", target="w")
        self.wait_counts(server, done=8)

    def test_words_on_the_screen_are_text(self):
        """What a worker says is shown; bytes that are no text break no reply."""
        body = ("def work(text, attempt, id):\n"
                "    say('STATUS', b'\\xff\\x1b[31m at work' + '\\u00e9'.encode() * 60)\n"
                "    say('PROGRESS', id, 1, 4, b'\\xfe part ' + '\\u5b57'.encode() * 60)\n"
                "    open('said', 'w').close()\n"
                "    hear()\n    raise Fail(b'\\xc3( no ' + '\\u5b57'.encode() * 80)\n"
                "serve(work)\n")
        server = self.start(self.pool("w", body, None, 1, retries=0))
        one, = self.submit(server, "w", "x")
        wait_for(lambda: os.path.exists(f"{self.work}/said"), 10, "the worker's words")
        wait_for(lambda: server.tasks("w")["tasks"][0].get("progress"), 10, "the progress")
        self.assertTrue(json.loads(self.expect(0, "ps", "--json").stdout))
        self.assertTrue(json.loads(self.expect(0, "tasks", "--json").stdout))
        server.call("cancel", tasks=[one])
        self.wait_counts(server, cancelled=1)
        self.assertTrue(json.loads(self.expect(0, "tasks", "--json").stdout))
        for line in self.expect(0, "events", "--json").stdout.splitlines():
            json.loads(line)


if __name__ == "__main__":
    unittest.main()
