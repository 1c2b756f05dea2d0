# SPDX-License-Identifier: MIT
"""Faults from outside: configs, directories, descriptors, disks, clients. The supervisor lives,
answers, leaks nothing, and says what is wrong."""
import errno
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import unittest

from harness import (PATIENCE, PYTHON, Case, Control, job, kill_and_wait, pid_is_there, rss_of,
                     service, wait_for)

QUICK = {"min_uptime": "50ms"}
FAST = {"initial": "10ms", "max": "50ms"}
NOBODY = 65534
STAY = {"name": "stay", "mode": "command", "command": ["true"]}


def sleeper(name="svc", size=2, **keys):
    return service(name, ["sleep", "100000"], size, ready=QUICK, restart_backoff=FAST, **keys)


class Faults(Case):
    def is_prompt(self, server):
        try:
            self.assert_prompt(server, 2)
            return True
        except (OSError, EOFError): # turned away: the last ones are not quite gone yet
            return False

    def assert_prompt(self, server, most=0.25):
        """A fresh client is answered in time."""
        begun = time.monotonic()
        client = Control(server.socket_path)
        client.call("status")
        client.close()
        self.assertLess(time.monotonic() - begun, most * 3 * PATIENCE)


class Configs(Faults):
    def refused(self, text, *expected):
        path = self.write("bad.cfg", text)
        done = self.expect(255, "run", path, "--headless")
        for part in expected:
            self.assertIn(part, done.stderr.decode())
        self.assertIn("nothing was started", done.stderr.decode())
        self.assertEqual(self.run_cli("check", path).returncode, 1)
        return done.stderr.decode()

    def test_all_errors_at_once_with_their_lines(self):
        text = self.refused('supervisor = { name = "t"; };\n'
                            'pools = (\n'
                            '  { name = "a"; mode = "service"; comand = [ "x" ]; size = "many"; },\n'
                            '  { name = "a"; mode = "service"; command = [ "x" ]; size = -1; },\n'
                            '  { name = "b"; mode = "service"; command = [ "x" ];\n'
                            '    tasks = { list = [ "1" ]; }; stop = { grace = "soon"; }; }\n'
                            ');\n', "command", "bad.cfg:3:", "bad.cfg:4:", "bad.cfg:6:")
        self.assertGreaterEqual(len(re.findall(r"bad\.cfg:\d+: ", text)), 6, text)

    def test_syntax_error(self):
        self.refused("pools = ( { name = ;", "bad.cfg:1:")

    def test_no_pools_key(self):
        self.refused('supervisor = { name = "t"; };\n', "pools")

    def test_missing_directory_fifo_device(self):
        os.mkfifo(f"{self.work}/fifo")
        os.mkdir(f"{self.work}/dir")
        for path in ("no-such.cfg", "fifo", "dir", "/dev/zero"):
            done = self.expect(255, "run", path, "--headless", timeout=10)
            self.assertIn(os.path.basename(path), done.stderr.decode())

    def test_no_pools_runs_empty(self):
        server = self.start()
        self.assertEqual(server.status()["pools"], [])
        self.assertEqual(server.shutdown(), 0)

    def test_source_that_cannot_be_opened(self):
        path = self.config([job("j", ["true"], {"file": "no-such-list"})])
        self.assertIn(b"no-such-list", self.expect(255, "run", path, "--headless").stderr)

    def test_results_that_cannot_be_written(self):
        path = self.config([job("j", ["true"], {"list": ["a"]}, results="/proc/nowhere/r.jsonl")])
        self.assertIn(b"/proc/nowhere", self.expect(255, "run", path, "--headless").stderr)

    def test_state_directory_that_cannot_be_made(self):
        self.write("file", "")
        path = self.config([sleeper()], state_dir=f"{self.work}/file/state")
        self.assertIn(b"state_dir", self.expect(255, "run", path, "--headless").stderr)

    def test_user_that_does_not_exist(self):
        self.refused('pools = ( { name = "a"; mode = "service"; command = [ "x" ];\n'
                     'user = "no-such-user"; } );\n', "bad.cfg:2:", "no-such-user")

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_user(self):
        for path in (self.directory, self.work):
            os.chmod(path, 0o755)
        server = self.start(service("svc", ["sh", "-c", "id -u; id -g; id -G; sleep 100000"], 1,
                                    user="nobody", ready=QUICK))
        server.wait_state("svc", "busy", 1)
        with open(f"/proc/{server.pids('svc')[1]}/status", encoding="ascii") as file:
            status = file.read()
        self.assertRegex(status, r"(?m)^Uid:\s+65534\s+65534\s+65534\s+65534$")
        self.assertRegex(status, r"(?m)^Gid:\s+(?!0\b)(\d+)\s+\1\s+\1\s+\1$")
        self.assertNotRegex(status, r"(?m)^Groups:.*\b0\b")


