#!/usr/bin/env python3
"""A worker for a pool with mode = "worker", with the module lifeguard.py beside it: how many primes
there are below a number, with progress. `./worker_task.py 1000` tries it without a supervisor."""
import lifeguard


@lifeguard.task
def count_primes(limit: int):
    if limit < 0:
        raise lifeguard.Bury("there are no numbers below 0")
    found = 0
    for n in range(2, limit):
        if n % 10000 == 0:
            lifeguard.progress(n, limit, f"{found} primes")
            if lifeguard.cancelled():
                raise lifeguard.Release()
        found += all(n % d for d in range(2, int(n ** 0.5) + 1))
    return found


lifeguard.run()
