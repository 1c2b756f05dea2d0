# SPDX-License-Identifier: MIT
"""Row 7: the screen with 1,000 workers, 200x60, beside htop on the same machine at the same time:
CPU of supervisor and client, bytes on the terminal, and the time from a key to its echo."""
import os
import random
import shutil
import time

from common import cpu_of, descendants, percentile
from screen import Screen
from table import Row


def name_of(pid):
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""


def start_screen(bench, count):
    """The screen, and the PIDs of client, guardian and supervisor, once all workers are up."""
    before = descendants(os.getpid())
    config, _ = bench.config(f'mode = "service"; size = {count}; command = ["sleep", "1000000"];')
    screen = Screen(bench, [bench.lifeguard, "run", config])
    screen.read_until(b"LIVE/WANT", 30)
    deadline = time.monotonic() + 60
    while True:
        screen.read_for(0.5)
        names = {pid: name_of(pid) for pid in descendants(os.getpid()) - before}
        if list(names.values()).count("sleep") >= count:
            return screen, {pid for pid, name in names.items() if name not in ("sleep", "")}
        if time.monotonic() > deadline:
            raise TimeoutError(f"{count} workers did not start")


def watch(screens, groups, seconds):
    """CPU percent and bytes a second of each screen over the same time."""
    bytes_before = [screen.bytes for screen in screens]
    cpu_before = [cpu_of(group) for group in groups]
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        for screen in screens:
            screen.read(0.02)
    took = time.monotonic() - began
    return [((cpu_of(group) - cpu) / took * 100, (screen.bytes - count) / took)
            for screen, group, cpu, count in zip(screens, groups, cpu_before, bytes_before)]


def echo_times(screen, count):
    """Milliseconds from a key to the first bytes that follow."""
    times = []
    for i in range(count):
        screen.settle(0.03 + random.random() * 0.02)
        began = time.monotonic()
        os.write(screen.fd, b"j" if i // 20 % 2 == 0 else b"k")
        if not screen.read(2):
            raise TimeoutError("no echo of a key")
        times.append((time.monotonic() - began) * 1000)
    return times


def run(bench):
    count = 200 if bench.quick else 1000
    screen, keepers = start_screen(bench, count)
    os.write(screen.fd, b"2")
    screen.read_for(2)
    htop = Screen(bench, [shutil.which("htop", path=bench.env["PATH"]), "-d", "10"])
    htop.read_for(3)
    ours, peer = watch([screen, htop], [keepers, {htop.pid}], 5 if bench.quick else 20)
    htop.close()
    echoes = echo_times(screen, 30 if bench.quick else 200)
    screen.close()
    work = f"screen, {count:,} workers"
    yield Row(7, f"{work}: CPU", " %", ours[0], {"htop": peer[0]}, goals=[("≤", 0.25, "htop")])
    yield Row(7, f"{work}: terminal", " B/s", ours[1], {"htop": peer[1]},
              goals=[("≤", 1500, "")])
    yield Row(7, "key to echo, p50", " ms", percentile(echoes, 0.5))
    yield Row(7, "key to echo, p99", " ms", percentile(echoes, 0.99), goals=[("≤", 50, "")])
