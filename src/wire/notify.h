/* SPDX-License-Identifier: MIT */
/*
 * sd_notify datagrams: "KEY=VALUE" lines, decoded in the caller's buffer. Pure. Who may say what
 * (MAINPID of descendants only, the sender's credentials) is the supervisor's decision.
 */
#ifndef LIFEGUARD_WIRE_NOTIFY_H
#define LIFEGUARD_WIRE_NOTIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct notify_message {
    bool ready;         /* READY=1 */
    bool stopping;      /* STOPPING=1 */
    bool reloading;     /* RELOADING=1 */
    bool heartbeat;     /* WATCHDOG=1 */
    bool trigger;       /* WATCHDOG=trigger: the worker calls itself hung */
    bool barrier;       /* BARRIER=1 */
    int64_t extend;     /* EXTEND_TIMEOUT_USEC in ns; 0 = not given */
    int64_t watchdog;   /* WATCHDOG_USEC in ns; 0 = not given */
    int64_t main_pid;   /* MAINPID; 0 = not given */
    int error;          /* ERRNO; 0 = not given */
    const char *status; /* STATUS, raw bytes inside the datagram, not NUL-terminated; NULL = none */
    size_t status_len;
    int unknown; /* assignments that are none of these, or with a value that is none */
};

/* Decodes `len` bytes. The last of several assignments of one key counts, as in systemd. Never
 * fails: what can't be understood is counted in `unknown`. */
void notify_decode(const char *bytes, size_t len, struct notify_message *message);

#endif
