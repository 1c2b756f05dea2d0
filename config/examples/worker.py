#!/usr/bin/env python3
"""A worker for a pool with mode = "worker", in plain Python. (lifeguard.py makes it shorter.)"""
import hashlib, os, re, traceback

def work(task):
    """The task's bytes in, the result's bytes out. An exception makes the task fail."""
    return hashlib.sha256(task).hexdigest().encode()

CODES = {b"\t": rb"\t", b"\n": rb"\n", b"\\": rb"\\", b"\0": rb"\0"}
BYTES = {code: byte for byte, code in CODES.items()}

def escape(data):
    if data in (b"", b"-"):
        return rb"\-" if data else b"-"
    return re.sub(rb"[\t\n\\\0]", lambda found: CODES[found[0]], data)

def unescape(field):
    return field[1:] if field in (b"-", rb"\-") else re.sub(rb"\\.", lambda f: BYTES[f[0]], field)

tasks, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(3, "wb", 0)
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # programs that the work starts may not take tasks
os.set_inheritable(3, False)                  # ... and not answer them

def say(*fields):
    answers.write(b"\t".join(fields) + b"\n")

say(b"READY")
for line in tasks:
    verb, *fields = line[:-1].split(b"\t", 4)
    if verb == b"TASK":
        try:
            say(b"OK", fields[0], escape(work(unescape(fields[3]))))
        except Exception as error:
            traceback.print_exc()
            say(b"FAIL", fields[0], escape(repr(error).encode()))
    elif verb == b"PING":
        say(b"BEAT")
    elif verb in (b"QUIET", b"STOP"):
        break
