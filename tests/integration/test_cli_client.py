# SPDX-License-Identifier: MIT
"""The client verbs against a scripted supervisor: requests, exit statuses, what reaches a terminal,
and supervisors that misbehave."""
import json
import os
import pty
import re
import shutil
import subprocess
import tempfile
import unittest

from fake_supervisor import FakeSupervisor

PROGRAM = os.environ["LIFEGUARD"]
POOL = {"name": "ocr", "mode": "command", "state": "ok", "live": 6, "want": 6, "configured": 6,
        "busy": 5, "queue": 1904, "done": 12, "failed": 3, "retried": 1, "buried": 0, "rate": 3.14,
        "eta": 620, "eta_why": None, "oldest": 581, "restarts": 2, "hung": 0}
STATUS = {"name": "fake", "pid": 4711, "version": "0", "started": 1.5, "uptime": 273840,
          "healthy": True, "pools": [POOL]}


class Case(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="lifeguard-cli-")
        self.addCleanup(shutil.rmtree, self.directory)
        self.env = {"PATH": os.environ["PATH"], "HOME": self.directory, "TERM": "xterm-256color",
                    "XDG_RUNTIME_DIR": self.directory, "LC_ALL": "C.UTF-8", "TZ": "UTC",
                    **{key: value for key, value in os.environ.items() if key.endswith("SAN_OPTIONS")}}

    def fake(self, answers=None, name="fake", hello=None):
        server = FakeSupervisor(self.directory, name, answers, hello)
        self.addCleanup(server.close)
        return server

    def run_cli(self, *words, stdin=b"", env=None):
        return subprocess.run([PROGRAM, *words], input=stdin, capture_output=True, timeout=60,
                              env={**self.env, **(env or {})}, check=False)

    def expect(self, status, *words, **options):
        done = self.run_cli(*words, **options)
        self.assertEqual(done.returncode, status, (done.stderr, done.stdout))
        return done

    def run_on_terminal(self, *words, env=None):
        """Output of the program on a pseudo terminal."""
        pid, fd = pty.fork()
        if pid == 0:
            os.execve(PROGRAM, [PROGRAM, *words], {**self.env, **(env or {})})
        output = b""
        while True:
            try:
                block = os.read(fd, 65536)
            except OSError:
                break
            if not block:
                break
            output += block
        os.close(fd)
        return output, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


class Finding(Case):
    def test_none(self):
        self.assertIn(b"no supervisor is running", self.expect(4, "status").stderr)

    def test_named_but_not_there(self):
        self.fake()
        for words in (("-S", "other", "ps"), ("ps", "-S", "other"), ("status", "other")):
            self.assertIn(b'"other"', self.expect(4, *words).stderr)
        self.expect(4, "ps", env={"LIFEGUARD_NAME": "other"})
        self.expect(4, "-S", "../../etc", "ps")

    def test_several(self):
        self.fake({"status": lambda request: [STATUS]}, "one")
        two = self.fake({"status": lambda request: [STATUS]}, "two")
        done = self.expect(2, "status")
        self.assertIn(b"one", done.stderr)
        self.assertIn(b"two", done.stderr)
        self.expect(0, "status", "two")
        self.expect(0, "status", env={"LIFEGUARD_NAME": "two"})
        self.assertEqual([request["cmd"] for request in two.requests], ["status", "status"])
        listed = json.loads(self.expect(0, "list", "--json").stdout)
        self.assertEqual(sorted(each["name"] for each in listed["supervisors"]), ["one", "two"])
        self.assertIn(b"healthy", self.expect(0, "list").stdout)

    def test_stale_socket(self):
        server = self.fake()
        server.die()
        self.expect(4, "-S", "fake", "ps")

    def test_hello(self):
        server = self.fake()
        self.expect(0, "undo")
        hello = server.hellos[0]
        self.assertEqual((hello["hello"], hello["protocol"], hello["client"]),
                         ("lifeguard", 1, "cli"))

    def test_other_protocol(self):
        self.fake(hello={"id": None, "ok": False, "code": "protocol", "error": "speak protocol 9"})
        self.assertIn(b"speak protocol 9", self.expect(1, "ps").stderr)


