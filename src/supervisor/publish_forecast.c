/* SPDX-License-Identifier: MIT */
/*
 * A pool's forecast: when its queue would be empty with more workers than now.
 */
#include "pool/forecast.h"
#include "supervisor/publish.h"
#include "supervisor/source.h"
#include "supervisor/supervisor.h"
#include "wire/json_out.h"

/* The size to compare with: twice as many, as far as the pool may grow; 0 = it may not. */
static int other_size(const struct pool *pool)
{
    int most = pool->spec->max, twice = pool->want * 2;

    if (most && twice > most)
        twice = most;
    return twice > pool->want ? twice : 0;
}

/* Null where nothing can be said: no queue, no rate, no end of what comes, no room to grow. */
void publish_forecast(const struct supervisor *sup, struct json_out *out,
                      const struct pool_box *box)
{
    const struct pool *pool = box->pool;
    int64_t coming = box->source && !pool->source_done ? source_remaining(box->source) : 0;
    int64_t waiting = (int64_t)queue_waiting(&pool->queue);
    struct forecast now = {
        .left = (double)(waiting + (int64_t)pool->queue.counts[TASK_RUNNING] + coming),
        .rate = rate_get(&pool->stats.done, sup->now) + rate_get(&pool->stats.failed, sup->now),
        .arrivals = coming || pool->source_done ? 0 : rate_get(&pool->stats.in, sup->now),
        .workers = (int)pool_busy(pool),
        .cpu = box->cpu / 100,
        .cpus = sup->cpus,
    };
    int size = other_size(pool);
    double eta = waiting > 0 && coming >= 0 && size ? forecast_eta(&now, size) : -1;

    if (eta < 0) {
        json_put_null(out, "forecast");
        return;
    }
    json_open_object(out, "forecast");
    json_put_int(out, "size", size);
    json_put_number(out, "eta", eta, 1);
    /* Fewer than asked about would do the same: the CPUs are full then. */
    json_put_int(out, "useful", forecast_useful(&now, size));
    json_close_object(out);
}
