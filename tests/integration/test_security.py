# SPDX-License-Identifier: MIT
"""What hostile arguments, environments, files and workers can't do."""
import glob
import json
import os
import re
import shutil
import signal
import statistics
import time
import unittest

from harness import (Case, Control, PATIENCE, PROGRAM, PYTHON, job, kill_and_wait, pid_is_there,
                     pids_with_environment, service, wait_for)

SOURCES = os.path.realpath(f"{os.path.dirname(__file__)}/../../src")
NASTY = [";$(touch canary)", "a\nb", "-x", "$HOME", "`touch canary`", "", "'\"\\", "* ?", "a  b\t"]
QUICK = {"min_uptime": "10ms"}
ROOT = os.getuid() == 0


class Secure(Case):
    def open_to_others(self):
        for path in (self.directory, self.work):
            os.chmod(path, 0o711)

    def last_json(self, server, pool):
        server.wait_line(pool, "{")
        return json.loads(server.worker(pool, 1)["last_line"])


class Arguments(Secure):
    """E1: nothing but the kernel looks at arguments."""

    def test_words_of_the_config_reach_the_program_as_they_are(self):
        show = self.script("show.py", "import json\nprint(json.dumps({'argv': sys.argv[1:]}))\n"
                                      "time.sleep(1000)\n")
        server = self.start(service("w", [*show, *NASTY]))
        self.assertEqual(self.last_json(server, "w")["argv"], NASTY)
        self.assertEqual(os.listdir(self.work).count("canary"), 0)

    def test_tasks_reach_the_program_as_they_are(self):
        show = self.script("show.py", "import json\nprint(json.dumps(sys.argv[1:]))\n")
        tasks = [each for each in NASTY if each]
        server = self.start(job("t", [*show, "{}"], {"list": tasks}, results="r.jsonl",
                                order="input"),
                            job("shell", ["printf %s {} | cat"], {"list": tasks}, shell=True,
                                results="s.jsonl", order="input"),
                            service("keep", ["/bin/sleep", "1000"]))
        server.wait_done()
        wait_for(lambda: len(self.results("r.jsonl")) == len(self.results("s.jsonl")) == len(tasks),
                 10, "all results")
        self.assertEqual([json.loads(each["result"]) for each in self.results("r.jsonl")],
                         [[each] for each in tasks])
        # Through a shell too: each is one quoted word.
        self.assertEqual([each["result"] for each in self.results("s.jsonl")], tasks)
        self.assertEqual(os.listdir(self.work).count("canary"), 0)


class Environment(Secure):
    """E2: workers get what the config names and nothing else."""

    def test_nothing_leaks(self):
        show = self.script("show.py", "import json\nprint(json.dumps({'names': sorted(os.environ)}))\n"
                                      "time.sleep(1000)\n")
        alien = {"CANARY": "x", "LD_LIBRARY_PATH": "/nonexistent", "BASH_ENV": "/nonexistent",
                 "LISTEN_FDS": "1", "WATCHDOG_PID": "1", "PYTHONSTARTUP": "/nonexistent"}
        server = self.start(service("w", show, env={"MINE": "1"}), env=alien)
        got = self.last_json(server, "w")["names"]
        # LC_CTYPE is Python's own doing.
        self.assertEqual({name for name in got if not name.startswith("LIFEGUARD_")} - {"LC_CTYPE"},
                         {"PATH", "HOME", "MINE", "NOTIFY_SOCKET"})

    def test_the_loaders_variables_do_not_pass(self):
        """LD_PRELOAD of the supervisor is not that of its workers."""
        show = self.script("show.py", "import json\nprint(json.dumps({'names': sorted(os.environ)}))\n"
                                      "time.sleep(1000)\n")
        server = self.start(service("w", show), env={"LD_PRELOAD": "/nonexistent/evil.so"})
        self.assertNotIn("LD_PRELOAD", self.last_json(server, "w")["names"])

    def test_a_bad_line_of_an_env_file_is_named(self):
        path = self.write("w.env", "# fine\nA=1\nthis is not one\n")
        server = self.start(service("w", ["/bin/touch", f"{self.work}/ran"], env_files=[path]))
        server.wait_event("refused", "w", text=f"{path}:3: not of the form KEY=VALUE")
        server.wait_state("w", "failed", 1)
        self.assertFalse(os.path.exists(f"{self.work}/ran"))