class Files(Faults):
    def test_working_directory_vanishes(self):
        os.mkdir(f"{self.work}/gone")
        server = self.start(sleeper(size=1, cwd="gone"), sleeper("other", 1))
        server.wait_state("svc", "busy", 1)
        os.rmdir(f"{self.work}/gone")
        kill_and_wait(server.pids("svc")[1])
        server.wait_state("svc", "failed", 1)
        self.assertIn(f"{self.work}/gone", server.worker("svc", 1)["why"])
        self.assertEqual(server.status("other")["state"], "ok")
        os.mkdir(f"{self.work}/gone")
        server.call("start", target="svc")
        server.wait_state("svc", "busy", 1)

    def test_log_directory_vanishes(self):
        server = self.start(service("svc", ["sh", "-c", "while sleep 0.05; do echo x; done"],
                                    ready=QUICK, restart_backoff=FAST))
        server.wait_line("svc", "x")
        shutil.rmtree(f"{self.directory}/state")
        pid = server.pids("svc")[1]
        kill_and_wait(pid)
        wait_for(lambda: server.pids("svc").get(1, pid) != pid, 10, "the next life")
        server.wait_line("svc", "x")
        self.assert_prompt(server)

    def test_socket_path_is_something_else(self):
        for kind in ("dir", "file", "link"):
            os.makedirs(f"{self.runtime}/lifeguard", 0o700, exist_ok=True)
            path = f"{self.runtime}/lifeguard/{kind}.sock"
            victim = self.write("victim", "precious")
            if kind == "dir":
                os.mkdir(path)
            elif kind == "file":
                open(path, "w").close()
            else:
                os.symlink(victim, path)
            config = self.config([sleeper(size=1)], kind)
            server = self.spawn(["run", config, "--headless"], kind)
            ended = wait_for(lambda: server.process.poll() is not None or
                             self.can_connect(server.socket_path), 15, "a decision")
            self.assertTrue(ended)
            if server.process.poll() is not None:
                self.assertIn(f"{kind}.sock", self.read_error(server))
            self.assertEqual(self.read("victim"), b"precious")

    def can_connect(self, path):
        try:
            Control(path).close()
            return True
        except OSError:
            return False


@unittest.skipUnless(subprocess.run(["unshare", "-m", "true"], check=False).returncode == 0,
                     "needs the right to make a mount namespace")
