# SPDX-License-Identifier: MIT
"""A listening socket shared by the copies of a service: handed over as systemd does it, and open
while copies come and go."""
import errno
import os
import signal
import socket
import stat
import threading
import unittest

from harness import Case, PATIENCE, service, wait_for

# Answers each connection with its PID; refuses to run with a socket that is not meant for it.
ANSWER = """
assert os.environ["LISTEN_PID"] == str(os.getpid()), os.environ["LISTEN_PID"]
assert os.environ["LISTEN_FDS"] == "1"
listener = socket.socket(fileno=3)
print("serves", os.environ["LISTEN_FDNAMES"], flush=True)
while True:
    peer, _ = listener.accept()
    peer.sendall(b"pid %d" % os.getpid())
    peer.close()
"""
QUICK = {"min_uptime": "10ms"}


class Visitor(threading.Thread):
    """Connects again and again; a connection that is refused is what must not happen."""

    def __init__(self, address):
        super().__init__()
        self.address = address
        self.over = threading.Event()
        self.answers, self.cut, self.refused = set(), 0, []

    def run(self):
        while not self.over.is_set():
            visitor = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            visitor.settimeout(20 * PATIENCE)
            try:
                visitor.connect(self.address)
            except OSError as error:
                self.refused.append(error)
                continue
            try:
                answer = visitor.recv(100)
            except ConnectionResetError: # accepted by a copy that was killed right then
                answer = b""
            finally:
                visitor.close()
            if answer:
                self.answers.add(int(answer.split()[1]))
            else:
                self.cut += 1

    def finish(self):
        self.over.set()
        self.join()


def ask(family, address):
    with socket.socket(family, socket.SOCK_STREAM) as visitor:
        visitor.settimeout(10 * PATIENCE)
        visitor.connect(address)
        return visitor.recv(100)


class Sockets(Case):
    def serve(self, where, size=1, **keys):
        keys.setdefault("ready", QUICK)
        return service("web", self.script("answer.py", ANSWER), size, socket=where, **keys)

    def port(self, server):
        return int(server.status("web")["socket"].rpartition(":")[2])

    def test_no_connection_is_refused_while_copies_come_and_go(self):
        server = self.start(self.serve("tcp://127.0.0.1:0", 2,
                                       restart_backoff={"initial": "1ms", "max": "10ms"},
                                       crash_loop={"failures": 1000}))
        server.wait_line("web", "serves web")
        self.assertRegex(server.status("web")["socket"], r"^tcp://127\.0\.0\.1:\d+$")
        self.assertEqual(len(server.events("socket", "web")), 1)
        visitor = Visitor(("127.0.0.1", self.port(server)))
        visitor.start()

        def answered_by_a_new_one(before):
            wait_for(lambda: visitor.answers & (set(server.pids("web").values()) - before), 20,
                     "an answer of a new copy")
        try:
            for number in range(3): # a rolling restart, then each copy killed
                before = set(server.pids("web").values())
                server.call("restart", target="web")
                wait_for(lambda: len(set(server.pids("web").values()) - before) == 2, 20,
                         "two new copies")
                answered_by_a_new_one(before)
                server.wait_state("web", "busy", 2)
                before = set(server.pids("web").values())
                for pid in before:
                    os.kill(pid, signal.SIGKILL)
                wait_for(lambda: server.status("web")["restarts"] >= 2 * (number + 1) and
                         server.status("web")["live"] == 2, 20, "two replacements")
                answered_by_a_new_one(before)
        finally:
            visitor.finish()
        self.assertEqual(visitor.refused, [])
        # Cut are at most those that a killed copy had in hand.
        self.assertLessEqual(visitor.cut, 12)

    def test_connections_wait_while_no_copy_is_there(self):
        server = self.start(self.serve("tcp://127.0.0.1:0"))
        server.wait_line("web", "serves")
        port = self.port(server)
        server.call("stop", target="web")
        server.wait_state("web", "down", 1)
        with socket.create_connection(("127.0.0.1", port)) as visitor:
            server.call("start", target="web")
            visitor.settimeout(10 * PATIENCE)
            self.assertRegex(visitor.recv(100), rb"pid \d+")
        server.shutdown()
        with self.assertRaises(ConnectionRefusedError):
            ask(socket.AF_INET, ("127.0.0.1", port))

    def test_all_addresses_of_both_versions(self):
        server = self.start(self.serve("tcp://:0"))
        port = self.port(server)
        self.assertTrue(ask(socket.AF_INET, ("127.0.0.1", port)))
        if server.status("web")["socket"].startswith("tcp://["):
            self.assertTrue(ask(socket.AF_INET6, ("::1", port)))

    def test_a_path(self):
        path = f"{self.work}/web.sock"
        server = self.start(self.serve("unix:web.sock", umask="0117"))
        self.assertTrue(ask(socket.AF_UNIX, path))
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o660)
        self.assertEqual(server.status("web")["socket"], f"unix:{path}")
        server.shutdown()
        self.assertFalse(os.path.exists(path))

    def test_a_stale_path_is_replaced(self):
        path = f"{self.work}/web.sock"
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as old:
            old.bind(path)
        server = self.start(self.serve("unix:web.sock"))
        self.assertTrue(ask(socket.AF_UNIX, path))
        server.shutdown()

    def expect_no_start(self, where, *texts):
        server = self.spawn(["run", self.config([self.serve(where)]), "--headless"])
        self.assertNotEqual(server.process.wait(15 * PATIENCE), 0)
        for text in ("pool web", f'socket = "{where}"', *texts):
            self.assertIn(text, self.read_error(server))

    def test_what_is_in_the_way_is_named(self):
        path = f"{self.work}/web.sock"
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as live:
            live.bind(path)
            live.listen()
            self.expect_no_start(f"unix:{path}", os.strerror(errno.EADDRINUSE))
            self.assertTrue(os.path.exists(path))
        os.unlink(path)
        self.write("web.sock", "precious")
        self.expect_no_start(f"unix:{path}", "is no socket")
        self.assertEqual(self.read("web.sock"), b"precious")
        with socket.create_server(("127.0.0.1", 0)) as taken:
            self.expect_no_start(f"tcp://127.0.0.1:{taken.getsockname()[1]}",
                                 os.strerror(errno.EADDRINUSE))

    def test_the_key_is_checked(self):
        for text, error in ((self.serve("tcp://host:80"), "socket: must be"),
                            ({"name": "w", "mode": "worker", "command": ["x"],
                              "socket": "tcp://:80"}, "service")):
            done = self.run_cli("check", self.config([text]))
            self.assertEqual(done.returncode, 1)
            self.assertIn(error, (done.stderr + done.stdout).decode())


if __name__ == "__main__":
    unittest.main()
