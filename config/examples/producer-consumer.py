#!/usr/bin/env python3
"""The workers of producer-consumer.cfg."""
import sys
import time

import lifeguard

END = "end"
seen = []


def produce(count: int):
    for number in range(1, count + 1):
        lifeguard.put("consumer", number)
    return END


def consume(item):
    if item == END:
        return f"{len(seen)} items, sum {sum(seen)}"
    time.sleep(0.001)  # a consumer is slower than its producer
    seen.append(int(item))
    return f"got {item}"


lifeguard.task({"produce": produce, "consume": consume}[sys.argv[1]])
lifeguard.run()
