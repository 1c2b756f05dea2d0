# SPDX-License-Identifier: MIT
"""A zoo of ill-behaved workers, each in a pool of its own beside a healthy one. Each is found out by
what it does and named in the events; meanwhile the supervisor answers, the healthy pool goes on at
its pace, and no task is done that was not."""
import glob
import json
import os
import time
import unittest

from harness import PATIENCE, SANITIZED, wait_for
from workers import Workers

REST = "    while True: time.sleep(1000)\n"
ONCE = ("def first(text):\n"
        "    path = 'seen.' + sys.argv[1] + '.' + text.decode()\n"
        "    if os.path.exists(path): return False\n"
        "    open(path, 'w').close()\n    return True\n")

# name: (what it does with a task; the event that names it: kind, text; keys of its pool)
BREACHES = {
    "garbage": ("    raw(b'\\x01\\xfe garbage \\x1b[31m\\n')\n" + REST,
                "a line that begins with no verb"),
    "parting": ("    raw(b'\\x01 and goodbye\\n')\n    os._exit(0)\n",
                "a line that begins with no verb"),
    "nuls": ("    raw(b'\\0' * 1000 + b'\\n')\n" + REST, "a line that begins with no verb"),
    "prose": ("    raw(b'processing 3 files\\n')\n" + REST, "a line that begins with no verb"),
    "endless": ("    raw(b'O' * (5 << 20))\n" + REST, "a line of more than 2 MiB"),
    "twice": ("    say('OK', id)\n    say('OK', id)\n" + REST, "which it does not hold"),
    "unknown": ("    say('OK', 'zzzzzz')\n" + REST, "OK for task zzzzzz, which it does not hold"),
    "stale": ("    say('FAIL', id, 'no')\n    say('OK', id, 'after all')\n" + REST,
              "which it does not hold"),
    "cancelled": ("    while hear()[0] != b'CANCEL': pass\n    say('FAIL', id, 'as you wish')\n"
                  "    say('OK', id, 'but look')\n" + REST, "which it does not hold"),
    "malformed": ("    say('OK')\n" + REST, "OK: the task id is missing"),
    "escapes": ("    say('OK', id, b'C:\\\\dir')\n" + REST, "has an unknown escape"),
    "tasker": ("    say('TASK', id, 1, '-', 'you do it')\n" + REST,
               "TASK, which only lifeguard says"),
    "mute": ("    os.close(3)\n" + REST, "closed its descriptor 3 and lives on"),
    "child": ("    if os.fork() == 0:\n        raw(b'hello from a child\\n')\n        os._exit(0)\n"
              + REST, "a line that begins with no verb"),
    "lost": ("    say('PUT', 'nowhere', 'x')\n" + REST,
             "PUT into nowhere, which is no pool that takes tasks"),
    "unlocker": ("    say('UNLOCK', 'gate')\n" + REST, "UNLOCK of gate, which it does not hold"),
    "asker": ("    say('SET', 'big', b'x' * (1 << 20))\n    while True: say('GET', 'big')\n",
              "asks and does not read"),
    "deaf": ("    os.close(0)\n    open('closed', 'w').close()\n"
             "    while True:\n        say('STATUS', 'busy')\n        time.sleep(0.05)\n",
             "closed its standard input and lives on"),
    "half": ("    raw(b'OK\\t' + id)\n" + REST, "half a line for 10s"),
}
SOFT = {"soft_timeout": "200ms"}
OTHERS = {
    "unread": (None, "timeout", "timed out", {"timeout": "1s", "retries": 0, "batch": 16}),
    "leaver": ("    if first(text): os._exit(0)\n    say('OK', id, 'whole')\n",
               "exited", "exit 0", {"batch": 4}),
    "dying": ("    if first(text): os.kill(os.getpid(), signal.SIGSEGV)\n"
              "    say('OK', id, 'whole')\n", "exited", "signal 11 (SEGV)", {"batch": 4}),
    "partial": ("    if first(text):\n        raw(b'OK\\t' + id + b'\\tha')\n        os._exit(0)\n"
                "    say('OK', id, 'whole')\n", "exited", "exit 0", {}),
    "never": ("", "exited", "not ready in time", {"ready": {"timeout": "500ms"}}),
    "late": ("    say('OK', id, 'whole')\n", "ready", "ready", {"ready": {"timeout": "20s"}}),
    "flood": ("    while True: raw(b'PROGRESS\\t%s\\t1\\t2\\tstill here\\n' % id * 100)\n",
              "timeout", "timed out", {"timeout": "4s", "retries": 0}),
    "obstinate": ("    say('OK', id, 'whole')\n", "kill", "still there after the grace time", {}),
    "heir": ("    if first(text):\n        if os.fork() == 0: time.sleep(1000)\n        os._exit(7)\n"
             "    say('OK', id, 'whole')\n", "exited", "exit 7", {}),
    "bomb": ("    if first(text):\n        for i in range(50):\n"
             "            if os.fork() == 0: time.sleep(1000)\n        os._exit(7)\n"
             "    say('OK', id, 'whole')\n", "exited", "exit 7", {}),
    "choppy": ("    raw(b'PROGRESS\\t')\n    for i in range(26):\n        time.sleep(0.45)\n"
               "        raw(b'%s\\t%d\\t26\\nPROGRESS\\t' % (id, i))\n"
               "    raw(b'%s\\t26\\t26\\n' % id)\n    say('OK', id, 'whole')\n",
               "ready", "ready", {}),
}
WHOLE = [name for name, animal in OTHERS.items() if animal[0] and "'whole'" in animal[0]]