class Answers(Case):
    def test_status(self):
        self.fake({"status": lambda request: [STATUS]})
        done = self.expect(0, "status")
        self.assertIn(b"healthy", done.stdout)
        self.assertRegex(done.stdout.decode(), r"ocr +command +ok +6/6 +5 +1,904 +10m20s +3.1")
        self.assertEqual(json.loads(self.expect(0, "status", "--json").stdout), STATUS)

    def test_status_degraded(self):
        self.fake({"status": lambda request: [{**STATUS, "healthy": False,
                                               "pools": [{**POOL, "hung": 1}]}]})
        self.assertIn(b"hung 1", self.expect(3, "status").stdout)
        self.expect(3, "status", "--json")

    def test_ps(self):
        worker = {"pool": "ocr", "slot": 2, "pid": 48213, "generation": 3, "state": "busy",
                  "flag": "hung", "since": 36, "cpu": 99.8, "rss": 851443712, "done": 7,
                  "restarts": 1, "task": {"id": "9f31c2", "text": "scan-212.pdf"},
                  "last_line": "x"}
        down = {"pool": "ocr", "slot": 3, "pid": None, "state": "backoff", "since": 2,
                "why": "exit 3 after 5s"}
        colour = {"pool": "ocr", "slot": 4, "pid": 9, "state": "busy", "done": 0,
                  "last_line": "\x1b[32mgreen\x1b[0m"}
        self.fake({"ps": lambda request: [{"workers": [worker, down, colour]}]})
        text = self.expect(0, "ps").stdout.decode()
        self.assertRegex(text, r"ocr +2 +48213 +hung +36s +100 +812M +7 +1 +9f31c2 scan-212.pdf")
        self.assertRegex(text, r"ocr +3 +- +backoff .*exit 3 after 5s")
        self.assertEqual(json.loads(self.expect(0, "ps", "--json").stdout),
                         {"workers": [worker, down, colour]})
        self.assertRegex(text, r"busy .* green\n")

    def test_long_lists_come_in_pages(self):
        def answer(request):
            start = request.get("offset", 0)
            rows = [{"pool": "ocr", "slot": slot} for slot in range(start, start + 2)]
            return [{"workers": rows, **({"next": start + 2} if start < 4 else {})}]

        server = self.fake({"ps": answer})
        answer = json.loads(self.expect(0, "ps", "ocr", "--json").stdout)
        self.assertEqual([row["slot"] for row in answer["workers"]], [0, 1, 2, 3, 4, 5])
        self.assertNotIn("next", answer)
        self.assertEqual([request["pool"] for request in server.requests], ["ocr"] * 3)

    def test_tasks(self):
        task = {"id": "9f", "pool": "ocr", "seq": 1, "state": "failed", "attempts": 3,
                "max_attempts": 3, "priority": 5, "age": 4, "worker": None, "deadline": None,
                "task": "a b", "error": "exit 1"}
        answer = {"tasks": [task], "counts": {"failed": 1, "done": 0, "accepted": 1}}
        audit = ["ok"]
        server = self.fake({"tasks": lambda request: [
            {**answer, **({"audit": audit[0]} if request.get("audit") else {})}]})
        text = self.expect(0, "tasks", "ocr", "--state", "failed").stdout.decode()
        self.assertFalse([line for line in text.splitlines() if line.endswith(" ")])
        self.assertRegex(text, r"9f +ocr +failed +3/3 +4.0s +- +a b +exit 1\nfailed 1  accepted 1")
        self.assertEqual(server.requests[0], {"id": 1, "cmd": "tasks", "pool": "ocr",
                                              "state": "failed"})
        self.assertIn(b"audit: ok", self.expect(0, "tasks", "--audit").stdout)
        audit[0] = "pool ocr: 3 accepted, 2 counted"
        self.assertIn(b"2 counted", self.expect(1, "tasks", "--audit").stdout)

    def test_refusals(self):
        codes = {"usage": 2, "unknown": 1, "refused": 1, "gone": 1, "changed": 1, "failed": 1}
        code = [""]
        self.fake({"kill": lambda request: [
            {"ok": False, "code": code[0], "error": "pid 48213 already exited; nothing sent"}]})
        for code[0], status in codes.items():
            done = self.expect(status, "kill", "48213")
            self.assertEqual(done.stderr,
                             b"lifeguard: pid 48213 already exited; nothing sent\n")

    def test_undo_is_announced(self):
        self.fake({"scale": lambda request: [{"undo": 17, "undo_for": 8}]})
        self.assertIn(b"lifeguard undo", self.expect(0, "scale", "ocr", "-1").stdout)

    def test_events(self):
        event = {"seq": 17, "at": 1766000000.25, "kind": "exit", "level": "bad", "who": "",
                 "pool": "ocr", "slot": 2, "pid": 48213, "text": "signal SEGV"}
        self.fake({"events": lambda request: [{"events": [event]}]})
        self.assertEqual(self.expect(0, "events").stdout,
                         b"2025-12-17T19:33:20  #17  exit ocr[2] pid 48213: signal SEGV\n")
        self.assertEqual(json.loads(self.expect(0, "events", "--json").stdout), event)


