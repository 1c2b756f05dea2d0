/* SPDX-License-Identifier: MIT */
/*
 * conf_load: file by file, text first, then libconfig, then the walk; checks across keys come when
 * all files are read, so that every error is reported at once.
 */
#include "conf/load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/paths.h"
#include "conf/result.h"

static const char *load_string(const config_setting_t *group, const char *name)
{
    const char *text = NULL;

    if (!group || !config_setting_lookup_string(group, name, &text))
        return NULL;
    return text;
}

static int load_find_mode(const char *text)
{
    for (int mode = POOL_SERVICE; mode <= POOL_WORKER; mode++) {
        if (text && strcmp(pool_mode_name(mode), text) == 0)
            return mode;
    }
    return -1;
}

/* The mode decides which keys a pool may have and their defaults, so it is read first. -1: there
 * is none to go by; *known is false and the keys of all modes are let pass. */
static enum pool_mode load_mode(struct conf_loader *loader, const config_setting_t *pool,
                                const config_setting_t *defaults, const char *where, bool *known)
{
    const char *text = load_string(pool, "mode");
    int mode;

    if (!text)
        text = load_string(defaults, "mode");
    mode = load_find_mode(text);
    *known = mode >= 0;
    if (!config_setting_get_member(pool, "mode") && !text)
        conf_result_error(loader->result, where, "mode is missing: service, command or worker");
    return mode < 0 ? POOL_SERVICE : (enum pool_mode)mode;
}

static struct pool_spec *load_add_pool(struct spec *spec, const char *name, enum pool_mode mode,
                                       const char *directory)
{
    struct pool_spec *pools = mem_new_array(spec->pool_count + 1, sizeof(*pools));
    struct pool_spec *pool = &pools[spec->pool_count];

    if (spec->pool_count)
        memcpy(pools, spec->pools, spec->pool_count * sizeof(*pools));
    free(spec->pools);
    spec->pools = pools;
    spec->pool_count++;
    pool_spec_init(pool, name, mode);
    free(pool->cwd);
    pool->cwd = mem_copy_string(directory);
    return pool;
}

static void load_pool(struct conf_loader *loader, const config_setting_t *setting,
                      const config_setting_t *defaults)
{
    struct conf_target target = {.section = CONF_POOL};
    const char *name = load_string(setting, "name");
    struct pool_spec *pool;
    char where[512];
    bool known;

    conf_walk_where(loader, setting, where, sizeof(where));
    if (config_setting_type(setting) != CONFIG_TYPE_GROUP) {
        conf_result_error(loader->result, where, "pools: each pool must be a group: { ... }");
        return;
    }
    if (!config_setting_get_member(setting, "name"))
        conf_result_error(loader->result, where, "name is missing: every pool needs one");
    target.mode = load_mode(loader, setting, defaults, where, &known);
    pool = load_add_pool(loader->spec, name ? name : "?", target.mode, loader->directory);
    target.base = pool;
    target.pool = (int)loader->spec->pool_count - 1;
    target.shared = true;
    loader->source = NULL;
    if (defaults && known)
        conf_walk_group(loader, &target, defaults, "");
    target.shared = !known;
    loader->source = NULL;
    conf_walk_group(loader, &target, setting, "");
    if (!*pool->cwd) {
        free(pool->cwd);
        pool->cwd = mem_copy_string(loader->directory);
    }
}

/* Defaults are checked by themselves, because there may be no pool that takes them. */
static void load_check_defaults(struct conf_loader *loader, const config_setting_t *defaults)
{
    static const enum pool_mode modes[] = {POOL_SERVICE, POOL_COMMAND, POOL_WORKER};
    const config_setting_t *name = config_setting_get_member(defaults, "name");
    char where[512];

    if (name) {
        conf_walk_where(loader, name, where, sizeof(where));
        conf_result_error(loader->result, where, "defaults: pools can't share a name");
    }
    for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
        struct pool_spec scratch;
        struct conf_target target = {.section = CONF_POOL,
                                     .base = &scratch,
                                     .mode = modes[i],
                                     .pool = -2,
                                     .shared = true,
                                     .scratch = true};

        pool_spec_init(&scratch, "defaults", modes[i]);
        loader->source = NULL;
        conf_walk_group(loader, &target, defaults, "");
        pool_spec_fini(&scratch);
    }
}

