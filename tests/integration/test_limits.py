# SPDX-License-Identifier: MIT
"""Limits of workers and the rights that they need: what is configured is what the process has, and
where that can't be had nothing starts and the reason names key, value and remedy."""
import json
import os
import unittest

from harness import Case, job, service

SHOW = ("import json, os, resource\n"
        "stat = open('/proc/self/stat').read().rpartition(')')[2].split()\n"
        "io = os.popen('ionice -p %d' % os.getpid()).read().strip()\n"
        "print(json.dumps({'nice': int(stat[16]), 'io': io, 'cpus': sorted(os.sched_getaffinity(0)),\n"
        "    'oom': int(open('/proc/self/oom_score_adj').read()), 'uid': os.getuid(),\n"
        "    'groups': os.getgroups(), 'nofile': resource.getrlimit(resource.RLIMIT_NOFILE)}),"
        " flush=True)\n"
        "while True: time.sleep(1000)\n")


def without(*capabilities):
    """A prefix that takes capabilities from the program (and what it starts)."""
    words = ",".join(f"-{name}" for name in capabilities)
    return ["setpriv", f"--bounding-set={words}", f"--inh-caps={words}"]


@unittest.skipIf(os.getuid(), "needs root")
class Limits(Case):
    def facts(self, server, pool):
        server.wait_line(pool, "{")
        return json.loads(server.worker(pool, 1)["last_line"])

    def test_a_process_gets_what_is_configured(self):
        cpu = max(os.sched_getaffinity(0))
        for path in (self.directory, self.work): # another user must find its script
            os.chmod(path, 0o711)
        server = self.start(
            service("all", self.script("show.py", SHOW), nice=3, ionice="best-effort:6",
                    affinity=str(cpu), oom_score_adj=321, user="nobody",
                    limits={"nofile": 200}),
            service("idle", self.script("show2.py", SHOW), ionice="idle"),
            service("none", self.script("show3.py", SHOW)))
        facts = self.facts(server, "all")
        self.assertEqual(facts["nice"], os.nice(0) + 3)
        self.assertEqual(facts["io"], "best-effort: prio 6")
        self.assertEqual(facts["cpus"], [cpu])
        self.assertEqual(facts["oom"], 321)
        self.assertEqual(facts["uid"], 65534)
        self.assertNotIn(0, facts["groups"])
        self.assertEqual(facts["nofile"], [200, 200])
        self.assertEqual(self.facts(server, "idle")["io"], "idle")
        plain = self.facts(server, "none")
        self.assertEqual(plain["nice"], os.nice(0))
        self.assertEqual(plain["cpus"], sorted(os.sched_getaffinity(0)))
        with open("/proc/self/oom_score_adj", encoding="ascii") as file:
            self.assertEqual(plain["oom"], int(file.read()))

    def expect_refused(self, text, prefix=(), env=None, **keys):
        """Nothing of the pool starts, one event says why, and another pool is not concerned."""
        server = self.start(service("bad", ["/bin/touch", f"{self.work}/ran"], size=3, **keys),
                            service("good", ["/bin/sleep", "1000"]), prefix=prefix, env=env)
        server.wait_state("bad", "failed", 3)
        events = server.events("refused", "bad")
        self.assertEqual(len(events), 1, events)
        self.assertIn(text, events[0]["text"])
        self.assertTrue(events[0]["alert"])
        self.assertIn(text, server.status("bad")["note"])
        self.assertIn(text, self.run_cli("status", "-S", "t").stdout.decode())
        self.assertEqual(server.status("bad")["state"], "failed")
        self.assertFalse(server.status()["healthy"])
        self.assertIn(f"bad: nothing of it starts: {text}", self.read_error(server))
        self.assertFalse(os.path.exists(f"{self.work}/ran"))
        server.wait_state("good", "busy", 1)
        server.shutdown()

    def test_a_cpu_that_is_not_there(self):
        count = os.sysconf("SC_NPROCESSORS_CONF")
        self.expect_refused(f'affinity = "0-{count}": there is no CPU {count}, this machine has 0 '
                            f"to {count - 1}", affinity=f"0-{count}")

    def test_a_refused_job_pool_is_not_healthy(self):
        """Its slots are idle: they would look well. Whoever detaches is told, too."""
        count = os.sysconf("SC_NPROCESSORS_CONF")
        config = self.config([job("bad", ["true", "{}"], affinity=f"{count}"),
                              service("good", ["/bin/sleep", "1000"])])
        done = self.expect(0, "run", "--detach", config)
        self.assertIn("t runs, but: pool bad can't be started: affinity", done.stderr.decode())
        shown = self.expect(3, "status", "-S", "t").stdout.decode()
        self.assertIn("degraded", shown)
        self.assertRegex(shown, r"bad +command +failed")
        self.assertEqual(shown.count("pool bad"), 1)
        self.expect(0, "shutdown", "-S", "t")

    def test_a_negative_nice_needs_a_capability(self):
        self.expect_refused("nice = -5 needs CAP_SYS_NICE", nice=-5, prefix=without("sys_nice"))

    def test_realtime_io_needs_a_capability(self):
        self.expect_refused('ionice = "realtime:0" needs CAP_SYS_NICE', ionice="realtime:0",
                            prefix=without("sys_nice", "sys_admin"))

    def test_a_lower_oom_score_needs_a_capability(self):
        self.expect_refused("oom_score_adj = -999 needs CAP_SYS_RESOURCE", oom_score_adj=-999,
                            prefix=without("sys_resource"))

    def test_a_limit_above_the_hard_one_needs_a_capability(self):
        self.expect_refused("limits.nofile = 4000 is above the hard limit 3000",
                            limits={"nofile": 4000},
                            prefix=["prlimit", "--nofile=3000", *without("sys_resource")])

    def test_another_user_needs_capabilities(self):
        for missing in ("setuid", "setgid", "kill"):
            with self.subTest(missing=missing):
                self.expect_refused('user = "nobody" needs CAP_SETUID, CAP_SETGID and CAP_KILL',
                                    user="nobody", prefix=without(missing))

    def test_the_kernels_own_refusal_names_the_key(self):
        with open("/proc/sys/fs/nr_open", encoding="ascii") as file:
            most = int(file.read())
        server = self.start(service("big", ["/bin/true"], limits={"nofile": most + 1}))
        server.wait_event("failed", "big", text=f"limits.nofile = {most + 1}")

    def test_missing_controllers_are_told_once(self):
        server = self.start(job("mem", ["/bin/true", "{}"], {"list": ["a", "b", "c"]},
                                cgroup={"memory_max": "64M", "pids_max": 100}),
                            service("other", ["/bin/sleep", "1000"]), cgroups="off")
        server.wait_done()
        events = server.events("limits", "mem")
        self.assertEqual(len(events), 1, events)
        self.assertTrue(events[0]["alert"])
        words = "cgroup.memory_max, cgroup.pids_max are not enforced: cgroups = \"off\""
        for text in (events[0]["text"], server.status("mem")["note"],
                     self.expect(0, "status", "-S", "t").stdout.decode()):
            self.assertIn(words, text)
        self.assertIn("limits.as", events[0]["text"])
        self.assertEqual(server.status("mem")["done"], 3)

    def test_out_of_memory_is_told_with_the_kernels_figures(self):
        """A real death of memory: in a group of cgroup v1, because there the kernel log is the only
        witness that lifeguard can hear."""
        tree = "/sys/fs/cgroup/memory"
        ours = os.readlink("/proc/self/ns/pid") == "pid:[4026531836]"
        if not (os.access(f"{tree}/memory.limit_in_bytes", os.F_OK) and os.access(tree, os.W_OK) and
                os.access("/dev/kmsg", os.R_OK) and ours):
            self.skipTest("needs a writable cgroup v1 memory tree and the kernel log of its own PIDs")
        group = f"{tree}/lifeguard-test-{os.getpid()}"
        os.mkdir(group)
        self.addCleanup(os.rmdir, group)
        with open(f"{group}/memory.limit_in_bytes", "w", encoding="ascii") as file:
            file.write("32M")
        server = self.start(service("hog", self.script("hog.py", f"""
with open("{group}/cgroup.procs", "w") as file:
    file.write(str(os.getpid()))
hoard = [bytearray(1 << 20) for _ in range(200)]
"""), restart="never"))
        event = server.wait_event("exited", "hog")[0]
        self.assertRegex(event["text"], r"out of memory: signal 9 \(KILL\), total-vm \d[\d.]*[MG], "
                                        r"anon-rss \d[\d.]*M")
        server.shutdown()

    def test_the_form_is_checked(self):
        for keys, text in (({"ionice": "fast"}, 'ionice: must be "idle"'),
                           ({"affinity": "3-1"}, "affinity: must be CPUs"),
                           ({"cgroup": {"cpu_max": "150"}}, "cgroup.cpu_max: must be a percentage"),
                           ({"oom_score_adj": 1001}, "oom_score_adj: ")):
            with self.subTest(keys=keys):
                path = self.config([service("w", ["/bin/true"], **keys)])
                done = self.run_cli("check", path)
                self.assertEqual(done.returncode, 1)
                self.assertRegex(done.stderr.decode() + done.stdout.decode(), r"t\.cfg:\d+: ")
                self.assertIn(text, done.stderr.decode() + done.stdout.decode())


if __name__ == "__main__":
    unittest.main()