@unittest.skipUnless(ROOT, "needs root")
class Identity(Secure):
    def injected(self, inject):
        """A supervisor of a pool that runs as nobody, with this fault in each of its children."""
        self.open_to_others()
        env = {"ASAN_OPTIONS": self.env["ASAN_OPTIONS"].replace("detect_leaks=1", "detect_leaks=0")}
        calls = "setgroups,setresgid,setresuid,getgroups"
        return self.start(service("w", ["/bin/touch", f"{self.work}/ran"], user="nobody",
                                  restart_backoff={"initial": "10ms", "max": "10ms"}),
                          env=env, prefix=["strace", "-f", "-qq", "-o", "/dev/null", "-e",
                                           f"trace={calls}", "-e", f"inject={inject}"])

    def test_what_can_t_be_dropped_is_not_started(self):
        """E3, each call refused, and each call that lies about having been done."""
        for inject in ("setgroups:error=EPERM", "setresgid:error=EPERM", "setresuid:error=EAGAIN",
                       "setgroups:retval=0:when=1", "setresgid:retval=0:when=1",
                       "setresuid:retval=0:when=1"):
            with self.subTest(inject=inject):
                server = self.injected(inject)
                try:
                    wait_for(lambda: [event for kind in ("failed", "held", "backoff")
                                      for event in server.events(kind, "w")
                                      if "user 65534" in event["text"]], 20, "the refusal")
                    self.assertEqual(server.events("started", "w"), [])
                finally:
                    server.shutdown(now=True)
                self.assertFalse(os.path.exists(f"{self.work}/ran"))

    def test_a_user_runs_with_its_groups_alone(self):
        self.open_to_others()
        show = self.script("show.py", "import json\nprint(json.dumps({'ids': os.getresuid() + "
                                      "os.getresgid(), 'groups': os.getgroups()}))\n"
                                      "time.sleep(1000)\n")
        server = self.start(service("w", show, user="nobody"))
        got = self.last_json(server, "w")
        self.assertEqual(set(got["ids"]), {65534})
        self.assertNotIn(0, got["groups"])

    def test_a_setuid_program_is_told_and_contained(self):
        """E4: a program that changes its rights as it starts is not tied to its parent by the
        kernel; the guardian ends it all the same."""
        self.open_to_others()
        path = shutil.copy("/bin/sleep", f"{self.work}/raised")
        os.chmod(path, 0o4755)
        server = self.start(service("w", [path, "1000"], user="nobody", size=2, ready=QUICK))
        server.wait_state("w", "busy", 2)
        events = server.events("privileged", "w")
        self.assertEqual(len(events), 1, events)
        self.assertIn(f"{path} has setuid", events[0]["text"])
        pids = server.pids("w").values()
        server.control.close()
        os.kill(server.pid, signal.SIGKILL)
        wait_for(lambda: not any(map(pid_is_there, pids)), 10, "the end of the setuid programs")
        server.control = None
        server.wait_end()

    def test_a_worker_of_another_user_has_no_hold_on_the_supervisor(self):
        """E8."""
        self.open_to_others()
        server = self.start(service("w", self.script("attack.py", """
import ctypes, json
libc = ctypes.CDLL(None, use_errno=True)
parent, said = os.getppid(), {}
try:
    os.kill(parent, signal.SIGKILL)
    said["kill"] = "done"
except PermissionError:
    said["kill"] = "refused"
libc.ptrace.restype = ctypes.c_long
said["ptrace"] = "done" if libc.ptrace(16, parent, None, None) == 0 else "refused"
for name in ("mem", "environ", "maps"):
    try:
        open(f"/proc/{parent}/{name}", "rb").read(1)
        said[name] = "done"
    except OSError:
        said[name] = "refused"
said["parent"] = parent
print(json.dumps(said), flush=True)
time.sleep(1000)
"""), user="nobody"))
        said = self.last_json(server, "w")
        self.assertEqual(said.pop("parent"), server.pid)
        self.assertEqual(set(said.values()), {"refused"}, said)
        self.assertEqual(server.status()["pid"], server.pid)

    def test_memory_is_closed_where_workers_are_other_users(self):
        """E8. Whether the kernel counts a process as open to its own user is seen by the owner of
        its files in /proc; here that is nobody, who may become other users all the same."""
        self.open_to_others()
        shutil.copy(PROGRAM, f"{self.work}/lifeguard")
        for path in (self.directory, self.work, self.runtime, f"{self.directory}/state"):
            os.chown(path, 65534, 65534)
        rights = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                  "--inh-caps=+setuid,+setgid,+kill", "--ambient-caps=+setuid,+setgid,+kill",
                  "sh", "-c", f'shift; exec {self.work}/lifeguard "$@"', "x"]
        for user, owner in (("daemon", 0), ("", 65534)):
            with self.subTest(user=user):
                server = self.start(service("w", ["/bin/sleep", "1000"], user=user, ready=QUICK),
                                    prefix=rights)
                server.wait_state("w", "busy", 1)
                self.assertEqual(os.stat(f"/proc/{server.pid}/mem").st_uid, owner)
                with open(f"/proc/{server.pids('w')[1]}/status", encoding="ascii") as file:
                    rights_left = re.findall(r"Cap(?:Prm|Eff|Amb):\t(\w+)", file.read())
                if user: # capabilities that only root loses by itself are taken away
                    self.assertEqual(set(rights_left), {"0" * 16})
                # It is still so after a child changed its user in the memory that it shares.
                kill_and_wait(server.pids("w")[1])
                wait_for(lambda: server.status("w")["restarts"] == 1, 10, "another start")
                self.assertEqual(os.stat(f"/proc/{server.pid}/mem").st_uid, owner)
                server.shutdown()