class Terminal(Case):
    def setUp(self):
        super().setUp()
        evil = "a\x1b]0;title\x07b\x1b[2Jc\x9b31md\re\n\u202e"
        pool = {**POOL, "name": evil}
        worker = {"pool": evil, "slot": 1, "pid": 1, "state": evil, "since": 1, "last_line": evil,
                  "done": 0, "task": None}
        event = {"seq": 1, "at": 1.0, "kind": evil, "level": "bad", "who": evil, "pool": evil,
                 "slot": 1, "pid": 1, "text": evil}
        task = {"id": evil, "pool": evil, "state": evil, "task": evil, "error": evil}
        self.fake({"status": lambda request: [{**STATUS, "name": evil, "pools": [pool]}],
                   "ps": lambda request: [{"workers": [worker]}],
                   "events": lambda request: [{"events": [event]}],
                   "tasks": lambda request: [{"tasks": [task], "counts": {}, "audit": evil}],
                   "undo": lambda request: [{"ok": False, "code": "refused", "error": evil}],
                   "submit": lambda request: [{"tasks": ["9f"]}, {
                       "view": "waited", "id": "9f", "state": "failed", "error": evil}]})

    COMMANDS = (("status",), ("ps",), ("events",), ("tasks",), ("undo",),
                ("submit", "ocr", "x", "--wait"), ("status", "--json"), ("ps", "--json"))

    def test_nothing_foreign_is_obeyed(self):
        for words in self.COMMANDS:
            output, _ = self.run_on_terminal(*words)
            rest = re.sub(rb"\x1b\[[0-9;]*m", b"", output).replace(b"\r\n", b"")
            self.assertEqual([b for b in rest if b < 32 or b == 127], [], (words, output))
            text = rest.decode()
            self.assertNotIn("\x9b", text)
            self.assertNotIn("\u202e", text)

    def test_no_color(self):
        for words in self.COMMANDS:
            output, _ = self.run_on_terminal(*words, env={"NO_COLOR": "1"})
            self.assertNotIn(b"\x1b", output, words)
        output, _ = self.run_on_terminal("status", env={"TERM": "dumb"})
        self.assertNotIn(b"\x1b", output)
        output, _ = self.run_on_terminal("status")
        self.assertIn(b"\x1b[32m", output)

    def test_pipe_has_no_colors(self):
        self.assertNotIn(b"\x1b", self.run_cli("status").stdout)


