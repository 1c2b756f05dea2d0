# SPDX-License-Identifier: MIT
"""The real program in a directory of its own: supervisors are started from generated configs, spoken
to over their control socket, and ended by their own PIDs. Tests wait for conditions, never for a
fixed time. With sanitizers every process must end without a report."""
import errno
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

PROGRAM = os.environ["LIFEGUARD"]
PYTHON = "/usr/bin/python3"
# Margins grow where the program is instrumented.
SANITIZED = b"__asan_init" in open(PROGRAM, "rb").read()
PATIENCE = 3 if SANITIZED else 1


def wait_for(condition, timeout=10, what="condition"):
    """The first true value of condition(), asked again and again."""
    deadline = time.monotonic() + timeout * PATIENCE
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout * PATIENCE}s for {what}")
        time.sleep(0.02)


def libconfig(value, depth=0):
    """A Python value in libconfig's syntax: dict = group, tuple = list, list = array."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, str):
        text = "".join(c if 32 <= ord(c) < 127 and c not in '"\\' else
                       "".join(f"\\x{byte:02x}" for byte in c.encode()) for c in value)
        return f'"{text}"'
    if isinstance(value, dict):
        inner = " ".join(f"{key} = {libconfig(item, depth + 1)};" for key, item in value.items())
        return "{ " + inner + " }"
    if isinstance(value, tuple):
        return "(\n  " + ",\n  ".join(libconfig(item) for item in value) + "\n)"
    return "[ " + ", ".join(libconfig(item) for item in value) + " ]"


def pid_is_there(pid):
    """True while a process of that number runs (a zombie does not)."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] not in (b"Z", b"X")
    except (FileNotFoundError, ProcessLookupError):
        return False


def pid_state(pid):
    with open(f"/proc/{pid}/stat", "rb") as file:
        return file.read().rpartition(b")")[2].split()[0].decode()


