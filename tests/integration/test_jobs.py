# SPDX-License-Identifier: MIT
"""Command pools: where tasks come from, how they reach a process, what becomes of each, and that
the ledger adds up whatever happens meanwhile."""
import json
import os
import random
import signal
import subprocess
import time
import unittest

from harness import PYTHON, Case, Refused, job, service, wait_for

SHOW = [PYTHON, "-S", "-c", "import sys; print(*map(repr, sys.argv[1:]))"]
# A pool without a source keeps a supervisor of job pools from ending by itself.
STAY = {"name": "stay", "mode": "command", "command": ["true"]}
AT_ONCE = {"initial": "10ms", "max": "10ms"}


class Finite(Case):
    """Runs that end by themselves."""

    def run_jobs(self, *pools, status=0, stdin=b"", words=(), timeout=120, **supervisor):
        path = self.config(pools, **supervisor)
        return self.expect(status, "run", path, "--headless", *words, stdin=stdin, timeout=timeout)

    def outcome(self, name="r.jsonl"):
        """task -> its result; every task has exactly one."""
        results = {}
        for result in self.results(name):
            self.assertNotIn(result["task"], results)
            results[result["task"]] = result
        return results


class Sources(Finite):
    def test_list(self):
        self.run_jobs(job("j", ["echo", "<{}>"], {"list": ["a", "b c", "", "ü"]},
                          results="r.jsonl"))
        self.assertEqual({task: result["result"] for task, result in self.outcome().items()},
                         {"a": "<a>", "b c": "<b c>", "": "<>", "ü": "<ü>"})

    def test_file_with_header_and_without_a_last_newline(self):
        self.write("list.txt", "heading\none\n\nthree")
        self.run_jobs(job("j", ["echo", "{}"], {"file": "list.txt", "skip_header": True},
                          results="r.jsonl"))
        self.assertEqual(set(self.outcome()), {"one", "", "three"})

    def test_line_over_one_mebibyte_is_left_out_whole(self):
        self.write("list.txt", "a\n" + "x" * (3 << 20) + "y\nb\n" + "x" * (1 << 20) + "\n")
        server = self.start(job("j", ["sh", "-c", "wc -c"], {"file": "list.txt"}, input="stdin",
                                results="r.jsonl"), STAY)
        server.wait_done(pool="j")
        event, = server.events("source", "j")
        self.assertIn("item 2 is longer than 1048576 bytes: left out", event["text"])
        self.assertEqual(server.shutdown(), 0)
        self.assertEqual(sorted(int(result["result"]) for result in self.results("r.jsonl")),
                         [2, 2, (1 << 20) + 1]) # and the newline that stdin brings

    def test_columns(self):
        self.write("list.tsv", "a\tb\tc\nd\te\tf\n")
        self.run_jobs(job("j", ["echo", "{2}-{1}-{-1}"], {"file": "list.tsv", "columns": "\t"},
                          results="r.jsonl"))
        self.assertEqual(sorted(result["result"] for result in self.results("r.jsonl")),
                         ["b-a-c", "e-d-f"])

    def test_null_separated(self):
        self.write("list.0", b"one\ntwo\0three\0")
        self.run_jobs(job("j", ["echo", "{}"], {"file": "list.0", "null": True}, results="r.jsonl"))
        self.assertEqual(set(self.outcome()), {"one\ntwo", "three"})

    def test_glob(self):
        for name in ("b.txt", "a.txt", "c.dat"):
            self.write(name, "")
        self.run_jobs(job("j", ["echo", "{/.}"], {"glob": "*.txt"}, results="r.jsonl",
                          order="input"))
        self.assertEqual([result["result"] for result in self.results("r.jsonl")], ["a", "b"])

    def test_glob_that_matches_nothing(self):
        self.run_jobs(job("j", ["echo", "{}"], {"glob": "*.nothing"}, results="r.jsonl"))
        self.assertEqual(self.read("r.jsonl"), b"")

    def test_command(self):
        self.run_jobs(job("j", ["echo", "{}"], {"command": ["seq", "500"]}, results="r.jsonl"))
        self.assertEqual(sorted(map(int, self.outcome())), list(range(1, 501)))

    def test_command_that_fails_is_an_event(self):
        server = self.start(job("j", ["true"], {"command": ["sh", "-c", "echo 1; exit 3"]}), STAY)
        server.wait_done(pool="j")
        self.assertIn("exit 3", server.wait_event("source", "j")[0]["text"])
        self.assertEqual(server.audit()["done"], 1)

    def test_command_that_does_not_exist(self):
        server = self.start(job("j", ["true"], {"command": ["/no/such/lister"]}), STAY)
        server.wait_event("source", "j", text="/no/such/lister")
        server.wait_done(pool="j")

    def test_stdin(self):
        text = "".join(f"line {i}\n" for i in range(3000)).encode()
        self.run_jobs(job("j", ["echo", "{}"], {"stdin": True}, 4, results="r.jsonl"), stdin=text)
        self.assertEqual(set(self.outcome()), {f"line {i}" for i in range(3000)})

    def test_slow_stdin_is_served_as_it_comes(self):
        path = self.config([job("j", ["echo", "{}"], {"stdin": True}, results="r.jsonl")])
        server = self.spawn(["run", path, "--headless"], stdin=subprocess.PIPE).connect()
        server.process.stdin.write(b"first\nsec")
        server.process.stdin.flush()
        wait_for(lambda: server.status("j")["done"] == 1, 10, "the first task")
        server.process.stdin.write(b"ond\n")
        server.process.stdin.close()
        self.assertEqual(server.wait_end(), 0)
        self.assertEqual(set(self.outcome()), {"first", "second"})

    def test_from_another_pool(self):
        self.run_jobs(job("double", ["sh", "-c", "echo $((2 * $1))", "sh", "{}"],
                          {"command": ["seq", "200"]}, 2),
                      job("add", ["sh", "-c", "echo $((1 + $1))", "sh", "{}"], {"from": "double"},
                          2, queue={"capacity": 5}, results="r.jsonl"))
        self.assertEqual(sorted(int(result["result"]) for result in self.results("r.jsonl")),
                         [2 * i + 1 for i in range(1, 201)])

    def test_failures_do_not_reach_the_next_pool(self):
        self.run_jobs(job("first", ["sh", "-c", "echo $1; test $1 != 2", "sh", "{}"],
                          {"list": ["1", "2", "3"]}),
                      job("next", ["echo", "{}"], {"from": "first"}, results="r.jsonl"), status=1)
        self.assertEqual(set(self.outcome()), {"1", "3"})

    def test_rate(self):
        begun = time.monotonic()
        self.run_jobs(job("j", ["true"], {"command": ["seq", "15"], "rate": "10/s"}, 4))
        self.assertGreater(time.monotonic() - begun, 0.4)


