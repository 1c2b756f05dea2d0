# SPDX-License-Identifier: MIT
"""A thousand service workers: started, listed, scrolled, resized to ten, stopped; next to no CPU
while nothing happens and nobody looks."""
import os
import subprocess
import unittest

import harness


def cpu_ticks(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


class Thousand(harness.Case):
    COUNT = 200 if harness.SANITIZED else 1000

    def test_thousand(self):
        server = self.start({"name": "sleepers", "mode": "service",
                                        "command": ["sleep", "100000"], "size": self.COUNT})
        harness.wait_for(lambda: server.status("sleepers")["state"] == "ok", 60, "all to be up")
        rows = server.workers()
        self.assertEqual(len({row["pid"] for row in rows}), self.COUNT)

        # Scrolling: each window has its own rows, and only rows that changed come again.
        for offset in range(0, self.COUNT, 50):
            server.call("subscribe", view="workers", sort="slot", offset=offset, count=50)
            message = harness.wait_for(lambda: server.control.receive(), 10, "a window")
            while message.get("view") != "workers" or message["offset"] != offset:
                message = server.control.receive()
            self.assertEqual(message["total"], self.COUNT)
            self.assertEqual([row["slot"] for _, row in message["rows"]],
                             list(range(offset + 1, offset + 51)))
        server.call("unsubscribe", view="workers")

        pid = server.pid
        server.control.close()
        server.control = None
        before = cpu_ticks(pid)
        # What is measured is a span of time, so here a test must wait for one.
        subprocess.run(["sleep", "3"], check=True)
        self.assertLess(cpu_ticks(pid) - before, 3 * os.sysconf("SC_CLK_TCK") * 0.05)

        server.connect()
        kept = {row["slot"]: row["pid"] for row in server.workers()}
        server.call("scale", pool="sleepers", size="10")
        harness.wait_for(lambda: len(server.workers()) == 10, 30, "ten workers")
        for row in server.workers():
            self.assertEqual(kept[row["slot"]], row["pid"])
        self.assertEqual(server.shutdown(), 0)


if __name__ == "__main__":
    unittest.main()
