/* SPDX-License-Identifier: MIT */
/*
 * Signals as readable descriptors. signals_open also sets SIGPIPE and SIGXFSZ to ignored.
 */
#ifndef LIFEGUARD_SYS_SIGNALS_H
#define LIFEGUARD_SYS_SIGNALS_H

#include <signal.h>

struct err;

/* Blocks the listed signals (0-terminated) for the process and returns a signalfd, or -errno. */
int signals_open(const int *signals, struct err *err);
/* Next signal's number, 0 when none waits; *sender gets its PID when not NULL. */
int signals_next(int fd, int *sender);

#endif