class Words(Finite):
    def test_replacement_strings(self):
        self.run_jobs(job("j", SHOW + ["{}", "{.}", "{/}", "{//}", "{/.}", "{#}", "{%}", "x{}y{/}"],
                          {"list": ["dir/sub/file.tar.gz"]}, 1, results="r.jsonl"))
        self.assertEqual(self.results("r.jsonl")[0]["result"],
                         "'dir/sub/file.tar.gz' 'dir/sub/file.tar' 'file.tar.gz' 'dir/sub' "
                         "'file.tar' '1' '1' 'xdir/sub/file.tar.gzyfile.tar.gz'")

    HOSTILE = ["; touch canary", "$(touch canary)", "`touch canary`", "a\nb", "-x", "--", "", " ",
               "'", '"', "\\", "a'b\"c", "*", "~", "{}", "{#}", "!x", "é\x01\x1b[31m", "|cat", "&",
               ">canary", "$HOME", "\t", "#no comment"]

    def test_hostile_inputs_are_one_argument(self):
        self.write("list.0", b"".join(text.encode() + b"\0" for text in self.HOSTILE))
        self.run_jobs(job("j", SHOW + ["{}"], {"file": "list.0", "null": True}, results="r.jsonl"))
        self.assertEqual({task: result["result"] for task, result in self.outcome().items()},
                         {text: repr(text) for text in self.HOSTILE})
        self.assertFalse(os.path.exists(f"{self.work}/canary"))

    def test_hostile_inputs_in_a_shell_script(self):
        self.write("list.0", b"".join(text.encode() + b"\0" for text in self.HOSTILE))
        script = " ".join(f"'{word}'" for word in SHOW) + " {} x{}y"
        pool = job("j", [], {"file": "list.0", "null": True}, results="r.jsonl", shell=True)
        pool["command"] = script
        self.run_jobs(pool)
        self.assertEqual({task: result["result"] for task, result in self.outcome().items()},
                         {text: f"{text!r} {'x' + text + 'y'!r}" for text in self.HOSTILE})
        self.assertFalse(os.path.exists(f"{self.work}/canary"))

    def test_invalid_utf8_arrives_as_it_is(self):
        self.write("list.txt", b"a\xff\xfeb\n")
        self.run_jobs(job("j", ["sh", "-c", "printf %s \"$1\" | od -An -tx1", "sh", "{}"],
                          {"file": "list.txt"}, results="r.jsonl"))
        result = self.results("r.jsonl")[0]
        self.assertEqual(result["result"].split(), ["61", "ff", "fe", "62"])
        self.assertIn("task_base64", result)

    def test_input_on_stdin(self):
        self.run_jobs(job("j", ["sed", "s/^/got /"], {"list": ["one", "-n", "$(x)"]},
                          input="stdin", results="r.jsonl"))
        self.assertEqual({task: result["result"] for task, result in self.outcome().items()},
                         {text: f"got {text}" for text in ("one", "-n", "$(x)")})

    def test_large_input_on_stdin_that_nobody_reads(self):
        self.write("list.txt", "x" * 300000 + "\n")
        self.run_jobs(job("j", ["true"], {"file": "list.txt"}, input="stdin", results="r.jsonl"))
        self.assertTrue(self.results("r.jsonl")[0]["ok"])

    def test_nothing_on_stdin_otherwise(self):
        self.run_jobs(job("j", ["cat"], {"list": ["x"]}, results="r.jsonl"), stdin=b"not for you\n")
        self.assertEqual(self.results("r.jsonl")[0]["result"], "")

    def test_environment(self):
        self.run_jobs(job("j", ["env"], {"list": ["x"]}, 2, results="r.jsonl", env={"EXTRA": "1"}))
        env = dict(line.split("=", 1)
                   for line in self.results("r.jsonl")[0]["result"].splitlines())
        self.assertEqual((env["LIFEGUARD_POOL"], env["LIFEGUARD_SLOT"], env["LIFEGUARD_TASK_ID"],
                          env["LIFEGUARD_ATTEMPT"], env["EXTRA"]), ("j", "1", "1", "1", "1"))
        self.assertNotIn("XDG_RUNTIME_DIR", env)

    def test_too_long_for_an_argument_fails_once(self):
        self.write("list.txt", "x" * 300000 + "\nshort\n")
        self.run_jobs(job("j", ["echo", "{}"], {"file": "list.txt"}, results="r.jsonl", retries=5,
                          backoff=AT_ONCE), status=1)
        long, short = sorted(self.results("r.jsonl"), key=lambda result: result["ok"])
        self.assertTrue(short["ok"])
        self.assertEqual((long["state"], long["attempts"]), ("failed", 1))
        self.assertIn("too long", long["error"])


