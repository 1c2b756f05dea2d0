#!/usr/bin/env python3
"""The workers of pipeline.cfg: one program, three roles."""
import sys

import lifeguard

lines = words = 0


def read(path):
    """Puts each line into the next stage; the last one goes there as the result of this one."""
    with open(path, encoding="utf-8") as file:
        *lines, last = file
    for line in lines:
        lifeguard.put("count", line)
    return last


def count(line):
    return len(line.split())


def total(number: int):
    global lines, words
    lines, words = lines + 1, words + number
    return f"{words} words in {lines} lines"


lifeguard.task({"read": read, "count": count, "total": total}[sys.argv[1]])
lifeguard.run()
