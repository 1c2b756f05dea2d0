# SPDX-License-Identifier: MIT
"""Real programs, unmodified, by their own conventions: each starts, becomes ready, answers, is found
and replaced when it stands still, and ends cleanly within its grace time. None is run but by
lifeguard, and none is left.

A server that nobody asks anything is silent by right, so silence can't tell that it stands still:
what asks it something (health.command) can, and so can its own heartbeat where it has one.

LIFEGUARD_WITHOUT_REAL=1 in the environment skips what is not installed; else that is a failure."""
import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import unittest
import urllib.request

from harness import Case, PATIENCE, PYTHON, pid_is_there, service, wait_for

POSTGRES = max(glob.glob("/usr/lib/postgresql/*/bin/postgres"), default="postgres")
FAST = {"initial": "10ms", "max": "100ms"}


def program(case, name):
    """The path of a program that must be there."""
    path = shutil.which(name, path="/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin")
    if not path:
        text = f"{name} is not installed (tests/run.sh installs it)"
        if os.environ.get("LIFEGUARD_WITHOUT_REAL"):
            case.skipTest(text)
        case.fail(text)
    return path


def health(command, **keys):
    return {"command": command, "interval": "200ms", "timeout": "2s", "failures": 2, **keys}


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


class Real(Case):
    def setUp(self):
        super().setUp()
        for path in (self.directory, self.work): # for programs that become another user
            os.chmod(path, 0o711)

    def log_of(self, pool):
        """All that this pool's processes said so far."""
        text = ""
        for path in glob.glob(f"{self.directory}/state/lifeguard/t/logs/{pool}.*.log"):
            with open(path, encoding="utf-8", errors="replace") as file:
                text += file.read()
        return text

    def expect_replaced(self, server, pool, kind, stop, answers):
        """Everything of the pool's process is stopped by a signal; another one takes over."""
        before = server.pids(pool)[1]
        stop(before, signal.SIGSTOP)
        server.wait_event(kind, pool, timeout=60)
        wait_for(lambda: server.pids(pool).get(1, before) != before, 60, f"another {pool}")
        server.wait_state(pool, "busy", 1, timeout=60)
        self.assertFalse(pid_is_there(before))
        wait_for(answers, 30, f"an answer of the new {pool}")

    def expect_clean_stop(self, server, pool, words):
        """Ends by itself: the KILL that follows the grace time is not needed."""
        server.call("stop", target=pool)
        server.wait_state(pool, "down", 1, timeout=60)
        self.assertEqual(server.events("kill", pool), [])
        for each in words:
            self.assertIn(each, self.log_of(pool))


class Redis(Real):
    def ask(self, *words):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(10 * PATIENCE)
            client.connect(f"{self.work}/redis.sock")
            client.sendall(" ".join(words).encode() + b"\r\n")
            return client.recv(1000).decode().strip()

    def test_redis(self):
        path = f"{self.work}/redis.sock"
        command = [program(self, "redis-server"), "--port", "0", "--unixsocket", path, "--dir",
                   self.work, "--save", "3600 1", "--supervised", "systemd"]
        server = self.start(service(
            "redis", command, ready={"notify": True}, restart_backoff=FAST,
            health=health([program(self, "redis-cli"), "-s", path, "ping"])))
        server.wait_event("ready", "redis", timeout=30)
        self.assertEqual(self.ask("PING"), "+PONG")
        self.assertEqual(self.ask("SET", "key", "kept"), "+OK")
        self.assertIn("Ready to accept connections", server.worker("redis", 1)["status"])
        self.expect_replaced(server, "redis", "unhealthy", os.kill,
                             lambda: self.ask("PING") == "+PONG")
        self.expect_clean_stop(server, "redis", ["DB saved on disk", "ready to exit"])
        server.call("start", target="redis")
        server.wait_state("redis", "busy", 1, timeout=30)
        self.assertIn("kept", self.ask("GET", "key"))


