# SPDX-License-Identifier: MIT
"""Row 2: a million squares by two workers that live on. Tasks a second of the whole run, and what
the supervisor itself used for each. Those that are slow do fewer, and their rates are compared."""
import os
import subprocess
import threading
import time

from common import cpu_of, interleave, is_gone
from table import Row

WORKERS = 2
# Peers that hand out task by task as well; the others pass chunks and know nothing of tasks.
SINGLES = ("Pool.map, chunk 1", "imap_unordered, 1", "ProcessPoolExecutor")
EXAMPLES = os.path.join(os.path.dirname(__file__), "..", "..", "config", "examples")

PYTHON_WORKER = """
import sys
sys.path.insert(0, sys.argv[1])
import lifeguard

@lifeguard.task
def square(n: int):
    return n * n

lifeguard.run()
"""
SH_WORKER = r"""
tab=$(printf '\t')
printf 'READY\n' >&3
while IFS=$tab read -r verb id try ms payload; do
  case $verb in
    TASK) printf 'OK\t%s\t%d\n' "$id" $((payload * payload)) >&3 ;;
    PING) printf 'BEAT\n' >&3 ;;
    QUIET|STOP) exit 0 ;;
  esac
done
"""
PEERS = """
import collections, concurrent.futures, multiprocessing, sys
def square(n):
    return n * n
if __name__ == "__main__":
    how, count, workers = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    numbers = range(count)
    if how == "futures":
        with concurrent.futures.ProcessPoolExecutor(workers) as pool:
            list(pool.map(square, numbers))
        sys.exit()
    with multiprocessing.Pool(workers) as pool:
        if how == "map":
            pool.map(square, numbers)
        elif how == "map 1":
            pool.map(square, numbers, 1)
        else:
            collections.deque(pool.imap_unordered(square, numbers, int(how)), 0)
"""


def inputs(bench, count):
    return bench.write(f"{bench.new_dir()}/numbers", "".join(f"{i}\n" for i in range(count)))


def workers(bench):
    """The same worker in three languages."""
    path = bench.new_dir()
    return {"C": [bench.program("worker_math"), "square"],
            "Python": ["/usr/bin/python3", bench.write(f"{path}/square.py", PYTHON_WORKER),
                       EXAMPLES],
            "sh": ["/bin/sh", bench.write(f"{path}/square.sh", SH_WORKER)]}


class Watch(threading.Thread):
    """The CPU seconds of the supervisor below a guardian, looked at until it is gone."""

    def __init__(self, guardian):
        super().__init__()
        self.guardian, self.cpu = guardian, 0
        self.start()

    def run(self):
        pid = None
        while not is_gone(self.guardian):
            pid = pid or next(iter(children(self.guardian)), None)
            self.cpu = max(self.cpu, cpu_of([pid]) if pid else 0)
            time.sleep(0.002)


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [int(each) for each in file.read().split()]
    except OSError:
        return []


def run_watched(bench, argv):
    """Seconds of a run, and its supervisor's CPU seconds."""
    began = time.monotonic()
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, env=bench.env, cwd=bench.dir)
    watch = Watch(process.pid)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    seconds = time.monotonic() - began
    watch.join()
    if process.wait():
        raise subprocess.CalledProcessError(process.returncode, argv)
    return seconds, watch.cpu


def check_results(path, count, ordered):
    """Each task once, right, and in its place."""
    with open(path, "rb") as lines:
        seqs = []
        for line in lines:
            head, _, rest = line.partition(b',"id"')
            seq = int(head.rpartition(b":")[2])
            if b'"ok":true,"result":"%d",' % ((seq - 1) ** 2) not in rest:
                raise AssertionError(f"a wrong result: {line}")
            seqs.append(seq)
    if (seqs if ordered else sorted(seqs)) != list(range(1, count + 1)):
        raise AssertionError(f"{path}: not each of {count} tasks once")


