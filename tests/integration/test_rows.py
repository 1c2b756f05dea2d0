# SPDX-License-Identifier: MIT
"""What the screen is sent of worker pools: tasks in hand, progress, locks, and tasks sorted and
filtered."""
import unittest

from harness import Control, job, kill_and_wait, wait_for
from workers import Workers

# "slow" tasks tell how far they are and wait for a file; others do as their first word says.
BODY = r"""
def work(text, attempt, id):
    word = text.split()[0]
    if word == b"slow":
        say("STATUS", "the model is loaded")
        ask("LOCK", "gpu")
        say("PROGRESS", id, 1, 4, "page 1")
        while not os.path.exists("go"):
            time.sleep(0.02)
        say("UNLOCK", "gpu")
    if word == b"bury":
        raise Bury("no such page")
    if word == b"fail":
        raise Fail("not today")
    return text
serve(work)
"""


class Rows(Workers):
    def watch(self, view, **arguments):
        """A function that returns the rows of a view as they are now."""
        client = Control(self.server.socket_path)

        def look():
            client.messages.clear()
            client.call("subscribe", view=view, **arguments)
            client.call("status")
            wanted = [each for each in client.messages if each.get("view") == view]
            while not wanted:
                wanted = [each for each in [client.receive()] if each.get("view") == view]
            return [row for _, row in wanted[0]["rows"]]
        return look

    def begin(self, *tasks, size=1, **keys):
        self.server = self.start(self.pool("w", BODY, size=size, **{"batch": 16, **keys}))
        self.ids = dict(zip(tasks, self.submit(self.server, "w", *tasks)))

    def test_a_worker_with_tasks_in_hand(self):
        self.begin("slow a", "b", "c")
        look = self.watch("workers")
        row = wait_for(lambda: next((row for row in look() if row["progress"]), None), 10,
                       "progress")
        self.assertEqual((row["mode"], row["in_flight"], row["progress"], row["progress_done"],
                          row["progress_total"], row["progress_text"]),
                         ("worker", 3, 25, 1, 4, "page 1"))
        self.assertEqual(row["task"]["text"], "slow a")
        self.assertEqual((row["held"], row["awaits"], row["status"]),
                         ("gpu", None, "the model is loaded"))
        self.assertEqual((row["life_done"], row["recycle"], row["pool_held"]), (0, False, False))
        # A quarter took so long: three quarters take thrice that.
        wait_for(lambda: (found := look()[0])["task"]["since"] > 0.3 and
                 abs(found["eta"] - 3 * found["task"]["since"]) < 1, 10, "an ETA")
        self.write("go", "")
        row = wait_for(lambda: next((row for row in look() if row["life_done"] == 3), None), 10,
                       "three done")
        self.assertEqual((row["in_flight"], row["task"], row["progress"], row["held"]),
                         (0, None, None, None))

    def test_who_waits_for_a_lock(self):
        self.begin("slow a", "slow b", size=2, batch=1)
        look = self.watch("workers")
        wait_for(lambda: sorted(str(row["awaits"]) for row in look()) == ["None", "gpu"], 10,
                 "one that waits")
        self.write("go", "")
        wait_for(lambda: sum(row["life_done"] for row in look()) == 2, 10, "both done")

    def test_a_running_task_and_those_behind_it(self):
        self.begin("slow a", "b", timeout="50s")
        look = self.watch("tasks", sort="id")
        rows = wait_for(lambda: (rows := look())[0]["progress"] and rows, 10, "progress")
        worker = self.server.worker("w", 1)
        self.assertEqual([(row["state"], row["in_hand"], row["worker"], row["slot"])
                          for row in rows],
                         [("running", False, worker["pid"], 1),
                          ("running", True, worker["pid"], 1)])
        self.assertEqual((rows[0]["progress_text"], rows[1]["progress"]), ("page 1", None))
        self.assertIsNotNone(rows[0]["deadline"])
        self.assertIsNone(rows[1]["deadline"]) # its clock has not begun
        self.write("go", "")

    def test_sorted_and_filtered(self):
        self.begin("slow a", "bury it", "fail it", "later", retries=0)
        self.write("go", "")
        self.wait_counts(self.server, buried=1, failed=1, done=2)
        self.server.call("pause", target="w")
        waiting = self.submit(self.server, "w", "x", "y", "z")
        self.server.call("prioritise", tasks=[waiting[1]], change=2)
        names = lambda look: [row["task"] for row in look()]
        self.assertEqual(names(self.watch("tasks", sort="state"))[:3], ["bury it", "fail it", "y"])
        self.assertEqual(names(self.watch("tasks", sort="priority"))[0], "y")
        self.assertEqual(names(self.watch("tasks", sort="id", desc=True))[0], "z")
        self.assertEqual(names(self.watch("tasks", sort="id", offset=1, count=2)),
                         ["bury it", "fail it"])
        for text, found in (("buried", ["bury it"]), ("no such", ["bury it"]),
                            (waiting[0], ["x"]), ("not today", ["fail it"]), ("nothing", [])):
            self.assertEqual(names(self.watch("tasks", filter=text)), found, text)
        row = self.watch("tasks", filter="buried")()[0]
        self.assertEqual((row["error"], row["worker"], row["last_slot"], row["pool_paused"]),
                         ("no such page", None, 1, True))

    def log_lines(self, target):
        """The first message of the log view."""
        client = Control(self.server.socket_path)
        client.call("subscribe", view="log", target=target)
        while not any(each.get("view") == "log" for each in client.messages):
            client.messages.append(client.receive())
        client.close()
        return next(each for each in client.messages if each.get("view") == "log")["lines"]

    def test_lines_of_many_processes_have_no_pid(self):
        self.server = self.start(job("j", ["sh", "-c", "echo task $1", "-", "{}"], size=1))
        self.submit(self.server, "j", "a", "b", "c")
        self.wait_counts(self.server, done=3)
        said = [(line[2], line[3], line[6]) for line in self.log_lines("j")
                if line[6].startswith("task")]
        self.assertEqual(said, [(0, 1, "task a"), (0, 1, "task b"), (0, 1, "task c")])

    def test_lines_of_a_life_before_have_its_pid(self):
        self.server = self.start({"name": "s", "mode": "service", "size": 1,
                                  "command": ["sh", "-c", "echo hello $$; exec sleep 1000"],
                                  "restart_backoff": {"initial": "10ms", "max": "10ms"}})
        first = wait_for(lambda: self.server.worker("s", 1)["pid"], 10, "the first")
        self.server.wait_line("s", f"hello {first}")
        kill_and_wait(first)
        second = wait_for(lambda: (pid := self.server.worker("s", 1)["pid"]) != first and pid, 10,
                          "the second")
        self.server.wait_line("s", f"hello {second}")
        said = {line[6]: line[2] for line in self.log_lines("s[1]")
                if line[6].startswith("hello")}
        self.assertEqual(said, {f"hello {first}": first, f"hello {second}": second})


if __name__ == "__main__":
    unittest.main()
