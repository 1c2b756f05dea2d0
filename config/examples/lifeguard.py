# SPDX-License-Identifier: MIT
"""Workers for lifeguard's pools with mode = "worker": one file, no dependencies; copy it.

    import lifeguard

    @lifeguard.task
    def square(n: int):
        return n * n

    lifeguard.run()

The task arrives as the function's argument, converted to its annotation: str (also without one),
bytes, int, float, and anything else from JSON. What it returns is the result: None is none, str and
bytes are themselves, numbers are printed, the rest is JSON. An exception makes the task fail, tried
again as the pool's retries say; its traceback goes to the log. Bury says never again, Release puts
the task back. Shared objects hold text in the same way and give str back.

`python worker.py TASK...` runs the tasks without lifeguard and prints the results, for debugging.
"""
import collections
import inspect
import json
import os
import re
import select
import sys
import threading
import traceback

__all__ = ["task", "initializer", "run", "current", "cancelled", "progress", "touch", "status",
           "beat", "put", "Bury", "Release", "Denied", "Lock", "Semaphore", "Counter", "Value",
           "Dict", "List"]


class Bury(Exception):
    """Raised by a task: it failed and must never be tried again."""


class Release(Exception):
    """Raised by a task: put it back, not counted as an attempt; not before `delay` seconds."""

    def __init__(self, delay=None):
        super().__init__(delay)
        self.delay = delay


class Denied(Exception):
    """The supervisor refused a request on a shared object."""


class Current:
    """The task in hand: id, attempt (1 the first time) and seconds allowed (None = no limit)."""
    id = None
    attempt = None
    seconds = None


current = Current()
_CODES = {b"\t": rb"\t", b"\n": rb"\n", b"\\": rb"\\", b"\0": rb"\0"}
_BYTES = {code: byte for byte, code in _CODES.items()}


def _encode(value):
    if value is None:
        return b""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    return json.dumps(value).encode()


def _decode(data):
    return data.decode("utf-8", "surrogateescape")


def _escape(value):
    data = _encode(value)
    if data in (b"", b"-"):
        return rb"\-" if data else b"-"
    return re.sub(rb"[\t\n\\\0]", lambda found: _CODES[found[0]], data)


def _unescape(field):
    if field in (b"-", rb"\-"):
        return field[1:]
    return re.sub(rb"\\.", lambda found: _BYTES[found[0]], field) if b"\\" in field else field


def _milliseconds(seconds):
    return [] if seconds is None else [b"%d" % round(seconds * 1000)]


class _Worker:
    """The two pipes, and what came while somebody waited for something else."""

    def __init__(self):
        self.tasks = os.dup(0)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # subprocesses may not read tasks ...
        os.set_inheritable(3, False)  # ... or answer them
        os.register_at_fork(after_in_child=self.forget)
        self.lock = threading.Lock()
        self.parts, self.lines = [], collections.deque()
        self.pending, self.cancelled = collections.deque(), set()
        self.init, self.stop, self.quiet = None, False, False

    def forget(self):
        for descriptor in (self.tasks, 3):
            os.close(descriptor)
        self.stop = True

    def say(self, *fields):
        line = memoryview(b"\t".join(fields) + b"\n")
        with self.lock:
            while line:
                line = line[os.write(3, line):]

    def fill(self, wait):
        """Reads what there is; False when nothing came."""
        if not wait and not select.select([self.tasks], [], [], 0)[0]:
            return False
        block = os.read(self.tasks, 1 << 16)
        if not block:
            self.stop = True  # the supervisor is gone
            return False
        *lines, rest = block.split(b"\n")
        if lines:
            lines[0] = b"".join(self.parts) + lines[0]
            self.parts = []
            self.lines.extend(lines)
        self.parts.append(rest)
        return True

    def step(self, wait=True):
        """Serves one line; returns it when it answers a request, None when there is none."""
        while not self.lines and not self.stop:
            if not self.fill(wait):
                return None
        if self.stop:
            return None
        verb, _, rest = self.lines.popleft().partition(b"\t")
        if verb == b"TASK":
            self.pending.append(rest.split(b"\t", 3))
        elif verb == b"CANCEL":
            self.cancelled.add(rest)
        elif verb == b"PING":
            self.say(b"BEAT")
        elif verb == b"INIT":
            self.init = _decode(_unescape(rest)).split("\n")
        elif verb == b"QUIET":
            self.quiet = True
        elif verb == b"STOP":
            self.stop = True
        elif verb in (b"GRANTED", b"DENIED", b"VALUE"):
            return verb, *rest.split(b"\t", 1)
        return ()

    def ask(self, verb, name, *fields):
        """A request with an answer: its last field, or None."""
        self.say(verb, name, *fields)
        while True:
            answer = self.step()
            if answer is None:
                raise SystemExit("lifeguard: stopped while waiting for an answer")
            if answer and answer[1] == name:
                break
        text = _decode(_unescape(answer[2])) if answer[2:] and answer[2] != b"-" else None
        if answer[0] == b"DENIED":
            raise Denied(f"{_decode(verb)} {_decode(name)}: {text}")
        return text

    def next_task(self):
        """id, attempt, ms, payload; or None when no more will come."""
        while True:
            while self.pending:
                task = self.pending.popleft()
                if task[0] not in self.cancelled or self.stop:
                    return None if self.stop else task
                self.say(b"RELEASE", task[0])  # cancelled before it began
                self.cancelled.discard(task[0])
            if self.quiet or self.stop or self.step() is None:
                return None


