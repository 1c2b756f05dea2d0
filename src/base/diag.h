/* SPDX-License-Identifier: MIT */
/*
 * lifeguard's own messages: one line each with a time, to a file descriptor that the program's
 * start chose (stderr first, then state_dir/lifeguard.log). A message that can't be written at
 * once is counted and dropped: diagnostics never block and never end anything.
 */
#ifndef LIFEGUARD_BASE_DIAG_H
#define LIFEGUARD_BASE_DIAG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

enum diag_level { DIAG_DEBUG, DIAG_INFO, DIAG_WARN, DIAG_ERROR };

struct diag {
    int fd; /* not owned; -1 = nowhere */
    enum diag_level level;
    uint64_t dropped;
    bool gather;         /* messages wait for diag_flush; errors do not */
    struct buf gathered; /* freed by diag_flush when `gather` is false */
};

void diag_write(struct diag *diag, enum diag_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Writes what was gathered: once a turn, and when `gather` was set to false. */
void diag_flush(struct diag *diag);

#endif
