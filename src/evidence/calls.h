/* SPDX-License-Identifier: MIT */
/*
 * System calls by number: their names, and what a thread that sits in one waits for. The names are
 * those of the machine that it was built for.
 */
#ifndef LIFEGUARD_EVIDENCE_CALLS_H
#define LIFEGUARD_EVIDENCE_CALLS_H

#include <stddef.h>

enum call_kind {
    CALL_OTHER,
    CALL_INPUT,     /* reads a descriptor */
    CALL_OUTPUT,    /* writes one */
    CALL_ACCEPT,    /* takes connections */
    CALL_CONNECT,   /* makes one */
    CALL_CHILD,     /* waits for a child's end */
    CALL_FUTEX,     /* a lock, a condition, a thread's end */
    CALL_EVENTS,    /* poll and its kin */
    CALL_SLEEP,     /* nothing but time */
    CALL_SIGNAL,    /* a signal */
    CALL_FILE_LOCK, /* flock, fcntl */
    CALL_IPC,       /* System V semaphores and messages */
    CALL_RESUMED    /* restart_syscall: whatever it was before it was stopped */
};

/* How a call says how long it will wait at most. */
enum call_limit {
    LIMIT_NONE,
    LIMIT_MS,       /* the argument is milliseconds, negative = for ever */
    LIMIT_TIMESPEC, /* it points to a struct timespec, NULL = for ever */
    LIMIT_TIMEVAL
};

struct call_class {
    long number;
    enum call_kind kind;
    int fd; /* index of the argument that is the descriptor, -1 = none */
    enum call_limit limit;
    int limit_at; /* index of that argument */
};

/* NULL for calls of no interest. */
const struct call_class *call_class_find(long number);
/* "futex"; "call 999" in `out` for an unknown one. */
const char *call_name(long number, char *out, size_t size);

#endif