class Files(Secure):
    """E5, E6: names that somebody else put there first."""

    def test_links_in_the_log_directory_are_not_followed(self):
        victim = self.write("victim", "precious\n")
        logs = f"{self.directory}/logs"
        os.mkdir(logs)
        os.symlink(victim, f"{logs}/soft.1.log")
        os.link(victim, f"{logs}/hard.1.log")
        os.symlink(victim, f"{logs}/pool.log")
        talk = ["/bin/sh", "-c", "echo overwritten; exec sleep 1000"]
        server = self.start(service("soft", talk, log={"per": "slot"}, ready=QUICK),
                            service("hard", talk, log={"per": "slot"}, ready=QUICK),
                            service("pool", talk, log={"per": "pool"}, ready=QUICK), log_dir=logs)
        for pool, text in (("soft", "is a symbolic link"), ("hard", "more than one name"),
                           ("pool", "is a symbolic link")):
            server.wait_event("log", pool, text=text)
            # A log that can't be kept costs its file, never the worker.
            server.wait_state(pool, "busy", 1)
            server.wait_line(pool, "overwritten")
        server.shutdown()
        self.assertEqual(self.read("victim"), b"precious\n")

    def test_links_among_results_are_not_followed(self):
        victim = self.write("victim", "precious\n")
        say = ["/bin/sh", "-c", "echo overwritten"]
        for link in (os.symlink, os.link):
            with self.subTest(link=link.__name__):
                server = self.start(job("j", say, {"list": ["a"]}, results_dir="res"),
                                    service("keep", ["/bin/sleep", "1000"]))
                server.wait_done()
                server.shutdown()
                paths = glob.glob(f"{self.work}/res/**/stdout", recursive=True)
                self.assertEqual(len(paths), 1)
                for path in paths:
                    os.unlink(path)
                    link(victim, path)
                server = self.start(job("j", say, {"list": ["a"]}, results_dir="res"),
                                    service("keep", ["/bin/sleep", "1000"]))
                server.wait_done()
                server.shutdown()
                self.assertEqual(self.read("victim"), b"precious\n")

    def test_no_file_is_made_under_a_name_that_can_be_guessed(self):
        """Whatever is created is new (O_EXCL), has no name (O_TMPFILE), or is no link."""
        for path in glob.glob(f"{SOURCES}/**/*.c", recursive=True):
            with open(path, encoding="utf-8") as file:
                text = file.read()
            self.assertEqual(re.findall(r"\b(?:tmpnam|tempnam|mktemp)\s*\(", text), [], path)
            for call in re.findall(r"[^;{}]*\bO_CREAT\b[^;{}]*", text):
                self.assertRegex(call, r"O_EXCL|O_NOFOLLOW", path)


class Bombs(Secure):
    def test_a_worker_that_forks_without_end_is_ended_whole(self):
        """E7, without the help of a pids controller; the bomb is bounded for the test's sake."""
        server = self.start(service("bomb", [PYTHON, "-S", self.write("bomb.py", """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
for number in range(300):
    if os.fork() == 0:
        if number % 4 == 0:
            os.setsid()
        if number % 8 == 0 and os.fork():
            os._exit(0)
        while True:
            time.sleep(1000)
print("lit", flush=True)
while True:
    time.sleep(1000)
""")], stop={"grace": "200ms"}, ready=QUICK), service("calm", ["/bin/sleep", "1000"], ready=QUICK))
        tag = ":bomb:1\0"
        server.wait_line("bomb", "lit", timeout=60)
        self.assertGreater(len(pids_with_environment(tag)), 250)
        calm = server.pids("calm")
        took = []
        for _ in range(20):
            began = time.monotonic()
            server.status()
            took.append(time.monotonic() - began)
        self.assertLess(statistics.median(took), 0.25 * PATIENCE)
        server.call("stop", target="bomb")
        wait_for(lambda: not pids_with_environment(tag), 30, "the end of all of them")
        server.wait_state("bomb", "down", 1)
        self.assertEqual(server.pids("calm"), calm)


class Secrets(Secure):
    def test_passwords_in_arguments_are_not_shown(self):
        """E9. The environment is tested with the screen, which reads it itself."""
        server = self.start(service("w", ["/bin/sh", "-c", "exec sleep 1000", "x",
                                          "--password=hunter2", "--api-key", "hunter2",
                                          "db://ana:hunter2@host/"], ready=QUICK))
        server.wait_state("w", "busy", 1)
        viewer = Control(server.socket_path)
        viewer.call("subscribe", view="detail", target="w[1]")
        view = next(message for message in iter(viewer.receive, None)
                    if message.get("view") == "detail")
        self.assertEqual(view["worker"]["command"][-4:],
                         ["--password=***", "--api-key", "***", "db://ana:***@host/"])
        viewer.close()
        for words in (("status", "--json"), ("ps", "--json"), ("events", "--json")):
            self.assertNotIn(b"hunter2", self.expect(0, *words, "-S", "t").stdout)


if __name__ == "__main__":
    unittest.main()
