# SPDX-License-Identifier: MIT
"""A program on a pseudo-terminal, for the rows that measure screens."""
import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time

from common import is_gone


class Screen:
    """A program on a pseudo-terminal, whose output is read and counted."""

    def __init__(self, bench, argv, columns=200, rows=60):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                os.execve(argv[0], argv, {**bench.env, "TERM": "xterm-256color"})
            finally:
                os._exit(127)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.bytes, self.tail = 0, b""

    def read(self, timeout):
        """True when something came."""
        if not select.select([self.fd], [], [], timeout)[0]:
            return False
        try:
            block = os.read(self.fd, 1 << 16)
        except OSError:
            block = b""
        self.bytes += len(block)
        self.tail = (self.tail + block)[-(1 << 17):]
        return bool(block)

    def read_until(self, text, timeout):
        deadline = time.monotonic() + timeout
        while text not in self.tail:
            if time.monotonic() > deadline:
                raise TimeoutError(f"no {text!r} on the screen after {timeout}s")
            self.read(0.1)

    def read_for(self, seconds):
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if not self.read(left):
                time.sleep(0.01)

    def settle(self, quiet):
        """Reads until nothing came for that long."""
        while self.read(quiet):
            pass

    def close(self):
        if not is_gone(self.pid):
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)