class Ours:
    """Tasks from a file through a pool into a results file."""

    def __init__(self, bench, worker, count, extra="", results=True):
        self.bench, self.count = bench, count
        self.results = f"{bench.new_dir()}/results" if results else None
        self.ordered = 'order = "input"' in extra
        self.checked = False
        command = ", ".join(f'"{word}"' for word in worker)
        written = f'results = "{self.results}";' if results else ""
        config, _ = bench.config(
            f'mode = "worker"; command = [{command}]; size = {WORKERS}; {extra} {written} '
            f'tasks = {{ file = "{inputs(bench, count)}"; }}; env = {{}};')
        self.argv = [bench.lifeguard, "run", config, "--headless", "--exit-when-done"]

    def __call__(self):
        """Tasks a second, and the supervisor's microseconds a task."""
        seconds, cpu = run_watched(self.bench, self.argv)
        if self.results and not self.checked:
            check_results(self.results, self.count, self.ordered)
            self.checked = True
        return self.count / seconds, cpu / self.count * 1e6


def rate(bench, argv, count, stdin=None):
    return lambda: (count / bench.run(argv, stdin)[0], 0)


def limits(bench, count):
    program = bench.program("limit_lines")
    one = count // 5
    return {"limit, one in flight": rate(bench, [program, str(one), "1", str(WORKERS)], one),
            "limit, 64 in flight": rate(bench, [program, str(count), "64", str(WORKERS)], count)}


def ours(bench, count):
    by = workers(bench)
    completion = 'order = "completion";'
    argv = [bench.lifeguard, "map", f"-j{WORKERS}", "--worker", *by["C"]]
    return {
        "one in flight": Ours(bench, by["C"], count // 5, f"batch = 1; {completion}"),
        "results as completed": Ours(bench, by["C"], count, completion),
        "results in input order": Ours(bench, by["C"], count, 'order = "input";'),
        "results not kept": Ours(bench, by["C"], count, completion, results=False),
        "worker in Python": Ours(bench, by["Python"], count // 5, completion),
        "worker in sh": Ours(bench, by["sh"], count // 10, completion),
        "map --worker": rate(bench, argv, count // 5, inputs(bench, count // 5)),
    }


def peers(bench, count):
    script = bench.write(f"{bench.new_dir()}/peers.py", PEERS)
    found = {}
    for name, how, share in (("Pool.map", "map", 1), ("Pool.map, chunk 1", "map 1", 10),
                             ("imap_unordered, 1", "1", 20), ("imap_unordered, 64", "64", 1),
                             ("ProcessPoolExecutor", "futures", 50)):
        argv = ["/usr/bin/python3", script, how, str(count // share), str(WORKERS)]
        found[name] = rate(bench, argv, count // share)
    found["parallel --pipe"] = rate(
        bench, ["parallel", "--will-cite", f"-j{WORKERS}", "--pipe", "awk '{print $1*$1}'"], count,
        inputs(bench, count))
    return found


def run(bench):
    count = 100_000 if bench.quick else 1_000_000
    own, other, bare = ours(bench, count), peers(bench, count), limits(bench, count)
    medians = interleave(bench.rounds, {**bare, **own, **other})
    rates = {name: medians[name][0] for name in other}
    singles = {name: rates[name] for name in SINGLES}
    best = max((name for name in rates if name != "parallel --pipe"), key=rates.get)
    for name in own:
        alone = name == "one in flight"
        limit = medians["limit, one in flight" if alone else "limit, 64 in flight"][0]
        goals = [("≥", 0.8, "limit")] if alone else []
        if name.startswith("results"):
            goals = [("≥", 0.5, "limit"), ("≥", 5, best)]
        yield Row(2, f"squares, {name}", "/s", medians[name][0], singles if alone else rates, limit,
                  goals)
    for name in ("results as completed", "results in input order", "results not kept"):
        yield Row(2, f"squares, {name}: the supervisor's CPU a task", " µs", medians[name][1],
                  goals=[("≤", 0.6, "")])