class Verdicts(Finite):
    def test_timeout(self):
        begun = time.monotonic()
        self.run_jobs(job("j", ["sleep", "{}"], {"list": ["0", "1000"]}, results="r.jsonl",
                          timeout="500ms"), status=1)
        self.assertLess(time.monotonic() - begun, 20)
        results = self.outcome()
        self.assertTrue(results["0"]["ok"])
        self.assertEqual((results["1000"]["state"], results["1000"]["exit"]), ("failed", -1))
        self.assertIn("time-out", results["1000"]["error"])

    def test_timeout_of_one_that_ignores_term(self):
        self.run_jobs(job("j", self.deaf() + ["{}"], {"list": ["x"]}, results="r.jsonl",
                          timeout="300ms", stop={"grace": "300ms"}), status=1)
        self.assertIn("signal 9", self.results("r.jsonl")[0]["error"])

    def test_retries_with_backoff(self):
        script = self.script("third.py", """
open("tries", "a").write(f"{time.monotonic()}\\n")
print("attempt", os.environ["LIFEGUARD_ATTEMPT"])
sys.exit(len(open("tries").readlines()) < 3)
""")
        self.run_jobs(job("j", script + ["{}"], {"list": ["x"]}, results="r.jsonl", retries=4,
                          backoff={"initial": "200ms", "factor": 2.0, "jitter": "none"}))
        result = self.results("r.jsonl")[0]
        # Only the last attempt's output counts.
        self.assertEqual((result["attempts"], result["result"]), (3, "attempt 3"))
        at = [float(line) for line in self.read("tries").split()]
        self.assertGreaterEqual(at[1] - at[0], 0.2)
        self.assertGreaterEqual(at[2] - at[1], 0.4)

    def test_retry_on_and_bury_on(self):
        self.run_jobs(job("j", ["sh", "-c", "echo $1 >>log; exit $1", "sh", "{}"],
                          {"list": ["0", "3", "4", "5"]}, results="r.jsonl", retries=2,
                          backoff=AT_ONCE, retry_on=[3], bury_on=[5]), status=3)
        results = self.outcome()
        self.assertEqual({task: (result.get("state", "done"), result["attempts"])
                          for task, result in results.items()},
                         {"0": ("done", 1), "3": ("failed", 3), "4": ("failed", 1),
                          "5": ("buried", 1)})
        self.assertEqual(results["4"]["error"], "exit 4")

    def test_command_that_cannot_be_executed(self):
        self.run_jobs(job("j", ["/no/such/program", "{}"], {"list": ["a", "b"]},
                          results="r.jsonl"), status=2)
        for result in self.results("r.jsonl"):
            self.assertEqual((result["exit"], result["state"]), (127, "failed"))
            self.assertIn("No such file", result["error"])

    def test_an_event_says_which_task_failed(self):
        server = self.start(job("j", ["sh", "-c", "exit $1", "sh", "{}"], {"list": ["0", "7"]}),
                            STAY)
        server.wait_done(pool="j")
        failed = server.tasks("j", state="failed")["tasks"][0]["id"]
        self.assertEqual([event["text"] for event in server.events("task-failed", "j")],
                         [f"task {failed}: exit 7"])

    def test_death_by_signal(self):
        self.run_jobs(job("j", ["sh", "-c", "echo dying; kill -SEGV $$", "sh", "{}"],
                          {"list": ["a"]}, results="r.jsonl", limits={"core": "0"}), status=1)
        result = self.results("r.jsonl")[0]
        self.assertEqual((result["signal"], result["exit"], result["result"]), (11, 139, "dying"))
        self.assertIn("signal 11 (SEGV)", result["error"])

    def test_halt_soon_and_now(self):
        for when, rule in (("soon", "soon,fail=1"), ("now", "now,fail=1")):
            self.run_jobs(job("j", ["sh", "-c", "test $1 != 3 || exit 9; sleep 0.05", "sh", "{}"],
                              {"command": ["seq", "1", "200"]}, 2, results=f"{when}.jsonl",
                              halt=rule), status=9)
            results = self.outcome(f"{when}.jsonl")
            self.assertEqual(results["3"]["state"], "failed")
            self.assertLess(len(results), 20)
            states = {result.get("state", "done") for result in results.values()}
            self.assertLessEqual(states, {"done", "failed"} if when == "soon" else
                                 {"done", "failed", "cancelled"})

    def test_halt_on_success(self):
        self.run_jobs(job("j", ["sh", "-c", "sleep $1", "sh", "{}"],
                          {"list": ["1000", "0.1", "1001"]}, 3, results="r.jsonl",
                          halt="now,success=1"))
        self.assertTrue(self.outcome()["0.1"]["ok"])

    def test_exit_statuses(self):
        for failures, status in ((0, 0), (1, 1), (100, 100), (101, 101), (150, 101)):
            self.run_jobs(job("j", ["false", "{}"] if failures else ["true", "{}"],
                              {"command": ["seq", str(failures or 5)]}, 8), status=status)

    def test_interrupted(self):
        path = self.config([job("j", ["sleep", "{}"], {"list": ["1000", "1001"]})])
        server = self.spawn(["run", path, "--headless"]).connect()
        wait_for(lambda: server.status("j")["running"] == 2, 10, "two tasks")
        server.process.send_signal(signal.SIGTERM)
        self.assertEqual(server.wait_end(), 130)

    def test_stopped_by_an_operator(self):
        path = self.config([job("j", ["sleep", "{}"], {"list": ["1000", "1001"]})])
        server = self.spawn(["run", path, "--headless"]).connect()
        wait_for(lambda: server.status("j")["running"] == 2, 10, "two tasks")
        self.assertEqual(server.shutdown(), 130)


