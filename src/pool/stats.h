/* SPDX-License-Identifier: MIT */
/*
 * What the screen shows of the past: rates, percentiles, histories. Fixed size, no allocation but
 * for the median's window. Pure: time is passed in.
 */
#ifndef LIFEGUARD_POOL_STATS_H
#define LIFEGUARD_POOL_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STATS_BUCKETS = 96, STATS_LOAD = 20, STATS_HOURS = 60, STATS_MEDIAN = 1001 };

/* Events a second as an exponentially weighted mean over 60 s; young rates are plain means. */
struct rate {
    double value;  /* decayed count */
    int64_t since; /* first event */
    int64_t last;
};

/* Runtimes in buckets of 25 % width from 100 µs; halved every 5 minutes so that old ones fade. */
struct histogram {
    double buckets[STATS_BUCKETS];
    double total;
    int64_t halved_at;
};

/* A count for each of the last 60 minutes. */
struct hour_counter {
    uint32_t minutes[STATS_HOURS];
    int64_t minute;
};

/* Exact median of the last 1,001 values (only where a timeout in percent needs it). */
struct median {
    double *sorted;
    double *ring;
    size_t count, next;
};

struct stats {
    struct rate in, done, failed;
    struct histogram runtimes;
    struct hour_counter restarts;
    struct median median;
    uint8_t load[STATS_LOAD]; /* percent busy, one a quarter minute, ring */
    size_t load_next, load_count;
};

/* Work begins: the first event will be seen against this time, not against itself. */
void rate_begin(struct rate *rate, int64_t now);
void rate_add(struct rate *rate, int64_t now, double count);
double rate_get(const struct rate *rate, int64_t now);
void histogram_add(struct histogram *histogram, int64_t now, double seconds);
/* The value below which `share` (0..1) lies, or -1 when empty. */
double histogram_quantile(const struct histogram *histogram, double share);
void hour_counter_add(struct hour_counter *counter, int64_t now);
uint32_t hour_counter_get(const struct hour_counter *counter, int64_t now);
void median_add(struct median *median, double value);
/* -1 until ten values are known. */
double median_get(const struct median *median);
void stats_fini(struct stats *stats);
void stats_add_load(struct stats *stats, int percent);

#endif
