/* SPDX-License-Identifier: MIT */
/*
 * How much the machine starves: the kernel's pressure stall information. Totals are microseconds
 * since boot; a difference over a time is the share of that time.
 */
#ifndef LIFEGUARD_SYS_PRESSURE_H
#define LIFEGUARD_SYS_PRESSURE_H

#include <stdint.h>

/* -1 where it is not known (old kernels, psi=0, no permission). */
struct pressure {
    int64_t cpu_some;    /* some process waited for a CPU */
    int64_t memory_full; /* all that could run waited for memory */
};

/* `dir` is /proc/pressure. */
void pressure_read(const char *dir, struct pressure *pressure);
/* The total of the line "some ..." or "full ..." of a pressure file, or -1. */
int64_t pressure_total(const char *text, const char *line);
/* The share (0 to 1) of `span` nanoseconds; 0 where one of the totals is not known. */
double pressure_share(int64_t before, int64_t after, int64_t span);

#endif