class Submitting(Case):
    def setUp(self):
        super().setUp()
        self.accepted = []
        self.room = 10 ** 9

    def answer(self, request):
        if len(request["args"]) > self.room:
            self.room += 1  # somebody works meanwhile
            return [{"ok": False, "code": "full", "error": "the queue of ocr is full"}]
        self.room -= len(request["args"])
        first = len(self.accepted)
        self.accepted += request["args"]
        return [{"tasks": ["t%d" % i for i in range(first, len(self.accepted))]}]

    def test_words(self):
        server = self.fake({"submit": self.answer})
        done = self.expect(0, "submit", "ocr", "a", "b c", "--priority", "7", "--delay", "2m")
        self.assertEqual(done.stdout, b"t0\nt1\n")
        self.assertEqual(server.requests[0], {"id": 1, "cmd": "submit", "pool": "ocr",
                                              "priority": 7, "delay": 120, "args": ["a", "b c"]})
        done = self.expect(0, "submit", "ocr", "x", "--json")
        self.assertEqual(json.loads(done.stdout), {"tasks": ["t2"]})

    def test_full(self):
        self.room = 1
        self.fake({"submit": self.answer})
        self.assertIn(b"full", self.expect(75, "submit", "ocr", "a", "b").stderr)
        self.assertEqual(self.accepted, [])

    def test_lines(self):
        self.fake({"submit": self.answer})
        lines = [b"line %d" % i for i in range(1000)] + [b"", b"no \xff text", b"last"]
        done = self.expect(0, "submit", "ocr", "-", stdin=b"\n".join(lines))
        self.assertEqual(len(done.stdout.split()), 1003)
        self.assertEqual(self.accepted[:1001], [line.decode() for line in lines[:1001]])
        self.assertEqual(self.accepted[1001], {"base64": "bm8g/yB0ZXh0"})

    def test_lines_wait_for_room(self):
        self.room = 3
        self.fake({"submit": self.answer})
        self.expect(0, "submit", "ocr", "-", stdin=b"\n".join(b"%d" % i for i in range(20)))
        self.assertEqual(self.accepted, ["%d" % i for i in range(20)])

    def waited(self, *states):
        return lambda request: [{"tasks": ["a", "b"]}, {"view": "waited", "id": "other"}] + [
            {"view": "waited", "id": name, "state": state} for name, state in zip("ab", states)]

    def test_wait(self):
        server = self.fake({"submit": self.waited("done", "done")})
        done = self.expect(0, "submit", "ocr", "x", "y", "--wait")
        self.assertEqual(done.stdout, b"a done\nb done\n")
        self.assertTrue(server.requests[0]["wait"])
        server.answers["submit"] = self.waited("done", "failed")
        self.expect(1, "submit", "ocr", "x", "y", "--wait")

    def test_wait_for_a_supervisor_that_dies(self):
        self.fake({"submit": lambda request: [{"tasks": ["a", "b"]}, None]})
        self.assertIn(b"2 tasks were not done",
                      self.expect(1, "submit", "ocr", "x", "y", "--wait").stderr)


def stamp(second, stream="o"):
    return "2026-01-31T12:41:%02d.000+0000 %s " % (second, stream)


