# SPDX-License-Identifier: MIT
"""What the rows share: a directory and an environment of their own, processes that never outlive
the benchmark, interleaved rounds, and the table."""
import ctypes
import os
import resource
import shutil
import signal
import statistics
import subprocess
import tempfile
import threading
import time

PR_SET_CHILD_SUBREAPER = 36


def parents():
    """PID -> parent of every process."""
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat", "rb") as file:
                    fields = file.read().rpartition(b")")[2].split()
            except OSError:
                continue
            if fields[0] not in (b"Z", b"X"):
                found[int(entry)] = int(fields[1])
    return found


def descendants(root):
    tree, found = parents(), {root}
    grown = True
    while grown:
        more = {pid for pid, parent in tree.items() if parent in found} - found
        found |= more
        grown = bool(more)
    return found - {root}


def is_gone(pid):
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] in (b"Z", b"X")
    except OSError:
        return True


def cpu_of(pids):
    """Seconds of CPU that the processes used so far, to the nanosecond where the kernel tells."""
    total = 0.0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
                total += int(file.read().split()[0]) / 1e9
        except (OSError, IndexError):
            continue
    return total


def rss_of(pids):
    """MiB of resident memory, shared pages counted in each."""
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/statm", encoding="ascii") as file:
                total += int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")
        except (OSError, IndexError):
            continue
    return total / (1 << 20)


def wait_until(condition, timeout, what, pause=0.002):
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout}s for {what}")
        time.sleep(pause)


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


class Bench:
    """The benchmark's own directory, environment and processes."""

    def __init__(self, build, quick):
        self.quick = quick
        self.rounds = 2 if quick else 5
        self.lifeguard = f"{build}/lifeguard"
        self.programs = f"{build}/tests/bench"
        # In memory: some file systems take milliseconds for a new file after many were deleted.
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.dir = tempfile.mkdtemp(prefix="lifeguard-bench-",
                                    dir=os.environ.get("BENCH_DIR", memory))
        self.env = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": self.dir,
                    "SHELL": "/bin/sh"}
        for name in ("XDG_RUNTIME_DIR", "XDG_STATE_HOME", "TMPDIR"):
            self.env[name] = f"{self.dir}/{name.lower()}"
            os.mkdir(self.env[name], 0o700)
        self.daemons = []
        self.names = 0
        # What a peer leaves behind becomes our child, where sweep() finds it.
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    def program(self, name):
        return f"{self.programs}/bench_{name}"

    def new_dir(self):
        self.names += 1
        path = f"{self.dir}/{self.names}"
        os.mkdir(path)
        return path

    def write(self, path, text, mode=0o644):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def config(self, pool, supervisor=""):
        """A config file with one pool; returns its path and the supervisor's name."""
        path = self.new_dir()
        name = f"b{os.path.basename(path)}"
        self.write(f"{path}/b.cfg", f'supervisor = {{ name = "{name}"; state_dir = "{path}/state";'
                   f' {supervisor} }};\npools = ( {{ name = "p"; {pool} }} );\n')
        return f"{path}/b.cfg", name

    def run(self, argv, stdin=None, stdout=subprocess.DEVNULL, timeout=300):
        """Seconds and CPU seconds of a command and all that it waited for."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        with open(stdin or "/dev/null", "rb") as source:
            began = time.monotonic()
            process = subprocess.Popen(argv, stdin=source, stdout=stdout, env=self.env,
                                       stderr=subprocess.DEVNULL, cwd=self.dir)
            # Popen.wait(timeout) looks every 50 ms only.
            watchdog = threading.Timer(timeout, process.kill)
            watchdog.start()
            status = process.wait()
            seconds = time.monotonic() - began
            watchdog.cancel()
        if status:
            raise subprocess.CalledProcessError(status, argv)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return seconds, (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)

    def start(self, argv, **options):
        process = subprocess.Popen(argv, env=self.env, cwd=self.dir, start_new_session=True,
                                   stdin=options.pop("stdin", subprocess.DEVNULL),
                                   stdout=options.pop("stdout", subprocess.DEVNULL),
                                   stderr=subprocess.DEVNULL, **options)
        self.daemons.append(process)
        return process

    def stop(self, process, sign=signal.SIGTERM, timeout=60):
        if process.poll() is None:
            process.send_signal(sign)
        process.wait(timeout)
        self.daemons.remove(process)

    def sweep(self):
        """Ends whatever is left of what was started here."""
        for _ in range(100):
            left = descendants(os.getpid())
            for pid in left:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            if not left:
                break
            time.sleep(0.05)
        while True:
            try:
                if os.waitpid(-1, os.WNOHANG)[0] == 0:
                    break
            except ChildProcessError:
                break
        self.daemons = []

    def close(self):
        self.sweep()
        shutil.rmtree(self.dir, ignore_errors=True)


def interleave(rounds, candidates):
    """A B C A B C ...: the medians of what each candidate answers (a number or a tuple)."""
    results = {name: [] for name in candidates}
    for _ in range(rounds):
        for name, measure in candidates.items():
            results[name].append(measure())
    return {name: tuple(statistics.median(column) for column in zip(*values))
            if isinstance(values[0], tuple) else statistics.median(values)
            for name, values in results.items()}
