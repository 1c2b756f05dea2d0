# SPDX-License-Identifier: MIT
"""Row 1: a command a task, 2 and 8 at once. Jobs a second, and CPU seconds a job with those of the
jobs themselves."""
from common import interleave
from table import Row

POOL = """
import subprocess, sys, multiprocessing
count, slots, program = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
with multiprocessing.Pool(slots) as pool:
    pool.map(subprocess.call, [[program, str(i)] for i in range(count)])
"""
FUTURES = """
import subprocess, sys, concurrent.futures
count, slots, program = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
with concurrent.futures.ThreadPoolExecutor(slots) as pool:
    list(pool.map(subprocess.call, [[program, str(i)] for i in range(count)]))
"""


def write_inputs(bench, count, program):
    path = bench.new_dir()
    names = " ".join(f"j{i}" for i in range(count))
    bench.write(f"{path}/few", "".join(f"{i}\n" for i in range(max(count // 10, 100))))
    bench.write(f"{path}/makefile", f"JOBS = {names}\n.PHONY: all $(JOBS)\nall: $(JOBS)\n"
                f"$(JOBS):\n\t@{program} $@\n")
    return path, bench.write(f"{path}/list", "".join(f"{i}\n" for i in range(count)))


def candidates(bench, count, slots, program):
    path, inputs = write_inputs(bench, count, program)
    few = max(count // 10, 100)
    config, _ = bench.config(
        f'mode = "command"; command = ["{program}", "{{}}"]; size = {slots}; '
        f'tasks = {{ file = "{inputs}"; }}; queue = {{ capacity = 1000000; }}; '
        f'results = "{path}/results"; env = {{}};')

    def rate(argv, jobs, stdin=None):
        def measure():
            seconds, cpu = bench.run(argv, stdin)
            return jobs / seconds, cpu / jobs * 1e6
        return measure
    parallel = ["parallel", "--will-cite", f"-j{slots}"]
    python = ["/usr/bin/python3", "-c"]
    arguments = [str(count), str(slots), program]
    return {
        "limit": rate([bench.program("limit_spawn"), *arguments, "x"], count),
        "map": rate([bench.lifeguard, "map", f"-j{slots}", program], count, inputs),
        "config": rate([bench.lifeguard, "run", config, "--headless", "--exit-when-done"], count),
        "xargs": rate(["xargs", f"-P{slots}", "-n1", program], count, inputs),
        "make": rate(["make", "-s", f"-j{slots}", "-f", f"{path}/makefile"], count),
        "parallel": rate([*parallel, program], few, f"{path}/few"),
        "parallel -k --joblog": rate([*parallel, "-k", "--joblog", f"{path}/joblog", program], few,
                                     f"{path}/few"),
        "Python Pool": rate([*python, POOL, *arguments], count),
        "Python futures": rate([*python, FUTURES, *arguments], count),
    }


def rows_of(name, slots, medians, least):
    limit, xargs = medians["limit"], medians["xargs"]
    rates = {peer: values[0] for peer, values in medians.items()
             if peer not in ("limit", "map", "config")}
    for ours in ("map", "config"):
        yield Row(1, f"{name}, {slots} slots, {ours}", "/s", medians[ours][0], rates, limit[0],
                  [("≥", least, "limit"), ("≥", 1.25, "xargs"), ("≥", 1, "make"),
                   ("≥", 6, "parallel")])
    for ours in ("map", "config"):
        yield Row(1, f"{name}, {slots} slots, {ours}: CPU a job", " µs", medians[ours][1],
                  {"xargs": xargs[1], "make": medians["make"][1]}, limit[1],
                  [("≤", 1.1, "limit")])


def run(bench):
    for name, program, jobs, least in (("/bin/true", "/bin/true", 3000, 0.95),
                                       ("no libc", bench.program("nothing"), 6000, 0.85)):
        for slots in (2, 8):
            count = jobs // 6 if bench.quick else jobs
            medians = interleave(bench.rounds, candidates(bench, count, slots, program))
            yield from rows_of(name, slots, medians, least)
