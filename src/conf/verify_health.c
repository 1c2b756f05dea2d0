/* SPDX-License-Identifier: MIT */
/*
 * Keys that say how a worker is looked at from outside: patterns and addresses are tried here, so
 * that no mistake waits for a start.
 */
#include <stdlib.h>
#include <string.h>

#include "base/dial.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/pattern.h"
#include "conf/load.h"
#include "conf/result.h"
#include "conf/verify.h"
#include "pool/health.h"

static void verify_address(struct conf_loader *loader, int at, const char *key, const char *text)
{
    const char *pool = loader->spec->pools[at].name;
    char *whole = health_expand(text, pool, 1, 1);
    struct dial address;
    struct err err = {0};

    if (*text && dial_parse(&address, whole, &err) < 0)
        conf_result_error(loader->result, conf_verify_where(loader, at, key), "%s: %s", key,
                          err.text);
    free(whole);
}

static void verify_pattern(struct conf_loader *loader, int at, const char *text)
{
    struct pattern pattern = {0};
    struct err err = {0};

    if (*text && pattern_init(&pattern, text, false, &err) < 0)
        conf_result_error(loader->result, conf_verify_where(loader, at, "ready.log"),
                          "ready.log: %s", err.text);
    pattern_fini(&pattern);
}

static void verify_one_of(struct conf_loader *loader, int at, const char *const *keys,
                          const bool *given, size_t count)
{
    const char *first = NULL;

    for (size_t i = 0; i < count; i++) {
        if (given[i] && first)
            conf_result_error(loader->result, conf_verify_where(loader, at, keys[i]),
                              "%s: %s is set too, and only one of them can decide; take one away",
                              keys[i], first);
        if (given[i] && !first)
            first = keys[i];
    }
}

void conf_verify_health(struct conf_loader *loader, int at)
{
    static const char *const ready_keys[] = {"ready.notify", "ready.command", "ready.tcp",
                                             "ready.log"};
    static const char *const health_keys[] = {"health.command", "health.tcp"};
    const struct pool_spec *pool = &loader->spec->pools[at];
    const bool ready[] = {pool->ready.notify, pool->ready.command != NULL, *pool->ready.tcp != 0,
                          *pool->ready.log != 0};
    const bool health[] = {pool->health.command != NULL, *pool->health.tcp != 0};

    verify_one_of(loader, at, ready_keys, ready, ARRAY_LEN(ready));
    verify_one_of(loader, at, health_keys, health, ARRAY_LEN(health));
    verify_address(loader, at, "ready.tcp", pool->ready.tcp);
    verify_address(loader, at, "health.tcp", pool->health.tcp);
    verify_pattern(loader, at, pool->ready.log);
}
