# SPDX-License-Identifier: MIT
"""map does what GNU parallel documents: output, exit status and files are the same. Where map
differs on purpose, the difference is what is tested."""
import os
import shlex
import subprocess
import unittest

from peer import PEER, Side


class Tutorial(Side):
    """man parallel_tutorial, its words as they stand there."""

    def setUp(self):
        super().setUp()
        self.given("abc-file", "A\nB\nC\n")
        self.given("def-file", "D\nE\nF\n")
        self.given("abc0-file", b"A\0B\0C\0")
        self.given("tsv-file.tsv", "f1\tf2\nA\tB\nC\tD\n")

    def example(self, line, output, **how):
        text = "".join(f"{each}\n" for each in output.split("|"))
        self.same(*shlex.split(line), output=text.encode(), shell=True, **how)

    def examples(self, *cases):
        self.together(*(lambda case=case: self.example(*case) for case in cases))

    def test_input_sources(self):
        self.example("echo", "A|B|C", stdin=b"A\nB\nC\n")
        product = "A D|A E|A F|B D|B E|B F|C D|C E|C F"
        self.example("-k -a - -a def-file echo", product, stdin=b"A\nB\nC\n")
        self.examples(("echo ::: A B C", "A|B|C"), ("-a abc-file echo", "A|B|C"),
                      ("-0 echo :::: abc0-file", "A|B|C"),
                      ("-k echo ::: A B C ::: D E F", product),
                      ("-k -a abc-file -a def-file echo", product),
                      ("-k echo :::: abc-file def-file", product),
                      ("-k echo ::: A B C :::: def-file", product))

    def test_linked_sources(self):
        self.examples(("-k echo :::: abc-file :::+ G H I :::: def-file",
                       "A G D|A G E|A G F|B H D|B H E|B H F|C I D|C I E|C I F"),
                      ("-k echo :::: abc-file ::: G H I ::::+ def-file",
                       "A G D|A H E|A I F|B G D|B H E|B I F|C G D|C H E|C I F"),
                      ("-k echo ::: A B C D E :::+ F G", "A F|B G"))

    def test_replacement_strings(self):
        self.examples(("echo ::: A/B.C", "A/B.C"), ("echo {} ::: A/B.C", "A/B.C"),
                      ("echo {.} ::: A/B.C", "A/B"), ("echo {/} ::: A/B.C", "B.C"),
                      ("echo {//} ::: A/B.C", "A"), ("echo {/.} ::: A/B.C", "B"),
                      ("-k echo {#} ::: A B C", "1|2|3"), ("-j1 echo {%} ::: A B C", "1|1|1"),
                      ("-k echo {1} and {2} ::: A B ::: C D", "A and C|A and D|B and C|B and D"),
                      ("-k echo /={1/} //={1//} /.={1/.} .={1.} ::: A/B.C D/E.F",
                       "/=B.C //=A /.=B .=A/B|/=E.F //=D /.=E .=D/E"),
                      ("-k echo 1={1} 2={2} 3={3} -1={-1} -2={-2} -3={-3} ::: A B ::: C D ::: E F",
                       "|".join(f"1={a} 2={b} 3={c} -1={c} -2={b} -3={a}"
                                for a in "AB" for b in "CD" for c in "EF")),
                      (r"-k --colsep '\t' echo 1={1} 2={2} :::: tsv-file.tsv",
                       "1=f1 2=f2|1=A 2=B|1=C 2=D"))

    def test_output(self):
        self.example("-k --tag echo foo-{} ::: A B C", "A\tfoo-A|B\tfoo-B|C\tfoo-C")
        self.example("-k --dry-run echo {} ::: A B C", "echo A|echo B|echo C")
        self.example("-j2 -k 'printf \"%s-start\\n%s\" {} {}; sleep 0.{}; "
                     "printf \"%s\\n\" -middle; echo {}-end' ::: 4 2 1",
                     "|".join(f"{each}-start|{each}-middle|{each}-end" for each in "421"))

    def test_control(self):
        self.example("-j1 --halt soon,fail=1 'echo {}; exit {}' ::: 0 0 1 2 3", "0|0|1", status=1)
        self.example("-j1 --halt now,success=1 'echo {}; exit {}' ::: 1 2 3 0 4 5 6", "1|2|3|0")
        self.example("-j1 --halt soon,fail=20% 'echo {}; exit {}' ::: 0 1 2 3 4 5 6 7 8 9",
                     "0|1|2", status=20)
        self.example("-k --retries 3 'echo tried {} >>log; echo completed {}; exit {}' ::: 1 2 0",
                     "completed 1|completed 2|completed 0", status=2)
        for side in ("theirs", "ours"):
            self.assertEqual(sorted(self.read(f"{side}/log").split(b"\n")),
                             [b""] + [b"tried 0"] + [b"tried 1"] * 3 + [b"tried 2"] * 3, side)

    def test_manual(self):
        self.example("-k --colsep - echo {4} {3} {2} {1} ::: A-B C-D ::: e-f g-h",
                     "f e B A|h g B A|f e D C|h g D C")
        self.example("-k echo {.} ::: foo.jpg subdir/foo.jpg sub.dir/foo.jpg sub.dir/bar",
                     "foo|subdir/foo|sub.dir/foo|sub.dir/bar")
        self.example("-k echo x={} ::: 'a;b' '$HOME' \"it's\" '`id`' 'a  b' '*'",
                     "x=a;b|x=$HOME|x=it's|x=`id`|x=a  b|x=*")


