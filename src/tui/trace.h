/* SPDX-License-Identifier: MIT */
/*
 * The system calls of a worker as they happen: strace, run by this client as the operator, printing
 * into a page of its own. It ends when the page is left, after TRACE_SECONDS, or with the worker;
 * the worker goes on in any case.
 */
#ifndef LIFEGUARD_TUI_TRACE_H
#define LIFEGUARD_TUI_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "sys/proc.h"

struct tui;

enum { TRACE_SECONDS = 30 };

struct trace {
    struct proc proc; /* strace; pid 0 = none runs */
    int fd;           /* what it prints, while pid is not 0 */
    int64_t until;
    struct buf rest; /* the begin of a line */
};

/* Begins, on a page for the worker under the cursor. */
void trace_begin(struct tui *tui);
/* What to wait for: -1 = nothing. */
int trace_fd(const struct tui *tui);
int64_t trace_deadline(const struct tui *tui);
/* Its descriptor is readable. */
void trace_read(struct tui *tui);
/* Ends it when its time is over or its page was left. */
void trace_tick(struct tui *tui);
void trace_end(struct tui *tui);

#endif
