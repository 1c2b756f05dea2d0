/* SPDX-License-Identifier: MIT */
/*
 * lifeguard's own messages: one line each with a time, to a file descriptor that the program's
 * start chose (stderr first, then state_dir/lifeguard.log). A message that can't be written at
 * once is counted and dropped: diagnostics never block and never end anything.
 */
#ifndef LIFEGUARD_BASE_DIAG_H
#define LIFEGUARD_BASE_DIAG_H

#include <stdint.h>

enum diag_level { DIAG_DEBUG, DIAG_INFO, DIAG_WARN, DIAG_ERROR };

struct diag {
    int fd; /* not owned; -1 = nowhere */
    enum diag_level level;
    uint64_t dropped;
};

void diag_write(struct diag *diag, enum diag_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
