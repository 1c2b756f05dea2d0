/* SPDX-License-Identifier: MIT */
/*
 * Values as a config file writes them, and the comparison of two values of a key.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "conf/schema.h"
#include "conf/value.h"

int conf_value_quote(const char *text, struct buf *out)
{
    static const char shorts[] = "\"\"\\\\\nn\tt\rr\ff";
    int rc = buf_append_char(out, '"');

    for (; *text && rc == 0; text++) {
        const char *found = NULL;

        for (const char *pair = shorts; *pair && !found; pair += 2)
            found = *pair == *text ? pair : NULL;
        if (found)
            rc = buf_printf(out, "\\%c", found[1]);
        else if ((unsigned char)*text < 0x20)
            rc = buf_printf(out, "\\x%02x", (unsigned char)*text);
        else
            rc = buf_append_char(out, *text);
    }
    return rc == 0 ? buf_append_char(out, '"') : rc;
}

/* A point or exponent must stay: "2" would be read as an integer next time. */
static int render_float(double value, struct buf *out)
{
    char text[40];

    snprintf(text, sizeof(text), "%.15g", value);
    return buf_printf(out, "%s%s", text, strpbrk(text, ".e") ? "" : ".0");
}

static int render_elements(const config_setting_t *setting, const char *open, const char *close,
                           struct buf *out)
{
    bool group = config_setting_type(setting) == CONFIG_TYPE_GROUP;
    int count = config_setting_length(setting);
    int rc = buf_append_string(out, open);

    for (int i = 0; i < count && rc == 0; i++) {
        const config_setting_t *each =
            config_setting_get_elem((config_setting_t *)(uintptr_t)setting, (unsigned)i);

        rc = group ? buf_printf(out, " %s = ", config_setting_name(each))
                   : buf_append_string(out, i ? ", " : "");
        if (rc == 0)
            rc = conf_value_render(each, out);
        if (rc == 0 && group)
            rc = buf_append_char(out, ';');
    }
    if (rc == 0 && group && count)
        rc = buf_append_char(out, ' ');
    return rc == 0 ? buf_append_string(out, close) : rc;
}

int conf_value_render(const config_setting_t *setting, struct buf *out)
{
    switch (config_setting_type(setting)) {
    case CONFIG_TYPE_INT:
        return buf_printf(out, "%d", config_setting_get_int(setting));
    case CONFIG_TYPE_INT64:
        return buf_printf(out, "%lldL", config_setting_get_int64(setting));
    case CONFIG_TYPE_FLOAT:
        return render_float(config_setting_get_float(setting), out);
    case CONFIG_TYPE_BOOL:
        return buf_append_string(out, config_setting_get_bool(setting) ? "true" : "false");
    case CONFIG_TYPE_STRING:
        return conf_value_quote(config_setting_get_string(setting), out);
    case CONFIG_TYPE_ARRAY:
        return render_elements(setting, "[", "]", out);
    case CONFIG_TYPE_LIST:
        return render_elements(setting, "(", ")", out);
    default:
        return render_elements(setting, "{", "}", out);
    }
}

static bool strings_equal(char *const *one, char *const *other)
{
    while (one && other && *one && *other && strcmp(*one, *other) == 0) {
        one++;
        other++;
    }
    return !(one && *one) && !(other && *other);
}

static bool statuses_equal(const struct conf_key *key, const char *base, const char *other)
{
    size_t count = *(const size_t *)(const void *)(base + key->count_offset);
    size_t other_count = *(const size_t *)(const void *)(other + key->count_offset);

    return count == other_count &&
           (count == 0 ||
            memcmp(*(int *const *)(const void *)(base + key->offset),
                   *(int *const *)(const void *)(other + key->offset), count * sizeof(int)) == 0);
}

static bool shared_equal(const struct conf_key *key, const char *base, const char *other)
{
    size_t count = *(const size_t *)(const void *)(base + key->count_offset);
    const struct shared_spec *one =
        *(struct shared_spec *const *)(const void *)(base + key->offset);
    const struct shared_spec *two =
        *(struct shared_spec *const *)(const void *)(other + key->offset);

    if (count != *(const size_t *)(const void *)(other + key->count_offset))
        return false;
    for (size_t i = 0; i < count; i++)
        if (strcmp(one[i].name, two[i].name) != 0 || one[i].type != two[i].type ||
            one[i].value != two[i].value)
            return false;
    return true;
}

static bool after_equal(const struct conf_key *key, const char *base, const char *other)
{
    size_t count = *(const size_t *)(const void *)(base + key->count_offset);
    const struct after_spec *one = *(struct after_spec *const *)(const void *)(base + key->offset);
    const struct after_spec *two = *(struct after_spec *const *)(const void *)(other + key->offset);

    if (count != *(const size_t *)(const void *)(other + key->count_offset))
        return false;
    for (size_t i = 0; i < count; i++)
        if (strcmp(one[i].pool, two[i].pool) != 0 || one[i].condition != two[i].condition)
            return false;
    return true;
}

static size_t plain_size(enum conf_type type)
{
    static const size_t sizes[] = {
        [CONF_BOOL] = sizeof(bool),        [CONF_INT] = sizeof(int),
        [CONF_INT64] = sizeof(int64_t),    [CONF_NUMBER] = sizeof(double),
        [CONF_DURATION] = sizeof(int64_t), [CONF_BYTES] = sizeof(int64_t),
        [CONF_LIMIT] = sizeof(int64_t),    [CONF_MASK] = sizeof(unsigned),
        [CONF_WORD] = sizeof(int),         [CONF_SWITCH] = sizeof(bool),
        [CONF_SIGNAL] = sizeof(int),       [CONF_RATE] = sizeof(double),
        [CONF_STDIN] = sizeof(int),        [CONF_POOL_SIZE] = sizeof(struct size_spec),
        [CONF_BATCH] = sizeof(int),
    };

    return type < sizeof(sizes) / sizeof(sizes[0]) ? sizes[type] : 0;
}

bool conf_value_equal(const struct conf_key *key, const void *base, const void *other)
{
    const char *one = (const char *)base + key->offset;
    const char *two = (const char *)other + key->offset;

    switch ((int)key->type) {
    case CONF_STRING:
    case CONF_NAME:
    case CONF_PATH:
    case CONF_OUTPUT:
    case CONF_SOCKET:
        return strcmp(*(char *const *)(const void *)one, *(char *const *)(const void *)two) == 0;
    case CONF_STRINGS:
    case CONF_PATHS:
    case CONF_COMMAND:
    case CONF_ENV:
        return strings_equal(*(char **const *)(const void *)one,
                             *(char **const *)(const void *)two);
    case CONF_STATUSES:
        return statuses_equal(key, base, other);
    case CONF_SHARED:
        return shared_equal(key, base, other);
    case CONF_AFTER:
        return after_equal(key, base, other);
    case CONF_TIMEOUT: {
        const struct timeout_spec *a = (const void *)one, *b = (const void *)two;

        return a->duration == b->duration && a->percent == b->percent;
    }
    case CONF_HALT: {
        const struct halt_spec *a = (const void *)one, *b = (const void *)two;

        return a->when == b->when && a->why == b->why && a->count == b->count &&
               !(a->percent < b->percent) && !(a->percent > b->percent);
    }
    default:
        return memcmp(one, two, plain_size(key->type)) == 0;
    }
}