class Logs(Case):
    def setUp(self):
        super().setUp()
        self.targets = []
        for slot in (1, 2):
            path = self.write("ocr.%d.log" % slot, "".join(
                "%sslot %d line %d\n" % (stamp(2 * i + slot), slot, i) for i in range(10, 20)))
            self.write("ocr.%d.log.1" % slot, "".join(
                "%sslot %d line %d\n" % (stamp(2 * i + slot), slot, i) for i in range(10)))
            previous = self.write("ocr.%d.99.log" % slot, stamp(0) + "from before\n")
            self.targets.append({"pool": "ocr", "slot": slot, "pid": 100 + slot, "path": path,
                                 "timestamps": True, "lives": [{"pid": 99, "log": previous}]})
        self.server = self.fake({"logs": lambda request: [{"targets": self.shown()}]})
        self.slots = 1

    def shown(self):
        return self.targets[:self.slots]

    def write(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path, "wb") as file:
            file.write(text.encode() if isinstance(text, str) else text)
        return path

    def lines(self, *words):
        return self.expect(0, "logs", "ocr", *words).stdout.decode().splitlines()

    def test_last_lines(self):
        self.assertEqual(self.lines("-n", "2"), [stamp(37) + "slot 1 line 18",
                                                 stamp(39) + "slot 1 line 19"])
        self.assertEqual(len(self.lines("-n", "15")), 15)
        self.assertEqual(self.lines("-n", "15")[0], stamp(11) + "slot 1 line 5")
        self.assertEqual(len(self.lines()), 20)
        self.assertEqual(self.lines("-n", "0"), [])

    def test_filters(self):
        self.assertEqual(self.lines("--grep", "line 1?7$"), [stamp(15) + "slot 1 line 7",
                                                             stamp(35) + "slot 1 line 17"])
        self.assertEqual(len(self.lines("--since", "2026-01-31T12:41:30")), 5)
        self.assertEqual(self.lines("--since", "10m"), [])
        self.expect(2, "logs", "ocr", "--since", "yesterday")
        self.expect(2, "logs", "ocr", "--grep", "(")

    def test_several_are_merged(self):
        self.slots = 2
        self.assertEqual(self.lines("-n", "3"), [
            stamp(38) + "ocr[2] slot 2 line 18", stamp(39) + "ocr[1] slot 1 line 19",
            stamp(40) + "ocr[2] slot 2 line 19"])

    def test_previous(self):
        self.assertEqual(self.lines("--previous"), [stamp(0) + "from before"])
        self.targets[0]["pid"] = None
        self.assertEqual(self.lines(), [stamp(0) + "from before"])
        self.expect(2, "logs", "ocr", "-f", "--previous")

    def test_json(self):
        lines = [json.loads(line) for line in self.lines("--json", "-n", "1")]
        self.assertEqual(lines, [{"at": 1769863299, "pool": "ocr", "slot": 1, "pid": 101,
                                  "stream": "o", "text": "slot 1 line 19"}])

    def test_bytes(self):
        evil = b"bytes \xff\x00\x1b[2J\x1b[31mred\x1b[0m"
        self.targets[0]["path"] = self.write("raw.log", stamp(1).encode() + evil + b"\n")
        done = self.expect(0, "logs", "ocr")
        self.assertEqual(done.stdout, stamp(1).encode() + evil + b"\n")
        output, _ = self.run_on_terminal("logs", "ocr")
        self.assertIn(b"red", output)
        self.assertNotIn(b"\x1b[2J", output)
        self.assertNotIn(b"\x00", output)
        output, _ = self.run_on_terminal("logs", "ocr", env={"NO_COLOR": "1"})
        self.assertNotIn(b"\x1b", output)

    def test_missing_file(self):
        self.targets[0]["path"] = os.path.join(self.directory, "none.log")
        self.assertEqual(self.lines(), [])

    def test_follow(self):
        row = [1, 1769863261.5, 101, 1, "ocr", "e", "live"]
        self.server.answers["subscribe"] = lambda request: [
            {}, {"view": "log", "full": True, "lines": [row], "skipped": 0},
            {"view": "log", "lines": [row[:6] + [{"base64": "/w=="}]], "skipped": 3}, None]
        done = self.expect(0, "logs", "ocr[1]", "-f", "-n", "7")
        self.assertEqual(done.stdout.splitlines(), [
            b"2026-01-31T12:41:01.500+0000 e live",
            b"... 3 lines came faster than they are shown; `lifeguard logs` without -f has them",
            b"2026-01-31T12:41:01.500+0000 e \xff"])
        request = self.server.requests[-1]
        self.assertEqual((request["view"], request["target"], request["tail"]),
                         ("log", "ocr[1]", 7))


