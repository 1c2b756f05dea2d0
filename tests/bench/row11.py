# SPDX-License-Identifier: MIT
"""Row 11: growth. The supervisor's CPU a task with more and more tasks queued, workers, pools and
clients; each batch is 16 tasks, so that only what grows makes a difference."""
import json
import os
import socket
import threading
import time

from common import cpu_of, interleave, wait_until
from table import Row

TASKS = 400_000
BATCH = 'batch = 16; order = "completion"; env = {};'


class Pool:
    """A supervisor whose first pool reads tasks from a pipe, and more that have nothing to do."""

    def __init__(self, bench, size=2, capacity=1000, idle_pools=0):
        self.bench, self.path, self.held = bench, bench.new_dir(), []
        self.fifo, self.results = f"{self.path}/fifo", f"{self.path}/results"
        os.mkfifo(self.fifo)
        self.name = f"g{os.path.basename(self.path)}"
        command = f'command = ["{bench.program("worker_math")}", "square"];'
        idle = "".join(f', {{ name = "idle{i}"; mode = "worker"; {command} size = 1; '
                       f'tasks = {{ file = "{self.new_fifo(i)}"; }}; env = {{}}; }}'
                       for i in range(idle_pools))
        config = bench.write(f"{self.path}/g.cfg", f"""supervisor = {{ name = "{self.name}";
  state_dir = "{self.path}/state"; }};
pools = ( {{ name = "busy"; mode = "worker"; {command} size = {size}; {BATCH}
  queue = {{ capacity = {capacity}; }}; tasks = {{ file = "{self.fifo}"; }};
  results = "{self.results}"; }}{idle} );
""")
        self.client = None
        self.process = bench.start([bench.lifeguard, "run", config, "--headless"])
        self.feed = os.open(self.fifo, os.O_RDWR)
        self.lines = 0
        wait_until(lambda: self.status() and self.live() == size + idle_pools, 60, "the workers",
                   0.05)
        self.pid = self.client.hello["pid"]

    def new_fifo(self, i):
        """Nobody writes to it, and it never ends."""
        path = f"{self.path}/fifo{i}"
        os.mkfifo(path)
        self.held.append(os.open(path, os.O_RDWR))
        return path

    def status(self):
        path = f"{self.bench.env['XDG_RUNTIME_DIR']}/lifeguard/{self.name}.sock"
        if not os.path.exists(path):
            return False
        self.client = self.client or Client(path)
        self.pools = self.client.ask("status")["pools"]
        return True

    def live(self):
        return sum(pool["live"] for pool in self.pools)

    def done(self):
        """The pool's count, asked for a few times a second."""
        self.status()
        return self.pools[0]["done"]

    def write(self, count):
        """Tasks into the pipe, while the supervisor takes them."""
        text = memoryview(b"1234567\n" * 8192)
        while count:
            more = min(count, 8192)
            block = text[:more * 8]
            while block:
                block = block[os.write(self.feed, block):]
            count -= more
            self.lines += more

    def cost(self, count):
        """Microseconds of the supervisor's CPU a task."""
        before = cpu_of([self.pid])
        self.write(count)
        wait_until(lambda: self.done() >= self.lines, 300, f"{self.lines} tasks", 0.05)
        return (cpu_of([self.pid]) - before) / count * 1e6

    def close(self):
        for fd in (self.feed, *self.held):
            os.close(fd)
        self.client.close()
        self.bench.stop(self.process)


class Client:
    """One that asks, and one that watches."""

    def __init__(self, path):
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.lines = self.socket.makefile("rwb")
        self.send({"hello": "lifeguard", "protocol": 1, "client": "bench", "user": "bench"})
        self.hello = json.loads(self.lines.readline())

    def send(self, message):
        self.lines.write(json.dumps(message).encode() + b"\n")
        self.lines.flush()

    def ask(self, command, **arguments):
        self.send({"id": 1, "cmd": command, **arguments})
        while (answer := json.loads(self.lines.readline())).get("id") != 1:
            pass
        return answer

    def close(self):
        self.lines.close()
        self.socket.close()

    def count(self, told):
        """Takes what comes until the end; how many pieces it was."""
        pieces = 0
        while self.lines.readline():
            pieces += 1
        told.append(pieces)

    def end(self):
        self.socket.shutdown(socket.SHUT_RDWR)

    def watch(self):
        """Takes a view of all pools."""
        self.ask("subscribe", view="pools", count=50)


