/* SPDX-License-Identifier: MIT */
/* Keys, dialogs and their safety, filters, sorting, the command line, the mouse. */
#include "screen_test.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* Makes sure that what was typed has been dealt with: a later key shows its effect. */
static void sync_keys(struct screen_test *test)
{
    screen_press(test, ":", "Tab completes");
    pty_keys(test->pty, "\x03");
    screen_expect_gone(test, "Tab completes");
}

static void a_kill_asks_and_is_pinned(void **state)
{
    struct screen_test *test = screen_open(40, 120, NULL, NULL);
    json_t *request;

    (void)state;
    screen_press(test, "2", "last exit: SIGKILL");
    screen_press(test, "X", "Kill 1 worker");
    screen_expect(test, "SIGKILL to ocr[2] pid 48213, up 1h38m");
    screen_expect(test, "Task 9f31c2 goes back to the queue (try 2/3).");
    screen_expect(test, "> No <");
    pty_keys(test->pty, "\r"); /* Enter is No */
    screen_expect_gone(test, "Kill 1 worker");
    assert_int_equal(fake_count_requests(&test->fake, "kill"), 0);
    screen_press(test, "X", "Kill 1 worker");
    /* Rows change places while the question is open: it is still about the same process. */
    screen_set(test, "workers",
               "[{\"pool\":\"resize\",\"slot\":1,\"pid\":47001,\"start\":9,\"state\":\"busy\"}]");
    screen_settle(test);
    pty_keys(test->pty, "y");
    request = fake_wait_request(&test->fake, "kill");
    assert_non_null(request);
    assert_string_equal(text_of(request, "target"), "48213");
    assert_string_equal(text_of(request, "signal"), "KILL");
    assert_int_equal(json_integer_value(json_object_get(request, "start")), 482130);
    json_decref(request);
    screen_expect(test, "SIGKILL sent to ocr[2] pid 48213");
    screen_close(test);
}

static void typing_ahead_never_answers(void **state)
{
    struct screen_test *test = screen_open(24, 80, NULL, NULL);

    (void)state;
    screen_press(test, "2", "48213");
    screen_settle(test);
    screen_press(test, "Xyyy", "Kill 1 worker");
    screen_settle(test);
    assert_true(pty_has_text(test->pty, "Kill 1 worker"));
    assert_int_equal(fake_count_requests(&test->fake, "kill"), 0);
    screen_close(test);
}

static void many_are_killed_by_their_number(void **state)
{
    struct screen_test *test = screen_open(24, 80, NULL, NULL);

    (void)state;
    screen_press(test, "2", "48213");
    screen_settle(test);
    pty_keys(test->pty, " ");
    screen_expect(test, "1 tagged");
    screen_press(test, " ", "2 tagged");
    screen_press(test, "X", "Kill 2 workers");
    pty_keys(test->pty, "y\r");
    screen_settle(test);
    assert_true(pty_has_text(test->pty, "Kill 2 workers"));
    pty_keys(test->pty, "\x15"
                        "2\r");
    screen_expect_gone(test, "Kill 2 workers");
    json_decref(fake_wait_request(&test->fake, "kill"));
    sync_keys(test);
    assert_int_equal(fake_count_requests(&test->fake, "kill"), 2);
    screen_expect(test, "0 tagged");
    screen_close(test);
}

static void stopping_a_pool_wants_its_name(void **state)
{
    struct screen_test *test = screen_open(24, 80, NULL, NULL);
    json_t *request;

    (void)state;
    screen_settle(test);
    screen_press(test, "jx", "Stop pool");
    screen_press(test, "resize\r", "> resize");
    assert_int_equal(fake_count_requests(&test->fake, "stop"), 0);
    pty_keys(test->pty, "\x15ocr\r");
    request = fake_wait_request(&test->fake, "stop");
    assert_string_equal(text_of(request, "target"), "ocr");
    json_decref(request);
    screen_close(test);
}

static void sizes_count_from_the_last_key(void **state)
{
    struct screen_test *test = screen_open(24, 80, NULL, NULL);
    json_t *request;

    (void)state;
    screen_settle(test);
    screen_press(test, "++", "resize: size 18   u undo (8s)");
    request = fake_wait_request(&test->fake, "scale");
    assert_string_equal(text_of(request, "size"), "18");
    assert_int_equal(json_integer_value(json_object_get(request, "expect")), 17);
    json_decref(request);
    screen_press(test, "\033[18~", "resize: size 17"); /* F7 */
    screen_press(test, "u", "undone");
    assert_int_equal(fake_count_requests(&test->fake, "undo"), 1);
    screen_close(test);
}

