/* SPDX-License-Identifier: MIT */
/* Filters of views: what they let through, and what hostile patterns may cost. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/err.h"
#include "supervisor/view_filter.h"

static void filters_ignore_case_and_invert(void **state)
{
    struct view_filter filter;
    struct err err = {0};

    (void)state;
    assert_int_equal(view_filter_init(&filter, "", &err), 0);
    assert_true(view_filter_passes(&filter, "anything", NULL));
    view_filter_fini(&filter);
    assert_int_equal(view_filter_init(&filter, "scan-[0-9]{3,}$", &err), 0);
    assert_true(view_filter_passes(&filter, "SCAN-1234", NULL));
    assert_true(view_filter_passes(&filter, NULL, "scan-123"));
    assert_false(view_filter_passes(&filter, "scan-12", NULL));
    assert_false(view_filter_passes(&filter, NULL, NULL));
    view_filter_fini(&filter);
    assert_int_equal(view_filter_init(&filter, "!scan", &err), 0);
    assert_false(view_filter_passes(&filter, "scan", NULL));
    assert_true(view_filter_passes(&filter, "other", NULL));
    view_filter_fini(&filter);
    assert_int_equal(view_filter_init(&filter, "(", &err), -EINVAL);
    assert_non_null(strstr(err.text, "filter `(`: "));
    view_filter_fini(&filter);
}

static void costly_patterns_are_refused(void **state)
{
    static const char *const costly[] = {"a{1,255}{1,255}{1,255}", "!a{,255}{,255}",
                                         "((a{9}){99}){99}", "(a*)\\1", "x{99999999999999999999}"};
    struct view_filter filter;
    char text[1000];

    (void)state;
    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    for (size_t i = 0; i < sizeof(costly) / sizeof(costly[0]); i++) {
        struct err err = {0};

        assert_int_equal(view_filter_init(&filter, costly[i], &err), -EINVAL);
        assert_non_null(strstr(err.text, "repeats too much"));
    }
    assert_int_equal(view_filter_init(&filter, text, &(struct err){0}), -EINVAL);
    /* As many as anybody types. */
    assert_int_equal(
        view_filter_init(&filter, "^[0-9]{4}-[0-9]{2}-[0-9]{2} \\\\1", &(struct err){0}), 0);
    view_filter_fini(&filter);
}

static void a_message_has_so_much_time(void **state)
{
    int64_t begin = clock_now();
    struct view_filter filter;
    char text[300] = "";

    (void)state;
    assert_int_equal(view_filter_init(&filter, "(.{100}){14}x", &(struct err){0}), 0);
    for (unsigned i = 0; i < 1000000; i++) {
        for (unsigned j = 0; j < sizeof(text) - 1; j++)
            text[j] = "ab"[(i * 7919 + j * j) >> 3 & 1];
        if (filter.spent > 50 * CLOCK_MS)
            break;
        view_filter_passes(&filter, text, NULL);
    }
    assert_true(filter.spent > 50 * CLOCK_MS);
    assert_true(clock_now() - begin < 60 * CLOCK_S);
    assert_false(view_filter_passes(&filter, "aaa", NULL));
    filter.invert = true;
    assert_false(view_filter_passes(&filter, "aaa", NULL));
    view_filter_reset(&filter);
    assert_true(view_filter_passes(&filter, "aaa", NULL));
    view_filter_fini(&filter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters_ignore_case_and_invert),
        cmocka_unit_test(costly_patterns_are_refused),
        cmocka_unit_test(a_message_has_so_much_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
