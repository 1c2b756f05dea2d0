#!/usr/bin/env python3
"""The worker of process-logs.cfg: what it prints is its log."""
import os
import time

import lifeguard


@lifeguard.task
def talk(number: int):
    print(f"process {os.getpid()} works on {number}", flush=True)
    time.sleep(0.02)
    return os.getpid()


lifeguard.run()