class FullDisk(Faults):
    """The state directory on a small file system of its own, filled up by a file that can go."""

    def begin(self, *pools, size="400k"):
        disk = f"{self.work}/disk"
        os.mkdir(disk)
        prefix = ["unshare", "-m", "sh", "-c",
                  f"mount -t tmpfs -o size={size} none {disk} && "
                  f"mkdir {disk}/logs && "
                  f"{{ cat /dev/zero >{disk}/filler 2>/dev/null; exec \"$@\"; }}", "sh"]
        server = self.start(*pools, prefix=prefix, state_dir=f"{self.work}/state",
                            log_dir=f"{disk}/logs")
        self.disk = f"/proc/{server.pid}/root{disk}"
        return server

    NUMBERS = """
for i in range(3000):
    print(f"number {i:06} " + "x" * 50)
    if i % 100 == 99:
        while not os.path.exists("all") and not os.path.exists(f"go.{i}"):
            time.sleep(0.01)
            if i < 1000:
                break
print("finished")
time.sleep(100000)
"""

    def log_text(self):
        text = b""
        names = sorted(os.listdir(f"{self.disk}/logs"), key=lambda name: -int(
            name.rpartition(".")[2] if name.rpartition(".")[2].isdigit() else 0))
        for name in names:
            with open(f"{self.disk}/logs/{name}", "rb") as file:
                text += file.read()
        return text

    def test_drop_is_counted(self):
        server = self.begin(service("svc", self.script("numbers.py", self.NUMBERS), ready=QUICK))
        server.wait_line("svc", "number 001099")
        self.assert_prompt(server)
        os.unlink(f"{self.disk}/filler")
        wait_for(lambda: b"dropped" in self.log_text(), 15, "the word about what was dropped")
        self.write("all", "")
        server.wait_line("svc", "finished")
        text = wait_for(lambda: b"finished" in (t := self.log_text()) and t, 15, "the end")
        numbers = [int(word) for word in re.findall(rb" number (\d+) ", text)]
        self.assertEqual(numbers, sorted(set(numbers)))
        self.assertEqual(numbers[-1], 2999)
        missing = 3000 - len(numbers)
        self.assertGreater(missing, 0)
        said = sum(int(count) for count in re.findall(rb"(\d+) lines dropped", text))
        # The note of the start could not be written either.
        self.assertIn(said - missing, (0, 1), text[-3000:])

    def test_drop_is_told_without_another_line(self):
        server = self.begin(service("svc", ["sh", "-c", "seq 1 100; echo end; sleep 100000"],
                                    ready=QUICK))
        server.wait_line("svc", "end")
        server.wait_event("log", "svc", text="lines are dropped")
        os.unlink(f"{self.disk}/filler")
        wait_for(lambda: b"dropped" in self.log_text(), 15, "the word about what was dropped")
        server.wait_event("log", text="written again")

    def test_block_loses_nothing(self):
        server = self.begin(service("svc", self.script("numbers.py", self.NUMBERS), ready=QUICK,
                                    log={"when_full": "block"}))
        self.write("all", "")
        wait_for(lambda: server.worker("svc", 1)["state"] == "busy", 10, "the worker")
        used = self.cpu_of(server.pid)
        begun = time.monotonic()
        for _ in range(20):
            self.assert_prompt(server)
            time.sleep(0.05) # the time over which the CPU is measured
        # Waiting for the disk is no busy loop.
        self.assertLess(self.cpu_of(server.pid) - used, 0.5 * (time.monotonic() - begun))
        os.unlink(f"{self.disk}/filler")
        server.wait_line("svc", "finished", 30)
        text = wait_for(lambda: b"finished" in (t := self.log_text()) and t, 15, "the end")
        numbers = [int(word) for word in re.findall(rb" number (\d+) ", text)]
        self.assertEqual(numbers, list(range(3000)))

    def cpu_of(self, pid):
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def test_blocked_worker_can_be_stopped_and_the_supervisor_ended(self):
        server = self.begin(service("svc", ["yes"], ready=QUICK, log={"when_full": "block"}))
        server.wait_state("svc", "busy", 1)
        self.assertEqual(server.shutdown(15), 0)

    def test_results_wait_for_room(self):
        server = self.begin(job("j", ["sh", "-c", "printf %01000d $1", "sh", "{}"],
                                {"command": ["seq", "1", "2000"]}, 4, log={"max_size": "16K"},
                                results=f"{self.work}/disk/r.jsonl"), STAY, size="8m")
        server.wait_event("results", "j", text="No space left")
        self.assert_prompt(server)
        os.unlink(f"{self.disk}/filler")
        server.wait_done(pool="j")
        wait_for(lambda: self.result_count() == 2000, 15, "all results")
        with open(f"{self.disk}/r.jsonl", encoding="utf-8") as file:
            tasks = [json.loads(line)["task"] for line in file]
        self.assertEqual(sorted(map(int, tasks)), list(range(1, 2001)))

    def result_count(self):
        with open(f"{self.disk}/r.jsonl", "rb") as file:
            return file.read().count(b"\n")


