/* SPDX-License-Identifier: MIT */
/*
 * Keys of worker pools that no other type of value reads: `batch`, and the list `shared`.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/decode.h"
#include "conf/schema.h"
#include "pool/spec.h"

enum { BATCH_MOST = 4096, SHARED_NAMES = 1000, PERMITS_MOST = 1000000 };

int conf_decode_batch(const struct conf_value *v)
{
    const char *text = conf_value_text(v);
    int number = config_setting_get_int(v->setting);

    if (text && strcmp(text, "auto") == 0)
        number = 0;
    else if (config_setting_type(v->setting) != CONFIG_TYPE_INT || number < 1 ||
             number > BATCH_MOST)
        return conf_value_refuse(v, "1 to 4096, or \"auto\"");
    *(int *)v->at = number;
    return 0;
}

static int shared_type(const char *text)
{
    static const char *const names[] = {"i64", "u64", "f64", "lock", "semaphore"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (text && strcmp(text, names[i]) == 0)
            return (int)i;
    return -1;
}

static bool shared_key_is_known(const char *key)
{
    static const char *const keys[] = {"name", "type", "value", "length"};

    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        if (strcmp(key, keys[i]) == 0)
            return true;
    return false;
}

static int shared_check(const struct conf_value *v, const config_setting_t *group, int type,
                        const char *name, int64_t value)
{
    const config_setting_t *length = config_setting_get_member(group, "length");
    unsigned count = (unsigned)config_setting_length(group);

    for (unsigned i = 0; i < count; i++) {
        const char *key = config_setting_name(config_setting_get_elem(group, i));

        if (!shared_key_is_known(key))
            return err_set(v->err, EINVAL, "unknown key `%.40s` (name, type, value, length)", key);
    }
    if (!name || !str_is_name(name))
        return conf_value_refuse(v, "groups with a name: a letter, then letters, digits, _ . -");
    if (type < 0)
        return err_set(v->err, EINVAL,
                       "%s needs a type: \"lock\", \"semaphore\", \"i64\" or \"u64\"", name);
    if (type == SHARED_F64 || (length && config_setting_get_int(length) != 1))
        return err_set(v->err, EINVAL, "%s: arrays and f64 in shared memory are not built yet",
                       name);
    if (type == SHARED_SEMAPHORE && (value < 1 || value > PERMITS_MOST))
        return err_set(v->err, EINVAL, "%s: a semaphore's value is 1 to 1000000", name);
    return 0;
}

static int shared_read(const struct conf_value *v, const config_setting_t *group,
                       struct shared_spec *out)
{
    const config_setting_t *value = config_setting_get_member(group, "value");
    const char *name = NULL, *type = NULL;
    int rc;

    if (config_setting_type(group) != CONFIG_TYPE_GROUP)
        return conf_value_refuse(v, "a list of groups: ( { name = \"gpu\"; type = \"lock\"; } )");
    config_setting_lookup_string(group, "name", &name);
    config_setting_lookup_string(group, "type", &type);
    out->value = value ? config_setting_get_int64(value) : 0;
    rc = shared_check(v, group, shared_type(type), name, out->value);
    if (rc < 0)
        return rc;
    out->type = (unsigned)shared_type(type);
    out->length = 1;
    out->name = mem_copy_string(name);
    return 0;
}

int conf_decode_shared(const struct conf_value *v)
{
    struct shared_spec **at = v->at;
    size_t *count = (size_t *)(void *)((char *)v->base + v->key->count_offset);
    size_t length = (size_t)config_setting_length(v->setting), read = 0;
    struct shared_spec *list;
    int rc = 0;

    if (config_setting_type(v->setting) != CONFIG_TYPE_LIST || length > SHARED_NAMES)
        return conf_value_refuse(v, "a list of groups: ( { name = \"gpu\"; type = \"lock\"; } )");
    list = mem_new_array(length + 1, sizeof(*list));
    while (read < length && rc == 0) {
        rc = shared_read(v, config_setting_get_elem(v->setting, (unsigned)read), &list[read]);
        read += rc == 0;
    }
    if (rc == 0) {
        struct shared_spec *before = *at;
        size_t before_count = *count;

        *at = list;
        *count = read;
        list = before;
        read = before_count;
    }
    while (list && read > 0)
        free(list[--read].name);
    free(list);
    return rc;
}