class Results(Finite):
    def test_order_of_input(self):
        self.run_jobs(job("j", ["sh", "-c", "sleep 0.0$((RANDOM % 5)); echo $1", "sh", "{}"],
                          {"command": ["seq", "200"]}, 8, results="r.jsonl", order="input"))
        results = self.results("r.jsonl")
        self.assertEqual([result["task"] for result in results], [str(i) for i in range(1, 201)])
        self.assertEqual([result["seq"] for result in results], list(range(1, 201)))

    def test_completion_order_and_fields(self):
        self.run_jobs(job("j", ["sleep", "{}"], {"list": ["0.5", "0"]}, results="r.jsonl"))
        first = self.results("r.jsonl")[0]
        self.assertEqual(first["task"], "0")
        self.assertLessEqual({"seq", "id", "task", "ok", "result", "exit", "signal", "attempts",
                              "worker", "slot", "started", "seconds"}, set(first))

    def test_stdout(self):
        done = self.run_jobs(job("j", ["echo", "{}"], {"list": ["a", "b"]}, results="-"))
        self.assertEqual({json.loads(line)["result"] for line in done.stdout.splitlines()},
                         {"a", "b"})

    def test_old_results_are_kept(self):
        for word in ("first", "second"):
            self.run_jobs(job("j", ["echo", "{}"], {"list": [word]}, results="r.jsonl"))
        self.assertEqual(self.results("r.jsonl~")[0]["task"], "first")
        self.assertEqual(self.results("r.jsonl")[0]["task"], "second")

    def test_directory(self):
        self.run_jobs(job("j", ["sh", "-c", "echo out $1; echo err $1 >&2", "sh", "{}"],
                          {"list": ["a/b", "c"]}, results_dir="res"))
        self.assertEqual(self.read("res/1/a\\_b/stdout"), b"out a/b\n")
        self.assertEqual(self.read("res/1/a\\_b/stderr"), b"err a/b\n")
        self.assertEqual(self.read("res/1/c/seq"), b"2")

    def test_large_outputs_are_whole(self):
        size = 3 << 20
        script = self.script("large.py", f"import random\n"
                                         f"sys.stdout.buffer.write(random.Random(int(sys.argv[1]))"
                                         f".randbytes({size}))\n")
        self.run_jobs(job("j", script + ["{}"], {"command": ["seq", "6"]}, 3, results_dir="res",
                          results="r.jsonl", timeout="100s"))
        for seed in range(1, 7):
            self.assertEqual(self.read(f"res/1/{seed}/stdout"),
                             random.Random(seed).randbytes(size))

    def test_output_over_64k_in_the_json(self):
        self.run_jobs(job("j", ["head", "-c", "200000", "/dev/zero"], {"list": ["x"]},
                          results="r.jsonl"))
        result = self.results("r.jsonl")[0]
        text = result.get("result")
        self.assertEqual(len(text) if text is not None else
                         len(result["result_base64"]) * 3 // 4 // 100, 200000 if text else 2000)

    def test_grandchild_that_holds_the_pipe_delays_little(self):
        script = self.script("leave.py", "print('said')\n"
                                         "if os.fork() == 0:\n"
                                         "    os.setsid()\n"
                                         "    time.sleep(100000)\n")
        begun = time.monotonic()
        self.run_jobs(job("j", script + ["{}"], {"list": ["x"]}, results="r.jsonl"))
        self.assertLess(time.monotonic() - begun, 30)
        self.assertEqual(self.results("r.jsonl")[0]["result"], "said")

    def test_capacity_is_back_pressure(self):
        lister = self.script("lister.py", "for i in range(20000):\n"
                                          "    print(i)\n"
                                          "    if i % 100 == 0: open('told', 'w').write(str(i))\n")
        server = self.start(job("j", ["sh", "-c", "while ! test -e go; do sleep 0.02; done"],
                                {"command": lister}, 2, queue={"capacity": 50}), STAY)
        wait_for(lambda: server.status("j")["queue"] == 50, 15, "a full queue")
        status = server.status("j")
        self.assertLessEqual(status["accepted"], 52)
        # The lister is held back by its pipe, too.
        told = -1
        while told != (told := int(self.read("told") or b"0")):
            time.sleep(0.3)
        self.assertLess(told, 19000)
        with self.assertRaises(Refused) as caught:
            server.call("submit", pool="j", args=["more"])
        self.assertEqual(caught.exception.code, "full")
        self.expect(75, "submit", "j", "more")
        server.audit()


class Operating(Case):
    def begin(self, *words, size=2, **keys):
        keys.setdefault("backoff", AT_ONCE)
        return self.start(job("q", words or ("echo", "{}"), None, size, results="r.jsonl", **keys))

    def test_submit_and_wait(self):
        server = self.begin("sh", "-c", "echo $1; test $1 != bad", "sh", "{}")
        self.expect(0, "submit", "q", "one", "two", "--wait")
        self.expect(1, "submit", "q", "bad", "--wait")
        done = self.expect(0, "submit", "q", "-", stdin=b"three\nfour\n")
        self.assertEqual(len(done.stdout.split()), 2)
        wait_for(lambda: len(self.results("r.jsonl")) == 5, 10, "five results")
        self.assertEqual({result["task"] for result in self.results("r.jsonl")},
                         {"one", "two", "bad", "three", "four"})
        counts = server.audit()
        self.assertEqual((counts["done"], counts["failed"], counts["accepted"]), (4, 1, 5))

    def test_submit_many(self):
        server = self.begin("true", queue={"capacity": 200000})
        server.call("pause", target="q")
        lines = b"".join(b"%d\n" % i for i in range(100000))
        done = self.expect(0, "submit", "q", "-", stdin=lines)
        self.assertEqual(len(done.stdout.split()), 100000)
        self.assertEqual(server.audit()["ready"], 100000)

    def test_submit_to_a_service_and_nonsense(self):
        server = self.start(service("svc", ["sleep", "1000"]), STAY)
        self.assertEqual(server.refusal("submit", pool="svc", args=["x"])["code"], "usage")
        self.assertEqual(server.refusal("submit", pool="stay", args=[])["code"], "usage")
        for args in (["a\0b"], [{"base64": "YQBi"}], [{"base64": "?"}], "a", None):
            self.assertEqual(server.refusal("submit", pool="stay", args=args)["code"], "usage")
        self.assertEqual(server.refusal("submit", pool="stay", args=["a"], priority=10)["code"],
                         "usage")
        for delay in (-1, 1e300):
            self.assertEqual(server.refusal("submit", pool="stay", args=["a"], delay=delay)["code"],
                             "usage")
        self.assertEqual(server.refusal("submit", pool="none", args=["a"])["code"], "unknown")
        # A request with one bad task adds none of them.
        self.assertFalse(server.control.request("submit", pool="stay", args=["a", 7])["ok"])
        self.assertEqual(server.audit()["accepted"], 0)

    def test_retry_cancel_bury_kick(self):
        server = self.begin("sh", "-c", "test -e well", "sh", "{}", size=1)
        failed = server.call("submit", pool="q", args=["f"])["tasks"][0]
        wait_for(lambda: server.audit()["failed"] == 1, 10, "the failure")
        self.assertEqual(server.tasks("q", state="failed")["tasks"][0]["id"], failed)
        server.call("pause", target="q")
        one, two, three = server.call("submit", pool="q", args=["1", "2", "3"])["tasks"]
        server.call("cancel", tasks=[one])
        server.call("bury", tasks=[two])
        self.assertEqual(server.refusal("cancel", tasks=[one])["code"], "refused")
        self.assertEqual(server.refusal("retry", tasks=["zzzz"])["code"], "refused")
        self.assertEqual(server.refusal("kick", tasks=[three])["code"], "refused")
        counts = server.audit()
        self.assertEqual((counts["cancelled"], counts["buried"], counts["ready"]), (1, 1, 1))
        self.write("well", "")
        server.call("kick", tasks=[two])
        server.call("retry", tasks=[failed, one])
        server.call("resume", target="q")
        wait_for(lambda: server.audit()["done"] == 4, 10, "four successes")
        counts = server.audit()
        self.assertEqual((counts["failed"], counts["buried"], counts["cancelled"]), (0, 0, 0))
        self.assertEqual(server.status("q")["failed"], 0)
        self.assertEqual(server.refusal("retry", tasks=[failed])["code"], "refused")

    def test_cancel_a_running_task(self):
        server = self.begin("sleep", "{}", size=1)
        running, waiting = server.call("submit", pool="q", args=["100000", "0"])["tasks"]
        wait_for(lambda: server.audit()["running"] == 1, 10, "the task to run")
        server.call("cancel", tasks=[running])
        wait_for(lambda: server.audit()["done"] == 1, 10, "the next task")
        tasks = {task["id"]: task for task in server.tasks("q")["tasks"]}
        self.assertEqual(tasks[running]["state"], "cancelled")
        self.assertIn("tester", tasks[running]["error"])
        self.assertEqual(tasks[waiting]["state"], "done")

    def test_cancel_can_be_undone(self):
        server = self.begin()
        server.call("pause", target="q")
        one = server.call("submit", pool="q", args=["1"])["tasks"][0]
        server.call("cancel", tasks=[one])
        server.call("undo")
        self.assertEqual(server.audit()["ready"], 1)

    def test_priorities_and_delay(self):
        server = self.begin(size=1)
        server.call("pause", target="q")
        ids = server.call("submit", pool="q", args=["a", "b", "c"])["tasks"]
        server.call("submit", pool="q", args=["high"], priority=9)
        server.call("submit", pool="q", args=["late"], delay=0.5, priority=9)
        server.call("prioritise", tasks=[ids[2]], priority=8)
        self.assertEqual(server.audit()["delayed"], 1)
        server.call("resume", target="q")
        wait_for(lambda: server.audit()["done"] == 5, 10, "all tasks")
        wait_for(lambda: len(self.results("r.jsonl")) == 5, 10, "the results")
        order = [result["task"] for result in self.results("r.jsonl")]
        self.assertEqual(order, ["high", "c", "a", "b", "late"])

    def test_shrinking_aborts_no_task(self):
        server = self.begin("sh", "-c", "sleep 1; echo $1", "sh", "{}", size=6)
        server.call("submit", pool="q", args=[str(i) for i in range(6)])
        wait_for(lambda: server.audit()["running"] == 6, 10, "six tasks")
        server.call("scale", pool="q", size=2)
        wait_for(lambda: len(server.workers("q")) == 2, 15, "two workers")
        wait_for(lambda: server.audit()["done"] == 6, 10, "six results")
        wait_for(lambda: len(self.results("r.jsonl")) == 6, 10, "the results")
        self.assertEqual({result["attempts"] for result in self.results("r.jsonl")}, {1})

    def test_stopping_a_slot_gives_its_task_back(self):
        server = self.begin("sh", "-c", "test -e well || sleep 100000", "sh", "{}", size=1)
        server.call("submit", pool="q", args=["x"])
        wait_for(lambda: server.audit()["running"] == 1, 10, "the task to run")
        server.call("stop", target="q")
        wait_for(lambda: server.audit()["ready"] == 1, 10, "the task to wait again")
        self.write("well", "")
        server.call("start", target="q")
        wait_for(lambda: server.audit()["done"] == 1, 10, "the task")
        wait_for(lambda: len(self.results("r.jsonl")) == 1, 10, "the results")
        self.assertEqual(self.results("r.jsonl")[0]["attempts"], 2)

    def test_drain_then_no_more(self):
        server = self.begin("sh", "-c", "sleep 0.5", "sh", "{}", size=2)
        server.call("submit", pool="q", args=["1", "2", "3", "4"])
        wait_for(lambda: server.audit()["running"] == 2, 10, "two tasks")
        server.call("drain", target="q")
        self.assertEqual(server.refusal("submit", pool="q", args=["5"])["code"], "refused")
        wait_for(lambda: server.audit()["done"] == 2, 10, "those in hand")
        server.wait_state("q", "down", 2)
        self.assertEqual(server.audit()["ready"], 2)
        server.call("resume", target="q")
        wait_for(lambda: server.audit()["done"] == 4, 10, "the others")

    def test_command_line_verbs(self):
        server = self.begin("sh", "-c", "test -e well", "sh", "{}", size=1)
        task = self.expect(0, "submit", "q", "x").stdout.decode().strip()
        wait_for(lambda: server.audit()["failed"] == 1, 10, "the failure")
        self.assertIn(task.encode(), self.expect(0, "tasks", "q", "--state", "failed").stdout)
        self.expect(0, "tasks", "--audit")
        self.expect(2, "tasks", "--state", "nonsense")
        self.expect(1, "cancel", task)
        self.write("well", "")
        self.expect(0, "retry", task)
        wait_for(lambda: server.audit()["done"] == 1, 10, "the success")
        self.expect(0, "pause", "q")
        late = self.expect(0, "submit", "q", "y", "--priority", "3").stdout.decode().strip()
        self.expect(0, "prioritise", "-p", "9", late)
        self.assertEqual(json.loads(self.expect(0, "tasks", "--json").stdout)["counts"]["ready"], 1)
        self.expect(0, "cancel", late)
        self.expect(0, "resume", "q")


class Everything(Finite):
    """Many real files, at changing sizes, with processes killed meanwhile: every file has exactly
    one result and together they are what xargs gives."""

    def files(self, count):
        found = []
        for top in ("/usr/share", "/usr/lib", "/usr/bin", "/usr/include"):
            for directory, _, names in os.walk(top):
                for name in names:
                    path = f"{directory}/{name}"
                    if os.path.isfile(path) and not os.path.islink(path) and \
                            os.path.getsize(path) < 200000 and "\n" not in path:
                        found.append(path)
                if len(found) >= count:
                    return found[:count]
        self.skipTest(f"fewer than {count} files on this machine")

    def run_with_disturbances(self, count):
        files = self.files(count)
        rng = random.Random(os.environ.get("LIFEGUARD_SEED", "7"))
        self.write("files", "".join(f"{path}\n" for path in files))
        xargs = subprocess.run(["xargs", "-P", "4", "-d", "\n", "-n", "50", "-a",
                                f"{self.work}/files", "sha256sum"], capture_output=True, check=True)
        server = self.start(job("sums", ["sha256sum", "{}"], {"file": "files"}, 2,
                                results="r.jsonl", retries=1000, backoff=AT_ONCE,
                                queue={"capacity": 1000}), STAY)
        killed = resized = 0
        while server.status("sums")["state"] != "done":
            if rng.random() < 0.05:
                server.call("scale", pool="sums", size=rng.choice((2, 4, 8)))
                resized += 1
            busy = [pid for pid in server.pids("sums").values() if pid]
            # Most are over before the kill comes: until some were hit every chance is taken.
            if busy and rng.random() < (0.4 if killed > 10 else 1):
                try:
                    server.call("kill", target=str(rng.choice(busy)), signal="KILL")
                    killed += 1
                except Refused as refused:
                    self.assertEqual(refused.code, "gone")
        counts = server.audit()
        self.assertEqual((counts["done"], counts["accepted"]), (count, count))
        self.assertEqual(server.shutdown(), 0)
        results = self.outcome()
        self.assertEqual(len(results), count)
        self.assertGreater(killed, 3)
        self.assertGreater(resized, 0)
        self.assertGreater(sum(result["attempts"] > 1 for result in results.values()), 0)
        ours = sorted(result["result"] + "\n" for result in results.values())
        self.assertEqual("".join(ours).encode(),
                         b"".join(sorted(xargs.stdout.splitlines(keepends=True))))
        return killed, resized

    def test_2000_files(self):
        self.run_with_disturbances(2000)

    @unittest.skipUnless(os.environ.get("LIFEGUARD_LONG"), "LIFEGUARD_LONG is not set")
    def test_20000_files(self):
        begun = time.monotonic()
        killed, resized = self.run_with_disturbances(20000)
        print(f"20000 files: {time.monotonic() - begun:.1f}s, {killed} kills, {resized} resizes")


if __name__ == "__main__":
    unittest.main()