class Descriptors(Faults):
    def test_none_left(self):
        server = self.start(sleeper(size=200), prefix=["prlimit", "--nofile=100:100"])
        server.wait_event("backoff", "svc")
        wait_for(lambda: server.status("svc")["live"] > 5, 10, "some to run")
        self.assertIn("Too many open files", server.events("backoff", "svc")[0]["text"])
        before = server.status("svc")["live"]
        self.assertLess(before, 200)
        for _ in range(5):
            self.assert_prompt(server)
        # Those that run keep running, and what becomes free is used.
        server.call("scale", pool="svc", size=4)
        wait_for(lambda: len(server.workers("svc")) == 4, 15, "four workers")
        server.wait_state("svc", "busy", 4)
        self.assertEqual(server.shutdown(), 0)

    def test_clients_take_none_from_workers(self):
        server = self.start(sleeper(size=2), prefix=["prlimit", "--nofile=100:100"])
        server.wait_state("svc", "busy", 2)
        clients = []
        try:
            for _ in range(150):
                client = socket.socket(socket.AF_UNIX)
                client.connect(server.socket_path)
                clients.append(client)
        except OSError as error: # the backlog is full
            self.assertIn(error.errno, (errno.EAGAIN, errno.ECONNREFUSED))
        pid = server.pids("svc")[1]
        kill_and_wait(pid)
        wait_for(lambda: server.worker("svc", 1)["state"] == "busy" and
                 server.worker("svc", 1)["pid"] != pid, 20, "the next life")
        for client in clients:
            client.close()
        wait_for(lambda: self.is_prompt(server), 10, "an answer to a new client")


    def test_none_leak(self):
        server = self.start(service("svc", ["sh", "-c", "echo x; exit 1"], 2, ready=QUICK,
                                    restart_backoff={"initial": "1ms", "max": "1ms"},
                                    crash_loop={"failures": 60, "window": "1s"}, autostart=False),
                            job("j", ["echo", "{}"]), restart_limit=0)
        # What the first round leaves open (logs of slots) is all that the second one does.
        self.many_lives(server, 1)
        before = server.descriptors()
        self.many_lives(server, 2)
        wait_for(lambda: server.descriptors() <= before, 10, "descriptors to be closed")

    def many_lives(self, server, times):
        server.call("submit", pool="j", args=[str(i) for i in range(200)])
        server.call("start", target="svc")
        for _ in range(20):
            self.expect(0, "ps", "j")
        wait_for(lambda: server.worker("svc", 1)["generation"] > 30 * times and
                 server.status("j")["done"] == 200 * times, 60, "many lives")
        server.call("stop", target="svc")
        server.wait_state("svc", "down", 2)