class Following(Case):
    def test_events_miss_none(self):
        events = [{"seq": seq, "at": 1.0, "kind": "start", "level": "info", "text": "e%d" % seq}
                  for seq in range(1, 8)]
        known = [2]

        def answer(request):
            shown = [each for each in events[:known[0]] if each["seq"] > request.get("after", 0)]
            known[0] = min(known[0] + 3, len(events))
            return [{"events": shown}]

        view = {"view": "events", "rows": []}
        self.fake({"events": answer, "subscribe": lambda request: [{}, view, view, view]})
        child = subprocess.Popen([PROGRAM, "events", "-f", "--json"], stdout=subprocess.PIPE,
                                 env=self.env)
        self.addCleanup(child.stdout.close)
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        seen = [json.loads(child.stdout.readline())["seq"] for _ in events]
        self.assertEqual(seen, [each["seq"] for each in events])

    def test_status_watch_ends_with_its_reader(self):
        self.fake({"status": lambda request: [STATUS]})
        child = subprocess.Popen([PROGRAM, "status", "--watch", "--json"], stdout=subprocess.PIPE,
                                 env=self.env)
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        for _ in range(2):
            self.assertEqual(json.loads(child.stdout.readline())["name"], "fake")
        child.stdout.close()
        self.assertNotEqual(child.wait(30), 0)

    def test_shutdown_names_whom_it_waits_for(self):
        def summary(*stopping):
            return {"view": "summary", "summary": {"stopping": list(stopping)}}

        worker = {"pool": "ocr", "slot": 2, "pid": 4711, "state": "stopping", "for": 1,
                  "kill_in": 7.2}
        self.fake({"subscribe": lambda request: [{}, summary()],
                   "shutdown": lambda request: [{}, summary(worker),
                                                summary({**worker, "kill_in": 6.2}),
                                                summary({**worker, "state": "unkillable"}), None]})
        done = self.expect(0, "shutdown")
        self.assertEqual(done.stdout.decode().splitlines(), [
            "waiting for 1 worker: ocr[2] pid 4711 stopping (KILL in 7 s)",
            "waiting for 1 worker: ocr[2] pid 4711 unkillable (KILL in 7 s)", "fake stopped"])


class Misbehaviour(Case):
    def test_connection_breaks(self):
        self.fake({"ps": lambda request: [None]})
        self.assertIn(b"closed the connection", self.expect(1, "ps").stderr)

    def test_garbage(self):
        for garbage in (b"not json\n", b"[1,2]\n", b"\xff\xfe\n", b"{\"id\":1,\"ok\":\n"):
            server = self.fake({"ps": lambda request, bytes=garbage: [bytes]})
            self.assertEqual(self.run_cli("ps").returncode, 1, garbage)
            server.close()

    def test_missing_members(self):
        """Readers take what is there: another version may send less."""
        self.fake({"ps": lambda request: [{"workers": [{}, 3, None]}],
                   "status": lambda request: [{"pools": [{}, "x"]}],
                   "tasks": lambda request: [{"tasks": [{}, []]}],
                   "events": lambda request: [{"events": [{}]}]})
        self.expect(0, "ps")
        self.expect(3, "status")
        self.expect(0, "tasks")
        self.expect(0, "events")

    def test_full_disk(self):
        self.fake({"status": lambda request: [STATUS]})
        with open("/dev/full", "wb") as full:
            done = subprocess.run([PROGRAM, "status"], stdout=full, stderr=subprocess.PIPE,
                                  env=self.env, timeout=60, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"No space left", done.stderr)


if __name__ == "__main__":
    unittest.main()