def peak_memory(pid):
    """MiB of resident memory at its highest."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024


def queued(bench, count):
    """Microseconds a task, and bytes a task, with that many queued."""
    pool = Pool(bench, capacity=count)
    before = peak_memory(pool.pid)
    cost = pool.cost(max(TASKS, 2 * count))
    memory = (peak_memory(pool.pid) - before) * 1048576 / count
    pool.close()
    return cost, memory


def with_workers(bench, count):
    pool = Pool(bench, size=count, capacity=100_000)
    cost = pool.cost(TASKS)
    pool.close()
    return cost


def with_pools(bench, count):
    pool = Pool(bench, idle_pools=count - 1, capacity=100_000)
    cost = pool.cost(TASKS)
    pool.close()
    return cost


class Watchers:
    """Clients that take every change of the view of all pools."""

    def __init__(self, path, count):
        self.told = []
        self.clients = [Client(path) for _ in range(count)]
        self.threads = [threading.Thread(target=client.count, args=(self.told,))
                        for client in self.clients]
        for client, thread in zip(self.clients, self.threads):
            client.watch()
            thread.start()

    def end(self):
        """How many pieces of news they got."""
        for client in self.clients:
            client.end()
        for thread in self.threads:
            thread.join()
        return sum(self.told)


def with_clients(bench, count):
    pool = Pool(bench, capacity=100_000)
    watchers = Watchers(pool.client.path, count)
    cost = pool.cost(TASKS)
    watchers.end()
    pool.close()
    return cost


def told(bench, count):
    """CPU seconds of the supervisor while little happens, and pieces of news told."""
    pool = Pool(bench)
    watchers = Watchers(pool.client.path, count)
    before, began = cpu_of([pool.pid]), time.monotonic()
    while time.monotonic() - began < 5:
        pool.write(1)
        time.sleep(0.05)
    cpu = cpu_of([pool.pid]) - before
    pieces = watchers.end()
    pool.close()
    return cpu, pieces


def spread(name, unit, figures, label):
    """One row: the dearest of the range beside its cheapest."""
    cheapest = min(figures.values())
    text = ", ".join(f"{count:,}: {value:.3g}" for count, value in figures.items())
    return Row(11, f"{name} ({text}): {label}", unit, max(figures.values()), {}, cheapest,
               [("≤", 1.5, "limit")])


def range_of(bench, measure, counts):
    return interleave(2 if bench.quick else 3,
                      {count: lambda count=count: measure(bench, count) for count in counts})


def run(bench):
    counts = (100, 10_000) if bench.quick else (100, 1000, 10_000, 100_000, 1_000_000)
    if os.environ.get("LONG"):
        counts += (10_000_000,)
    figures = range_of(bench, queued, counts)
    yield spread("queued tasks", " µs", {n: value[0] for n, value in figures.items()},
                 "the supervisor's CPU a task, dearest")
    yield Row(11, f"{counts[-1]:,} queued tasks of 7 bytes: memory a task", " B",
              figures[counts[-1]][1], goals=[("≤", 150, "")])
    figures = range_of(bench, with_workers, (10, 100) if bench.quick else (10, 100, 1000, 2000))
    yield spread("workers", " µs", figures, "the supervisor's CPU a task, dearest")
    figures = range_of(bench, with_pools, (1, 10) if bench.quick else (1, 10, 100))
    yield spread("pools, one of them busy", " µs", figures,
                 "the supervisor's CPU a task, dearest")
    figures = range_of(bench, with_clients, (1, 10) if bench.quick else (1, 10, 100))
    yield spread("clients that watch", " µs", figures, "the supervisor's CPU a task, dearest")
    quiet, _ = told(bench, 0)
    cpu, pieces = told(bench, 100)
    yield Row(11, "100 clients that watch: the supervisor's CPU to tell one of them one change",
              " µs", (cpu - quiet) / pieces * 1e6)