class Clients(Faults):
    def raw(self, server):
        client = socket.socket(socket.AF_UNIX)
        client.connect(server.socket_path)
        client.settimeout(20 * PATIENCE)
        self.addCleanup(client.close)
        return client

    def read_to_end(self, client):
        data = b""
        try:
            while block := client.recv(65536):
                data += block
        except ConnectionResetError:
            pass
        return data

    def test_garbage_before_the_hello(self):
        server = self.start(sleeper())
        for data in (b"\0\0\0\n", b"GET / HTTP/1.1\r\n\r\n", b"[]\n", b"{}\n", b"\xff" * 1000 + b"\n",
                     b'{"hello":"lifeguard","protocol":99}\n', b'{"cmd":"shutdown"}\n',
                     b"[" * 100000 + b"\n"):
            client = self.raw(server)
            client.sendall(data)
            reply = json.loads(self.read_to_end(client).splitlines()[0])
            self.assertFalse(reply["ok"])
        self.assert_prompt(server)

    def test_garbage_after_the_hello(self):
        server = self.start(sleeper())
        control = Control(server.socket_path)
        for line in (b"\n", b"nonsense\n", b'{"id":1}\n', b'{"id":1,"cmd":7}\n',
                     b'{"id":1,"cmd":"a.b.c.system"}\n', b'{"id":1,"cmd":"subscribe"}\n',
                     b'{"id":1,"cmd":"subscribe","view":"nope"}\n',
                     b'{"id":1,"cmd":"subscribe","view":"workers","count":-5,"offset":-9}\n',
                     b'{"id":1,"cmd":"subscribe","view":"workers","filter":"("}\n',
                     b'{"id":1,"cmd":"subscribe","view":"workers",'
                     b'"filter":"a{1,255}{1,255}{1,255}"}\n',
                     b'{"id":1,"cmd":"scale","pool":{},"size":[]}\n',
                     b'{"id":1,"cmd":"scale","pool":"svc","size":1e300}\n',
                     b'{"id":1,"cmd":"scale","pool":"svc","size":"99999999999999999999"}\n',
                     b'{"id":1,"cmd":"kill","target":"svc[99999999999]"}\n',
                     b'{"id":1,"cmd":"kill","target":"svc[1","signal":"9"}\n',
                     b'{"id":1,"cmd":"kill","target":"' + b"x" * 5000 + b'"}\n',
                     b'{"id":1,"cmd":"events","lines":-1,"after":-1}\n',
                     b'{"id":1,"cmd":"events","after":9223372036854775807,"offset":-1}\n',
                     b'{"id":1,"cmd":"ps","offset":-1}\n',
                     b'{"id":1,"cmd":"kill","target":"svc[1]","signal":4294967305}\n',
                     b'{"id":1,"cmd":"prioritise","tasks":["1"],"change":9223372036854775807}\n',
                     b'{"id":1,"cmd":"undo","event":-1}\n', b'{"id":1,"cmd":"ack","event":-1}\n',
                     b'{"id":1,"cmd":"logs","target":"*","offset":-1}\n',
                     b'{"id":1,"cmd":"submit","pool":"svc","args":{}}\n',
                     b'{"id":1e400,"cmd":"status"}\n', b'{"id":1,"cmd":"status","cmd":"ps"}\n'):
            control.send_bytes(line)
            reply = control.receive()
            self.assertIsNotNone(reply, line)
            while "view" in reply: # of a subscription that was accepted
                self.assertGreaterEqual(reply["offset"], 0)
                reply = control.receive()
            self.assertIn("ok", reply, line)
        self.assertTrue(control.call("status")["name"])
        self.assertEqual(server.status("svc")["want"], 2)
        self.assertEqual(server.events("exited"), [])
        control.close()

    def test_line_without_end(self):
        server = self.start(sleeper())
        client = Control(server.socket_path).socket
        self.addCleanup(client.close)
        before = rss_of(server.pid)
        try:
            for _ in range(100):
                client.sendall(b"x" * 65536)
        except OSError:
            pass
        self.assertIn(b"too long", self.read_to_end(client))
        self.assertLess(rss_of(server.pid) - before, (6 << 20) * PATIENCE)
        self.assert_prompt(server)

    def test_flood_of_requests_without_reading(self):
        server = self.start(sleeper(size=20))
        before = rss_of(server.pid)
        floods = [Control(server.socket_path) for _ in range(4)]
        for control in floods:
            self.addCleanup(control.close)
            control.socket.setblocking(False)
        request = b"".join(b'{"id":%d,"cmd":"ps"}\n' % i for i in range(100))
        for _ in range(200):
            for control in floods:
                try:
                    control.socket.send(request)
                except OSError:
                    pass
        for _ in range(5):
            self.assert_prompt(server)
        self.assertLess(rss_of(server.pid) - before, (8 << 20) * PATIENCE)

    def test_slow_viewer_is_skipped_ahead_not_waited_for(self):
        server = self.start(service("svc", ["sh", "-c", "yes | head -c 20000000; sleep 100000"], 4,
                                    ready=QUICK))
        slow = Control(server.socket_path)
        self.addCleanup(slow.close)
        for view in ("summary", "pools", "workers", "events", "log"):
            slow.send({"id": 1, "cmd": "subscribe", "view": view, "count": 50, "target": "*"})
        for _ in range(10):
            self.assert_prompt(server)
        # It is still served, with the news of now.
        deadline = time.monotonic() + 20 * PATIENCE
        views = set()
        while views != {"summary", "pools", "workers", "log"} and time.monotonic() < deadline:
            message = slow.receive()
            self.assertIsNotNone(message)
            views |= {message.get("view")} & {"summary", "pools", "workers", "log"}
        self.assertEqual(len(views), 4)

    def test_vanishing_clients(self):
        server = self.start(sleeper(size=30))
        server.wait_state("svc", "busy", 30)
        before = server.descriptors()
        for i in range(100):
            client = self.raw(server)
            client.sendall(b'{"hello":"lifeguard","protocol":1}\n{"id":1,"cmd":"ps"}\n'
                           b'{"id":2,"cmd":"sub'[:20 + i])
            client.close()
        wait_for(lambda: server.descriptors() <= before, 10, "the clients to be forgotten")
        self.assertEqual(len(server.pids("svc")), 30)

    def test_half_a_command_has_no_effect(self):
        server = self.start(sleeper())
        server.wait_state("svc", "busy", 2)
        control = Control(server.socket_path)
        control.send_bytes(b'{"id":1,"cmd":"scale","pool":"svc","size":9}')
        control.close()
        self.assert_prompt(server)
        self.assertEqual(server.status("svc")["want"], 2)

    def test_200_clients(self):
        server = self.start(sleeper(size=10))
        before, descriptors = rss_of(server.pid), server.descriptors()
        clients = [Control(server.socket_path) for _ in range(200)]
        for client in clients:
            for view in ("summary", "pools", "workers"):
                client.call("subscribe", view=view, count=10)
        for _ in range(5):
            self.assert_prompt(server)
        server.call("scale", pool="svc", size=8)
        for client in clients:
            self.assertIsNotNone(client.receive())
        self.assertLess(rss_of(server.pid) - before, (200 * 256 << 10) * PATIENCE)
        for client in clients:
            client.close()
        wait_for(lambda: server.descriptors() <= descriptors, 10, "the clients to be forgotten")

    def test_too_many_clients_leave_room_for_the_next(self):
        server = self.start(sleeper())
        clients = [self.raw(server) for _ in range(300)]
        # The connection that is there already is served; those too many are turned away.
        self.assertEqual(server.status("svc")["want"], 2)
        last = clients[-1].recv(1000)
        self.assertIn(b"too many clients", last)
        for client in clients:
            client.close()
        wait_for(lambda: self.is_prompt(server), 10, "an answer to a new client")

    def test_many_requests_at_once_are_all_answered(self):
        """More than one turn serves, and more than fits into a client's buffer."""
        server = self.start(sleeper(size=20))
        control = Control(server.socket_path)
        self.addCleanup(control.close)
        control.send_bytes(b"".join(b'{"id":%d,"cmd":"ps"}\n' % i for i in range(1000)))
        for i in range(1000):
            self.assertEqual(control.receive()["id"], i)


