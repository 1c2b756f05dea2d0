/* SPDX-License-Identifier: MIT */
/* The ring of log lines: bounds, counts, pausing, finding; and reading and saving files. */
#include <math.h>
#include <stdio.h>
#include <unistd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "tui/logview.h"
#include "tui/match.h"

static void add(struct logview *view, const char *text)
{
    const struct log_line line = {.stream = 'o', .pid = 7, .at = (double)NAN};
    logview_add(view, &line, text, strlen(text));
}

static struct match *pattern(const char *text)
{
    struct match *match = NULL;

    assert_int_equal(match_new(&match, text, true, NULL), 0);
    return match;
}

static void counts_follow_lines_and_patterns(void **state)
{
    struct logview view = {.found = -1};

    (void)state;
    logview_filter(&view, pattern("page"));
    logview_search(&view, pattern("5$"));
    for (int i = 0; i < LOGVIEW_LINES + 100; i++) {
        char text[32];
        snprintf(text, sizeof(text), "%s %d", i % 2 ? "page" : "other", i);
        add(&view, text);
    }
    assert_int_equal(view.next - view.first, LOGVIEW_LINES);
    assert_int_equal(view.first, 100);
    assert_int_equal(view.shown, LOGVIEW_LINES / 2);
    assert_int_equal(view.hits, LOGVIEW_LINES / 10);
    logview_filter(&view, pattern("!page"));
    assert_int_equal(view.shown, LOGVIEW_LINES / 2);
    assert_int_equal(view.hits, 0);
    logview_filter(&view, NULL);
    assert_int_equal(view.hits, LOGVIEW_LINES / 10);
    logview_fini(&view);
}

static void bytes_are_bounded_too(void **state)
{
    struct logview view = {.found = -1};
    char *text = calloc(1, 70001);

    (void)state;
    memset(text, 'x', 70000);
    for (int i = 0; i < 400; i++)
        add(&view, text);
    assert_true(view.bytes <= LOGVIEW_BYTES);
    assert_true(view.next - view.first > 100);
    assert_true(logview_line(&view, view.first)->len <= 65536);
    free(text);
    logview_fini(&view);
}

static void pausing_holds_what_is_read(void **state)
{
    struct logview view = {.found = -1};

    (void)state;
    for (int i = 0; i < 10; i++)
        add(&view, "before");
    logview_pause(&view, 4);
    for (int i = 0; i < LOGVIEW_LINES + 500; i++)
        add(&view, "meanwhile");
    assert_non_null(logview_line(&view, 4));
    assert_int_equal(view.arrived, LOGVIEW_LINES + 500);
    assert_true(view.missed > 0);
    logview_resume(&view);
    assert_non_null(strstr(logview_line(&view, view.next - 1)->text, "lines skipped here"));
    add(&view, "after");
    assert_string_equal(logview_line(&view, view.next - 1)->text, "after");
    logview_fini(&view);
}

static void finding_wraps_and_sees_errors(void **state)
{
    struct logview view = {.found = -1};

    (void)state;
    add(&view, "hit one");
    add(&view, "an ERROR here");
    add(&view, "hit two");
    add(&view, "terrorist is no error word at a begin: panicked");
    logview_search(&view, pattern("hit"));
    assert_int_equal(logview_find(&view, 0, 1, false), 2);
    assert_int_equal(logview_find(&view, 2, 1, false), 0);
    assert_int_equal(logview_find(&view, 0, -1, false), 2);
    assert_int_equal(logview_find(&view, 0, 1, true), 1);
    assert_int_equal(logview_rank(&view, 2), 2);
    logview_search(&view, pattern("nowhere"));
    assert_int_equal(logview_find(&view, 0, 1, false), -1);
    logview_fini(&view);
}

static void lives_begin_and_end_with_a_rule(void **state)
{
    static const char *const texts[] = {
        "── a[1] pid 7 generation 1 started ──",
        "── a[1] pid 7 generation 1 ended: exit 0 ──",
        "── a[1] pid 7 generation 1 ended: signal 11 (SEGV) ──",
        "12 lines dropped: no room",
    };
    struct log_line line = {.stream = 's', .pid = 7, .at = (double)NAN};
    struct logview view = {.found = -1};

    (void)state;
    for (size_t i = 0; i < 4; i++)
        logview_add(&view, &line, texts[i], strlen(texts[i]));
    line.stream = 'o';
    logview_add(&view, &line, texts[0], strlen(texts[0])); /* a worker that pretends */
    for (int64_t i = 0; i < 5; i++)
        assert_int_equal(logview_is_rule(logview_line(&view, i)), i < 3);
    /* A start and an end in peace are no errors. */
    assert_int_equal(logview_find(&view, -1, 1, true), 2);
    assert_int_equal(logview_find(&view, 2, 1, true), 3);
    logview_fini(&view);
}

static void files_are_read_with_their_stamps(void **state)
{
    char path[] = "/tmp/lifeguard-unit-XXXXXX", copy[64];
    struct logview view = {.found = -1};
    static const char text[] = "2026-01-31T13:41:07.250+0100 stamped\nplain\n\n"
                               "2026-01-31X13:41:07.250+0100 not a stamp";
    int fd = mkstemp(path);
    struct err err = {0};

    (void)state;
    assert_int_equal(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
    close(fd);
    assert_int_equal(logfile_read(&view, path, 42, &err), 0);
    assert_int_equal(view.next, 4);
    assert_string_equal(logview_line(&view, 0)->text, "stamped");
    assert_true(fabs(logview_line(&view, 0)->at - 1769863267.25) < 0.001);
    assert_int_equal(logview_line(&view, 0)->pid, 42);
    assert_true(isnan(logview_line(&view, 1)->at));
    assert_string_equal(logview_line(&view, 3)->text, "2026-01-31X13:41:07.250+0100 not a stamp");
    snprintf(copy, sizeof(copy), "%s.copy", path);
    logview_filter(&view, pattern("plain"));
    assert_int_equal(logfile_save(&view, copy, &err), 0);
    assert_true(logfile_save(&view, copy, &err) < 0); /* nothing is overwritten */
    assert_true(logfile_read(&view, "/dev/zero", 0, &err) < 0);
    unlink(copy);
    unlink(path);
    logview_fini(&view);
}

static void patterns_mind_capitals_only_when_they_have_some(void **state)
{
    struct match *match = pattern("error");
    struct err err = {0};

    (void)state;
    assert_true(match_test(match, "An ERROR", 8));
    match_free(match);
    match = pattern("ERROR");
    assert_false(match_test(match, "an error", 8));
    match_free(match);
    match = NULL;
    assert_true(match_new(&match, "(", true, &err) < 0);
    assert_true(err.text[0]);
    /* A pattern that would run for ever is given up. */
    match = pattern("(a*)*(a*)*(a*)*b");
    match_test(match, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac", 46);
    match_free(match);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_follow_lines_and_patterns),
        cmocka_unit_test(bytes_are_bounded_too),
        cmocka_unit_test(pausing_holds_what_is_read),
        cmocka_unit_test(finding_wraps_and_sees_errors),
        cmocka_unit_test(lives_begin_and_end_with_a_rule),
        cmocka_unit_test(files_are_read_with_their_stamps),
        cmocka_unit_test(patterns_mind_capitals_only_when_they_have_some),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
