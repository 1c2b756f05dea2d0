/* SPDX-License-Identifier: MIT */
/* Keys that pools have about each other and about being looked at: `after`, `ready`, `health`. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "pool/spec.h"

static char directory[64];

struct loaded {
    struct spec spec;
    struct conf_result result;
};

/* The pools, each a service of its name with these keys; NULL ends. */
static void load(struct loaded *loaded, const char *const *names, const char *const *keys)
{
    const char *paths[] = {"test.cfg"};
    FILE *file;

    assert_int_equal(chdir(directory), 0);
    file = fopen("test.cfg", "w");
    assert_non_null(file);
    fprintf(file, "pools = (");
    for (size_t i = 0; names[i]; i++)
        fprintf(file, "%s{ name = \"%s\"; mode = \"service\"; command = [\"x\"];\n%s }",
                i ? ",\n" : "\n", names[i], keys[i]);
    fprintf(file, ");\n");
    fclose(file);
    *loaded = (struct loaded){0};
    conf_load(&loaded->spec, paths, 1, &loaded->result);
}

static void finish(struct loaded *loaded)
{
    spec_fini(&loaded->spec);
    conf_result_fini(&loaded->result);
}

static const char *const ab[] = {"a", "b", NULL};

static void conditions_are_read(void **state)
{
    static const char *const names[] = {"a", "b", "c", NULL};
    static const char *const keys[] = {"after = [ \"b\", \"c:started\", \"b:healthy\" ];",
                                       "health = { tcp = \"1.2.3.4:5\"; };", ""};
    struct loaded loaded;
    const struct pool_spec *pool;
    struct buf out = {0};

    (void)state;
    load(&loaded, names, keys);
    assert_int_equal(loaded.result.error_count, 0);
    pool = &loaded.spec.pools[0];
    assert_int_equal(pool->after_count, 3);
    assert_string_equal(pool->after[0].pool, "b");
    assert_int_equal(pool->after[0].condition, AFTER_READY);
    assert_string_equal(pool->after[1].pool, "c");
    assert_int_equal(pool->after[1].condition, AFTER_STARTED);
    assert_int_equal(pool->after[2].condition, AFTER_HEALTHY);
    assert_int_equal(loaded.spec.pools[1].after_count, 0);
    assert_int_equal(conf_dump(&loaded.spec, &loaded.result, &out), 0);
    assert_non_null(strstr(buf_string(&out), "after = [\"b\", \"c:started\", \"b:healthy\"];"));
    buf_fini(&out);
    finish(&loaded);
}

/* Each in the keys of pool a, with the one error that it is. */
static void mistakes_name_file_and_line(void **state)
{
    static const char *const pairs[][2] = {
        {"after = [ \"c\" ];", "after: there is no pool c"},
        {"after = \"b\";", "after: must be an array of strings"},
        {"after = [ \"b:\" ];", "after: \"b:\": `` is not started, ready, healthy or done"},
        {"after = [ \"b:donee\" ];",
         "after: \"b:donee\": `donee` is not started, ready, healthy or done (did you mean done?)"},
        {"after = [ \"a b\" ];", "after: \"a b\": must be a pool's name, or NAME:started"},
        {"after = [ \"a\" ];", "after: pool a would wait for itself"},
        {"after = [ \"b:done\" ];", "after: b:done: that pool never ends, it is a service"},
        {"after = [ \"b:healthy\" ];", "after: b:healthy: that pool has no health checks"},
        {"ready = { tcp = \"db:80\"; };", "ready.tcp: `db:80`: the host must be a numeric address"},
        {"ready = { log = \"(\"; };", "ready.log: `(`: "},
        {"ready = { log = \"(a)\\\\1\"; };", "ready.log: `(a)\\1`: too long, or repeats too much"},
        {"ready = { notify = true; tcp = \"1.2.3.4:5\"; };",
         "ready.tcp: ready.notify is set too, and only one of them can decide"},
        {"health = { command = [\"x\"]; tcp = \"1.2.3.4:5\"; };",
         "health.tcp: health.command is set too"},
        {"health = { interval = 0; };", "health.interval: "},
        {"health = { timeout = 0; };", "health.timeout: "},
        {"health = { failures = 0; };", "health.failures: "},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        const char *keys[] = {pairs[i][0], ""};
        struct loaded loaded;
        char *expected = mem_printf("test.cfg:3: %s", pairs[i][1]);

        load(&loaded, ab, keys);
        if (loaded.result.error_count != 1)
            fail_msg("%s: %zu errors", pairs[i][0], loaded.result.error_count);
        if (strncmp(loaded.result.errors[0], expected, strlen(expected)) != 0)
            fail_msg("%s, not %s", loaded.result.errors[0], expected);
        free(expected);
        finish(&loaded);
    }
}

static void circles_are_told_once_each(void **state)
{
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", NULL};
    static const char *const keys[] = {"after = [ \"f\", \"b\" ];", "after = [ \"c:started\" ];",
                                       "after = [ \"a\" ];",        "after = [ \"e\" ];",
                                       "after = [ \"d\" ];",        ""};
    struct loaded loaded;

    (void)state;
    load(&loaded, names, keys);
    assert_int_equal(loaded.result.error_count, 2);
    assert_string_equal(loaded.result.errors[0],
                        "test.cfg:3: after: a circle that never starts: a waits for b waits for c "
                        "waits for a");
    assert_string_equal(loaded.result.errors[1], "test.cfg:9: after: a circle that never starts: d "
                                                 "waits for e waits for d");
    finish(&loaded);
}

/* Each waits for all before it: as many ways as there are subsets, and no circle. */
static void many_ways_are_walked_once(void **state)
{
    enum { POOLS = 40 };
    static char names_text[POOLS][8], keys_text[POOLS][POOLS * 10 + 20];
    const char *names[POOLS + 1] = {NULL}, *keys[POOLS] = {NULL};
    struct loaded loaded;

    (void)state;
    for (int i = 0; i < POOLS; i++) {
        size_t used = (size_t)snprintf(keys_text[i], sizeof(keys_text[i]), "after = [ ");

        snprintf(names_text[i], sizeof(names_text[i]), "p%d", i);
        for (int before = 0; before < i; before++)
            used += (size_t)snprintf(keys_text[i] + used, sizeof(keys_text[i]) - used, "%s\"p%d\"",
                                     before ? ", " : "", before);
        snprintf(keys_text[i] + used, sizeof(keys_text[i]) - used, " ];");
        names[i] = names_text[i];
        keys[i] = keys_text[i];
    }
    load(&loaded, names, keys);
    assert_int_equal(loaded.result.error_count, 0);
    assert_int_equal(loaded.spec.pools[POOLS - 1].after_count, POOLS - 1);
    finish(&loaded);
}

static int set_up(void **state)
{
    (void)state;
    snprintf(directory, sizeof(directory), "/tmp/lifeguard-conf-XXXXXX");
    return mkdtemp(directory) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    return chdir(directory) < 0 || unlink("test.cfg") < 0 || chdir("/") < 0 || rmdir(directory) < 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conditions_are_read),
        cmocka_unit_test(mistakes_name_file_and_line),
        cmocka_unit_test(circles_are_told_once_each),
        cmocka_unit_test(many_ways_are_walked_once),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
