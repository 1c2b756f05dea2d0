# SPDX-License-Identifier: MIT
"""Fifty pools whose workers fail at once, beside two that are well (faults.md H6): the storm is
bounded, costs next to nothing, and keeps nobody else waiting."""
import os
import signal
import time
import unittest

from harness import PATIENCE, Case, service, wait_for

POOLS = 50


def cpu_of(pid):
    """Seconds of CPU that the process has used."""
    with open(f"/proc/{pid}/stat", "rb") as file:
        fields = file.read().rpartition(b")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Storm(Case):
    def storm(self, size, **keys):
        pools = [service(f"bad{n}", ["/bin/sh", "-c", "exit 1"], size, **keys)
                 for n in range(POOLS)]
        # The first and the last place: whoever is asked first must not win.
        return self.start(service("first", ["sleep", "100000"], 2), *pools,
                          service("last", ["sleep", "100000"], 2))

    def starts(self, server):
        return sum(each["restarts"] for each in server.status()["pools"])

    def replace(self, server, pool):
        """Seconds until a killed worker is replaced."""
        pid = server.worker(pool, 1)["pid"]
        began = time.monotonic()
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: server.worker(pool, 1)["pid"] not in (None, pid), 5, "the replacement")
        return time.monotonic() - began

    def weather(self, server, span=10):
        """Healthy pools through the storm; what it costs."""
        for pool in ("first", "last"):
            server.wait_state(pool, "busy", 2)
        pids = {pool: server.pids(pool) for pool in ("first", "last")}
        time.sleep(3) # the first seconds, when all are started for the first time
        cpu, restarts, began = cpu_of(server.pid), self.starts(server), time.monotonic()
        time.sleep(span) # what is measured
        share = (cpu_of(server.pid) - cpu) / (time.monotonic() - began)
        rate = (self.starts(server) - restarts) / (time.monotonic() - began)
        for pool in ("first", "last"):
            self.assertEqual(server.pids(pool), pids[pool])
        began = time.monotonic()
        server.status()
        answer = time.monotonic() - began
        took = max(self.replace(server, pool) for pool in ("first", "last") for _ in range(3))
        print(f"\nstorm: {share * 100:.1f} % of a core, {rate:.1f} restarts/s, status in "
              f"{answer * 1000:.0f} ms, replaced in {took:.2f} s", flush=True)
        self.assertLess(share, 0.1 * PATIENCE ** 2)
        self.assertLess(answer, 0.25 * PATIENCE)
        self.assertLess(took, 3 * PATIENCE) # a young worker's backoff grows with each kill
        return rate

    def test_as_configured_by_default(self):
        server = self.storm(4)
        rate = self.weather(server)
        self.assertLess(rate, 20)
        # Each pool said why it stopped, once. (The events of a storm don't all stay in memory.)
        log = open(f"{self.directory}/state/lifeguard/t/lifeguard.log", encoding="utf-8")
        with log:
            told = [line.split(": ")[0].split("[")[0].split()[-1] for line in log
                    if "one canary at a time" in line]
        self.assertEqual(sorted(told), sorted(f"bad{n}" for n in range(POOLS)))

    def test_pools_that_were_told_to_go_on(self):
        """No crash loop, no backoff worth the name, too few slots for the breaker: the caps alone hold
        the storm."""
        server = self.storm(2, restart_backoff={"initial": "1ms", "max": "1ms"},
                            crash_loop={"failures": 1000000})
        self.weather(server, 6)
        self.assertGreater(self.starts(server), 400)
        self.assertLessEqual(self.starts(server), 1000 + POOLS + 10)


if __name__ == "__main__":
    unittest.main()
