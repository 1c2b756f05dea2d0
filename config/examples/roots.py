#!/usr/bin/env python3
"""The worker of roots.cfg: a task is "FIRST LAST"."""
from math import fsum, sqrt

import lifeguard


@lifeguard.task
def sum_of_roots(span):
    first, last = map(int, span.split())
    return fsum(map(sqrt, range(first, last + 1)))


lifeguard.run()
