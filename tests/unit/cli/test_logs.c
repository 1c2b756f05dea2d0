/* SPDX-License-Identifier: MIT */
/* Times of `logs --since`, stamps of log files, and the order of several files' lines. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/logs.h"

static const double NOON = 1769860800; /* 2026-01-31 12:00:00 UTC */

static void since(void **state)
{
    static const struct {
        const char *text;
        double before; /* seconds before noon */
    } cases[] = {{"10m", 600},
                 {"1.5h", 5400},
                 {"30", 30},
                 {"11:00", 3600},
                 {"11:59:30", 30},
                 {"12:30", 84600}, /* not yet today, so yesterday */
                 {"2026-01-31", 43200},
                 {"2026-01-31T11:00", 3600},
                 {"2026-01-30 12:00:01", 86399}};
    static const char *const bad[] = {"",           "soon",        "25:00", "12:60",
                                      "2026-13-01", "2026-01-31T", "-10m",  "12:00x"};
    double at;

    (void)state;
    setenv("TZ", "UTC", 1);
    tzset();
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        if (logs_parse_since(cases[i].text, NOON, &at) < 0)
            fail_msg("%s was refused", cases[i].text);
        if ((int64_t)(NOON - at) != (int64_t)cases[i].before)
            fail_msg("%s is %.0f s before noon, not %.0f", cases[i].text, NOON - at,
                     cases[i].before);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (logs_parse_since(bad[i], NOON, &at) != -EINVAL)
            fail_msg("\"%s\" was taken", bad[i]);
    }
}

static void stamps(void **state)
{
    static const char utc[] = "2026-01-31T12:00:00.250+0000 e text";
    static const char east[] = "2026-01-31T13:30:00.000+0130 o+text";
    static const char *const plain[] = {"", "2026-01-31",
                                        "no stamp, but a line that is long enough",
                                        "2026-01-31T12:00:00,250+0000 e text"};
    struct logs_line line = {0};

    (void)state;
    assert_true(logs_split(utc, strlen(utc), &line));
    assert_true(line.at > NOON + 0.249 && line.at < NOON + 0.251);
    assert_int_equal(line.stream, 'e');
    assert_int_equal(line.len, 4);
    assert_memory_equal(line.text, "text", 4);
    assert_true(logs_split(east, strlen(east), &line));
    assert_true(line.at > NOON - 0.001 && line.at < NOON + 0.001);
    for (size_t i = 0; i < ARRAY_LEN(plain); i++) {
        assert_false(logs_split(plain[i], strlen(plain[i]), &line));
        assert_int_equal(line.len, strlen(plain[i]));
    }
}

/* Lines without a stamp stay behind the line that they belong to. */
static void merging(void **state)
{
    static const char one[] = "2026-01-31T12:00:01.000+0000 o a1\ncontinued a1\n"
                              "2026-01-31T12:00:03.000+0000 o a3\n";
    static const char two[] = "2026-01-31T12:00:02.000+0000 o b2\n"
                              "2026-01-31T12:00:04.000+0000 o b4";
    static const char *const order[] = {"a1", "continued a1", "b2", "a3", "b4"};
    const char *const texts[] = {one, two};
    struct logs_filter filter = {.lines = 10};
    struct logs_line from = {.pool = "p"};
    struct logs_list list = {0};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        char path[] = "/tmp/lifeguard-logs-XXXXXX";
        int fd = mkstemp(path);

        assert_true(fd >= 0);
        assert_int_equal(write(fd, texts[i], strlen(texts[i])), strlen(texts[i]));
        close(fd);
        assert_int_equal(logs_list_read(&list, path, true, &filter, &from, NULL), 0);
        unlink(path);
    }
    logs_list_merge(&list, 10);
    assert_int_equal(list.count, ARRAY_LEN(order));
    for (size_t i = 0; i < list.count; i++)
        assert_memory_equal(list.lines[i].line.text, order[i], strlen(order[i]));
    logs_list_merge(&list, 2);
    assert_int_equal(list.count, 2);
    assert_memory_equal(list.lines[0].line.text, "a3", 2);
    logs_list_fini(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(since),
        cmocka_unit_test(stamps),
        cmocka_unit_test(merging),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