static void another_operator_is_named(void **state)
{
    struct screen_test *test = screen_open(24, 80, NULL, NULL);
    json_t *request;

    (void)state;
    screen_set(test, "replies",
               "{\"scale\":{\"ok\":false,\"code\":\"changed\",\"error\":\"bob set 8 three seconds "
               "ago\"},\"kill\":{\"ok\":false,\"code\":\"gone\",\"error\":\"pid 48213 already "
               "exited; nothing sent\"}}");
    screen_settle(test);
    screen_press(test, "+", "bob set 8 three seconds ago");
    pty_keys(test->pty, "y");
    screen_expect_gone(test, "Changed meanwhile");
    sync_keys(test);
    request = fake_wait_request(&test->fake, "scale");
    assert_null(json_object_get(request, "expect"));
    json_decref(request);
    screen_press(test, "2", "48213");
    screen_settle(test);
    screen_press(test, "X", "Kill 1 worker");
    screen_press(test, "y", "pid 48213 already exited; nothing sent");
    screen_close(test);
}

static void pause_and_hold_toggle(void **state)
{
    struct screen_test *test = screen_open(24, 80, NULL, NULL);
    json_t *request;

    (void)state;
    screen_settle(test);
    screen_press(test, "jjjjjP", "nightly: resumed");
    json_decref(fake_wait_request(&test->fake, "resume"));
    screen_press(test, "kP", "thumbs: pause");
    request = fake_wait_request(&test->fake, "pause");
    assert_string_equal(text_of(request, "target"), "thumbs");
    json_decref(request);
    screen_press(test, "H", "thumbs: hold");
    screen_press(test, "jjr", "export-eu: starting"); /* failed: started without a question */
    json_decref(fake_wait_request(&test->fake, "start"));
    screen_close(test);
}

static void the_signal_menu_begins_with_term(void **state)
{
    struct screen_test *test = screen_open(40, 120, NULL, NULL);
    json_t *request;

    (void)state;
    screen_settle(test);
    screen_press(test, "\033[20~", "Nothing is wrong here"); /* F9 on a healthy pool */
    screen_press(test, "j", "▸ ! ocr");
    screen_settle(test);
    screen_press(test, "\033[20~", "▸ 15 TERM"); /* F9: its hung worker */
    screen_press(test, "\r", "Signal 1 worker");
    pty_keys(test->pty, "y");
    request = fake_wait_request(&test->fake, "kill");
    assert_string_equal(text_of(request, "signal"), "TERM");
    assert_string_equal(text_of(request, "target"), "48213");
    json_decref(request);
    screen_close(test);
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
    /* What is not built yet is not promised. */
    assert_false(pty_has_text(test->pty, "strace"));
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
    sync_keys(test);
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
    sync_keys(test);
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

static void stopping_all_wants_the_name(void **state)
{
    struct screen_test *test = screen_open(24, 80, NULL, NULL);

    (void)state;
    screen_press(test, "Q", "Detach");
    screen_press(test, "s", "Type prod-7 to do it");
    screen_press(test, "prod-7\r", "stopping all pools");
    json_decref(fake_wait_request(&test->fake, "shutdown"));
    fake_kill(&test->fake);
    assert_int_equal(WEXITSTATUS(pty_wait_exit(test->pty, PTY_WAIT_MS)), 3);
    assert_true(pty_has_text(test->pty, "stopped"));
    screen_close(test);
}

static void frozen_screens_do_not_move(void **state)
{
    struct screen_test *test = screen_open(24, 80, NULL, NULL);

    (void)state;
    screen_press(test, "Z", "FROZEN");
    screen_set(test, "pools", "[{\"name\":\"newcomer\",\"state\":\"ok\"}]");
    sync_keys(test);
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

static void acknowledging_and_tasks(void **state)
{
    struct screen_test *test = screen_open(24, 80, NULL, NULL);
    json_t *request;

    (void)state;
    screen_press(test, "5", "49230");
    screen_settle(test);
    screen_press(test, "jjjjj", "gave up after 5");
    screen_press(test, "a", "acknowledged");
    request = fake_wait_request(&test->fake, "ack");
    assert_int_equal(json_integer_value(json_object_get(request, "event")), 407);
    json_decref(request);
    screen_press(test, "\r", "[1 Pools]"); /* Enter jumps to the pool */
    screen_expect(test, "▸ ⊘ export-eu");
    screen_press(test, "3", "9f31d2");
    screen_settle(test);
    screen_press(test, "jj", "▸ ○ 9f31d2");
    screen_press(test, "x", "task 9f31d2: cancelled");
    request = fake_wait_request(&test->fake, "cancel");
    assert_string_equal(json_string_value(json_array_get(json_object_get(request, "tasks"), 0)),
                        "9f31d2");
    json_decref(request);
    screen_close(test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kill_asks_and_is_pinned),
        cmocka_unit_test(typing_ahead_never_answers),
        cmocka_unit_test(many_are_killed_by_their_number),
        cmocka_unit_test(stopping_a_pool_wants_its_name),
        cmocka_unit_test(sizes_count_from_the_last_key),
        cmocka_unit_test(another_operator_is_named),
        cmocka_unit_test(pause_and_hold_toggle),
        cmocka_unit_test(the_signal_menu_begins_with_term),
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
        cmocka_unit_test(stopping_all_wants_the_name),
        cmocka_unit_test(frozen_screens_do_not_move),
        cmocka_unit_test(setup_changes_what_is_shown),
        cmocka_unit_test(acknowledging_and_tasks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
