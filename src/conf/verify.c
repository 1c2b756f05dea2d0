/* SPDX-License-Identifier: MIT */
/*
 * What no single key can show: names used twice, sizes outside their own bounds, sources that lead
 * in a circle, users that do not exist. Also fills in the defaults that depend on other keys.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "conf/load.h"
#include "conf/paths.h"
#include "conf/result.h"
#include "conf/verify.h"

static const struct conf_origin *verify_origin(const struct conf_loader *loader, int pool,
                                               const char *path)
{
    const struct conf_result *result = loader->result;

    for (size_t i = 0; i < result->origin_count; i++) {
        if (result->origins[i].pool == pool && strcmp(result->origins[i].key->path, path) == 0)
            return &result->origins[i];
    }
    return NULL;
}

const char *conf_verify_where(const struct conf_loader *loader, int pool, const char *path)
{
    const struct conf_origin *origin = verify_origin(loader, pool, path);

    if (!origin)
        origin = verify_origin(loader, pool, "name");
    return origin ? origin->where : loader->spec->source;
}

int conf_verify_find_pool(const struct spec *spec, const char *name)
{
    for (size_t i = 0; i < spec->pool_count; i++) {
        if (strcmp(spec->pools[i].name, name) == 0)
            return (int)i;
    }
    return -1;
}

static void verify_name(struct conf_loader *loader, int at)
{
    const char *name = loader->spec->pools[at].name;
    int first = conf_verify_find_pool(loader->spec, name);

    if (first < at && strcmp(name, "?") != 0)
        conf_result_error(loader->result, conf_verify_where(loader, at, "name"),
                          "pool %s: the name is taken at %s", name,
                          conf_verify_where(loader, first, "name"));
}

/* True when an error about the key was reported already, so that its absence needs no other. */
static bool verify_is_blamed(const struct conf_loader *loader, const char *key)
{
    for (size_t i = 0; i < loader->result->error_count; i++) {
        const char *message = strstr(loader->result->errors[i], ": ");

        if (message && str_starts(message + 2, key))
            return true;
    }
    return false;
}

static void verify_command(struct conf_loader *loader, int at)
{
    const struct pool_spec *pool = &loader->spec->pools[at];
    const struct conf_origin *origin = verify_origin(loader, at, "command");
    const char *where = conf_verify_where(loader, at, "command");
    char *const *command = pool->command;

    if (!command || !*command) {
        if (!verify_is_blamed(loader, "command:"))
            conf_result_error(loader->result, where, "pool %s: command is missing", pool->name);
        return;
    }
    if (!**command)
        conf_result_error(loader->result, where, "command: the program's name is empty");
    if (!pool->shell && origin && origin->text[0] == '"')
        conf_result_error(loader->result, where,
                          "command: must be an array, [ \"program\", \"argument\" ], unless "
                          "shell = true");
    if (pool->shell && command[1])
        conf_result_error(loader->result, where,
                          "command: with shell = true it must be one string for /bin/sh -c");
}

static void verify_size(struct conf_loader *loader, int at)
{
    const struct pool_spec *pool = &loader->spec->pools[at];
    const char *where = conf_verify_where(loader, at, "size");

    if (pool->max && pool->min > pool->max)
        conf_result_error(loader->result, conf_verify_where(loader, at, "min"),
                          "min: %d is more than max, %d", pool->min, pool->max);
    else if (!pool->size.percent && pool->size.count < pool->min)
        conf_result_error(loader->result, where, "size: %d is less than min, %d", pool->size.count,
                          pool->min);
    else if (!pool->size.percent && pool->max && pool->size.count > pool->max)
        conf_result_error(loader->result, where, "size: %d is more than max, %d", pool->size.count,
                          pool->max);
}

/* Growing by itself without a bound is a way to lose a machine. */
static void verify_scale(struct conf_loader *loader, int at)
{
    const struct pool_spec *pool = &loader->spec->pools[at];

    if (pool->scale.policy == SCALE_BACKLOG && !pool->max)
        conf_result_error(loader->result, conf_verify_where(loader, at, "scale.policy"),
                          "scale.policy: \"backlog\" needs max: set it to the most workers that "
                          "the pool may have");
}

