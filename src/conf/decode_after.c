/* SPDX-License-Identifier: MIT */
/*
 * `after`: names of pools, each with the condition that it has to meet.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/decode.h"
#include "conf/schema.h"
#include "conf/strings.h"
#include "pool/after.h"
#include "pool/spec.h"

static int after_condition(const struct conf_value *v, const char *entry, const char *word,
                           enum after_condition *condition)
{
    static const enum after_condition all[] = {AFTER_STARTED, AFTER_READY, AFTER_DONE,
                                               AFTER_HEALTHY};
    const char *names[ARRAY_LEN(all) + 1] = {NULL};
    const char *near;

    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        names[i] = after_condition_name(all[i]);
        if (strcmp(word, names[i]) != 0)
            continue;
        *condition = all[i];
        return 0;
    }
    near = str_nearest(word, names);
    return err_set(v->err, EINVAL,
                   "\"%.80s\": `%.40s` is not started, ready, healthy or done%s%s%s", entry, word,
                   near ? " (did you mean " : "", near ? near : "", near ? "?)" : "");
}

static int after_read(const struct conf_value *v, const char *entry, struct after_spec *out)
{
    const char *colon = strchr(entry, ':');
    char *name = mem_copy_bytes(entry, colon ? (size_t)(colon - entry) : strlen(entry));
    int rc = 0;

    out->condition = AFTER_READY;
    if (!str_is_name(name))
        rc = err_set(v->err, EINVAL,
                     "\"%.80s\": must be a pool's name, or NAME:started, NAME:ready, NAME:healthy, "
                     "NAME:done",
                     entry);
    else if (colon)
        rc = after_condition(v, entry, colon + 1, &out->condition);
    if (rc == 0)
        out->pool = name;
    else
        free(name);
    return rc;
}

static void after_free(struct after_spec *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(list[i].pool);
    free(list);
}

int conf_decode_after(const struct conf_value *v)
{
    struct after_spec **at = v->at, *list;
    size_t *count = (size_t *)(void *)((char *)v->base + v->key->count_offset);
    size_t length = 0, read = 0;
    char **entries;
    int rc = conf_strings_read(v->setting, &entries, v->err);

    if (rc < 0)
        return rc;
    while (entries && entries[length])
        length++;
    list = mem_new_array(length + 1, sizeof(*list));
    while (read < length && rc == 0) {
        rc = after_read(v, entries[read], &list[read]);
        read += rc == 0;
    }
    mem_free_strings(entries);
    if (rc < 0) {
        after_free(list, read);
        return rc;
    }
    after_free(*at, *count);
    *at = list;
    *count = read;
    return 0;
}