class Nginx(Real):
    def test_nginx(self):
        port = free_port()
        url = f"http://127.0.0.1:{port}/"
        config = self.write("nginx.conf", f"""
daemon off;
pid {self.work}/nginx.pid;
error_log stderr notice;
worker_processes 1;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {self.work}/body; proxy_temp_path {self.work}/proxy;
    fastcgi_temp_path {self.work}/fastcgi; uwsgi_temp_path {self.work}/uwsgi;
    scgi_temp_path {self.work}/scgi;
    server {{ listen 127.0.0.1:{port}; location / {{ return 200 "at your service"; }} }}
}}
""")
        ask = self.write("ask.py", "import sys, urllib.request\n"
                                   "sys.exit(urllib.request.urlopen(sys.argv[1]).status != 200)\n")

        def answers():
            with urllib.request.urlopen(url, timeout=10 * PATIENCE) as reply:
                return reply.read() == b"at your service"
        server = self.start(service(
            "nginx", [program(self, "nginx"), "-e", "stderr", "-p", self.work, "-c", config],
            ready={"tcp": f"127.0.0.1:{port}"}, restart_backoff=FAST, stop={"signal": "QUIT"},
            health=health([PYTHON, "-S", ask, url], timeout="5s")))
        server.wait_event("ready", "nginx", timeout=30)
        self.assertTrue(answers())
        # A connection to a server that stands still is taken by the kernel: only who waits for an
        # answer notices. The whole group, or the processes behind the first would go on answering.
        self.expect_replaced(server, "nginx", "unhealthy", os.killpg, answers)
        self.expect_clean_stop(server, "nginx", ["gracefully shutting down"])


class Notifying(Real):
    def test_a_program_with_an_sd_notify_library(self):
        done = subprocess.run([PYTHON, "-c", "import sdnotify"], capture_output=True, check=False)
        if done.returncode:
            program(self, "python3-sdnotify")
        script = self.write("notifying.py", """
import http.server, os, sdnotify, socket, threading, time
notifier = sdnotify.SystemdNotifier()
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"well")
server = http.server.HTTPServer(("", 0), Answer, bind_and_activate=False)
server.socket = socket.socket(fileno=3)
threading.Thread(target=server.serve_forever, daemon=True).start()
notifier.notify("STATUS=serving")
notifier.notify("READY=1")
while True:
    notifier.notify("WATCHDOG=1")
    time.sleep(int(os.environ["WATCHDOG_USEC"]) / 1e6 / 5)
""")
        server = self.start(service(
            "py", [PYTHON, "-u", script], ready={"notify": True}, socket="tcp://127.0.0.1:0",
            hang={"heartbeat": f"{2 * PATIENCE}s", "action": "restart"}, restart_backoff=FAST))
        server.wait_event("ready", "py", timeout=30)
        self.assertEqual(server.worker("py", 1)["status"], "serving")
        port = int(server.status("py")["socket"].rpartition(":")[2])

        def answers():
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=20 * PATIENCE) as got:
                return got.read() == b"well"
        self.assertTrue(answers())
        self.expect_replaced(server, "py", "hung", os.kill, answers)
        self.expect_clean_stop(server, "py", [])


@unittest.skipIf(os.getuid(), "needs root, to become the database's user")
class Postgres(Real):
    def ask(self, query):
        done = subprocess.run([program(self, "psql"), "-h", self.data, "-U", "postgres", "-Atc",
                               query, "postgres"], capture_output=True, check=False,
                              timeout=60 * PATIENCE, env={"PATH": self.env["PATH"]})
        return done.stdout.decode().strip()

    def test_postgresql(self):
        if not os.path.exists(POSTGRES):
            program(self, POSTGRES)
        user = pwd.getpwnam("postgres")
        self.data = f"{self.work}/db"
        os.mkdir(self.data, 0o700)
        os.chown(self.data, user.pw_uid, user.pw_gid)
        subprocess.run([f"{os.path.dirname(POSTGRES)}/initdb", "-D", self.data, "-U", "postgres",
                        "-A", "trust", "--no-sync"], user=user.pw_uid, group=user.pw_gid,
                       extra_groups=[], cwd="/", env={"PATH": self.env["PATH"], "LC_ALL": "C"},
                       capture_output=True, check=True, timeout=120 * PATIENCE)
        ask = [program(self, "psql"), "-h", self.data, "-U", "postgres", "-Atc", "select 1",
               "postgres"]
        server = self.start(service(
            "db", [POSTGRES, "-D", self.data, "-k", self.data, "-h", ""], user="postgres",
            cwd=self.data, restart_backoff=FAST, ready={"command": ask},
            stop={"signal": "INT", "grace": f"{30 * PATIENCE}s", "group": False},
            health=health(ask, timeout="5s")))
        server.wait_event("ready", "db", timeout=60)
        self.assertEqual(self.ask("select 40 + 2"), "42")
        self.assertEqual(os.stat(f"/proc/{server.pids('db')[1]}").st_uid, user.pw_uid)
        self.ask("create table kept as select 7 as it")
        self.expect_replaced(server, "db", "unhealthy", os.kill,
                             lambda: self.ask("select it from kept") == "7")
        self.expect_clean_stop(server, "db", ["received fast shutdown request",
                                              "database system is shut down"])


if __name__ == "__main__":
    unittest.main()
