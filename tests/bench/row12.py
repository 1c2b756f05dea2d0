# SPDX-License-Identifier: MIT
"""Row 12: from the command to the first drawn screen, and one question asked of a running
supervisor."""
import os
import shutil
import time

from common import interleave, wait_until
from peers import ours, supervisord_config
from screen import Screen
from table import Row


def first_screen(bench, argv, text):
    began = time.monotonic()
    screen = Screen(bench, argv)
    screen.read_until(text, 20)
    took = (time.monotonic() - began) * 1000
    screen.close()
    return took


def our_screen(bench):
    config, name = bench.config('mode = "service"; size = 4; command = ["sleep", "1000000"];')
    took = first_screen(bench, [bench.lifeguard, "run", config], b"LIVE/WANT")
    bench.run([bench.lifeguard, "shutdown", "-S", name], timeout=30)
    return took


def run(bench):
    rounds = bench.rounds * 2
    htop = shutil.which("htop", path=bench.env["PATH"])
    figures = interleave(rounds, {"ours": lambda: our_screen(bench),
                                  "htop": lambda: first_screen(bench, [htop], b"PID")})
    yield Row(12, "start to first screen", " ms", figures["ours"], {"htop": figures["htop"]},
              goals=[("≤", 100, "")])
    config = supervisord_config(bench, 4, ["sleep", "1000000"])
    bench.start(["supervisord", "-c", config])
    _, name = ours(bench, 4, ["sleep", "1000000"])
    status = [bench.lifeguard, "status", "-S", name]
    runtime = f"{bench.env['XDG_RUNTIME_DIR']}/lifeguard/{name}.sock"
    wait_until(lambda: os.path.exists(runtime), 20, "the supervisor's socket")
    wait_until(lambda: os.path.exists(f"{os.path.dirname(config)}/sock"), 20, "supervisord")
    time.sleep(2)
    figures = interleave(rounds * 2, {
        "ours": lambda: bench.run(status)[0] * 1000,
        "supervisorctl": lambda: bench.run(["supervisorctl", "-c", config, "status"])[0] * 1000})
    yield Row(12, "status", " ms", figures["ours"], {"supervisorctl": figures["supervisorctl"]},
              goals=[("≤", 10, "")])