_worker = None
_handler = None
_initializer = None


def task(function):
    """The decorator of the one function that does the tasks."""
    global _handler
    if _handler:
        raise TypeError(f"{_handler.__name__} does the tasks already: a worker has one @task")
    _handler = function
    return function


def initializer(function):
    """The decorator of a function that runs once, before the first task. If it has parameters it
    gets the strings of the pool's `init`, and the worker is not ready before they came."""
    global _initializer
    _initializer = function
    return function


def cancelled():
    """True when nobody wants this task any more: return, or raise Release. Does not wait."""
    if not _worker:
        return False
    while _worker.step(wait=False) is not None:
        pass
    return _worker.stop or current.id.encode() in _worker.cancelled


def _say(*fields):
    if _worker:
        _worker.say(*fields)
    else:
        print(*map(_decode, fields), file=sys.stderr)


def progress(done, total=None, text=None):
    """Shown live: whole numbers, total None = not known."""
    end = [] if text is None else [_escape(text)]
    _say(b"PROGRESS", current.id.encode(), b"%d" % done, b"-" if total is None else b"%d" % total, *end)


def touch(seconds=None):
    """More time for this task: so many seconds, or the pool's timeout anew."""
    _say(b"TOUCH", current.id.encode(), *_milliseconds(seconds))


def status(text):
    """What this worker is doing, shown live."""
    _say(b"STATUS", _escape(text))


def beat():
    """A heartbeat, for pools with hang.heartbeat."""
    _say(b"BEAT")


def put(pool, payload):
    """A new task for a pool, at once, whatever becomes of this one. As Queue.put of
    multiprocessing; waits while that pool's queue is full."""
    _say(b"PUT", pool.encode(), _escape(payload))


class _Shared:
    def __init__(self, name):
        self.name = name
        self._name = name.encode()

    def __repr__(self):
        return f"{type(self).__name__}({self.name!r})"

    def _ask(self, verb, *fields):
        if not _worker:
            raise RuntimeError(f"{self!r} is the supervisor's: run this under lifeguard")
        return _worker.ask(verb, self._name, *fields)

    def _say(self, verb, *fields):
        _say(verb, self._name, *fields)


class Lock(_Shared):
    """`with Lock("gpu"):` among all workers. `abandoned` is True when its last holder died with
    it: what it guards may be half done."""
    _verbs = b"LOCK", b"UNLOCK"
    abandoned = False

    def acquire(self):
        self.abandoned = self._ask(self._verbs[0]) is not None

    def release(self):
        self._say(self._verbs[1])

    def __enter__(self):
        self.acquire()
        return self

    def __exit__(self, *exception):
        self.release()


class Semaphore(Lock):
    """The same for one permit of a semaphore that the pool's `shared` names."""
    _verbs = b"ACQUIRE", b"RELEASE_PERMIT"


class Value(_Shared):
    """A text or number that all workers see: `value` is a str, or None before it was set."""

    @property
    def value(self):
        return self._ask(b"GET")

    @value.setter
    def value(self, new):
        self._say(b"SET", _escape(new))