def loop(work, before="say('READY')\n"):
    return (ONCE + "def work(id, attempt, text):\n" + work + before +
            "while True:\n    fields = hear()\n"
            "    if fields[0] == b'TASK': work(fields[1], int(fields[2]), unesc(fields[4]))\n"
            "    elif fields[0] in (b'QUIET', b'STOP'): os._exit(0)\n")


class Zoo(Workers):
    def animal(self, name, body, **keys):
        pool = self.pool(name, body, None, 1, stop={"grace": "300ms"},
                         **{"batch": 1, "restart_backoff": {"initial": "300ms", "max": "1s"},
                            **keys})
        pool["command"] += [name]
        return pool

    def pools(self):
        for name, (work, _) in BREACHES.items():
            keys = {"cancelled": SOFT, "deaf": {"batch": 2}}.get(name, {})
            yield self.animal(name, loop(work), **keys)
        special = {"unread": "say('READY')\ntime.sleep(1000)\n",
                   "never": "time.sleep(1000)\n",
                   "late": loop(OTHERS["late"][0], "time.sleep(1)\nsay('READY')\n"),
                   "obstinate": "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" +
                                loop(OTHERS["obstinate"][0]).replace("os._exit(0)", "pass")}
        for name, (work, _, _, keys) in OTHERS.items():
            yield self.animal(name, special.get(name) or loop(work), **keys)

    def measure(self, server, until):
        """What the healthy pool does a second, until the condition is true and two seconds are
        over; the slowest answer to `status` meanwhile."""
        begun, before, slowest = time.monotonic(), server.status("well")["done"], 0
        while True:
            asked = time.monotonic()
            done = server.status("well")["done"]
            now = time.monotonic()
            slowest = max(slowest, now - asked)
            if now - begun > 2 and until():
                return (done - before) / (now - begun), slowest
            self.assertLess(now - begun, 60 * PATIENCE, "the zoo is not found out")
            time.sleep(0.02)

    def let_loose(self, server):
        for name in [*BREACHES, *OTHERS]:
            tasks = ["1", "2", "3"] if name in ("leaver", "dying") else ["1"]
            self.submit(server, name, *tasks)
        for _ in range(16): # more than its pipe holds
            self.submit(server, "unread", "x" * 200000)

    def provoke(self, server):
        """Those that show themselves only when something is asked of them."""
        wait_for(lambda: os.path.exists(f"{self.work}/closed"), 20, "the one that closes its input")
        self.submit(server, "deaf", "2")
        wait_for(lambda: server.status("obstinate")["done"] == 1, 20, "the obstinate one's task")
        server.call("drain", target="obstinate")

    def assert_named(self):
        """Each is in `events --json` with its kind and words."""
        lines = self.expect(0, "events", "--json", "-n", "100000").stdout.splitlines()
        events = [json.loads(line) for line in lines]
        wanted = {name: ("breach", text) for name, (_, text) in BREACHES.items()}
        wanted.update((name, (kind, text)) for name, (_, kind, text, _) in OTHERS.items())
        for name, (kind, text) in wanted.items():
            own = [each for each in events if each["pool"] == name]
            self.assertTrue(any(each["kind"] == kind and text in each["text"] for each in own),
                            (name, kind, text, [(each["kind"], each["text"]) for each in own]))
            breaches = {each["text"] for each in own if each["kind"] == "breach"}
            self.assertEqual(bool(breaches), name in BREACHES, (name, breaches))
            self.assertTrue(all(text in each for each in breaches), (name, breaches))

    def assert_evidence(self):
        """What was said is kept in the worker's log, made harmless."""
        text = b""
        for path in glob.glob(f"{self.directory}/state/lifeguard/t/logs/garbage.*.log"):
            with open(path, "rb") as file:
                text += file.read()
        self.assertIn(b"protocol breach: a line that begins with no verb; it said: ", text)
        self.assertIn(b"garbage", text)
        self.assertNotIn(b"\x1b", text)

    def found_out(self, server):
        done = {each["name"]: each for each in server.status()["pools"]}
        if any(done[name]["buried"] == 0 for name in BREACHES
               if name not in ("twice", "stale", "cancelled", "half", "deaf")):
            return False
        if any(done[name]["failed"] == 0 for name in ("unread", "flood")):
            return False
        breached = {each["pool"] for each in server.events("breach")}
        return all(done[name]["done"] for name in WHOLE) and \
            breached >= set(BREACHES) and bool(server.events("kill", "obstinate")) and \
            bool(server.events("exited", "never"))

    def test_all_are_found_out_and_the_healthy_go_on(self):
        well = self.pool("well", "serve(lambda *_: time.sleep(0.005))\n", {"command": ["yes"]}, 2,
                         batch=1, results="")
        server = self.start(well, *self.pools())
        wait_for(lambda: len([each for each in server.workers() if each["state"] == "idle"]) >=
                 len(BREACHES) + len(OTHERS) - 1, 60, "the zoo to be ready")
        alone, _ = self.measure(server, lambda: True)
        self.let_loose(server)
        self.provoke(server)
        beside, slowest = self.measure(server, lambda: self.found_out(server))
        print(f"alone {alone:.0f}/s, beside the zoo {beside:.0f}/s, status {slowest * 1000:.0f} ms")
        self.assert_named()
        self.assertLess(slowest, 0.5 * PATIENCE)
        if not SANITIZED:
            self.assertGreater(beside, 0.6 * alone)
        self.assertEqual((server.status("well")["failed"], server.status("well")["restarts"]),
                         (0, 0))
        self.assert_evidence()
        for name in WHOLE: # and nothing was done that was not
            self.assertEqual({each["result"] for each in self.results(f"{name}.jsonl")}, {"whole"})
        for name in BREACHES:
            self.assertLessEqual(server.status(name)["done"], name == "twice", name)
        server.audit()

    def test_nobody_waits_busily_for_who_will_not_go(self):
        """A breach, a closed input and deafness to TERM: ten seconds of grace cost no CPU."""
        body = ("say('READY')\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nhear()\n"
                "os.close(0)\nraw(b'\\1\\n')\nwhile True: time.sleep(1000)\n")
        server = self.start(self.pool("w", body, None, 2, batch=4, stop={"grace": "4s"}))
        server.wait_state("w", "idle", 2)
        self.submit(server, "w", *map(str, range(40)))
        server.wait_event("breach", "w")
        server.wait_state("w", "stopping", 2)
        begun, used = time.monotonic(), self.cpu_of(server.pid)
        wait_for(lambda: time.monotonic() > begun + 2, 10, "the time")
        self.assertLess(self.cpu_of(server.pid) - used, 0.5)

    def cpu_of(self, pid):
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    unittest.main()
