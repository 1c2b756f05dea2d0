/* SPDX-License-Identifier: MIT */
/*
 * The walk over a group of libconfig's tree, key by key through the schema. Whatever is not in the
 * schema is an error: libconfig itself lets unknown keys pass.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/load.h"
#include "conf/result.h"
#include "conf/value.h"

enum { MOST_SIBLINGS = 128, LONGEST_PATH = 128 };

/* Elements of arrays have no line of their own in some versions. */
void conf_walk_where(const struct conf_loader *loader, const config_setting_t *setting, char *out,
                     size_t size)
{
    int line = 0;

    for (; setting && !line; setting = config_setting_parent(setting))
        line = (int)config_setting_source_line(setting);
    conf_text_where(loader->text, line, out, size);
}

static const struct conf_key *walk_find(enum conf_section section, const char *path)
{
    struct conf_keys all = conf_schema(section);

    for (size_t i = 0; i < all.count; i++) {
        if (strcmp(all.keys[i].path, path) == 0)
            return all.keys + i;
    }
    return NULL;
}

static bool walk_is_below(const char *path, const char *group)
{
    size_t len = strlen(group);

    return strncmp(path, group, len) == 0 && path[len] == '.';
}

static bool walk_is_group(enum conf_section section, const char *path)
{
    struct conf_keys all = conf_schema(section);

    for (size_t i = 0; i < all.count; i++) {
        if (walk_is_below(all.keys[i].path, path))
            return true;
    }
    return false;
}

/* The nearest of the names that may stand beside `name`; valid until `storage` goes. */
static const char *walk_nearest(const struct conf_target *target, const char *prefix,
                                const char *name, char storage[MOST_SIBLINGS][64])
{
    struct conf_keys all = conf_schema(target->section);
    const char *names[MOST_SIBLINGS + 1];
    size_t count = 0;

    for (size_t i = 0; i < all.count && count < MOST_SIBLINGS; i++) {
        const char *path = all.keys[i].path;

        if (*prefix && !walk_is_below(path, prefix))
            continue;
        path += *prefix ? strlen(prefix) + 1 : 0;
        snprintf(storage[count], sizeof(storage[count]), "%.*s", (int)strcspn(path, "."), path);
        names[count] = storage[count];
        count++;
    }
    names[count] = NULL;
    return str_nearest(name, names);
}

static void walk_unknown(struct conf_loader *loader, const struct conf_target *target,
                         const char *prefix, const char *name, const char *where)
{
    char storage[MOST_SIBLINGS][64];
    const char *near = walk_nearest(target, prefix, name, storage);
    const char *dot = *prefix ? "." : "";

    if (near)
        conf_result_error(loader->result, where, "%s%s%s: unknown key; did you mean %s?", prefix,
                          dot, name, near);
    else
        conf_result_error(loader->result, where, "%s%s%s: unknown key", prefix, dot, name);
}

static void *walk_scratch(const struct conf_target *target)
{
    void *base;

    if (target->section == CONF_SUPERVISOR) {
        base = mem_new(sizeof(struct supervisor_spec));
        supervisor_spec_init(base, "scratch");
        return base;
    }
    base = mem_new(sizeof(struct pool_spec));
    pool_spec_init(base, ((const struct pool_spec *)target->base)->name, target->mode);
    return base;
}

static void walk_scratch_free(const struct conf_target *target, void *base)
{
    struct spec spec = {0};

    if (target->section == CONF_SUPERVISOR) {
        spec.supervisor = *(struct supervisor_spec *)base;
        spec_fini(&spec);
    } else {
        pool_spec_fini(base);
    }
    free(base);
}

/* A key whose feature comes later may say its default, in any spelling, and nothing else. */
static bool walk_is_default(const struct conf_loader *loader, const struct conf_target *target,
                            const struct conf_key *key, const config_setting_t *setting,
                            const char *text, struct err *err)
{
    void *base, *fresh;
    bool same;

    if (strcmp(text, conf_key_fallback(key, target->mode)) == 0)
        return true;
    base = walk_scratch(target);
    fresh = walk_scratch(target);
    same = conf_value_store(key, setting, loader->directory, base, err) == 0 &&
           conf_value_equal(key, base, fresh);
    walk_scratch_free(target, base);
    walk_scratch_free(target, fresh);
    return same;
}

static void walk_later(struct conf_loader *loader, const struct conf_target *target,
                       const struct conf_key *key, const config_setting_t *setting,
                       const char *where, const char *text)
{
    struct err err = {0};
    const char *fallback = conf_key_fallback(key, target->mode);

    if (walk_is_default(loader, target, key, setting, text, &err)) {
        if (!target->scratch)
            conf_result_origin(loader->result, key, target->pool, where, text);
        return;
    }
    if (err.code)
        conf_result_error(loader->result, where, "%s: %s", key->path, err.text);
    else
        conf_result_error(loader->result, where, "%s: not built yet (only its default, %s)",
                          key->path, *fallback ? fallback : "none");
}

