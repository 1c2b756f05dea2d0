/* SPDX-License-Identifier: MIT */
/*
 * What one thread waits for, in words and, where another thread or process could end the wait, for
 * whom. Following that from one to the next shows deadlocks.
 */
#ifndef LIFEGUARD_EVIDENCE_WAIT_H
#define LIFEGUARD_EVIDENCE_WAIT_H

#include <stdbool.h>
#include <sys/types.h>

#include "evidence/facts.h"

enum wait_kind {
    WAIT_NOT,     /* it runs */
    WAIT_STOPPED, /* by a signal or a debugger */
    WAIT_DISK,    /* uninterruptible */
    WAIT_LOCK,
    WAIT_CONDITION, /* a futex of which nobody is the owner: condition, semaphore */
    WAIT_JOIN,      /* another thread's end */
    WAIT_INPUT,
    WAIT_OUTPUT,
    WAIT_CHILD,
    WAIT_EVENTS,
    WAIT_SLEEP,
    WAIT_SIGNAL,
    WAIT_FILE_LOCK,
    WAIT_ENDED, /* the thread is a zombie */
    WAIT_OTHER
};

struct wait {
    enum wait_kind kind;
    pid_t on_pid;     /* whose doing would end it; 0 = not known */
    pid_t on_tid;     /* which thread of it; 0 = the main one */
    bool holder_gone; /* the lock's holder does not exist any more */
    bool full_pipe;   /* WAIT_OUTPUT: a pipe that is full */
    double limit;     /* seconds that it waits at most, -1 = for ever, or not known */
    char what[320];   /* "waits to write into a full pipe (fd 1) that pid 12 (cat) should read" */
};

/* May look at further processes: those at the other ends of pipes and locks. */
void wait_find(struct facts *facts, const struct process *process, const struct thread *thread,
               struct wait *wait);

/* From one who waits to whom it waits for, at most so far. */
enum { CHAIN_MOST = 8 };

struct chain {
    struct {
        pid_t pid, tid;
        struct wait wait;
    } links[CHAIN_MOST];
    int count;
    int cycle_at; /* the last link waits for this one: a deadlock; -1 = no cycle */
};

void chain_follow(struct facts *facts, const struct process *process, const struct thread *thread,
                  struct chain *chain);
/* "pid 1 (a) waits for X, which ..., which waits for pid 1: a deadlock". */
void chain_describe(const struct facts *facts, const struct chain *chain, char *out, size_t size);
/* "pid 12 (cat)", "thread 13 (worker)". */
void wait_name(const struct facts *facts, pid_t pid, pid_t tid, char *out, size_t size);

#endif