class Strings(Side):
    NAMES = ["a.b", "my file.txt", "it's", '"q".x', "a/b.c/d", "a/b.c", ".hidden", "dir/.hidden",
             "x.", ".", "..", "...", "./", "/", "//", "///", "///a", "/a/", "a//", "a//b", "a//b//",
             "a/b/", "/abs", "/a.b/c", "ü.é", "東/京.都", "tab\tx.y", "-x", "--foo.bar", "", "*",
             "$(x)", "back\\slash.a", "a..b", "a.b.c", "/.x", "{}", "{1}", " lead", "trail ", ":::x", "#c",
             "~", "%s", "a\x01b", "a;b&c|d", "!x", "[a-z]?"]
    FORMS = ["{}", "{.}", "{/}", "{//}", "{/.}", "{#}", "{1}", "{1.}", "{1/}", "{1//}", "{1/.}",
             "{-1}", "{-1.}", "{-1/}", "{-1//}", "{-1/.}"]

    def show(self, *words, **how):
        """One line an argument that the command gets."""
        return self.same("-k", *how.pop("options", ()), "printf", "<%s>\n", *words, **how)

    def test_every_form_of_every_name(self):
        done = self.show(*self.FORMS, ":::", *self.NAMES)
        self.assertEqual(done.stdout.count(b"\n"), len(self.FORMS) * len(self.NAMES))
        self.show(*(f"a{form}b{form}" for form in self.FORMS), stdin="\n".join(self.NAMES).encode())

    def test_every_form_of_the_second_of_two(self):
        forms = ["{2}", "{2.}", "{2/}", "{2//}", "{2/.}", "{-2}", "{-2/.}", "{1}{2}", "{-1}", "{3}"]
        self.show(*forms, ":::", "a.b", "x y", ":::", *self.NAMES[:20])

    def test_what_is_no_replacement_string(self):
        self.show("{nosuch}", "{1a}", "{", "}", "{ }", "{}}", "{{}}", "%", "{}", ":::", "x")

    def test_appended_where_there_is_none(self):
        self.show(":::", *self.NAMES)
        self.show("first", ":::", "a b", ":::", "1 2", "3")

    def test_invalid_utf8(self):
        self.show("{}", "{.}", "{/}", stdin=b"\xff\xfe/a\xff.b\xfe\n\x80\n")

    def test_groups(self):
        self.together(*(lambda count=count: self.show("{}", "{2}", "{-1}", ":::", *"abcde",
                                                      options=("-n", count)) for count in "237"))
        self.show("{/}", "{.}", ":::", "a/x.c", "b/y.d", "z", options=("-n", "2"))
        self.show(":::", "x", "y", "z", ":::", "1", "2", options=("-n", "2"))
        self.show("{2}", ":::", "x", "y", "z", ":::+", "1", "2", "3", options=("-n", "2", "--tag"))

    def test_columns(self):
        def columns(separator, *words, options=()):
            return lambda: self.show(*words, options=("--colsep", separator, *options))
        self.together(
            columns(",", "{2}", "{1}", "{3}", ":::", "a,b,c", "d,e", ",f,g", "h", "", "i,"),
            columns(",", ":::", "a , b", " c,\td "),
            columns("::", "{2}", "{1}", ":::", "a::b", "c:d"),
            columns(r"\|", "{1}", "{2}", ":::", "a|b"),
            columns(",", "{1}", "{2}", "{3}", ":::", "a,b", "c,d", ":::+", "1", "2"),
            columns(",", "{}", "{3}", ":::", "a,b", "c,d", "e", options=("-n", "2")))

    def test_dry_run(self):
        names = [name for name in self.NAMES if name.isprintable()]
        self.same("-k", "--dry-run", "echo", ":::", *names)
        self.same("-k", "--dry-run", "echo", "{2}", "{1.}", ":::", "a b.c", "d", ":::+", "1", "2")
        self.same("-k", "--dry-run", "-n", "2", "echo", "x y", "$z", ":::", *names)


