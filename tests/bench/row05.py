# SPDX-License-Identifier: MIT
"""Row 5: many workers. Time until the last is up (each stamps its start), memory and idle CPU of
whatever supervises them, time until all are gone."""
import os
import signal
import statistics
import time

from common import cpu_of, descendants, is_gone, rss_of, wait_until
from peers import ours, scanner, supervisord
from table import Row

# How each is told to end all.
SIGNS = {"runit": signal.SIGHUP}


def starters(bench, count):
    def limit(argv):
        return bench.start([bench.program("limit_supervisor"), str(count), *argv])
    found = {"limit": limit, "ours": lambda argv: ours(bench, count, argv)[0]}
    if count <= 200:
        found["runit"] = lambda argv: scanner(bench, "runit", count, argv)
        found["s6"] = lambda argv: scanner(bench, "s6", count, argv)
        found["supervisord"] = lambda argv: supervisord(bench, count, argv)
    return found


def read_stamps(path):
    try:
        with open(path, encoding="ascii") as file:
            return [tuple(map(int, line.split())) for line in file if line.endswith("\n")]
    except FileNotFoundError:
        return []


def one_run(bench, name, start, count, idle):
    """Seconds to start, MiB, percent of a CPU when idle (None: not asked), seconds to stop."""
    stamps = f"{bench.new_dir()}/stamps"
    began = time.monotonic_ns()
    process = start([bench.program("stamp"), stamps])
    wait_until(lambda: os.path.exists(stamps) and len(read_stamps(stamps)) >= count, 120,
               f"{count} workers of {name}", 0.02)
    lines = read_stamps(stamps)
    workers = {pid for pid, _ in lines}
    up = (max(stamp for _, stamp in lines) - began) / 1e9
    time.sleep(2)
    keepers = ({process.pid} | descendants(process.pid)) - workers
    memory, percent = rss_of(keepers), None
    if idle:
        before = cpu_of(keepers)
        time.sleep(idle)
        percent = (cpu_of(keepers) - before) / idle * 100
    began = time.monotonic()
    process.send_signal(SIGNS.get(name, signal.SIGTERM))
    for pid in workers:
        wait_until(lambda pid=pid: is_gone(pid), 120, f"the workers of {name} to end", 0.001)
    wait_until(lambda: is_gone(process.pid), 120, f"{name} to end", 0.001)
    down = time.monotonic() - began
    bench.sweep()
    return up, memory, percent, down


def measure(bench, count):
    """name -> medians of the four figures; idle CPU is taken once, over a longer time."""
    rounds = bench.rounds if count <= 1000 else 1
    runs = {}
    for turn in range(rounds):
        for name, start in starters(bench, count).items():
            idle = 0 if turn else 3 if bench.quick else 10
            runs.setdefault(name, []).append(one_run(bench, name, start, count, idle))
    return {name: tuple(statistics.median(value for value in column if value is not None)
                        for column in zip(*values)) for name, values in runs.items()}


def run(bench):
    counts = (50, 200) if bench.quick else (200, 1000)
    if os.environ.get("LONG"):
        counts += (10000,)
    for count in counts:
        figures = measure(bench, count)
        limit, own = figures.pop("limit"), figures.pop("ours")
        for i, (label, unit, goals) in enumerate((
                ("start all", " s", [("≤", 1.5, "limit")]),
                ("memory", " MiB", [("≤", 8 + count * 8 / 1024, "")]),
                ("idle CPU", " %", [("≤", 0.01, "")]),
                ("stop all", " s", [("≤", 2, "limit")]))):
            peers = {name: values[i] for name, values in figures.items()}
            yield Row(5, f"{count:,} workers, {label}", unit, own[i], peers, limit[i], goals)
