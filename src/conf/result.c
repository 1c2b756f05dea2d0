/* SPDX-License-Identifier: MIT */
/*
 * Errors and origins of one reading of config files.
 */
#include "conf/result.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void conf_result_error(struct conf_result *result, const char *where, const char *format, ...)
{
    char message[1024];
    char *text;
    va_list args;

    if (result->error_count >= CONF_MAX_ERRORS)
        return;
    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    text = mem_printf("%s: %s", where, message);
    for (size_t i = 0; i < result->error_count; i++) {
        if (strcmp(result->errors[i], text) == 0) {
            free(text);
            return;
        }
    }
    if (!result->errors)
        result->errors = mem_new_array(CONF_MAX_ERRORS, sizeof(char *));
    result->errors[result->error_count++] = text;
}

static struct conf_origin *conf_result_slot(const struct conf_result *result,
                                            const struct conf_key *key, int pool)
{
    for (size_t i = result->origin_count; i > 0; i--) {
        if (result->origins[i - 1].key == key && result->origins[i - 1].pool == pool)
            return &result->origins[i - 1];
    }
    return NULL;
}

void conf_result_origin(struct conf_result *result, const struct conf_key *key, int pool,
                        const char *where, const char *text)
{
    struct conf_origin *origin = conf_result_slot(result, key, pool);
    void *grown = result->origins;

    if (!origin) {
        if (mem_try_resize(&grown, result->origin_count + 1, sizeof(*origin)) < 0)
            return;
        result->origins = grown;
        origin = &result->origins[result->origin_count++];
        *origin = (struct conf_origin){.key = key, .pool = pool};
    }
    free(origin->where);
    free(origin->text);
    origin->where = mem_copy_string(where);
    origin->text = mem_copy_string(text);
}

const struct conf_origin *conf_result_find(const struct conf_result *result,
                                           const struct conf_key *key, int pool)
{
    return conf_result_slot(result, key, pool);
}

void conf_result_fini(struct conf_result *result)
{
    for (size_t i = 0; i < result->error_count; i++)
        free(result->errors[i]);
    free(result->errors);
    for (size_t i = 0; i < result->origin_count; i++) {
        free(result->origins[i].where);
        free(result->origins[i].text);
    }
    free(result->origins);
    *result = (struct conf_result){0};
}