class Inputs(Side):
    def test_ends_of_input(self):
        self.all_same(*((["-k", "printf", "<%s>\n"], {"stdin": text}) for text in
                        (b"", b"\n", b"a", b"a\n", b"a\n\nb\n\n", b"a\r\nb", b"\na")))

    def test_nul_separated(self):
        self.all_same(*((["-k", "-0", "printf", "<%s>\n"], {"stdin": text}) for text in
                        (b"", b"\0", b"a\0b c\0", b"a\0\0b", b"a\n b\0c")))
        self.given("file", b"a\n b\0c")
        self.same("-k", "-0", "-a", "file", "printf", "<%s>\n")

    def test_no_inputs(self):
        self.same("echo", ":::", output=b"")
        self.given("empty", "")
        self.same("-a", "empty", "echo", output=b"")
        self.same("-a", "none", "echo", status=255, output=b"")

    def test_files_and_words(self):
        self.given("one", "1\n2\n")
        self.given("two", "a\nb\nc")
        self.all_same(("-k -a one echo {1}-{2} ::: x y".split(),),
                      ("-k -a one -a two echo {2}{1}".split(),),
                      ("-k echo ::: A B ::::+ one".split(),),
                      ("-k echo ::: A B C :::+ 1 2 3 :::+ x y z ::: p q".split(),))

    def test_tasks_have_no_input(self):
        script = ["sh", "-c", 'cat; echo "got $1"', "sh"]
        self.same("-k", *script, ":::", "a", "b", stdin=b"not for you\n", output=b"got a\ngot b\n")
        self.same("-k", *script, stdin=b"a\nb\n", output=b"got a\ngot b\n")


