/* SPDX-License-Identifier: MIT */
/*
 * Two clocks. Everything is decided on the monotonic one (nanoseconds, stands still in suspend);
 * the wall clock is for print and file names only.
 */
#ifndef LIFEGUARD_BASE_CLOCK_H
#define LIFEGUARD_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#define CLOCK_US INT64_C(1000)
#define CLOCK_MS INT64_C(1000000)
#define CLOCK_S INT64_C(1000000000)
#define CLOCK_NEVER INT64_MAX

/* Nanoseconds since boot without suspend. */
int64_t clock_now(void);
/* CPU time of this thread: what others take from it does not count. */
int64_t clock_cpu(void);
/* Nanoseconds since the epoch. */
int64_t clock_wall(void);
/* a + b without overflow; CLOCK_NEVER stays. */
int64_t clock_add(int64_t a, int64_t b);
/* Local "HH:MM:SS.mmm" (12 characters and NUL) of a wall time. */
void clock_format_time(char out[16], int64_t wall);
/* Local "2026-01-31T12:41:07.123+0100" of a wall time. */
void clock_format_stamp(char out[40], int64_t wall);

#endif
