#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""One cgroup a generation, also where it was made before its process: the process is in the one
that bears its generation, what is over is removed, and the end leaves nothing."""
import os
import unittest

from harness import Case, kill_and_wait, service, wait_for

RESTLESS = {"restart_backoff": {"initial": 0, "max": 0}, "ready": {"min_uptime": 0},
            "crash_loop": {"failures": 1000000, "window": "1s"}}


def group_of(pid):
    """The path of the process in the v2 tree."""
    with open(f"/proc/{pid}/cgroup", encoding="utf-8") as file:
        return next(line[3:].strip() for line in file if line.startswith("0::"))


class Groups(Case):
    def begin(self, size, **keys):
        server = self.start(service("svc", ["sleep", "100000"], size, **RESTLESS, **keys),
                            restart_limit=0)
        if server.status()["tier"] != "cgroup":
            self.skipTest("no cgroups here")
        server.wait_state("svc", "busy", size)
        return server

    def run_dir(self, server):
        """Where the groups of the run are."""
        run = os.path.dirname(group_of(server.pids("svc")[1]))
        with open("/proc/self/mounts", encoding="utf-8") as file:
            mounts = [line.split() for line in file]
        return next(mount[1] for mount in mounts if mount[2] == "cgroup2") + run

    def groups(self, where):
        return sorted(name for name in os.listdir(where) if name.startswith("svc."))

    def expect_groups(self, where, names):
        wait_for(lambda: self.groups(where) == sorted(names), 10,
                 f"{sorted(names)}, not {self.groups(where)}")

    def restart(self, server, slot, generation):
        kill_and_wait(server.pids("svc")[slot])
        wait_for(lambda: (worker := server.worker("svc", slot))["generation"] == generation and
                 worker["state"] == "busy", 10, f"generation {generation} of slot {slot}")
        self.assertEqual(os.path.basename(group_of(server.pids("svc")[slot])),
                         f"svc.{slot}.{generation}")

    def test_each_generation_has_its_own(self):
        server = self.begin(2)
        where = self.run_dir(server)
        self.expect_groups(where, ["svc.1.1", "svc.2.1"])
        for generation in range(2, 7):
            self.restart(server, 1, generation)
            self.expect_groups(where, [f"svc.1.{generation}", f"svc.1.{generation + 1}",
                                       "svc.2.1"])
        server.shutdown()
        self.assertFalse(os.path.exists(where))

    def test_a_slot_that_comes_back_counts_anew(self):
        server = self.begin(2)
        where = self.run_dir(server)
        for generation in (2, 3):
            self.restart(server, 2, generation)
        self.expect_groups(where, ["svc.1.1", "svc.2.3", "svc.2.4"])
        server.call("scale", pool="svc", size=1)
        wait_for(lambda: list(server.pids("svc")) == [1], 10, "one worker")
        server.call("scale", pool="svc", size=2)
        server.wait_state("svc", "busy", 2)
        self.expect_groups(where, ["svc.1.1", "svc.2.1"])
        for generation in (2, 3, 4):
            self.restart(server, 2, generation)
        self.expect_groups(where, ["svc.1.1", "svc.2.4", "svc.2.5"])

    def test_only_some_are_made_ahead(self):
        server = self.begin(20)
        where = self.run_dir(server)
        for pid in server.pids("svc").values():
            os.kill(pid, 9)
        wait_for(lambda: all(worker["generation"] == 2 and worker["state"] == "busy"
                             for worker in server.workers("svc")), 20, "the second generation")
        wait_for(lambda: len(self.groups(where)) == 20 + 4, 10, "four groups ahead")
        self.restart(server, 3, 3)
        self.assertEqual(len(self.groups(where)), 20 + 4)


if __name__ == "__main__":
    unittest.main()