def pids_with_environment(text):
    """Processes that have `text` in their environment."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        try:
            with open(f"/proc/{entry}/environ", "rb") as file:
                if text.encode() in file.read() and pid_is_there(entry):
                    found.append(int(entry))
        except OSError:
            continue
    return found


def rss_of(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


class Refused(Exception):
    """The supervisor answered ok = false."""

    def __init__(self, reply):
        super().__init__(f"{reply.get('code')}: {reply.get('error')}")
        self.code = reply.get("code")
        self.text = reply.get("error")


class Control:
    """One connection of the control protocol."""

    def __init__(self, path, user="tester", **hello):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(20 * PATIENCE)
        self.socket.connect(path)
        self.pending = b""
        self.messages = []
        self.last_id = 0
        self.send({"hello": "lifeguard", "protocol": 1, "client": "test", "user": user, **hello})
        self.hello = self.receive()

    def send(self, message):
        self.send_bytes(json.dumps(message).encode() + b"\n")

    def send_bytes(self, data):
        self.socket.sendall(data)

    def receive(self):
        """The next message; None at the end."""
        while b"\n" not in self.pending:
            block = self.socket.recv(1 << 16)
            if not block:
                return None
            self.pending += block
        line, _, self.pending = self.pending.partition(b"\n")
        return json.loads(line)

    def request(self, cmd, **arguments):
        """The reply as it came; views that come before it are kept in `messages`."""
        self.last_id += 1
        self.send({"id": self.last_id, "cmd": cmd, **arguments})
        while True:
            message = self.receive()
            if message is None:
                raise EOFError(f"the connection ended before the reply to {cmd}")
            if message.get("id") == self.last_id or \
                    ("id" in message and message["id"] is None): # the line was not understood
                return message
            self.messages.append(message)

    def call(self, cmd, **arguments):
        reply = self.request(cmd, **arguments)
        if not reply["ok"]:
            raise Refused(reply)
        return reply

    def close(self):
        self.socket.close()


class Server:
    """A running supervisor, its guardian being our child."""

    def __init__(self, case, name, process):
        self.case = case
        self.name = name
        self.process = process
        self.socket_path = f"{case.runtime}/lifeguard/{name}.sock"
        self.control = None
        self.pid = None

    def connect(self, timeout=15):
        def attempt():
            if self.process.poll() is not None:
                raise AssertionError(f"{self.name} ended with {self.process.returncode}: "
                                     f"{self.case.read_error(self)}")
            try:
                return Control(self.socket_path)
            except OSError as error:
                if error.errno not in (errno.ENOENT, errno.ECONNREFUSED, errno.ECONNRESET):
                    raise
                return None
        self.control = wait_for(attempt, timeout, f"the socket of {self.name}")
        self.pid = self.control.hello["pid"]
        return self

    def call(self, cmd, **arguments):
        return self.control.call(cmd, **arguments)

    def refusal(self, cmd, **arguments):
        reply = self.control.request(cmd, **arguments)
        self.case.assertFalse(reply["ok"], reply)
        return reply

    def status(self, pool=None):
        status = self.call("status")
        if pool is None:
            return status
        return next(each for each in status["pools"] if each["name"] == pool)

    def workers(self, pool=None):
        arguments = {"pool": pool} if pool else {}
        rows, offset = [], 0
        while offset is not None:
            reply = self.call("ps", offset=offset, **arguments)
            rows += reply["workers"]
            offset = reply.get("next")
        return rows

    def pids(self, pool=None):
        return {worker["slot"]: worker["pid"] for worker in self.workers(pool) if worker["pid"]}

    def worker(self, pool, slot):
        return next((each for each in self.workers(pool) if each["slot"] == slot), None)

    def events(self, kind=None, pool=None):
        return [event for event in self.call("events", lines=100000)["events"]
                if kind in (None, event["kind"]) and pool in (None, event["pool"])]

    def wait_state(self, pool, state, count, timeout=15):
        """Waits until exactly `count` workers of the pool are in the state."""
        def look():
            workers = self.workers(pool)
            return sum(worker["state"] == state for worker in workers) == count and workers
        return wait_for(look, timeout, f"{count} {state} workers of {pool}")

    def wait_line(self, pool, text, timeout=15):
        """Waits until the last line of every worker of the pool has the text."""
        wait_for(lambda: all(text in (worker["last_line"] or "") for worker in self.workers(pool)),
                 timeout, f"{pool} to print {text!r}")

    def wait_event(self, kind, pool=None, timeout=15, text=""):
        def look():
            return [event for event in self.events(kind, pool) if text in event["text"]]
        return wait_for(look, timeout, f"event {kind} of {pool} with {text!r}")

    def wait_done(self, timeout=60, pool=None):
        def look():
            pools = self.status()["pools"]
            return all(each["state"] == "done" for each in pools
                       if each["mode"] == "command" and pool in (None, each["name"])) and pools
        return wait_for(look, timeout, "the end of the tasks")

    def tasks(self, pool=None, **arguments):
        if pool:
            arguments["pool"] = pool
        return self.call("tasks", **arguments)

    def audit(self):
        """The ledger adds up."""
        reply = self.call("tasks", audit=True)
        counts = reply["counts"]
        self.case.assertEqual(reply["audit"], "ok")
        self.case.assertEqual(sum(counts.values()) - counts["accepted"], counts["accepted"], counts)
        return counts

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def wait_end(self, timeout=30):
        return self.process.wait(timeout * PATIENCE)

    def shutdown(self, timeout=30, **arguments):
        self.call("shutdown", **arguments)
        return self.wait_end(timeout)


class Case(unittest.TestCase):
    """A test with its own directory; nothing of it outlives it."""

    def setUp(self):
        self.directory = os.path.realpath(tempfile.mkdtemp(prefix="lifeguard-test-"))
        self.runtime = f"{self.directory}/run"
        self.work = f"{self.directory}/work"
        for path in (self.runtime, f"{self.directory}/state", self.work):
            os.mkdir(path, 0o700)
        self.servers = []
        self.env = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME": self.directory,
                    "LC_ALL": "C.UTF-8", "XDG_RUNTIME_DIR": self.runtime,
                    "XDG_STATE_HOME": f"{self.directory}/state", "PYTHONDONTWRITEBYTECODE": "1",
                    "LSAN_OPTIONS": os.environ.get("LSAN_OPTIONS", ""),
                    "UBSAN_OPTIONS": "print_stacktrace=1",
                    "ASAN_OPTIONS": f"log_path={self.directory}/sanitizer:detect_leaks=1"}
        self.addCleanup(self.finish)

    def finish(self):
        for server in self.servers:
            self.end_server(server)
        left = wait_for(lambda: self.no_process_left() or None, 10,
                        "no process of the test to be left") if self.servers else True
        reports = [open(f"{self.directory}/{name}", encoding="utf-8", errors="replace").read()
                   for name in os.listdir(self.directory) if name.startswith("sanitizer")]
        errors = [self.read_error(server) for server in self.servers]
        shutil.rmtree(self.directory, ignore_errors=True)
        self.assertEqual(reports, [])
        self.assertTrue(left)
        for text in errors:
            self.assertNotIn("runtime error", text)

    def no_process_left(self):
        return not pids_with_environment(f"LIFEGUARD_SOCKET={self.runtime}/")

    def end_now(self, server):
        """The second signal kills what is left; two that come at once are one to the kernel."""
        server.process.send_signal(signal.SIGTERM)
        try:
            server.process.wait(0.2)
            return
        except subprocess.TimeoutExpired:
            server.process.send_signal(signal.SIGTERM)
        server.process.wait(15 * PATIENCE)

    def end_server(self, server):
        if server.control:
            server.control.close()
        if server.process.poll() is None:
            try:
                self.end_now(server)
            except subprocess.TimeoutExpired:
                for pid in [server.pid, *pids_with_environment(f"LIFEGUARD_SOCKET={self.runtime}/")]:
                    if pid:
                        os.kill(pid, signal.SIGKILL)
                server.process.kill()
                server.process.wait()
                raise AssertionError(f"{server.name} did not end")
        for stream in (server.process.stdout, server.process.stderr, server.process.stdin):
            if stream:
                stream.close()

    def write(self, name, text, mode=0o644):
        path = f"{self.work}/{name}"
        with open(path, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        os.chmod(path, mode)
        return path

    def script(self, name, text):
        """A Python worker. `sd(text)` sends to the notify socket."""
        head = ("import os, signal, socket, sys, time\n"
                "def sd(text):\n"
                "    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
                "    s.connect(os.environ['NOTIFY_SOCKET'])\n"
                "    s.send(text.encode())\n"
                "    s.close()\n")
        return [PYTHON, "-u", "-S", self.write(name, head + text)]

    def deaf(self):
        """A worker that ignores TERM and says when it does."""
        return self.script("deaf.py", "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
                                      "print('ignoring TERM')\n"
                                      "while True: time.sleep(1000)\n")

    def read(self, name):
        with open(f"{self.work}/{name}", "rb") as file:
            return file.read()

    def results(self, name):
        return [json.loads(line) for line in self.read(name).splitlines()]

    def config(self, pools, name="t", **supervisor):
        text = f"supervisor = {libconfig({'name': name, **supervisor})};\n"
        text += f"pools = {libconfig(tuple(pools))};\n"
        return self.write(f"{name}.cfg", text)

    def spawn(self, words, name="t", env=None, prefix=(), **options):
        """Starts the program; its stderr goes to a file."""
        error = open(f"{self.directory}/stderr.{len(self.servers)}", "wb")
        options.setdefault("stdin", subprocess.DEVNULL)
        options.setdefault("stdout", subprocess.DEVNULL)
        process = subprocess.Popen([*prefix, PROGRAM, *words], env={**self.env, **(env or {})},
                                   cwd=self.work, stderr=error, **options)
        error.close()
        server = Server(self, name, process)
        server.error_path = error.name
        self.servers.append(server)
        return server

    def read_error(self, server):
        with open(server.error_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def start(self, *pools, name="t", words=(), env=None, prefix=(), **supervisor):
        """A supervisor with these pools, connected to."""
        path = self.config(pools, name, **supervisor)
        return self.spawn(["run", path, "--headless", *words], name, env, prefix).connect()

    def run_cli(self, *words, stdin=b"", env=None, timeout=60, **options):
        return subprocess.run([PROGRAM, *words], input=stdin, capture_output=True, cwd=self.work,
                              timeout=timeout * PATIENCE, env={**self.env, **(env or {})},
                              check=False, **options)

    def expect(self, status, *words, **options):
        done = self.run_cli(*words, **options)
        self.assertEqual(done.returncode, status, (words, done.stdout[-2000:], done.stderr[-2000:]))
        return done


def kill_and_wait(pid, number=signal.SIGKILL):
    """Signals a process that need not be our child, and waits until it is gone."""
    os.kill(pid, number)
    wait_for(lambda: not pid_is_there(pid), 10, f"the end of {pid}")


def service(name, command, size=1, **keys):
    return {"name": name, "mode": "service", "command": list(command), "size": size, **keys}


def job(name, command, tasks=None, size=2, **keys):
    pool = {"name": name, "mode": "command", "command": list(command), "size": size, **keys}
    if tasks is not None:
        pool["tasks"] = tasks
    return pool
