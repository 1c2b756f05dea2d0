#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""bench.py BUILD [ROW...]: runs the rows and prints one Markdown table. run.sh prepares BUILD."""
import importlib
import os
import signal
import sys
import traceback

sys.dont_write_bytecode = True

import common
import table

ROWS = (1, 4, 5, 6, 7, 12)


def on_signal(number, _frame):
    raise SystemExit(128 + number)


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
        try:
            for row in run_row(number, os.path.abspath(argv[1]), bool(os.environ.get("QUICK"))):
                print(table.line(row.cells()), flush=True)
        except Exception:
            traceback.print_exc()
            failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
