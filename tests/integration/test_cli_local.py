# SPDX-License-Identifier: MIT
"""Verbs that need no supervisor: check, help, version, completions, and the scripts of the demo."""
import hashlib
import json
import os
import shutil
import socket
import subprocess
import tempfile
import unittest

PROGRAM = os.environ["LIFEGUARD"]
CONFIG = os.path.join(os.path.dirname(__file__), "..", "..", "config")


class Case(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="lifeguard-local-")
        self.addCleanup(shutil.rmtree, self.directory)

    def expect(self, status, *words, **options):
        done = subprocess.run([PROGRAM, *words], capture_output=True, timeout=60, text=True,
                              cwd=self.directory, check=False, **options)
        self.assertEqual(done.returncode, status, (done.stderr, done.stdout))
        return done

    def write(self, name, text):
        with open(os.path.join(self.directory, name), "w", encoding="utf-8") as file:
            file.write(text)


class Check(Case):
    GOOD = 'pools = ({ name = "a"; mode = "service"; command = ["sleep", "1"]; });\n'

    def test_good(self):
        self.write("a.cfg", self.GOOD)
        self.assertEqual(self.expect(0, "check", "a.cfg").stdout, "a.cfg: ok, 1 pool\n")

    def test_bad(self):
        self.write("a.cfg", self.GOOD.replace("command", "comand").replace("});", "sise = 2; });"))
        done = self.expect(1, "check", "a.cfg")
        self.assertEqual(done.stderr.splitlines(), [
            "a.cfg:1: comand: unknown key; did you mean command?",
            "a.cfg:1: sise: unknown key; did you mean size?",
            "a.cfg:1: pool a: command is missing"])
        self.assertEqual(done.stdout, "")
        report = json.loads(self.expect(1, "check", "a.cfg", "--json").stdout)
        self.assertEqual((report["ok"], len(report["errors"])), (False, 3))

    def test_several_files(self):
        self.write("a.cfg", self.GOOD)
        self.write("b.cfg", self.GOOD)
        self.assertIn("the name is taken at a.cfg:1", self.expect(1, "check", "a.cfg", "b.cfg").stderr)

    def test_warnings(self):
        self.write("a.cfg", self.GOOD.replace("sleep", "no-such-program")
                   .replace("});", 'cwd = "none"; });'))
        done = self.expect(0, "check", "a.cfg")
        self.assertEqual(done.stderr.splitlines(), [
            "warning: pool a: there is no program no-such-program here",
            "warning: pool a: there is no directory %s/none here" % self.directory])

    def test_control_characters_in_errors(self):
        self.write("a.cfg", self.GOOD.replace("});", 'umask = "\x1b[2J"; cwd = "x\x1b[2J"; });'))
        self.assertNotIn("\x1b", self.expect(1, "check", "a.cfg").stderr)
        self.write("a.cfg", self.GOOD.replace("});", 'cwd = "x\x1b[2J"; });'))
        self.assertNotIn("\x1b", self.expect(0, "check", "a.cfg").stderr)

    def test_dump(self):
        self.write("a.cfg", self.GOOD)
        first = self.expect(0, "check", "--dump", "a.cfg").stdout
        self.assertIn('command = ["sleep", "1"];', first)
        self.assertRegex(first, r'grace = "10s"; +# default')
        self.assertRegex(first, r'name = "a"; +# a.cfg:1')
        self.write("a.cfg", first)
        self.expect(0, "check", "a.cfg")

    def test_usage(self):
        self.expect(2, "check")
        self.expect(1, "check", "none.cfg")

    def test_shipped(self):
        for name in ("demo.cfg", "lifeguard.cfg"):
            done = self.expect(0, "check", os.path.join(os.path.abspath(CONFIG), name))
            self.assertEqual(done.stderr, "")


