#!/usr/bin/env python3
"""The worker of squares.cfg."""
import lifeguard


@lifeguard.task
def square(n: int):
    return n * n


lifeguard.run()
