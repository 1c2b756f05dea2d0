#!/usr/bin/env python3
"""The workers of count-primes.cfg: "count" counts the primes from a number on, "total" adds up."""
import sys

import lifeguard

SPAN = 10000
total = 0


def is_prime(n):
    return n > 1 and all(n % d for d in range(2, int(n ** 0.5) + 1))


def count(start: int):
    return sum(map(is_prime, range(start, start + SPAN)))


def add(found: int):
    global total
    total += found
    return total


lifeguard.task({"count": count, "total": add}[sys.argv[1]])
lifeguard.run()
