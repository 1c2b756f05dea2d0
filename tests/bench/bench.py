#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""bench.py BUILD [ROW...]: runs the rows and prints one Markdown table. run.sh prepares BUILD."""
import importlib
import os
import signal
import sys
import time
import traceback

sys.dont_write_bytecode = True

import common
import table

ROWS = (1, 2, 3, 4, 5, 6, 7, 11, 12)


def on_signal(number, _frame):
    raise SystemExit(128 + number)


def busy_share(seconds):
    """Share of the machine's CPU time that was used meanwhile."""
    def ticks():
        with open("/proc/stat", encoding="ascii") as file:
            fields = [int(each) for each in file.readline().split()[1:9]]
        return sum(fields), fields[3] + fields[4]
    total, idle = ticks()
    time.sleep(seconds)
    total_after, idle_after = ticks()
    return 1 - (idle_after - idle) / max(total_after - total, 1)


def wait_for_quiet():
    """Figures of a busy machine say little; after a while they are taken all the same."""
    for _ in range(60):
        busy = busy_share(1)
        if busy < 0.1:
            return
    print(f"the machine is {busy:.0%} busy with other things", file=sys.stderr)


def run_row(number, build, quick):
    """The row's figures; what is left of it is ended whatever happens."""
    bench = common.Bench(build, quick)
    try:
        yield from importlib.import_module(f"row{number:02}").run(bench)
    finally:
        bench.close()


def main(argv):
    if len(argv) < 2 or not os.access(f"{argv[1]}/lifeguard", os.X_OK):
        print("usage: bench.py BUILD [ROW...] (see run.sh)", file=sys.stderr)
        return 2
    numbers = [int(each) for each in argv[2:]] or ROWS
    failed = 0
    for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(each, on_signal)
    print(table.head(), flush=True)
    for number in numbers:
        wait_for_quiet()
        try:
            for row in run_row(number, os.path.abspath(argv[1]), bool(os.environ.get("QUICK"))):
                print(table.line(row.cells()), flush=True)
        except Exception:
            traceback.print_exc()
            failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
