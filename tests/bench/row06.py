# SPDX-License-Identifier: MIT
"""Row 6: a million lines of 100 bytes from one writer into a file. MB of the writer's bytes a
second, from its first instruction until the last byte is in the file; a loss is an error."""
import os
import shlex
import time

from common import interleave, wait_until
from peers import supervisord_config
from table import Row

STAMP = 31  # bytes that `timestamps` puts before a line


def files_of(path):
    """Logs below the directory, newest names included."""
    for base, _, names in os.walk(path):
        for name in names:
            yield f"{base}/{name}"


def size_of(path):
    """Bytes in all files. A rotation may show one file under two names."""
    sizes = {}
    for file in files_of(path):
        try:
            status = os.stat(file)
        except FileNotFoundError:
            continue
        sizes[status.st_ino] = status.st_size
    return sum(sizes.values())


def check_nothing_lost(path, count, stamped):
    """Every number is there once."""
    skip = STAMP if stamped else 0
    seen = bytearray(count)
    for file in files_of(path):
        with open(file, "rb") as lines:
            for line in lines:
                number = line[skip:skip + 10]
                if number.isdigit() and len(line) == 100 + skip:
                    seen[int(number)] += 1
    if seen != b"\1" * count:
        raise AssertionError(f"{path}: {count - sum(map(bool, seen))} of {count} lines lost")


class Run:
    """One way of writing the lines into `path`."""

    def __init__(self, bench, count, how):
        self.bench, self.count = bench, count
        self.path, self.start = bench.new_dir(), f"{bench.new_dir()}/start"
        self.writer = [bench.program("writer"), str(count), how, self.start]

    def finish(self, process, stamped=False):
        wanted = self.count * (100 + (STAMP if stamped else 0))
        wait_until(lambda: size_of(self.path) >= wanted, 120, f"{wanted} bytes in {self.path}",
                   0.001)
        ended = time.monotonic_ns()
        with open(self.start, encoding="ascii") as file:
            seconds = (ended - int(file.read())) / 1e9
        if process.poll() is None:
            process.terminate()
        process.wait(30)
        check_nothing_lost(self.path, self.count, stamped)
        self.bench.run(["rm", "-r", self.path])
        self.bench.daemons.remove(process)
        return self.count * 100 / 1e6 / seconds

    def ours(self, timestamps, max_size):
        command = ", ".join(f'"{word}"' for word in self.writer)
        config, _ = self.bench.config(
            f'mode = "service"; restart = "never"; command = [{command}]; log = {{ '
            f'timestamps = {timestamps}; max_size = "{max_size}"; keep = 99; }};',
            f'log_dir = "{self.path}";')
        return self.finish(self.bench.start([self.bench.lifeguard, "run", config, "--headless"]),
                           timestamps == "true")

    def pipe(self, command):
        """`command` gets {} for a directory of its own and reads the lines from a pipe."""
        text = command.replace("{}", shlex.quote(self.path))
        return self.finish(self.bench.start(["sh", "-c", f"{shlex.join(self.writer)} | {text}"]))

    def svlogd(self):
        self.bench.write(f"{self.path}/config", "s1000000000\nn0\n")
        return self.pipe("svlogd {}")

    def supervisord(self):
        config = supervisord_config(
            self.bench, 1, self.writer, f"redirect_stderr = true\nautorestart = false\n"
            f"stdout_logfile = {self.path}/log\nstdout_logfile_maxbytes = 0")
        text = open(config, encoding="utf-8").read().replace("autorestart = true\n", "")
        self.bench.write(config, text)
        return self.finish(self.bench.start(["supervisord", "-c", config]))


def run(bench):
    count = 200_000 if bench.quick else 1_000_000
    for how in ("blocks", "lines"):
        def new(how=how):
            return Run(bench, count, how)
        medians = interleave(bench.rounds, {
            "limit": lambda: new().pipe(f"{bench.program('limit_log')} {{}}/log"),
            "plain": lambda: new().ours("false", ""),
            "rotated": lambda: new().ours("false", "10M"),
            "stamped": lambda: new().ours("true", ""),
            "stamped, rotated": lambda: new().ours("true", "10M"),
            "cat": lambda: new().pipe("cat > {}/log"),
            "svlogd": lambda: new().svlogd(),
            "s6-log": lambda: new().pipe("s6-log -b n99 s10000000 {}"),
            "multilog": lambda: new().pipe("multilog s10000000 n99 {}"),
            "supervisord": lambda: new().supervisord(),
        })
        limit = medians.pop("limit")
        ours = {name: medians.pop(name) for name in
                ("plain", "rotated", "stamped", "stamped, rotated")}
        for name, value in ours.items():
            yield Row(6, f"log of {how}, {name}", " MB/s", value, medians, limit,
                      [("≥", 0.75 if "stamped" in name else 0.9, "limit"),
                       ("≥", 1, "supervisord"), ("≥", 1, "s6-log")])
