# SPDX-License-Identifier: MIT
"""The README's five minutes, replayed in a real terminal: every key of its table, then every command
of its block, against the demo. What the README says must appear."""
import os
import re
import shutil
import subprocess
import unittest

import harness

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def readme():
    with open(f"{ROOT}/README.md", encoding="utf-8") as file:
        return file.read().split("## Five minutes")[1].split("\n## ")[0]


def keys():
    """(key, text that appears) of the table."""
    rows = re.findall(r"^\| `([^`]+)` \| (.*) \|$", readme(), re.M)
    return [(key, re.findall(r"`([^`]+)`", text)[-1]) for key, text in rows]


def commands():
    block = re.search(r"From any shell:\n\n```sh\n(.*?)```", readme(), re.S).group(1)
    return block.splitlines()


class Tour(harness.Case):
    def tmux(self, *arguments):
        return subprocess.run(["tmux", "-L", f"tour-{os.getpid()}", "-f", "/dev/null", *arguments],
                              env={**self.env, "TERM": "xterm-256color"}, check=True, timeout=20,
                              stdout=subprocess.PIPE, text=True).stdout

    def screen(self):
        return self.tmux("capture-pane", "-p", "-t", "tour")

    def expect(self, text):
        try:
            harness.wait_for(lambda: text in self.screen(), 20, f"{text!r} on the screen")
        except AssertionError:
            print(self.screen())
            raise

    def test_tour(self):
        self.tmux("new-session", "-d", "-s", "tour", "-x", "120", "-y", "40",
                  f"cd {ROOT} && {harness.PROGRAM} run config/demo.cfg; exec cat")
        self.addCleanup(self.tmux, "kill-server")
        self.expect("LIVE/WANT")
        for key, text in keys():
            self.tmux("send-keys", "-t", "tour", key)
            self.expect(text)
        for line in commands():
            words = line.replace("lifeguard", harness.PROGRAM, 1).split()
            run = subprocess.run(words, env=self.env, timeout=60, capture_output=True, text=True)
            self.assertIn(run.returncode, (0, 3) if words[1] == "status" else (0,),
                          f"{line}: {run.stdout}{run.stderr}")
        gone = subprocess.run([harness.PROGRAM, "-S", "demo", "status"], env=self.env, timeout=60,
                              capture_output=True)
        self.assertEqual(gone.returncode, 4)

    def test_readme_has_a_tour(self):
        self.assertGreater(len(keys()), 5)
        self.assertGreater(len(commands()), 5)


class Worker(harness.Case):
    """The README's worker, its config and its commands, as they stand there."""

    def test_worker_pools(self):
        with open(f"{ROOT}/README.md", encoding="utf-8") as file:
            section = file.read().split("## Worker pools")[1].split("\n## ")[0]
        python, config = re.findall(r"```(?:python)?\n([#p].*?)```", section, re.S)[:2]
        self.write("squares.py", python, 0o755)
        self.write("sq.cfg", 'supervisor = { state_dir = "state"; };\n' + config)
        self.write("numbers.txt", "".join(f"{n}\n" for n in range(1, 201)))
        shutil.copy(f"{ROOT}/config/examples/lifeguard.py", self.work)
        self.expect(0, "run", "sq.cfg")
        self.assertEqual([int(line["result"]) for line in self.results("squares.jsonl")],
                         [n * n for n in range(1, 201)])
        words = re.search(r"seq 100000 \| lifeguard (map .*?) *#", section).group(1).split()
        done = self.expect(0, *words, stdin=b"3\n4\n")
        self.assertEqual(done.stdout, b"9\n16\n")


if __name__ == "__main__":
    unittest.main()