static const config_setting_t *load_group(struct conf_loader *loader, const config_setting_t *root,
                                          const char *name)
{
    const config_setting_t *group = config_setting_get_member(root, name);
    char where[512];

    if (!group || config_setting_type(group) == CONFIG_TYPE_GROUP)
        return group;
    conf_walk_where(loader, group, where, sizeof(where));
    conf_result_error(loader->result, where, "%s: must be a group: { ... }", name);
    return NULL;
}

static void load_check_names(struct conf_loader *loader, const config_setting_t *root)
{
    static const char *const names[] = {"supervisor", "defaults", "pools", NULL};
    int count = config_setting_length(root);

    for (int i = 0; i < count; i++) {
        const config_setting_t *each =
            config_setting_get_elem((config_setting_t *)(uintptr_t)root, (unsigned)i);
        const char *name = config_setting_name(each);
        const char *near = str_nearest(name, names);
        char where[512];

        if (near && strcmp(near, name) == 0)
            continue;
        conf_walk_where(loader, each, where, sizeof(where));
        conf_result_error(loader->result, where,
                          "%s: unknown key; at the top stand supervisor, defaults and pools", name);
    }
}

static void load_tree(struct conf_loader *loader, const config_setting_t *root)
{
    struct conf_target supervisor = {
        .section = CONF_SUPERVISOR, .base = &loader->spec->supervisor, .pool = -1};
    const config_setting_t *group = load_group(loader, root, "supervisor");
    const config_setting_t *defaults = load_group(loader, root, "defaults");
    const config_setting_t *pools = config_setting_get_member(root, "pools");
    char where[512];

    load_check_names(loader, root);
    if (group)
        conf_walk_group(loader, &supervisor, group, "");
    if (defaults)
        load_check_defaults(loader, defaults);
    if (!pools)
        return;
    loader->pools_seen = true;
    if (config_setting_type(pools) != CONFIG_TYPE_LIST) {
        conf_walk_where(loader, pools, where, sizeof(where));
        conf_result_error(loader->result, where, "pools: must be a list: ( { ... }, { ... } )");
        return;
    }
    for (int i = 0; i < config_setting_length(pools); i++) {
        const config_setting_t *pool =
            config_setting_get_elem((config_setting_t *)(uintptr_t)pools, (unsigned)i);

        load_pool(loader, pool, defaults);
    }
}

static void load_file(struct conf_loader *loader, const char *path)
{
    struct conf_text text;
    char *directory = conf_path_directory(path);
    config_t config;
    bool refused;
    char where[512];

    conf_text_read(&text, path, loader->result);
    if (text.string) {
        loader->text = &text;
        loader->directory = directory;
        loader->scan_from = loader->result->error_count;
        refused = conf_text_scan(&text, loader->result);
        loader->scan_to = loader->result->error_count;
        config_init(&config);
        if (config_read_string(&config, text.string)) {
            load_tree(loader, config_root_setting(&config));
        } else if (!refused) {
            conf_text_where(&text, config_error_line(&config), where, sizeof(where));
            conf_result_error(loader->result, where, "%s", config_error_text(&config));
        }
        config_destroy(&config);
        loader->text = NULL;
    }
    conf_text_fini(&text);
    free(directory);
}

static char *load_join(const char *const *paths, size_t count)
{
    struct buf joined = {0};
    char *copy;

    for (size_t i = 0; i < count; i++)
        buf_printf(&joined, "%s%s", i ? ", " : "", paths[i]);
    copy = mem_copy_string(buf_string(&joined));
    buf_fini(&joined);
    return copy;
}

int conf_load(struct spec *spec, const char *const *paths, size_t count, struct conf_result *result)
{
    struct conf_loader loader = {.spec = spec, .result = result};
    char *name = count ? conf_path_name(paths[0]) : mem_copy_string("lifeguard");

    *spec = (struct spec){0};
    *result = (struct conf_result){0};
    supervisor_spec_init(&spec->supervisor, name);
    spec->source = load_join(paths, count);
    free(name);
    for (size_t i = 0; i < count; i++)
        load_file(&loader, paths[i]);
    if (!loader.pools_seen && !result->error_count)
        conf_result_error(result, spec->source, "no pools: a config needs pools = ( ... )");
    conf_verify(&loader);
    if (!result->error_count)
        return 0;
    spec_fini(spec);
    return -EINVAL;
}