class Counter(_Shared):
    """An integer that all workers see; `add` is one step, whoever else adds."""

    def add(self, number=1):
        return int(self._ask(b"INCR", b"%d" % number))

    @property
    def value(self):
        return int(self._ask(b"GET") or 0)

    @value.setter
    def value(self, new):
        self._say(b"SET", b"%d" % new)


class Dict(_Shared):
    """A dictionary that all workers see, and the cache that they share."""

    def __getitem__(self, key):
        found = self._ask(b"HGET", _escape(key))
        if found is None:
            raise KeyError(key)
        return found

    def get(self, key, default=None):
        found = self._ask(b"HGET", _escape(key))
        return default if found is None else found

    def __contains__(self, key):
        return self.get(key) is not None

    def __setitem__(self, key, value):
        self._say(b"HSET", _escape(key), _escape(value))

    def __delitem__(self, key):
        self._say(b"HDEL", _escape(key))

    def __len__(self):
        return int(self._ask(b"HLEN"))


class List(_Shared):
    """A list that all workers see: push and pop work on its head, List[0] is the head."""

    def push(self, value):
        self._say(b"LPUSH", _escape(value))

    def pop(self):
        """The head, taken off; IndexError when the list is empty."""
        found = self._ask(b"LPOP")
        if found is None:
            raise IndexError(f"pop from the empty {self!r}")
        return found

    def __getitem__(self, index):
        found = self._ask(b"LINDEX", b"%d" % index)
        if found is None:
            raise IndexError(f"{index} is outside {self!r}")
        return found

    def __len__(self):
        return int(self._ask(b"LLEN"))


def _converter():
    """From a payload to the handler's argument."""
    first = next(iter(inspect.signature(_handler, eval_str=True).parameters.values()), None)
    if first is None:
        raise TypeError(f"{_handler.__name__} must take the task as its argument")
    kind = str if first.annotation is first.empty else first.annotation
    if kind is bytes:
        return lambda data: data
    if kind in (str, int, float):
        return lambda data: kind(_decode(data))
    return json.loads


def _failure(error):
    """The last line of the traceback, as Python prints it."""
    return traceback.format_exception_only(type(error), error)[-1].strip()


def _serve(convert, field):
    """One task: the line of its answer, without the id."""
    try:
        return b"OK", _escape(_handler(convert(_unescape(field))))
    except Bury as error:
        return b"BURY", _escape(str(error))
    except Release as error:
        return b"RELEASE", *_milliseconds(error.delay)
    except Exception as error:
        traceback.print_exc()
        return b"FAIL", _escape(_failure(error))


def _initialize():
    if not _initializer:
        return
    if not inspect.signature(_initializer).parameters:
        _initializer()
        return
    while _worker.init is None:
        if _worker.step() is None:
            sys.exit(0)
    _initializer(*_worker.init)


def _run_here(convert):
    """Without lifeguard: the words of the command line are the tasks."""
    if len(sys.argv) < 2:
        sys.exit("this is a worker for lifeguard: try `lifeguard worker-check python "
                 f"{sys.argv[0]}`, or give tasks as arguments to run them here")
    if _initializer and not inspect.signature(_initializer).parameters:
        _initializer()
    for word in sys.argv[1:]:
        current.id, current.attempt = "1", 1
        result = _handler(convert(os.fsencode(word)))
        if result is not None:
            sys.stdout.buffer.write(_encode(result) + b"\n")
            sys.stdout.flush()


def run():
    """Takes task after task until the supervisor ends it; call it at the end of the program."""
    global _worker
    if not _handler:
        raise TypeError("no function has @lifeguard.task")
    convert = _converter()
    try:
        os.fstat(3)
    except OSError:
        _run_here(convert)
        return
    sys.stdout.reconfigure(line_buffering=True)  # what is printed is in the log at once
    _worker = _Worker()
    _initialize()
    _worker.say(b"READY")
    while (line := _worker.next_task()) is not None:
        identity, attempt, milliseconds, payload = line
        current.id, current.attempt = identity.decode(), int(attempt)
        current.seconds = None if milliseconds == b"-" else int(milliseconds) / 1000
        verb, *fields = _serve(convert, payload)
        _worker.say(verb, identity, *fields)
        _worker.cancelled.discard(identity)
        current.id = None
