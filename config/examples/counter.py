#!/usr/bin/env python3
"""The worker of counter.cfg. `Counter.add` would need no lock; this shows what one is for."""
import lifeguard

guard = lifeguard.Lock("guard")
count = lifeguard.Value("count")
names = lifeguard.List("names")


@lifeguard.task
def step(name):
    with guard:
        now = int(count.value or 0) + 1
        count.value = now
        names.push(name)
        return {"count": now, "length": len(names), "newest": names[0]}


lifeguard.run()