class Output(Side):
    def test_tags(self):
        self.all_same(*((["-k", "--tag", *words, ":::", "A", "b c", ":::", "1", "2"],) for words in
                        (["echo", "foo-{}"], ["printf", "a\nb"], ["printf", "a\n\nb\n"], ["true"],
                         ["printf", "%s", "{2}"], ["-n", "2", "echo", "x"])))
        self.same("-k", "--tag", "--colsep", ",", "echo", ":::", "a , b", "c")

    def test_errors_go_where_they_went(self):
        for options in ([], ["--tag"]):
            self.same("-k", *options, "sh", "-c", 'echo "o $1"; echo "e $1" >&2', "sh", ":::",
                      *"abc", errors=True)

    def test_bytes(self):
        self.given("bytes", bytes(range(256)) * 300)
        self.same("-k", "cat", ":::", "bytes", "bytes")
        self.same("-k", "printf", "%s", ":::", "no", "newline", output=b"nonewline")

    def test_results(self):
        script = ["sh", "-c", 'echo "$@"; echo "err $1" >&2; exit $1', "sh"]
        names = ["0", "1", "a/b", "x\\y", "", "tab\tx", "ü *", "n" * 300]
        theirs, ours = self.both("--results", "out", *script, ":::", *names, ":::", "I", "II")
        self.assertEqual((theirs.returncode, ours.returncode), (12, 12))
        self.assertEqual(self.tree("ours/out"), self.tree("theirs/out"))
        self.assertEqual(len(self.tree("ours/out")), 3 * 2 * len(names))
        # The tutorial has the output on standard output as well; some versions don't print it.
        self.assertIn(b"a/b II\n", ours.stdout)
        self.same("--results", "linked", "true", ":::", "a", "b", ":::+", "1", "2", output=b"")
        self.assertEqual(self.tree("ours/linked"), self.tree("theirs/linked"))

    def tree(self, top):
        files = {}
        for directory, _, names in os.walk(f"{self.work}/{top}"):
            for name in names:
                path = f"{directory}/{name}"
                with open(path, "rb") as file:
                    files[os.path.relpath(path, f"{self.work}/{top}")] = file.read()
        return files

    def two_thousand(self):
        lines = b"".join(b"%d x\n" % i for i in range(2000))
        self.same("-k", "-j4", "echo", stdin=lines, output=lines)

    def test_many_jobs_and_lines_that_never_mix(self):
        self.together(self.two_thousand, self.lines_of_many_jobs, self.timeout)

    def timeout(self):
        self.same("-k", "--timeout", "0.5", "sh", "-c", 'echo "in $1"; sleep "$1"; echo "out $1"',
                  "sh", ":::", "0", "1000", "0.1", status=1,
                  output=b"in 0\nout 0\nin 1000\nin 0.1\nout 0.1\n")

    def lines_of_many_jobs(self):
        script = ('for i in 1 2 3 4 5 6 7 8; do echo "$1 $i out"; echo "$1 $i err" >&2; '
                  'printf "$1 "; sleep 0.05; echo "$i rest"; done')
        jobs = [str(job) for job in range(1, 41)]
        theirs, ours = self.both("-j8", "sh", "-c", script, "sh", ":::", *jobs)
        self.assertEqual((theirs.returncode, ours.returncode), (0, 0))
        for stream, lines in (("stdout", ("{} {} out\n", "{} {} rest\n")),
                              ("stderr", ("{} {} err\n",))):
            text = getattr(ours, stream).decode()
            self.assertEqual(sorted(text.splitlines()),
                             sorted(getattr(theirs, stream).decode().splitlines()))
            for job in jobs:
                whole = "".join(line.format(job, i) for i in range(1, 9) for line in lines)
                self.assertEqual(f"\n{text}".count(f"\n{whole}"), 1, (stream, job))


