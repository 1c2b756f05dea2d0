/* SPDX-License-Identifier: MIT */
/* Keys: filters, sorting, the command line, the mouse, pasting, leaving. */
#include "screen_test.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static void filters_and_their_errors(void **state)
{
    struct screen_test *test = screen_open(24, 80, NULL, NULL);

    (void)state;
    screen_press(test, "&", "filter: ");
    pty_keys(test->pty, "ocr|mail\r");
    screen_expect_gone(test, "webhooks");
    assert_true(pty_has_text(test->pty, "mailer"));
    screen_press(test, "\033", "webhooks");
    screen_press(test, "&\x15!ocr|mail\r", "webhooks");
    screen_expect_gone(test, "mailer");
    screen_press(test, "\033", "mailer");
    screen_press(test, "&\x15(\r", "(: ");
    screen_press(test, "2", "47002");
    pty_keys(test->pty, "&resize\r");
    screen_expect_gone(test, "48213");
    screen_expect(test, "2 of 39");
    screen_press(test, "&\x15nothing-has-this\r", "0 of 39 match /nothing-has-this/. Esc clears");
    screen_press(test, "\033", "48213");
    screen_close(test);
}

static void finding_moves_the_cursor(void **state)
{
    struct screen_test *test = screen_open(24, 80, NULL, NULL);

    (void)state;
    screen_settle(test);
    screen_press(test, "/thumbs\r", "▸ ◔ thumbs");
    screen_press(test, "/e\r", "▸ ◔ thumbs"); /* matches here already */
    screen_press(test, "n", "▸ ‖ nightly");
    screen_press(test, "N", "▸ ◔ thumbs");
    screen_press(test, "/nowhere\r", "F4 filters the whole list");
    screen_close(test);
}

static void sorting_by_menu_key_and_click(void **state)
{
    struct screen_test *test = screen_open(24, 80, NULL, NULL);

    (void)state;
    screen_settle(test);
    screen_press(test, "\033[17~", "Sort by"); /* F6 */
    pty_keys(test->pty, "\r");
    screen_expect_gone(test, "Sort by");
    screen_settle(test);
    assert_true(pty_find(test->pty, "export-eu") < pty_find(test->pty, "webhooks"));
    pty_keys(test->pty, "I");
    screen_settle(test);
    assert_true(pty_find(test->pty, "webhooks ") < pty_find(test->pty, "export-eu  "));
    /* A click on QUEUE sorts by it, a second one the other way round. */
    pty_keys(test->pty, "\033[<0;44;6M\033[<0;44;6m");
    pty_keys(test->pty, "\033[<0;44;6M\033[<0;44;6m");
    screen_settle(test);
    assert_int_equal(pty_find(test->pty, "ocr  "), 6);
    screen_close(test);
}

static void the_mouse_selects_opens_and_acts(void **state)
{
    struct screen_test *test = screen_open(24, 80, NULL, NULL);

    (void)state;
    screen_settle(test);
    screen_press(test, "\033[<0;10;9M\033[<0;10;9m", "▸ ↻ webhooks");
    screen_press(test, "\033[<0;16;2M\033[<0;16;2m", "[2 Workers]");
    screen_settle(test);
    screen_press(test, "\033[<65;10;9M", "▸ ●  48302");    /* the wheel: three rows */
    screen_press(test, "\033[<0;3;24M", "lifeguard help"); /* F1 in the key bar */
    screen_press(test, "\033", "[2 Workers]");
    screen_press(test, "M", "Mouse off");
    screen_settle(test);
    screen_close(test);
}

static void the_command_line_completes_and_runs(void **state)
{
    struct screen_test *test = screen_open(24, 80, NULL, NULL);
    json_t *request;

    (void)state;
    screen_press(test, ":sca\t", ":scale ");
    screen_press(test, "we\t", ":scale webhooks ");
    screen_press(test, "5\r", "u undo");
    request = fake_wait_request(&test->fake, "scale");
    assert_string_equal(text_of(request, "pool"), "webhooks");
    assert_string_equal(text_of(request, "size"), "5");
    json_decref(request);
    screen_press(test, ":size ocr 8\r", "ocr: size 8");
    screen_press(test, ":scael ocr 8\r", "did you mean scale");
    screen_press(test, ":scale\r", "scale needs POOL");
    screen_press(test, ":reload\r", "not built yet");
    screen_press(test, ":keys restart F5\r", "restart is on F5 now");
    screen_press(test, ":stop ocr\r", "Type ocr to do it");
    pty_keys(test->pty, "\033");
    screen_expect_gone(test, "Type ocr");
    assert_int_equal(fake_count_requests(&test->fake, "stop"), 0);
    screen_close(test);
}

static void the_screen_is_written_as_it_is(void **state)
{
    struct screen_test *test = screen_open(24, 80, NULL, NULL);
    char path[160], keys[200], *want, got[20000] = "";
    FILE *file;

    (void)state;
    snprintf(path, sizeof(path), "%s/dump.txt", test->fake.dir);
    snprintf(keys, sizeof(keys), ":dump-screen %s", path);
    pty_keys(test->pty, keys);
    screen_settle(test);
    want = pty_text(test->pty);
    screen_press(test, "\r", "Screen written to");
    file = fopen(path, "r");
    assert_non_null(file);
    assert_true(fread(got, 1, sizeof(got) - 1, file) > 0);
    fclose(file);
    assert_string_equal(got, want);
    free(want);
    unlink(path);
    screen_close(test);
}

