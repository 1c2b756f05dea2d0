/* SPDX-License-Identifier: MIT */
/* Deaths alike: what is the same, how they are counted, texts that mean harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "pool/cluster.h"

static const int64_t NOW = 100000 * CLOCK_S;

static void numbers_do_not_split_a_kind(void **state)
{
    static const char *const same[][2] = {
        {"segfault at 0x7f3a12bc ip 00005581deadbeef", "segfault at 0x10 ip 0000abcd00000001"},
        {"pid 4711: can't connect", "pid 12: can't connect"},
        {"2026-11-21T09:00:01 fatal", "2027-01-02T10:59:59 fatal"},
        {"node a3f9 is gone", "node 77bc is gone"},
    };
    char a[CLUSTER_TEXT], b[CLUSTER_TEXT];

    (void)state;
    for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++) {
        cluster_normalise(same[i][0], a, sizeof(a));
        cluster_normalise(same[i][1], b, sizeof(b));
        assert_string_equal(a, b);
    }
    cluster_normalise("a dead bee; facade", a, sizeof(a)); /* words stay */
    assert_string_equal(a, "a dead bee; facade");
    cluster_normalise("0x 0xzz 12", a, sizeof(a));
    assert_string_equal(a, "#x #xzz #");
}

static void hostile_texts_stay_within_bounds(void **state)
{
    char long_line[4000], out[16];

    (void)state;
    memset(long_line, 'a', sizeof(long_line) - 1);
    long_line[sizeof(long_line) - 1] = '\0';
    cluster_normalise(long_line, out, sizeof(out));
    assert_int_equal(strlen(out), 15);
    memset(long_line, '7', sizeof(long_line) - 1);
    cluster_normalise(long_line, out, sizeof(out));
    assert_string_equal(out, "#");
    for (size_t i = 0; i < sizeof(long_line) - 1; i++)
        long_line[i] = "\xff\x1b%sn0x"[i % 7];
    cluster_normalise(long_line, out, sizeof(out));
    assert_int_equal(strlen(out), 15);
    cluster_normalise("", out, sizeof(out));
    assert_string_equal(out, "");
    cluster_normalise("anything", out, 1);
    assert_string_equal(out, "");
}

static void the_largest_kind_is_told(void **state)
{
    struct cluster_table *table = NULL;
    struct cluster_view view;
    char text[400];

    (void)state;
    assert_false(cluster_look(table, NOW, &view));
    cluster_say(table, NOW, text, sizeof(text));
    assert_string_equal(text, "");
    for (int i = 0; i < 15; i++) {
        char line[64];

        snprintf(line, sizeof(line), "bad block 0x%x", i * 7919);
        assert_int_equal(cluster_add(&table, NOW + i, 11, "signal 11 (SEGV)", line), i + 1);
    }
    cluster_add(&table, NOW + 20, 1 << 8, "exit 1", "bad block 0x1");
    cluster_add(&table, NOW + 21, 11, "signal 11 (SEGV)", "another thing");
    cluster_say(table, NOW + 30, text, sizeof(text));
    assert_string_equal(text, "15 of 17 deaths in 10m: signal 11 (SEGV), same last line: bad block "
                              "0x1b112");
    assert_true(cluster_look(table, NOW + 600 * CLOCK_S, &view));
    assert_false(cluster_look(table, NOW + 601 * CLOCK_S, &view)); /* long ago */
    cluster_free(table);
}

static void many_kinds_take_no_more_room(void **state)
{
    struct cluster_table *table = NULL;
    struct cluster_view view;
    char line[200];

    (void)state;
    for (int i = 0; i < 10000; i++) {
        memset(line, 0, sizeof(line));
        for (int bit = 0; bit < 14; bit++)
            line[bit] = i >> bit & 1 ? 'x' : 'y';
        cluster_add(&table, NOW, 1, "exit 1", line);
    }
    assert_false(cluster_look(table, NOW, &view));
    for (int i = 0; i < 300; i++)
        cluster_add(&table, NOW, 1, "exit 1", "");
    assert_true(cluster_look(table, NOW, &view));
    assert_int_equal(view.alike, CLUSTER_DEATHS);
    assert_int_equal(view.deaths, CLUSTER_DEATHS);
    cluster_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_do_not_split_a_kind),
        cmocka_unit_test(hostile_texts_stay_within_bounds),
        cmocka_unit_test(the_largest_kind_is_told),
        cmocka_unit_test(many_kinds_take_no_more_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
