# SPDX-License-Identifier: MIT
"""The worker protocol for the tests' own workers, in the fewest words and apart from the module that
is shipped: what the two agree on was written twice. Tests import `Workers`; their worker scripts
begin with `from proto import *`, which is PROTO."""
import base64
import json

from harness import PYTHON, Case, wait_for

PROTO = r'''
import os, re, signal, sys, time

_codes = {b"\t": rb"\t", b"\n": rb"\n", b"\\": rb"\\", b"\0": rb"\0"}
_bytes = {code: byte for byte, code in _codes.items()}
_pending, _late = b"", []
init = None


class Fail(Exception):
    verb = b"FAIL"


class Bury(Exception):
    verb = b"BURY"


class Release(Exception):
    verb = b"RELEASE"


def esc(data):
    if data is None:
        return b"-"
    data = data if isinstance(data, bytes) else str(data).encode()
    return rb"\-" if data == b"-" else re.sub(rb"[\t\n\\\0]", lambda m: _codes[m[0]], data) or b"-"


def unesc(data):
    if data in (b"-", rb"\-"):
        return data[1:]
    return re.sub(rb"\\.", lambda m: _bytes[m[0]], data)


def raw(data):
    while data:
        data = data[os.write(3, data):]


def say(*fields):
    raw(b"\t".join(f if isinstance(f, bytes) else str(f).encode() for f in fields) + b"\n")


def line():
    """The next line, without its newline; at the end of the stream the worker ends."""
    global _pending
    while b"\n" not in _pending:
        block = os.read(0, 1 << 20)
        if not block:
            os._exit(0)
        _pending += block
    first, _, _pending = _pending.partition(b"\n")
    return first


def hear():
    return _late.pop(0) if _late else line().split(b"\t", 4)


def ask(*fields):
    """Asks for something shared; the answer's fields. None for a value that is not there."""
    say(*fields)
    while True:
        got = line().split(b"\t", 4)
        if got[0] in (b"GRANTED", b"DENIED", b"VALUE"):
            return got
        _late.append(got)


def get(*fields):
    got = ask(*fields)[2]
    return None if got == b"-" else unesc(got)


def one(work, fields):
    try:
        say("OK", fields[1], esc(work(unesc(fields[4]), int(fields[2]), fields[1])))
    except (Fail, Bury, Release) as error:
        say(error.verb, fields[1], *error.args)


def serve(work):
    global init
    say("READY")
    while True:
        fields = hear()
        if fields[0] == b"TASK":
            one(work, fields)
        elif fields[0] == b"PING":
            say("BEAT")
        elif fields[0] == b"INIT":
            init = unesc(fields[1])
        elif fields[0] in (b"QUIET", b"STOP"):
            os._exit(0)
'''


def bytes_of(result, key="result"):
    """What a result (or its task) is in bytes."""
    if result.get(key + "_base64") is not None:
        return base64.b64decode(result[key + "_base64"])
    return result[key].encode()


class Workers(Case):
    """Pools of workers that are written in the test."""

    def setUp(self):
        super().setUp()
        self.write("proto.py", PROTO)

    def worker(self, text, name="worker"):
        """The command of a worker with this body."""
        return [PYTHON, "-u", "-S", self.write(f"{name}.py", "from proto import *\n" + text)]

    def pool(self, name, body, tasks=None, size=2, **keys):
        command = body if isinstance(body, list) else self.worker(body, name)
        pool = {"name": name, "mode": "worker", "command": command, "size": size,
                "backoff": {"initial": "10ms", "max": "10ms"},
                "restart_backoff": {"initial": "10ms", "max": "50ms"}, "results": f"{name}.jsonl",
                **keys}
        if tasks is not None:
            pool["tasks"] = tasks
        return pool

    def run_pools(self, *pools, status=0, timeout=60, **supervisor):
        path = self.config(pools, **supervisor)
        return self.expect(status, "run", path, "--headless", timeout=timeout)

    def wait_results(self, name, count):
        """The results when so many are written; it is an error when more are."""
        found = wait_for(lambda: len(all := self.results(f"{name}.jsonl")) >= count and all, 10,
                         f"{count} results of {name}")
        self.assertEqual(len(found), count)
        return found

    def outcome(self, name, count=None):
        """task -> its result; every task has exactly one."""
        results = {}
        for result in self.wait_results(name, count) if count else self.results(f"{name}.jsonl"):
            self.assertNotIn(result["task"], results)
            results[result["task"]] = result
        return results

    def submit(self, server, pool, *args, **arguments):
        return server.call("submit", pool=pool, args=list(args), **arguments)["tasks"]

    def wait_counts(self, server, timeout=20, **wanted):
        """Waits until the ledger says so."""
        def look():
            counts = server.audit()
            return all(counts[state] == count for state, count in wanted.items()) and counts
        try:
            return wait_for(look, timeout, json.dumps(wanted))
        except AssertionError as error:
            raise AssertionError(f"{error}: {server.audit()} {server.events()[-10:]}") from None

    def task(self, server, task):
        return next(each for each in server.tasks()["tasks"] if each["id"] == task)