@unittest.skipUnless(os.geteuid() == 0, "needs root")
class Strangers(Faults):
    CONNECT = """
import os, socket, sys
os.setgroups([]); os.setgid(65534); os.setuid(65534)
client = socket.socket(socket.AF_UNIX)
try:
    client.connect(sys.argv[1])
    client.sendall(b'{"hello":"lifeguard","protocol":1}\\n{"id":1,"cmd":"shutdown"}\\n')
    print("answer" if client.recv(1000) else "closed")
except ConnectionError:
    print("closed")
except PermissionError:
    print("refused")
"""

    def stranger(self, server):
        return subprocess.run([PYTHON, "-S", "-c", self.CONNECT, server.socket_path],
                              capture_output=True, check=True).stdout.decode().strip()

    def test_other_uid(self):
        server = self.start(sleeper())
        server.wait_state("svc", "busy", 2)
        self.assertEqual(self.stranger(server), "refused")
        mode = os.stat(f"{self.runtime}/lifeguard").st_mode
        self.assertEqual(mode & 0o777, 0o700)
        self.assertEqual(os.stat(server.socket_path).st_mode & 0o777, 0o600)
        # Open doors do not help: the kernel says who comes.
        for path in (self.directory, self.runtime, f"{self.runtime}/lifeguard"):
            os.chmod(path, 0o755)
        os.chmod(server.socket_path, 0o777)
        self.assertEqual(self.stranger(server), "closed")
        self.assertTrue(pid_is_there(server.pid))
        self.assertEqual(server.status("svc")["want"], 2)

    def test_umask_zero(self):
        path = self.config([sleeper()])
        server = self.spawn(["run", path, "--headless"], umask=0).connect()
        self.assertEqual(os.stat(server.socket_path).st_mode & 0o777, 0o600)
        for directory, _, names in os.walk(f"{self.directory}/state"):
            for name in names:
                self.assertEqual(os.stat(f"{directory}/{name}").st_mode & 0o002, 0, name)


class Crowds(Faults):
    def test_many_die_at_once(self):
        server = self.start(sleeper(size=300), restart_limit=0)
        server.wait_state("svc", "busy", 300, 60)
        pids = list(server.pids("svc").values())
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        wait_for(lambda: len(set(server.pids("svc").values()) - set(pids)) > 0, 20, "restarts")
        wait_for(lambda: not any(pid_is_there(pid) for pid in pids), 10, "the dead to be gone")
        with open(f"/proc/{server.pid}/task/{server.pid}/children", encoding="ascii") as file:
            children = file.read().split()
        zombies = [pid for pid in children if not pid_is_there(pid)]
        self.assertEqual(zombies, [])
        # All failed at once: the breaker lets one canary through, then the others follow.
        server.wait_state("svc", "busy", 300, 60)


if __name__ == "__main__":
    unittest.main()
