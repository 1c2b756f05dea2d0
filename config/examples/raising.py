#!/usr/bin/env python3
"""The worker of raising.cfg: a task is "A/B"."""
import lifeguard


@lifeguard.task
def divide(text):
    try:
        a, b = map(int, text.split("/"))
    except ValueError:
        raise lifeguard.Bury(f"{text} is no division of two numbers") from None
    return a / b


lifeguard.run()
