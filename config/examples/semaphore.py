#!/usr/bin/env python3
"""The worker of semaphore.cfg."""
import time

import lifeguard

device = lifeguard.Semaphore("device")
inside = lifeguard.Counter("inside")


@lifeguard.task
def visit(_):
    with device:
        together = inside.add(1)
        time.sleep(0.01)
        inside.add(-1)
    return together


lifeguard.run()
