/* SPDX-License-Identifier: MIT */
/*
 * Rates, percentiles and histories. Formulas: the rate is a leaky count with time constant 60 s,
 * divided by the weight that a constant stream of the same age would have collected.
 */
#include "pool/stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

static const double RATE_TAU = 60.0;
static const double HISTOGRAM_FIRST = 100e-6;
static const double HISTOGRAM_WIDTH = 1.25;
static const double HISTOGRAM_LOG = 4.481420117724551; /* 1 / log(HISTOGRAM_WIDTH) */

static double seconds_between(int64_t from, int64_t to)
{
    return to > from ? (double)(to - from) / (double)CLOCK_S : 0;
}

void rate_begin(struct rate *rate, int64_t now)
{
    if (!rate->last)
        rate->since = rate->last = now;
}

void rate_add(struct rate *rate, int64_t now, double count)
{
    if (!rate->last)
        rate->since = now;
    /* Most come many at once. */
    if (now != rate->last)
        rate->value *= exp(-seconds_between(rate->last, now) / RATE_TAU);
    rate->value += count;
    rate->last = now;
}

double rate_get(const struct rate *rate, int64_t now)
{
    double age = seconds_between(rate->since, now);
    double weight = RATE_TAU * (1 - exp(-age / RATE_TAU));

    if (!rate->last || age < 0.2)
        return 0;
    return rate->value * exp(-seconds_between(rate->last, now) / RATE_TAU) / weight;
}

void histogram_add(struct histogram *histogram, int64_t now, double seconds)
{
    int bucket =
        seconds <= HISTOGRAM_FIRST ? 0 : (int)(log(seconds / HISTOGRAM_FIRST) * HISTOGRAM_LOG) + 1;

    if (seconds_between(histogram->halved_at, now) > 300) {
        for (size_t i = 0; i < STATS_BUCKETS; i++)
            histogram->buckets[i] /= 2;
        histogram->total /= 2;
        histogram->halved_at = now;
    }
    if (bucket >= STATS_BUCKETS)
        bucket = STATS_BUCKETS - 1;
    histogram->buckets[bucket] += 1;
    histogram->total += 1;
}

double histogram_quantile(const struct histogram *histogram, double share)
{
    double below = 0;

    if (histogram->total <= 0)
        return -1;
    for (int i = 0; i < STATS_BUCKETS; i++) {
        below += histogram->buckets[i];
        if (below >= share * histogram->total)
            return HISTOGRAM_FIRST * pow(HISTOGRAM_WIDTH, i - 0.5);
    }
    return -1;
}

static void hour_counter_move(struct hour_counter *counter, int64_t now)
{
    int64_t minute = now / (60 * CLOCK_S);

    if (minute - counter->minute >= STATS_HOURS)
        memset(counter->minutes, 0, sizeof(counter->minutes));
    else
        for (int64_t m = counter->minute + 1; m <= minute; m++)
            counter->minutes[m % STATS_HOURS] = 0;
    if (minute > counter->minute)
        counter->minute = minute;
}

void hour_counter_add(struct hour_counter *counter, int64_t now)
{
    hour_counter_move(counter, now);
    counter->minutes[counter->minute % STATS_HOURS]++;
}

uint32_t hour_counter_get(const struct hour_counter *counter, int64_t now)
{
    struct hour_counter moved = *counter;
    uint32_t sum = 0;

    hour_counter_move(&moved, now);
    for (size_t i = 0; i < STATS_HOURS; i++)
        sum += moved.minutes[i];
    return sum;
}

/* First place in `sorted` whose value is not below `value`. */
static size_t median_place(const struct median *median, double value)
{
    size_t low = 0, high = median->count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (median->sorted[middle] < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void median_add(struct median *median, double value)
{
    size_t place;

    if (!median->sorted) {
        median->sorted = mem_new_array(STATS_MEDIAN, sizeof(double));
        median->ring = mem_new_array(STATS_MEDIAN, sizeof(double));
    }
    if (median->count == STATS_MEDIAN) {
        place = median_place(median, median->ring[median->next]);
        memmove(median->sorted + place, median->sorted + place + 1,
                (--median->count - place) * sizeof(double));
    }
    place = median_place(median, value);
    memmove(median->sorted + place + 1, median->sorted + place,
            (median->count++ - place) * sizeof(double));
    median->sorted[place] = value;
    median->ring[median->next] = value;
    median->next = (median->next + 1) % STATS_MEDIAN;
}

double median_get(const struct median *median)
{
    size_t half = median->count / 2;

    if (median->count < 10)
        return -1;
    if (median->count % 2)
        return median->sorted[half];
    return (median->sorted[half - 1] + median->sorted[half]) / 2;
}

void stats_fini(struct stats *stats)
{
    free(stats->median.sorted);
    free(stats->median.ring);
    *stats = (struct stats){0};
}

void stats_add_load(struct stats *stats, int percent)
{
    stats->load[stats->load_next] = (uint8_t)percent;
    stats->load_next = (stats->load_next + 1) % STATS_LOAD;
    if (stats->load_count < STATS_LOAD)
        stats->load_count++;
}