static void verify_backoff(struct conf_loader *loader, int at, const char *key,
                           const struct backoff_spec *backoff)
{
    if (backoff->initial > backoff->max)
        conf_result_error(loader->result, conf_verify_where(loader, at, key),
                          "%s: is longer than the longest wait (max)", key);
}

/* Follows `from` from this pool; the number of pools bounds the walk. */
static void verify_from(struct conf_loader *loader, int at)
{
    const struct spec *spec = loader->spec;
    const char *where = conf_verify_where(loader, at, "tasks.from");
    int next = at;

    for (size_t steps = 0; steps <= spec->pool_count; steps++) {
        const struct pool_spec *pool = &spec->pools[next];

        if (pool->tasks.source != SOURCE_POOL)
            return;
        next = conf_verify_find_pool(spec, pool->tasks.from);
        if (next < 0 || spec->pools[next].mode == POOL_SERVICE) {
            if (pool == &spec->pools[at])
                conf_result_error(loader->result, where, "tasks.from: %s%s", pool->tasks.from,
                                  next < 0 ? ": there is no such pool"
                                           : " is a service pool, it has no results");
            return;
        }
        if (next == at) {
            conf_result_error(loader->result, where,
                              "tasks.from: pool %s would wait for its own results",
                              spec->pools[at].name);
            return;
        }
    }
}

static void verify_results(struct conf_loader *loader, int at)
{
    const struct spec *spec = loader->spec;
    const char *results = spec->pools[at].results;

    for (int i = 0; i < at && *results && strcmp(results, "-") != 0; i++) {
        if (strcmp(spec->pools[i].results, results) == 0)
            conf_result_error(loader->result, conf_verify_where(loader, at, "results"),
                              "results: pool %s writes this file already", spec->pools[i].name);
    }
}

static void verify_user(struct conf_loader *loader, int at)
{
    const struct pool_spec *pool = &loader->spec->pools[at];
    int64_t id;

    if (*pool->user && str_parse_int(pool->user, &id) < 0 && !getpwnam(pool->user))
        conf_result_error(loader->result, conf_verify_where(loader, at, "user"),
                          "user: there is no user %s", pool->user);
    if (*pool->group && str_parse_int(pool->group, &id) < 0 && !getgrnam(pool->group))
        conf_result_error(loader->result, conf_verify_where(loader, at, "group"),
                          "group: there is no group %s", pool->group);
}

static void verify_pool(struct conf_loader *loader, int at)
{
    const struct pool_spec *pool = &loader->spec->pools[at];

    verify_name(loader, at);
    verify_command(loader, at);
    verify_size(loader, at);
    verify_scale(loader, at);
    verify_backoff(loader, at, "backoff.initial", &pool->backoff);
    verify_backoff(loader, at, "restart_backoff.initial", &pool->restart_backoff);
    verify_from(loader, at);
    verify_results(loader, at);
    verify_user(loader, at);
    conf_verify_health(loader, at);
}

static void verify_supervisor(struct conf_loader *loader)
{
    struct supervisor_spec *sup = &loader->spec->supervisor;
    int64_t id;

    if (!*sup->state_dir) {
        free(sup->state_dir);
        sup->state_dir = conf_path_state(sup->name);
    }
    if (!*sup->log_dir) {
        free(sup->log_dir);
        sup->log_dir = mem_printf("%s/logs", sup->state_dir);
    }
    if (*sup->control_group && str_parse_int(sup->control_group, &id) < 0 &&
        !getgrnam(sup->control_group))
        conf_result_error(loader->result, conf_verify_where(loader, -1, "control.group"),
                          "control.group: there is no group %s", sup->control_group);
}

void conf_verify(struct conf_loader *loader)
{
    for (size_t i = 0; i < loader->spec->pool_count; i++)
        verify_pool(loader, (int)i);
    conf_verify_after(loader);
    verify_supervisor(loader);
}
