/* SPDX-License-Identifier: MIT */
/*
 * Standstill is measured by our own lateness, whatever its cause. When in the wait it began is not
 * known, so all clocks move by the whole time since the turn before: too much by at most a second.
 * Pressure moves the signs of life alone, and less than time itself, so that what really hangs on a
 * busy machine is found later but found, and a stop stays within its grace time.
 */
#include "supervisor/starved.h"

#include "base/clock.h"
#include "supervisor/errand.h"
#include "supervisor/events.h"
#include "supervisor/health.h"
#include "supervisor/life.h"
#include "supervisor/supervisor.h"

static const int64_t LATE_MIN = CLOCK_S / 2;
static const int64_t STANDSTILL = 2 * CLOCK_S; /* worth an event of its own */
static const int64_t LOOK_PERIOD = CLOCK_S;
static const int64_t TELL_PERIOD = 60 * CLOCK_S;
/* Shares of the time. CPU: some process waited for its turn, which is usual where there is work, so
 * it must be nearly always; then clocks run at half their speed. Memory: all of them waited. */
static const double CPU_SHARE = 0.9, MEMORY_SHARE = 0.1, MOST_SHARE = 0.9;
static const char PRESSURE_DIR[] = "/proc/pressure";

/* Clocks outside the pools that run against workers. */
static void shift_lives(struct supervisor *sup, int64_t gap)
{
    LIST_EACH(node, &sup->lingering)
    LIST_ENTRY(node, struct life, linger_link)->exited_at += gap;
    LIST_EACH(node, &sup->late_speech)
    LIST_ENTRY(node, struct speech, late_link)->late_at += gap;
}

static void shift_all(struct supervisor *sup, int64_t gap)
{
    for (size_t i = 0; i < sup->box_count; i++)
        pool_shift(sup->boxes[i].pool, gap, sup->now);
    shift_lives(sup, gap);
    errand_shift(sup, gap);
    health_shift(sup, gap);
    if (sup->stopping)
        sup->stop_deadline =
            pool_shift_stop(sup->stop_deadline, gap, sup->spec.supervisor.shutdown_timeout,
                            &sup->stop_shifted, sup->now);
}

void starved_on_wake(void *ctx, int64_t now)
{
    struct supervisor *sup = ctx;
    int64_t asked = sup->asked_deadline, before = sup->now;
    int64_t late = now - (asked > before ? asked : before);

    sup->now = now;
    sup->wall = clock_wall();
    if (asked == CLOCK_NEVER || late < LATE_MIN)
        return;
    shift_all(sup, now - before);
    if (late >= STANDSTILL)
        event_add(sup, "stall", LEVEL_NOTE, false, "", NULL, NULL,
                  "stood still for %.1fs: time limits are shifted", (double)late / 1e9);
    else
        sup->starved.untold += now - before;
}

static bool somebody_is_awaited(const struct supervisor *sup)
{
    for (size_t i = 0; i < sup->box_count; i++)
        if (heap_first(&sup->boxes[i].pool->hang_timers))
            return true;
    return false;
}

static bool somebody_is_suspect(const struct supervisor *sup)
{
    for (size_t i = 0; i < sup->box_count; i++)
        if (pool_has_suspect(sup->boxes[i].pool))
            return true;
    return false;
}

/* Told where it made a difference, and not again within a minute. */
static void tell(struct supervisor *sup)
{
    struct starved *starved = &sup->starved;

    if (!starved->untold || (starved->told_at && sup->now - starved->told_at < TELL_PERIOD) ||
        !somebody_is_suspect(sup))
        return;
    event_add(
        sup, "starved", LEVEL_NOTE, false, "", NULL, NULL,
        "machine starved (waiting: for CPU %.0f%%, for memory %.0f%%): limits of time shifted "
        "by %.1fs",
        starved->cpu * 100, starved->memory * 100, (double)starved->untold / 1e9);
    starved->told_at = sup->now;
    starved->untold = 0;
    starved->cpu = starved->memory = 0;
}

/* The share of the last span by which clocks are put back. */
static double starved_share(struct starved *starved, const struct pressure *now, int64_t span)
{
    double cpu = pressure_share(starved->seen.cpu_some, now->cpu_some, span);
    double memory = pressure_share(starved->seen.memory_full, now->memory_full, span);
    double share = cpu >= CPU_SHARE ? 0.5 : 0;

    if (memory >= MEMORY_SHARE && memory > share)
        share = memory < MOST_SHARE ? memory : MOST_SHARE;
    if (share > 0) {
        starved->cpu = cpu > starved->cpu ? cpu : starved->cpu;
        starved->memory = memory > starved->memory ? memory : starved->memory;
    }
    return share;
}

void starved_check(struct supervisor *sup)
{
    struct starved *starved = &sup->starved;
    int64_t span = sup->now - starved->seen_at, gap = 0;
    struct pressure now;

    if (sup->now < starved->look_at || !somebody_is_awaited(sup))
        return;
    pressure_read(PRESSURE_DIR, &now);
    /* The first look, and one after long inattention, tell nothing of the last second. */
    if (span <= 2 * LOOK_PERIOD)
        gap = (int64_t)(starved_share(starved, &now, span) * (double)span);
    for (size_t i = 0; gap && i < sup->box_count; i++)
        pool_shift_signs(sup->boxes[i].pool, gap, sup->now);
    starved->untold += gap;
    starved->seen = now;
    starved->seen_at = sup->now;
    starved->look_at = sup->now + LOOK_PERIOD;
    tell(sup);
}

int64_t starved_next_check(const struct supervisor *sup)
{
    for (size_t i = 0; i < sup->box_count; i++)
        if (pool_counts_time(sup->boxes[i].pool))
            return sup->now + LOOK_PERIOD;
    return CLOCK_NEVER;
}
