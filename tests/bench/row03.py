# SPDX-License-Identifier: MIT
"""Row 3: work for the processor in more and more, smaller and smaller tasks, two at once. Efficiency:
the time of two processes that each do half of it and are handed nothing, divided by the time with
tasks handed out. Peers in Python are compared with two halves in Python."""
import shlex

from common import interleave
from table import Row

# Where primes have so many candidates for factors that all ranges of one length cost the same.
START = 10 ** 9
ONE_START = 10 ** 12  # about 60 µs a number
GRAINS = (20, 200, 2000)

PYTHON = """
import concurrent.futures, multiprocessing, sys
def is_prime(n):
    if n % 2 == 0:
        return False
    d = 3
    while d * d <= n:
        if n % d == 0:
            return False
        d += 2
    return True
def primes(line):
    first, last = map(int, line.split())
    return sum(map(is_prime, range(first, last)))
def half(lines):
    for line in lines:
        primes(line)
if __name__ == "__main__":
    how = sys.argv[1]
    with open(sys.argv[2]) as file:
        lines = list(file)
    if how == "halves":
        halves = [multiprocessing.Process(target=half, args=(lines[i::2],)) for i in range(2)]
        for each in halves:
            each.start()
        for each in halves:
            each.join()
    elif how == "futures":
        with concurrent.futures.ProcessPoolExecutor(2) as pool:
            list(pool.map(primes, lines))
    else:
        with multiprocessing.Pool(2) as pool:
            pool.map(primes, lines, *map(int, sys.argv[3:]))
"""


def ranges(bench, start, numbers, chunks):
    step = numbers // chunks
    return bench.write(f"{bench.new_dir()}/ranges", "".join(
        f"{start + i * step} {start + (i + 1) * step}\n" for i in range(chunks)))


def odd_numbers(bench, start, count):
    """A number a task. Every second even one would be a half that is nothing to do."""
    return bench.write(f"{bench.new_dir()}/numbers", "".join(
        f"{start + 2 * i + 1} {start + 2 * i + 2}\n" for i in range(count)))


class Grain:
    """One kind of work in one number of tasks."""

    def __init__(self, bench, work, path, python_path=None):
        self.bench, self.work, self.path, self.python_path = bench, work, path, python_path
        self.program = bench.program("worker_math")
        self.python = ["/usr/bin/python3", bench.write(f"{bench.new_dir()}/primes.py", PYTHON)]

    def seconds(self, argv, stdin=None):
        return lambda: self.bench.run(argv, stdin)[0]

    def halves(self):
        program, path = shlex.quote(self.program), shlex.quote(self.path)
        both = (f"{program} half {self.work} {i} < {path} &" for i in range(2))
        return self.seconds(["sh", "-c", f"{' '.join(both)} wait"])

    def pool(self, keys):
        config, _ = self.bench.config(f'{keys} size = 2; tasks = {{ file = "{self.path}"; }}; '
                                      f'results = "{self.bench.new_dir()}/results"; env = {{}};')
        return self.seconds([self.bench.lifeguard, "run", config, "--headless",
                             "--exit-when-done"])

    def candidates(self, commands):
        found = {"halves": self.halves(),
                 "worker": self.pool(f'mode = "worker"; command = ["{self.program}", '
                                     f'"{self.work}"];')}
        if commands:
            once = [self.program, "once", self.work]
            words = ", ".join(f'"{word}"' for word in once)
            found["command"] = self.pool(f'mode = "command"; command = [{words}, "{{}}"];')
            found["xargs"] = self.seconds(["xargs", "-d", "\n", "-P2", "-n1", *once], self.path)
            found["parallel"] = self.seconds(["parallel", "--will-cite", "-j2", *once, "{}"],
                                             self.path)
        if self.python_path:
            for name, words in (("Python halves", ["halves", self.python_path]),
                                ("Pool.map", ["map", self.python_path]),
                                ("Pool.map, chunk 1", ["map", self.python_path, "1"]),
                                ("ProcessPoolExecutor", ["futures", self.python_path])):
                found[name] = self.seconds([*self.python, *words])
        return found

    def efficiencies(self, commands):
        medians = interleave(self.bench.rounds, self.candidates(commands))
        ideal, python = medians.pop("halves"), medians.pop("Python halves", None)
        own = ("Pool.map", "Pool.map, chunk 1", "ProcessPoolExecutor")
        return {name: (python if name in own else ideal) / value
                for name, value in medians.items()}


def rows_of(name, figures, least):
    ours = {mode: figures.pop(mode) for mode in ("command", "worker") if mode in figures}
    for mode, value in ours.items():
        yield Row(3, f"{name}, {mode} pool: efficiency", "", value, figures, 1,
                  [("≥", least[mode], "")])


def run(bench):
    size = 10 if bench.quick else 1
    for chunks, least in zip(GRAINS, (0.99, 0.95, 0.70)):
        grain = Grain(bench, "primes", ranges(bench, START, 600_000 // size, chunks),
                      ranges(bench, START, 60_000 // size, chunks))
        yield from rows_of(f"primes in {chunks:,} tasks", grain.efficiencies(True),
                           {"command": least, "worker": 0.99})
    grain = Grain(bench, "primes", odd_numbers(bench, ONE_START, 20_000 // size),
                  odd_numbers(bench, START, 30_000 // size))
    yield from rows_of(f"primes, a number a task ({20_000 // size:,})",
                       grain.efficiencies(False), {"worker": 0.99})
    grain = Grain(bench, "roots", ranges(bench, 0, 1_200_000_000 // size, 200))
    yield from rows_of("square roots in 200 tasks", grain.efficiencies(True),
                       {"command": 0.95, "worker": 0.99})