static void help_filters_by_typing(void **state)
{
    struct screen_test *test = screen_open(24, 80, NULL, NULL);

    (void)state;
    screen_press(test, "?", "switch view");
    pty_keys(test->pty, "signal");
    screen_expect_gone(test, "switch view");
    screen_expect(test, "send signal");
    pty_keys(test->pty, "\r");
    screen_press(test, "\033", "switch view");
    screen_press(test, "?", "all views");
    screen_expect(test, "go to a time");
    screen_press(test, "\033", "[1 Pools]");
    screen_close(test);
}

static void pasted_text_is_no_command(void **state)
{
    struct screen_test *test = screen_open(24, 80, NULL, NULL);

    (void)state;
    screen_press(test, "2", "48213");
    screen_settle(test);
    pty_keys(test->pty, "\033[200~Xy\rq\033[201~");
    screen_sync(test);
    assert_false(pty_has_text(test->pty, "Kill"));
    assert_int_equal(fake_count_requests(&test->fake, "kill"), 0);
    screen_press(test, ":\033[200~size ocr\r9\033[201~", ":size ocr9");
    screen_close(test);
}

static void unknown_sequences_do_nothing(void **state)
{
    struct screen_test *test = screen_open(24, 80, NULL, NULL);

    (void)state;
    screen_press(test, "2", "48213");
    screen_settle(test);
    /* Alt+X, Shift+F5, a modified arrow, a focus report, an unknown CSI: letters must not leak. */
    pty_keys(test->pty, "\033X\033[15;2~\033[1;5Q\033[I\033[99;1X\033OX");
    screen_sync(test);
    assert_false(pty_has_text(test->pty, "Kill"));
    screen_press(test, "\033OB", "▸ ●  48190"); /* application mode arrows work too */
    screen_press(test, "\033[A", "▸ !  48213");
    screen_close(test);
}

static void leaving_offers_detach_first(void **state)
{
    struct screen_test *test = screen_open(24, 80, NULL, NULL);
    struct termios after;

    (void)state;
    assert_true(pty_in_alternate_screen(test->pty));
    screen_press(test, "q", "▸ Detach: 37 workers keep running");
    pty_keys(test->pty, "\033");
    screen_expect_gone(test, "Detach");
    screen_press(test, "\x03", "Detach"); /* ^C asks, it never kills */
    pty_keys(test->pty, "\r");
    assert_int_equal(pty_wait_exit(test->pty, PTY_WAIT_MS), 0);
    assert_true(pty_has_text(test->pty, "detached; 37 workers still running"));
    assert_false(pty_in_alternate_screen(test->pty));
    assert_int_equal(pty_settings(test->pty, &after), 0);
    assert_int_equal(fake_count_requests(&test->fake, "shutdown"), 0);
    assert_true(after.c_lflag & ICANON);
    assert_true(after.c_lflag & ECHO);
    screen_close(test);
}

static void frozen_screens_do_not_move(void **state)
{
    struct screen_test *test = screen_open(24, 80, NULL, NULL);

    (void)state;
    screen_press(test, "Z", "FROZEN");
    screen_set(test, "pools", "[{\"name\":\"newcomer\",\"state\":\"ok\"}]");
    screen_sync(test);
    assert_false(pty_has_text(test->pty, "newcomer"));
    screen_press(test, "Z", "newcomer");
    screen_close(test);
}

static void setup_changes_what_is_shown(void **state)
{
    struct screen_test *test = screen_open(24, 80, NULL, NULL);

    (void)state;
    screen_press(test, "\033OQ", "Setup"); /* F2 */
    screen_settle(test);
    pty_keys(test->pty, "j");
    screen_press(test, "\r", "Meters           off");
    pty_keys(test->pty, "\033");
    screen_expect_gone(test, "Enter changes");
    assert_false(pty_has_text(test->pty, "Workers ["));
    screen_press(test, "#", "Workers [");
    screen_close(test);
}

static void copying_uses_the_clipboard_and_a_file(void **state)
{
    struct screen_test *test = screen_open(24, 80, NULL, NULL);
    char *screen, *path, line[512] = "";
    const char *output;
    FILE *file;
    size_t len;

    (void)state;
    screen_settle(test);
    screen_press(test, "y", "Copied, and written to /tmp/lifeguard-copy-");
    output = pty_output(test->pty, &len);
    assert_non_null(memmem(output, len, "\033]52;c;", 7));
    screen = pty_text(test->pty);
    path = strstr(screen, "/tmp/lifeguard-copy-");
    *strchr(path, '\n') = '\0';
    file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof(line), file));
    fclose(file);
    unlink(path);
    assert_non_null(strstr(line, "resize      ok"));
    free(screen);
    screen_close(test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters_and_their_errors),
        cmocka_unit_test(finding_moves_the_cursor),
        cmocka_unit_test(sorting_by_menu_key_and_click),
        cmocka_unit_test(the_mouse_selects_opens_and_acts),
        cmocka_unit_test(the_command_line_completes_and_runs),
        cmocka_unit_test(the_screen_is_written_as_it_is),
        cmocka_unit_test(help_filters_by_typing),
        cmocka_unit_test(pasted_text_is_no_command),
        cmocka_unit_test(unknown_sequences_do_nothing),
        cmocka_unit_test(leaving_offers_detach_first),
        cmocka_unit_test(frozen_screens_do_not_move),
        cmocka_unit_test(setup_changes_what_is_shown),
        cmocka_unit_test(copying_uses_the_clipboard_and_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
