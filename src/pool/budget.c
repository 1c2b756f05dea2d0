/* SPDX-License-Identifier: MIT */
/*
 * Caps are counted in minutes that begin with their first restart. Beyond half of the global cap a
 * pool that took more than its even share waits for the next minute; a pool's first one, and that
 * of a worker which had been healthy, are never refused by it. Tokens (start_rate) go to the
 * waiting pool that had the fewest.
 */
#include "pool/budget.h"

#include "base/clock.h"
#include "pool/pool.h"

static const int64_t MINUTE = 60 * CLOCK_S;

static void budget_turn_minute(struct restart_budget *budget, int64_t now)
{
    if (now - budget->window_at < MINUTE)
        return;
    budget->window_at = now;
    budget->used = budget->pools = 0;
}

static void pool_turn_minute(struct pool *pool, int64_t now)
{
    const struct restart_budget *budget = pool->budget;

    /* Never behind the common minute, so that shares are compared within the same one. */
    if (now - pool->window_at < MINUTE && pool->window_at >= budget->window_at)
        return;
    pool->window_at = now;
    pool->window_used = 0;
}

static bool global_permits(const struct pool *pool, const struct worker *worker)
{
    const struct restart_budget *budget = pool->budget;

    if (!pool->window_used || worker->was_healthy)
        return true;
    if (budget->used >= RESTART_GLOBAL_LIMIT)
        return false;
    return budget->used < RESTART_GLOBAL_LIMIT / 2 ||
           pool->window_used * budget->pools * 2 < RESTART_GLOBAL_LIMIT;
}

static bool others_come_first(const struct pool *pool)
{
    const struct list *waiting = &pool->budget->waiting;

    for (const struct list *node = waiting->next; node && node != waiting; node = node->next) {
        const struct pool *other =
            (const struct pool *)(const void *)((const char *)node -
                                                offsetof(struct pool, waiting));

        if (other != pool && other->window_used < pool->window_used)
            return true;
    }
    return false;
}

static void budget_wait(struct pool *pool)
{
    struct restart_budget *budget = pool->budget;

    if (!budget->waiting.next)
        list_init(&budget->waiting);
    if (!list_linked(&pool->waiting))
        list_push_back(&budget->waiting, &pool->waiting);
}

static bool token_permits(struct pool *pool, int64_t now, int64_t *later)
{
    struct restart_budget *budget = pool->budget;
    double most = budget->rate < 1 ? 1 : budget->rate;

    if (budget->rate <= 0)
        return true;
    budget->tokens += (double)(now - budget->filled_at) / 1e9 * budget->rate;
    budget->tokens = budget->tokens > most ? most : budget->tokens;
    budget->filled_at = now;
    if (budget->tokens >= 1 && !others_come_first(pool))
        return true;
    budget_wait(pool);
    *later = now + CLOCK_MS;
    if (budget->tokens < 1)
        *later += (int64_t)((1 - budget->tokens) / budget->rate * 1e9);
    return false;
}

enum budget_answer budget_ask(struct pool *pool, const struct worker *worker, int64_t now,
                              int64_t *later)
{
    struct restart_budget *budget = pool->budget;

    budget_turn_minute(budget, now);
    pool_turn_minute(pool, now);
    if (budget->per_pool && pool->window_used >= budget->per_pool) {
        *later = pool->window_at + MINUTE;
        return BUDGET_POOL;
    }
    if (!global_permits(pool, worker)) {
        *later = budget->window_at + MINUTE;
        return BUDGET_ALL;
    }
    return token_permits(pool, now, later) ? BUDGET_YES : BUDGET_TOKEN;
}

void budget_take(struct pool *pool, int64_t now)
{
    struct restart_budget *budget = pool->budget;

    budget_turn_minute(budget, now);
    pool_turn_minute(pool, now);
    if (!pool->window_used++)
        budget->pools++;
    budget->used++;
    if (budget->rate > 0)
        budget->tokens -= 1;
}

void budget_leave(struct pool *pool)
{
    list_remove(&pool->waiting);
}
