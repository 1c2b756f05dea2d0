/* SPDX-License-Identifier: MIT */
/*
 * Reading and printing time. No state.
 */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t clock_read(clockid_t id)
{
    struct timespec ts;

    clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * CLOCK_S + ts.tv_nsec;
}

int64_t clock_now(void)
{
    return clock_read(CLOCK_MONOTONIC);
}

int64_t clock_cpu(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * CLOCK_S + now.tv_nsec;
}

int64_t clock_wall(void)
{
    return clock_read(CLOCK_REALTIME);
}

int64_t clock_add(int64_t a, int64_t b)
{
    int64_t sum;

    if (a == CLOCK_NEVER || b == CLOCK_NEVER || __builtin_add_overflow(a, b, &sum))
        return CLOCK_NEVER;
    return sum;
}

void clock_format_time(char out[16], int64_t wall)
{
    time_t seconds = (time_t)(wall / CLOCK_S);
    struct tm tm;

    localtime_r(&seconds, &tm);
    strftime(out, 16, "%H:%M:%S", &tm);
    snprintf(out + 8, 8, ".%03u", (unsigned)(wall % CLOCK_S / CLOCK_MS) % 1000);
}

void clock_format_stamp(char out[40], int64_t wall)
{
    time_t seconds = (time_t)(wall / CLOCK_S);
    char zone[8];
    char day[24];
    struct tm tm;

    localtime_r(&seconds, &tm);
    strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
    strftime(zone, sizeof(zone), "%z", &tm);
    snprintf(out, 40, "%s.%03d%s", day, (int)(wall % CLOCK_S / CLOCK_MS) % 1000, zone);
}