class Help(Case):
    def test_all(self):
        text = self.expect(0, "help").stdout
        self.assertEqual(self.expect(0, "--help").stdout, text)
        for verb in ("run", "map", "attach", "logs", "shutdown"):
            self.assertRegex(text, r"(?m)^  %s " % verb)
        self.assertTrue(all(len(line) <= 80 for line in text.splitlines()))
        self.expect(2)

    def test_verb(self):
        text = self.expect(0, "help", "scale").stdout
        self.assertTrue(text.startswith("Usage: lifeguard scale [OPTION]... POOL N|+N|-N\n"))
        self.assertEqual(self.expect(0, "scale", "--help").stdout, text)
        self.assertIn("did you mean scale", self.expect(2, "help", "scael").stderr)

    def test_wrong_verbs(self):
        self.assertIn("did you mean status?", self.expect(2, "satus").stderr)
        self.assertIn("not built yet", self.expect(2, "fleet", "q").stderr)

    def test_version(self):
        self.assertRegex(self.expect(0, "version").stdout, r"^lifeguard \d+\.\d+\.\d+\n$")
        self.assertIn("version", json.loads(self.expect(0, "version", "--json").stdout))


class Completions(Case):
    def complete(self, *words):
        self.write("complete.sh", self.expect(0, "completions", "bash").stdout)
        script = 'source ./complete.sh; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _lifeguard; ' \
                 'printf "%s\\n" "${COMPREPLY[@]}"'
        done = subprocess.run(["bash", "-c", script, "x", *words], capture_output=True, text=True,
                              cwd=self.directory, timeout=60, check=False)
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def test_bash(self):
        self.assertEqual(self.complete("lifeguard", "sta"), ["status", "stack", "start"])
        self.assertIn("--audit", self.complete("lifeguard", "tasks", "--"))
        self.assertIn("--json", self.complete("lifeguard", "-S", "x", "tasks", "--"))
        self.assertEqual(self.complete("lifeguard", "map", "--jobl"), [])
        self.assertEqual(self.complete("lifeguard", "check", "comp"), ["complete.sh"])
        self.expect(2, "completions", "tcsh")


class Start(Case):
    def test_no_way_to_install(self):
        """Without compiler and apt-get start.sh says what to install, and does nothing."""
        for tool in ("dirname", "id"):
            os.symlink(shutil.which(tool), os.path.join(self.directory, tool))
        script = os.path.join(CONFIG, "..", "src", "start.sh")
        done = subprocess.run(["/bin/sh", script], env={"PATH": self.directory}, text=True,
                              capture_output=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("has no apt-get", done.stderr)
        self.assertIn("libncurses-dev", done.stderr)


class Demo(Case):
    def script(self, interpreter, name, *words):
        return [interpreter, os.path.join(CONFIG, "examples", name), *words]

    def test_checksum(self):
        self.write("file", "abc\n" * 1000)
        digest = hashlib.sha256(b"abc\n" * 1000).hexdigest()
        path = os.path.join(self.directory, "file")
        line = subprocess.check_output(self.script("sh", "checksum.sh", path), text=True)
        self.assertRegex(line, r"^%s 4000 -> \d+ bytes\n$" % digest)
        failed = subprocess.run(self.script("sh", "checksum.sh", path + "x"), capture_output=True,
                                check=False)
        self.assertNotEqual(failed.returncode, 0)

    def test_primes(self):
        line = subprocess.check_output(self.script("sh", "primes.sh", "0", "1000"), text=True)
        self.assertEqual(line, "168\n")
        line = subprocess.check_output(self.script("sh", "primes.sh", "1000", "1000"), text=True)
        self.assertEqual(line, "135\n")

    def test_echo_server(self):
        path = os.path.join(self.directory, "notify")
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(notify.close)
        notify.bind(path)
        notify.settimeout(30)
        child = subprocess.Popen(self.script("perl", "echo-server.pl"), stdout=subprocess.PIPE,
                                 env={**os.environ, "NOTIFY_SOCKET": path}, text=True)
        self.addCleanup(child.stdout.close)
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        port = int(child.stdout.readline().rsplit(":", 1)[1])
        self.assertTrue(notify.recv(1000).startswith(b"READY=1\n"))
        self.assertTrue(notify.recv(1000).startswith(b"WATCHDOG=1\n"))
        with socket.create_connection(("127.0.0.1", port), 30) as client:
            client.sendall(b"hello\n")
            self.assertEqual(client.recv(100), b"hello\n")
        self.assertIn("request 1 served", child.stdout.readline())
        child.terminate()
        self.assertEqual(child.wait(30), 0)
        while notify.recv(1000) != b"STOPPING=1":
            pass


if __name__ == "__main__":
    unittest.main()