static bool walk_has_value(const struct conf_key *key, const config_setting_t *setting)
{
    const char *text;

    if (key->type == CONF_STDIN)
        return config_setting_get_bool(setting);
    if (config_setting_is_aggregate(setting))
        return config_setting_length(setting) > 0;
    text = config_setting_get_string(setting);
    return !text || *text;
}

/* Sources share fields of the spec: an empty one must not touch what another one set. */
static bool walk_source(struct conf_loader *loader, const struct conf_target *target,
                        const struct conf_key *key, const config_setting_t *setting,
                        const char *where)
{
    struct pool_spec *pool = target->base;

    if (!walk_has_value(key, setting))
        return false;
    if (loader->source) {
        conf_result_error(loader->result, where, "%s: %s gives this pool its tasks already",
                          key->path, loader->source->path);
        return false;
    }
    loader->source = key;
    pool->tasks.source = key->source;
    return true;
}

static void walk_store(struct conf_loader *loader, const struct conf_target *target,
                       const struct conf_key *key, const config_setting_t *setting,
                       const char *where, const char *text)
{
    const struct conf_origin *origin = conf_result_find(loader->result, key, target->pool);
    struct err err = {0};

    if (target->section == CONF_SUPERVISOR && origin) {
        conf_result_error(loader->result, where, "%s: set at %s already", key->path, origin->where);
        return;
    }
    if (key->source && !walk_source(loader, target, key, setting, where))
        return;
    if (conf_value_store(key, setting, loader->directory, target->base, &err) < 0)
        conf_result_error(loader->result, where, "%s: %s", key->path, err.text);
    else if (!target->scratch)
        conf_result_origin(loader->result, key, target->pool, where, text);
}

/* True when the text's scan found a number on this line that libconfig has misread. */
static bool walk_is_misread(const struct conf_loader *loader, const char *where)
{
    size_t len = strlen(where);

    for (size_t i = loader->scan_from; i < loader->scan_to; i++) {
        const char *error = loader->result->errors[i];

        if (strncmp(error, where, len) == 0 && error[len] == ':')
            return true;
    }
    return false;
}

/* Words beside a misread number are what they were. */
static bool walk_has_number(const config_setting_t *setting)
{
    if (!config_setting_is_aggregate(setting))
        return config_setting_is_number(setting);
    for (int i = 0; i < config_setting_length(setting); i++)
        if (walk_has_number(
                config_setting_get_elem((config_setting_t *)(uintptr_t)setting, (unsigned)i)))
            return true;
    return false;
}

static void walk_key(struct conf_loader *loader, const struct conf_target *target,
                     const struct conf_key *key, const config_setting_t *setting, const char *where)
{
    struct buf text = {0};
    const char *rendered;
    char modes[64];

    if (target->section == CONF_POOL && !(key->modes & 1u << target->mode)) {
        conf_mode_names(key->modes, modes, sizeof(modes));
        if (!target->shared)
            conf_result_error(loader->result, where, "%s belongs to mode %s; this pool's is %s",
                              key->path, modes, pool_mode_name(target->mode));
        return;
    }
    if (walk_is_misread(loader, where) && walk_has_number(setting))
        return;
    conf_value_render(setting, &text);
    rendered = buf_string(&text);
    if (rendered && key->later)
        walk_later(loader, target, key, setting, where, rendered);
    else if (rendered)
        walk_store(loader, target, key, setting, where, rendered);
    buf_fini(&text);
}

void conf_walk_group(struct conf_loader *loader, const struct conf_target *target,
                     const config_setting_t *group, const char *prefix)
{
    int count = config_setting_length(group);

    for (int i = 0; i < count; i++) {
        const config_setting_t *each =
            config_setting_get_elem((config_setting_t *)(uintptr_t)group, (unsigned)i);
        const char *name = config_setting_name(each);
        char path[LONGEST_PATH], where[512];
        const struct conf_key *key;

        conf_walk_where(loader, each, where, sizeof(where));
        snprintf(path, sizeof(path), "%s%s%s", prefix, *prefix ? "." : "", name);
        key = walk_find(target->section, path);
        if (key)
            walk_key(loader, target, key, each, where);
        else if (!walk_is_group(target->section, path))
            walk_unknown(loader, target, prefix, name, where);
        else if (config_setting_type(each) != CONFIG_TYPE_GROUP)
            conf_result_error(loader->result, where, "%s: must be a group: { ... }", path);
        else
            conf_walk_group(loader, target, each, path);
    }
}
