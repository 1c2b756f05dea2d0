/* SPDX-License-Identifier: MIT */
/*
 * config/lifeguard.cfg is the schema in words, and the schema's defaults are those of the spec.
 * LIFEGUARD_UPDATE=1 in the environment writes the file anew.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <libconfig.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "conf/schema.h"
#include "conf/value.h"

static const char path[] = LIFEGUARD_SOURCE_DIR "/config/lifeguard.cfg";

static char *read_file(void)
{
    FILE *file = fopen(path, "r");
    char *text = mem_new(1 << 20);

    assert_non_null(file);
    assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
    fclose(file);
    return text;
}

static void file_is_the_schema(void **state)
{
    struct buf expected = {0};
    char *text;

    (void)state;
    assert_int_equal(conf_write_reference(&expected), 0);
    if (getenv("LIFEGUARD_UPDATE")) {
        FILE *file = fopen(path, "w");

        assert_non_null(file);
        fputs(buf_string(&expected), file);
        fclose(file);
    }
    text = read_file();
    assert_string_equal(text, buf_string(&expected));
    free(text);
    buf_fini(&expected);
}

/* Reads `text` as the value of `key` into `base`. */
static void store(const struct conf_key *key, const char *text, void *base)
{
    char *line = mem_printf("v = %s;", text);
    struct err err = {0};
    config_t config;

    config_init(&config);
    if (!config_read_string(&config, line))
        fail_msg("%s: default %s: %s", key->path, text, config_error_text(&config));
    if (conf_value_store(key, config_lookup(&config, "v"), "/", base, &err) < 0)
        fail_msg("%s: default %s: %s", key->path, text, err.text);
    config_destroy(&config);
    free(line);
}

/* Values that say "default" in a file but are not stored for it. */
static int is_special(const struct conf_key *key)
{
    return key->computed;
}

static void defaults_are_the_spec(void **state)
{
    (void)state;
    for (int mode = POOL_SERVICE; mode <= POOL_WORKER; mode++) {
        struct conf_keys all = conf_schema(CONF_POOL);
        struct pool_spec fresh, read;

        pool_spec_init(&fresh, "x", mode);
        pool_spec_init(&read, "x", mode);
        for (size_t i = 0; i < all.count; i++) {
            const char *text = conf_key_fallback(&all.keys[i], mode);

            if (!text || is_special(&all.keys[i]) || !(all.keys[i].modes & 1u << mode))
                continue;
            store(&all.keys[i], text, &read);
            if (!conf_value_equal(&all.keys[i], &read, &fresh))
                fail_msg("%s: %s is not what pool_spec_init says for mode %s", all.keys[i].path,
                         text, pool_mode_name(mode));
        }
        pool_spec_fini(&fresh);
        pool_spec_fini(&read);
    }
}

static void supervisor_defaults_are_the_spec(void **state)
{
    struct conf_keys all = conf_schema(CONF_SUPERVISOR);
    struct spec fresh = {0}, read = {0};

    (void)state;
    supervisor_spec_init(&fresh.supervisor, "x");
    supervisor_spec_init(&read.supervisor, "x");
    for (size_t i = 0; i < all.count; i++) {
        if (is_special(&all.keys[i]))
            continue;
        store(&all.keys[i], all.keys[i].fallback, &read.supervisor);
        if (!conf_value_equal(&all.keys[i], &read.supervisor, &fresh.supervisor))
            fail_msg("%s: %s is not the default", all.keys[i].path, all.keys[i].fallback);
    }
    spec_fini(&fresh);
    spec_fini(&read);
}

/* A comparison that can't fail would make the tests above worthless. */
static void comparison_sees_a_change(void **state)
{
    static const struct {
        const char *path, *text;
    } changes[] = {{"shell", "true"},
                   {"min", "3"},
                   {"queue.capacity", "7"},
                   {"backoff.factor", "3.5"},
                   {"stop.grace", "\"11s\""},
                   {"log.max_size", "\"1M\""},
                   {"limits.nofile", "64"},
                   {"umask", "\"0077\""},
                   {"user", "\"nobody\""},
                   {"results", "\"out\""},
                   {"tasks.list", "[\"a\"]"},
                   {"restart", "\"never\""},
                   {"log.stderr", "\"separate\""},
                   {"size", "\"50%\""},
                   {"timeout", "\"300%\""},
                   {"halt", "\"now,fail=1\""},
                   {"stop.signal", "\"INT\""},
                   {"retry_on", "[1]"},
                   {"env", "{ A = \"b\"; }"},
                   {"tasks.rate", "\"5/s\""},
                   {"tasks.stdin", "true"}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        struct conf_keys all = conf_schema(CONF_POOL);
        struct pool_spec fresh, read;
        size_t at = 0;

        while (strcmp(all.keys[at].path, changes[i].path) != 0)
            at++;
        pool_spec_init(&fresh, "x", POOL_WORKER);
        pool_spec_init(&read, "x", POOL_WORKER);
        store(&all.keys[at], changes[i].text, &read);
        if (conf_value_equal(&all.keys[at], &read, &fresh))
            fail_msg("%s = %s went unnoticed", changes[i].path, changes[i].text);
        pool_spec_fini(&fresh);
        pool_spec_fini(&read);
    }
}

static void files_can_be_run(void **state)
{
    static const struct {
        const char *path;
        size_t pools;
    } files[] = {{path, 1}, {LIFEGUARD_SOURCE_DIR "/config/demo.cfg", 4}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        struct spec spec;
        struct conf_result result;

        if (conf_load(&spec, &files[i].path, 1, &result) < 0)
            fail_msg("%s", result.errors[0]);
        assert_int_equal(spec.pool_count, files[i].pools);
        conf_result_fini(&result);
        spec_fini(&spec);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(file_is_the_schema),
        cmocka_unit_test(defaults_are_the_spec),
        cmocka_unit_test(supervisor_defaults_are_the_spec),
        cmocka_unit_test(comparison_sees_a_change),
        cmocka_unit_test(files_can_be_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
