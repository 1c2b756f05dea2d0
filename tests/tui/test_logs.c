/* SPDX-License-Identifier: MIT */
/* The log viewer: following, pausing, floods, search, filter, earlier runs, saving. */
#include "screen_test.h"

#include <stdio.h>
#include <unistd.h>

/* Sends `count` lines "text N" from `first` on. */
static void send_lines(struct screen_test *test, int first, int count, int skipped)
{
    json_t *lines = json_array(), *request;

    for (int i = first; i < first + count; i++) {
        char text[64];
        snprintf(text, sizeof(text), "number %d", i);
        json_array_append_new(lines, json_pack("[i,f,i,i,s,s,s]", i + 1000, 1769863300.0 + i, 48190,
                                               1, "ocr", "o", text));
    }
    request = json_pack("{s:s,s:o}", "cmd", "_log", "lines", lines);
    if (skipped)
        json_object_set_new(request, "skipped", json_integer(skipped));
    json_decref(fake_request(&test->fake, request));
}

static struct screen_test *open_logs(int rows, int cols)
{
    struct screen_test *test = screen_open(rows, cols, NULL, NULL);

    screen_settle(test);
    screen_press(test, "jl", "page 100/70 ok");
    screen_settle(test);
    return test;
}

static void new_lines_are_followed(void **state)
{
    struct screen_test *test = open_logs(24, 80);

    (void)state;
    assert_int_equal(pty_find(test->pty, "page 100/70 ok"), 21);
    send_lines(test, 1, 3, 0);
    screen_expect(test, "number 3");
    assert_int_equal(pty_find(test->pty, "number 3"), 21);
    screen_close(test);
}

static void a_paused_view_does_not_move(void **state)
{
    struct screen_test *test = open_logs(24, 80);
    char *before, *after;

    (void)state;
    screen_press(test, "k", "PAUSED");
    before = pty_line(test->pty, 10);
    send_lines(test, 1, 312, 0);
    screen_expect(test, "PAUSED +312 new");
    after = pty_line(test->pty, 10);
    assert_string_equal(before, after);
    free(after);
    /* More than the ring holds: still it does not move. */
    for (int i = 0; i < 24; i++)
        send_lines(test, 1000 + i * 1000, 1000, 0);
    screen_expect(test, "PAUSED +24,312 new");
    after = pty_line(test->pty, 10);
    assert_string_equal(before, after);
    free(after);
    free(before);
    screen_press(test, "F", "FOLLOW");
    screen_expect(test, "lines skipped here, full text on disk");
    screen_close(test);
}

static void what_was_left_out_is_counted(void **state)
{
    struct screen_test *test = open_logs(24, 80);

    (void)state;
    send_lines(test, 1, 2, 18204);
    screen_expect(test, "18,204 lines skipped here, full text on disk");
    screen_close(test);
}

static void search_shows_where_it_is(void **state)
{
    struct screen_test *test = open_logs(24, 80);

    (void)state;
    screen_press(test, "/rendering", "of 1 hits");
    screen_press(test, "\r", "page 101/212 rendering");
    screen_expect(test, "1 of 1 hits");
    screen_press(test, "/page 5\\d\r", "of 5 hits");
    screen_press(test, "n", "of 5 hits");
    screen_press(test, "nnnn", "Search wrapped");
    screen_press(test, "/(\r", "/(: ");
    screen_close(test);
}

static void tab_makes_a_filter_of_a_search(void **state)
{
    struct screen_test *test = open_logs(24, 80);

    (void)state;
    screen_press(test, "/rendering\t", "filter /rendering/ 1 of 55");
    screen_expect_gone(test, "page 100/70");
    send_lines(test, 1, 1, 0);
    screen_expect(test, "1 of 56");
    screen_press(test, "\033", "filter none");
    screen_press(test, "&!page\r", "loading model");
    screen_expect_gone(test, "page 100/70");
    screen_close(test);
}

static void escapes_in_lines_are_shown(void **state)
{
    struct screen_test *test = open_logs(24, 80);
    const char *output;
    size_t len;

    (void)state;
    screen_press(test, "g", "␛]52;c;cm0gLXJm␇ in title");
    output = pty_output(test->pty, &len);
    assert_null(memmem(output, len, "\033]", 2));
    screen_close(test);
}