class Jobs(Side):
    # Ends when as many run as `want` says: that many have to run at once.
    MEET = ('touch "here.$1"; n=0; while [ "$(ls here.* | wc -l)" -lt "$2" ]; do '
            'n=$((n + 1)); [ $n -lt 500 ] || exit 9; sleep 0.02; done; echo "$3"')

    def meet(self, jobs, want):
        self.same(f"-j{jobs}", "sh", "-c", self.MEET, "sh", "{#}", str(want), "{%}", ":::",
                  *(str(i) for i in range(want)),
                  output="".join(f"{slot}\n" for slot in range(1, want + 1)).encode())
        for side in ("theirs", "ours"):
            for name in os.listdir(f"{self.work}/{side}"):
                os.unlink(f"{self.work}/{side}/{name}")

    def slots(self, jobs):
        done = self.run_cli("map", f"-j{jobs}", "--dry-run", "echo", "{%}", ":::", *("x" * 1000))
        return len(set(done.stdout.splitlines()))

    def test_as_many_at_once(self):
        self.meet("5", 5)
        cpus = int(subprocess.run([PEER, "--number-of-threads"], capture_output=True, check=True,
                                  timeout=60, env=self.env, stdin=subprocess.DEVNULL).stdout)
        if self.slots("100%") != cpus:
            self.skipTest("the programs count the CPUs of this machine differently")
        self.meet("200%", 2 * cpus)
        self.meet("+1", cpus + 1)
        self.assertEqual(self.slots(f"-{cpus}"), 1)
        self.assertEqual(self.slots("50%"), max(cpus // 2, 1))

    def test_never_more_at_once(self):
        for jobs in ("1", "3"):
            done = self.same(f"-j{jobs}", "sh", "-c", 'sleep 0.02; test "$1" -le "$2" && echo fine',
                             "sh", "{%}", jobs, ":::", *"abcdefgh", output=b"fine\n" * 8)
            self.assertEqual(done.stderr, b"")


class Ends(Side):
    # Says and ends with its input.
    SAY = ["sh", "-c", 'echo "$1"; exit "$1"', "sh"]

    def say_all(self, *rules):
        """Rules: options, then cases of inputs, status and what is said."""
        self.all_same(*((["-j1", *options, *self.SAY, ":::", *inputs.split()],
                         {"status": status, "output": said.replace(" ", "\n").encode() + b"\n"})
                        for options, inputs, status, said in rules))

    def test_statuses(self):
        self.say_all(([], "0 0", 0, "0 0"), ([], "0 7 0", 1, "0 7 0"),
                     ([], "1 2 255", 3, "1 2 255"))
        self.all_same(*((["false", ":::", *(str(i) for i in range(failed))], {"status": status})
                        for failed, status in ((100, 100), (102, 101))), output=b"")

    def test_commands_that_cannot_run(self):
        self.given("data", "no program\n")
        for command, own in (("no-such-command", 127), ("/no/such/directory/x", 127),
                             ("./data", 126)):
            self.all_same((["-j1", command, ":::", "a", "b"], {"status": 2}),
                          (["-j1", "--halt", "now,fail=1", command, ":::", "a", "b"],
                           {"status": own}), output=b"")

    def test_killed_by_a_signal(self):
        script = ["sh", "-c", 'echo "$1"; kill "-$1" $$', "sh", ":::", "KILL", "TERM"]
        self.same("-k", *script, status=2, output=b"KILL\nTERM\n")
        self.same("-j1", "--halt", "soon,fail=1", *script, status=137, output=b"KILL\n")

    def test_halt_on_failures(self):
        self.say_all(*((["--halt", f"{when},{rule}"], inputs, status, said)
                       for when in ("now", "soon") for rule, inputs, status, said in (
                           ("fail=1", "0 0 3 0 4", 3, "0 0 3"), ("fail=1", "0 0 0", 0, "0 0 0"),
                           ("fail=2", "0 0 3 0 4 0", 2, "0 0 3 0 4"), ("fail=2", "0 3", 1, "0 3"),
                           ("fail=50%", "1 2 3 4", 50, "1 2"),
                           ("fail=30%", "0 0 3 0 4 0 5 0", 38, "0 0 3 0 4 0 5"),
                           ("fail=40%", "0 0 3 0 4", 40, "0 0 3 0 4"),
                           ("fail=100%", "0 0 9", 34, "0 0 9"),
                           ("fail=10%", "0 0 0 0", 0, "0 0 0 0"))))

    def test_halt_on_successes_and_ends(self):
        self.say_all(*((["--halt", rule], inputs, status, said) for rule, inputs, status, said in (
            ("now,success=1", "0 0 3", 0, "0"), ("soon,success=1", "1 2 0 3", 0, "1 2 0"),
            ("soon,success=1", "1 2", 2, "1 2"), ("now,success=2", "0 3 0 4", 0, "0 3 0"),
            ("soon,success=50%", "0 3 0 4", 0, "0 3 0"),
            ("now,success=50%", "1 2 3 0", 75, "1 2 3 0"),
            ("soon,done=2", "1 2 3", 2, "1 2"), ("now,done=3", "0 0 3 0", 1, "0 0 3"),
            ("soon,done=50%", "0 3 0 4", 25, "0 3"), ("never", "1 0 2", 2, "1 0 2"))))

    # "f" ends soon, the others not before it has; the third is not started in time.
    RACE = ["sh", "-c", 'echo "in $1"; case $1 in f) until test -e "go.$4"; do sleep 0.02; done; '
            'exit "$2";; *) touch "go.$4"; sleep "$3";; esac; echo "out $1"', "sh"]

    def race(self, rule, own, lasts, output):
        return (["-j2", "--halt", rule, *self.RACE, "{}", str(own), lasts, rule, ":::", "f", "a",
                 "b"], {"status": own, "output": output})

    def test_halt_now_ends_what_runs_and_soon_waits(self):
        self.all_same(*(self.race(f"now,{rule}", own, "1000", b"in f\n")
                        for rule, own in (("fail=1", 3), ("success=1", 0), ("done=1", 0))),
                      *(self.race(f"soon,{rule}", own, "0.4", b"in f\nin a\nout a\n")
                        for rule, own in (("fail=1", 3), ("success=1", 0))))

    def test_retries(self):
        script = ('echo "$1" >>tries; test "$(grep -c "$1" tries)" -ge "$1" && echo "$1"')
        for tries, status in (("1", 3), ("2", 2), ("3", 1), ("4", 0)):
            self.same("-j1", "--retries", tries, "sh", "-c", script, "sh", ":::", *"1234",
                      status=status, ordered=False)
            counted = [sorted(self.read(f"{side}/tries").split()) for side in ("theirs", "ours")]
            self.assertEqual(counted[1], counted[0])
            for side in ("theirs", "ours"):
                os.unlink(f"{self.work}/{side}/tries")

    def test_only_the_last_try_is_heard(self):
        self.same("-j1", "--retries", "3", "sh", "-c", "echo x >>n; wc -l <n; exit 5", "sh", ":::",
                  "a", status=1, output=b"3\n")



class Differences(Side):
    """What map does in its own way, as its manual says."""

    def test_no_shell_unless_asked(self):
        words = ["echo", "a;b", "$HOME", "{}", "|", "cat", ":::", "*"]
        self.assertEqual(self.expect(0, "map", *words).stdout, b"a;b $HOME * | cat\n")
        self.same("echo 'x  y' | sed s/x/{}/", ":::", "z", shell=True, output=b"z  y\n")

    def test_columns_are_split_at_a_text(self):
        done = self.expect(0, "map", "-k", "--colsep", "[,;]", "echo", "<{2}>", ":::", "a,b",
                           "c[,;]d")
        self.assertEqual(done.stdout, b"<>\n<d>\n")

    def test_an_argument_that_is_not_there_is_empty(self):
        done = self.expect(0, "map", "printf", "<%s>", "{-2}", "{2}", "{1}", ":::", "a")
        self.assertEqual(done.stdout, b"<><><a>")

    def test_a_word_stays_a_word(self):
        done = self.expect(0, "map", "-k", "-n", "2", "printf", "<%s>", "x{}y", "{}", ":::", *"abc")
        self.assertEqual(done.stdout, b"<xa by><a><b><xcy><c>")

    def test_a_done_rule_counts_failures(self):
        self.expect(0, "map", "-j1", "--halt", "soon,done=2", "true", ":::", "a", "b", "c")

    def test_wrong_usage(self):
        for words in (["--no-such-option", "true"], ["-N", "2", "true"], ["-n", "0", "true"],
                      ["-n", "x", "true"], ["-j", "x", "true"], ["-j", "", "true"], ["-j", "+"],
                      ["--retries", "x", "true"], ["--retries", "-1", "true"],
                      ["--timeout", "x", "true"], ["--halt", "now", "true"],
                      ["--halt", "1", "true"], ["--halt", "-2", "true"], ["--halt", "20%", "true"],
                      ["--halt", "now,fail=0", "true"], ["-k"], []):
            done = self.expect(255, "map", *words, ":::", "a")
            self.assertEqual(done.stdout, b"", words)
            self.assertTrue(done.stderr.startswith(b"lifeguard: "), done.stderr)


if __name__ == "__main__":
    unittest.main()
