/* SPDX-License-Identifier: MIT */
/*
 * `after` between pools: what can never come true is refused before anything starts. Who waits for
 * a pool to be done waits for whoever that one takes its tasks from, too.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/load.h"
#include "conf/result.h"
#include "conf/verify.h"
#include "pool/after.h"
#include "pool/health.h"

/* A walk along who waits for whom. */
struct walk {
    const struct spec *spec;
    int start;
    int *path;
    size_t depth;
    bool *seen; /* [2 * pool + done] */
};

static const char *near_pool(const struct spec *spec, const char *name)
{
    const char **names = mem_new_array(spec->pool_count + 1, sizeof(*names));
    const char *near;

    for (size_t i = 0; i < spec->pool_count; i++)
        names[i] = spec->pools[i].name;
    near = str_nearest(name, names);
    free(names);
    return near;
}

/* A job pool whose tasks come from a source that ends, by itself or through others. */
static bool pool_ends(const struct spec *spec, int at)
{
    for (size_t steps = 0; at >= 0 && steps <= spec->pool_count; steps++) {
        const struct pool_spec *pool = &spec->pools[at];

        if (pool->mode == POOL_SERVICE || pool->tasks.source == SOURCE_NONE)
            return false;
        if (pool->tasks.source != SOURCE_POOL)
            return true;
        at = conf_verify_find_pool(spec, pool->tasks.from);
    }
    return false;
}

/* Whether results of `from` become tasks of `at`. */
static bool pool_feeds(const struct spec *spec, int from, int at)
{
    for (size_t steps = 0; steps <= spec->pool_count; steps++) {
        const struct pool_spec *pool = &spec->pools[at];

        if (pool->tasks.source != SOURCE_POOL)
            return false;
        at = conf_verify_find_pool(spec, pool->tasks.from);
        if (at == from || at < 0)
            return at == from;
    }
    return false;
}

static void verify_condition(struct conf_loader *loader, int at, int other,
                             const struct after_spec *after)
{
    const struct spec *spec = loader->spec;
    const char *where = conf_verify_where(loader, at, "after");

    if (after->condition == AFTER_HEALTHY && !health_is_checked(&spec->pools[other]))
        conf_result_error(loader->result, where,
                          "after: %s:healthy: that pool has no health checks; give it "
                          "health.command or health.tcp, or wait for %s:ready",
                          after->pool, after->pool);
    if (after->condition != AFTER_DONE)
        return;
    if (!pool_ends(spec, other))
        conf_result_error(loader->result, where,
                          "after: %s:done: that pool never ends%s; wait for %s:ready, or give it "
                          "a source of tasks that ends",
                          after->pool,
                          spec->pools[other].mode == POOL_SERVICE ? ", it is a service" : "",
                          after->pool);
    else if (pool_feeds(spec, other, at))
        conf_result_error(loader->result, where,
                          "after: %s:done: its results are tasks of %s and would fill its queue "
                          "before; wait for %s:started",
                          after->pool, spec->pools[at].name, after->pool);
}

static void report_cycle(struct conf_loader *loader, const struct walk *walk)
{
    struct buf text = {0};

    for (size_t i = 0; i < walk->depth; i++)
        buf_printf(&text, "%s waits for ", walk->spec->pools[walk->path[i]].name);
    buf_printf(&text, "%s", walk->spec->pools[walk->start].name);
    conf_result_error(loader->result, conf_verify_where(loader, walk->start, "after"),
                      "after: a circle that never starts: %s", buf_string(&text));
    buf_fini(&text);
}

/* The pool that number `i` of this pool's edges leads to, -1 = none; *done: it must be done. */
static int walk_edge(const struct walk *walk, const struct pool_spec *pool, size_t i, bool *done)
{
    if (i < pool->after_count) {
        *done = pool->after[i].condition == AFTER_DONE;
        return conf_verify_find_pool(walk->spec, pool->after[i].pool);
    }
    if (!*done || pool->tasks.source != SOURCE_POOL)
        return -1;
    return conf_verify_find_pool(walk->spec, pool->tasks.from);
}

/* True when the start was reached again; the path is the circle then. `done`: it must be done. */
static bool walk_on(struct walk *walk, int at, bool done)
{
    const struct pool_spec *pool = &walk->spec->pools[at];
    bool *seen = &walk->seen[2 * at + done];

    if (*seen)
        return false;
    *seen = true;
    walk->path[walk->depth++] = at;
    for (size_t i = 0; i <= pool->after_count; i++) {
        bool next_done = done;
        int next = walk_edge(walk, pool, i, &next_done);

        if (next >= 0 && (next == walk->start || walk_on(walk, next, next_done)))
            return true;
    }
    walk->depth--;
    return false;
}

/* Each circle is told once: no pool of it is looked at again. */
static void verify_cycle(struct conf_loader *loader, int at, bool *told)
{
    size_t nodes = 2 * loader->spec->pool_count;
    struct walk walk = {.spec = loader->spec, .start = at};

    walk.path = mem_new_array(nodes + 1, sizeof(*walk.path));
    walk.seen = mem_new_array(nodes + 1, sizeof(*walk.seen));
    if (walk_on(&walk, at, false)) {
        report_cycle(loader, &walk);
        for (size_t i = 0; i < walk.depth; i++)
            told[walk.path[i]] = true;
    }
    free(walk.path);
    free(walk.seen);
}

/* True when it waits for itself, which needs no second word about a circle. */
static bool verify_pool(struct conf_loader *loader, int at)
{
    const struct spec *spec = loader->spec;
    const struct pool_spec *pool = &spec->pools[at];
    const char *where = conf_verify_where(loader, at, "after");
    bool itself = false;

    for (size_t i = 0; i < pool->after_count; i++) {
        const struct after_spec *after = &pool->after[i];
        int other = conf_verify_find_pool(spec, after->pool);
        const char *near = other < 0 ? near_pool(spec, after->pool) : NULL;

        itself |= other == at;
        if (other < 0)
            conf_result_error(loader->result, where, "after: there is no pool %s%s%s%s",
                              after->pool, near ? " (did you mean " : "", near ? near : "",
                              near ? "?)" : "");
        else if (other == at)
            conf_result_error(loader->result, where, "after: pool %s would wait for itself",
                              pool->name);
        else
            verify_condition(loader, at, other, after);
    }
    return itself;
}

void conf_verify_after(struct conf_loader *loader)
{
    bool *told = mem_new_array(loader->spec->pool_count + 1, sizeof(*told));

    for (size_t i = 0; i < loader->spec->pool_count; i++)
        told[i] = verify_pool(loader, (int)i);
    for (size_t i = 0; i < loader->spec->pool_count; i++)
        if (loader->spec->pools[i].after_count && !told[i])
            verify_cycle(loader, (int)i, told);
    free(told);
}