static void errors_times_and_scrolling(void **state)
{
    struct screen_test *test = open_logs(24, 80);

    (void)state;
    screen_press(test, "E", "PAUSED");
    screen_expect(test, "HUNG (30s)");
    screen_press(test, "T12:40:44\r", "glyph cache miss");
    screen_press(test, "Tnoon\r", "is no time");
    pty_keys(test->pty, "t");
    screen_expect(test, "time relative");
    pty_keys(test->pty, "t");
    screen_expect(test, "time off");
    pty_keys(test->pty, "t");
    screen_expect(test, "time on");
    pty_keys(test->pty, "w");
    screen_expect(test, "wrap on");
    screen_press(test, "gw", "wrap off");
    screen_press(test, "\033[C", "daptive threshold"); /* half a screen to the right */
    screen_press(test, "0", "low contrast");
    screen_close(test);
}

static void the_scope_widens(void **state)
{
    struct screen_test *test = screen_open(24, 80, NULL, NULL);

    (void)state;
    screen_press(test, "2", "48213");
    screen_settle(test);
    screen_press(test, "l", "[4 Logs]");
    screen_settle(test);
    pty_keys(test->pty, "SS");
    screen_expect(test, "ocr[1] page 100/70"); /* of all pools: each line says whose it is */
    screen_press(test, "\033", "[2 Workers]");
    screen_close(test);
}

/* A scenario in which ocr[2] has the log of an earlier life on disk. */
static void write_past_scenario(const char *scenario, const char *log)
{
    json_t *root = json_load_file(SCENARIOS "/prod-7.json", JSON_ALLOW_NUL, NULL);
    json_t *lives =
        json_object_get(json_object_get(json_object_get(root, "details"), "ocr[2]"), "lives");
    FILE *file = fopen(log, "w");

    assert_non_null(root);
    assert_non_null(file);
    fputs("2026-01-31T11:02:10.100+0000 last words\nno stamp here\n", file);
    fclose(file);
    json_object_set_new(json_array_get(lives, 0), "log", json_string(log));
    assert_int_equal(json_dump_file(root, scenario, 0), 0);
    json_decref(root);
}

static void the_run_before_is_one_key_away(void **state)
{
    char dir[] = "/tmp/lifeguard-test-XXXXXX", scenario[64], log[64], saved[64], keys[128];
    struct screen_test *test;

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(scenario, sizeof(scenario), "%s/scenario.json", dir);
    snprintf(log, sizeof(log), "%s/past.log", dir);
    snprintf(saved, sizeof(saved), "%s/saved.log", dir);
    write_past_scenario(scenario, log);
    test = screen_open_scenario(scenario, 24, 80, NULL, NULL);
    screen_expect(test, "export-eu");
    screen_press(test, "2", "48213");
    screen_settle(test);
    screen_press(test, "p", "last words");
    screen_expect(test, "generation 2 pid 44102 ended 11:02:12: hang: no");
    screen_expect(test, "11:02:10 44102 I last words");
    screen_expect(test, "PAST RUN");
    screen_press(test, "[", "No log of an older run");
    snprintf(keys, sizeof(keys), "W%s\r", saved);
    screen_press(test, keys, "Saved the whole log");
    assert_int_equal(access(saved, R_OK), 0);
    screen_press(test, keys, "File exists"); /* nothing is overwritten */
    screen_press(test, "F", "page 100/70");
    screen_close(test);
    unlink(saved);
    unlink(log);
    unlink(scenario);
    rmdir(dir);
}

static void an_unknown_target_is_told(void **state)
{
    struct screen_test *test = screen_open(24, 80, NULL, NULL);

    (void)state;
    screen_set(test, "replies",
               "{\"subscribe\":{\"ok\":false,\"code\":\"gone\",\"error\":\"nothing here is "
               "called x\"}}");
    screen_settle(test);
    screen_press(test, ":logs x\r", "nothing here is called x");
    screen_close(test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_lines_are_followed),
        cmocka_unit_test(a_paused_view_does_not_move),
        cmocka_unit_test(what_was_left_out_is_counted),
        cmocka_unit_test(search_shows_where_it_is),
        cmocka_unit_test(tab_makes_a_filter_of_a_search),
        cmocka_unit_test(escapes_in_lines_are_shown),
        cmocka_unit_test(errors_times_and_scrolling),
        cmocka_unit_test(the_scope_widens),
        cmocka_unit_test(the_run_before_is_one_key_away),
        cmocka_unit_test(an_unknown_target_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
