# SPDX-License-Identifier: MIT
"""Row 4: from kill -9 to the first instruction of the next process. All supervisors run at once,
each with one worker, and are killed in turns at least a second apart, because runit and
daemontools delay a service that lived for less."""
import os
import signal
import time

from common import percentile, wait_until
from peers import one_service
from table import Row

SLOW = ("s6", "supervisord")  # they wait for a second by design


def last_stamp(path):
    """PID and start of the newest process, and how many there were."""
    try:
        with open(path, encoding="ascii") as file:
            lines = file.read().splitlines()
    except FileNotFoundError:
        return None, None, 0
    if not lines:
        return None, None, 0
    pid, start = lines[-1].split()
    return int(pid), int(start), len(lines)


def kill_once(path):
    """Milliseconds until the next process began."""
    pid, _, count = last_stamp(path)
    began = time.monotonic_ns()
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: os.path.getsize(path) and last_stamp(path)[2] > count, 20, "a restart")
    return (last_stamp(path)[1] - began) / 1e6


def start_limit(bench, argv):
    return bench.start([bench.program("limit_supervisor"), "1", *argv])


def run(bench):
    stamps = {}
    for name in ("ours", "limit", "daemontools", "runit", "s6", "supervisord"):
        stamps[name] = f"{bench.new_dir()}/stamps"
        argv = [bench.program("stamp"), stamps[name]]
        if name == "limit":
            start_limit(bench, argv)
        else:
            one_service(bench, name, argv)
    for name, path in stamps.items():
        wait_until(lambda path=path: last_stamp(path)[2], 20, f"{name} to start its worker")
    delays = {name: [] for name in stamps}
    time.sleep(2)
    for turn in range(8 if bench.quick else 100):
        for name, path in stamps.items():
            if name not in SLOW or turn < (2 if bench.quick else 10):
                delays[name].append(kill_once(path))
                time.sleep(0.02)
        time.sleep(1.05)
    for label, share, bound in (("p50", 0.5, 1.5), ("p99", 0.99, 3)):
        figures = {name: percentile(values, share) for name, values in delays.items()}
        goals = [("≤", bound, "limit")] + ([("≤", 1, "daemontools")] if label == "p50" else [])
        yield Row(4, f"restart after kill -9, {label}", " ms", figures.pop("ours"),
                  limit=figures.pop("limit"), peers=figures, goals=goals)
