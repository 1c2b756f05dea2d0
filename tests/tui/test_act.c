/* SPDX-License-Identifier: MIT */
/* Acting: dialogs and their safety, signals, sizes, tags, evidence. */
#include "screen_test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
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
    screen_sync(test);
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

static void a_done_pool_is_sized_from_its_size(void **state)
{
    struct screen_test *test = screen_open(24, 80, NULL, NULL);
    json_t *request;

    (void)state;
    screen_set(test, "pools",
               "[{\"name\":\"nightly\",\"mode\":\"command\",\"state\":\"done\",\"live\":0,"
               "\"want\":0,\"size\":3}]");
    screen_expect(test, "nightly     done");
    screen_press(test, "+", "nightly: size 4");
    request = fake_wait_request(&test->fake, "scale");
    assert_string_equal(text_of(request, "size"), "4");
    assert_int_equal(json_integer_value(json_object_get(request, "expect")), 3);
    json_decref(request);
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
    screen_sync(test);
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
    screen_press(test, "kP", "thumbs: paused, P resumes");
    request = fake_wait_request(&test->fake, "pause");
    assert_string_equal(text_of(request, "target"), "thumbs");
    json_decref(request);
    screen_press(test, "H", "thumbs: automatic restarts held");
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

/* While all of it stops, x asks for KILL, and wants the name; Ctrl-C asks only how to leave. */
static void killing_what_is_left_wants_the_name(void **state)
{
    struct screen_test *test = screen_open(24, 80, NULL, NULL);
    json_t *request;

    (void)state;
    screen_set(test, "summary",
               "{\"name\":\"prod-7\",\"state\":\"stopping\",\"now\":1769863267,\"stopping\":"
               "[{\"pool\":\"ocr\",\"slot\":2,\"pid\":77,\"state\":\"stopping\",\"for\":3,"
               "\"kill_in\":4}]}");
    screen_expect(test, "stopping: waits for 1");
    screen_press(test, "\x03", "Detach");
    screen_press(test, "\033", "x kills now");
    screen_settle(test);
    screen_press(test, "x", "KILL at once to 1");
    screen_press(test, "\r", "x kills now"); /* nothing typed: No */
    screen_settle(test);
    screen_press(test, "x", "Type prod-7 to do it");
    screen_press(test, "prod-7\r", "KILL to all");
    request = fake_wait_request(&test->fake, "shutdown");
    assert_true(json_is_true(json_object_get(request, "now")));
    json_decref(request);
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

/* A scenario whose one worker is this process. */
static void show_process(struct screen_test *test, int pid, unsigned long long start)
{
    char text[256];

    snprintf(text, sizeof(text),
             "[{\"pool\":\"ocr\",\"slot\":2,\"pid\":%d,\"start\":%llu,\"state\":\"busy\"}]", pid,
             start);
    screen_set(test, "workers", text);
    snprintf(text, sizeof(text), "%d ocr", pid);
    screen_expect(test, text);
    screen_settle(test);
}

static unsigned long long start_of(int pid)
{
    char text[1024] = "", path[40];
    unsigned long long start = 0;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(text, sizeof(text), file));
    fclose(file);
    assert_int_equal(sscanf(strrchr(text, ')') + 2,
                            "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d "
                            "%*d %*d %llu",
                            &start),
                     1);
    return start;
}

static void evidence_is_of_the_process_that_is_shown(void **state)
{
    struct screen_test *test = screen_open(24, 80, NULL, NULL);

    (void)state;
    screen_press(test, "2", "48213");
    show_process(test, getpid(), start_of(getpid()));
    screen_press(test, "o", "open files");
    screen_expect(test, "/dev/null");
    screen_press(test, "\033", "Space tags");
    screen_press(test, "e", "environment");
    screen_press(test, "/^PATH=\r", "▸ PATH=");
    screen_press(test, "\033", "Space tags");
    screen_press(test, "b", "threads");
    screen_expect(test, "CPU ");
    screen_press(test, "\033", "Space tags");
    screen_press(test, "s", "system calls");
    screen_expect(test, "strace: "); /* attached, or why not */
    screen_press(test, "\033", "Space tags");
    /* The same number, another process: nothing of it is shown. */
    show_process(test, getpid(), start_of(getpid()) + 1);
    screen_press(test, "e", "is gone");
    assert_false(pty_has_text(test->pty, "PATH="));
    screen_close(test);
}

/* A process with a secret in its environment, which is there when this returns. */
static pid_t start_confidant(void)
{
    int ends[2];
    char byte;
    pid_t pid;

    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid = fork();
    if (pid == 0) {
        char *const envp[] = {(char[]){"PLAIN=seen"}, (char[]){"MAIL_PASSWORD=hunter2"}, NULL};

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execle("/bin/sleep", "sleep", "1000", NULL, envp);
        _exit(127);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &byte, 1), 0); /* closed by exec */
    close(ends[0]);
    return pid;
}

static void secrets_are_shown_to_who_asks(void **state)
{
    struct screen_test *test = screen_open(24, 80, NULL, NULL);
    pid_t pid = start_confidant();

    (void)state;
    screen_press(test, "2", "48213");
    show_process(test, pid, start_of(pid));
    screen_press(test, "e", "e shows hidden values");
    screen_expect(test, "PLAIN=seen");
    screen_expect(test, "MAIL_PASSWORD=***");
    assert_false(pty_has_text(test->pty, "hunter2"));
    screen_press(test, "e", "MAIL_PASSWORD=hunter2");
    screen_press(test, "e", "Nothing is hidden here");
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    screen_close(test);
}

static void tags_by_range_and_pattern(void **state)
{
    struct screen_test *test = screen_open(24, 80, NULL, NULL);

    (void)state;
    screen_press(test, "2", "48213");
    screen_settle(test);
    screen_press(test, "v", "Tagging a range");
    screen_press(test, "jjv", "3 tagged");
    screen_press(test, "U", "0 tagged");
    screen_press(test, "Tresize\r", "2 on this screen match");
    screen_press(test, "x", "Stop workers");
    screen_press(test, "y", "0 tagged");
    json_decref(fake_wait_request(&test->fake, "stop"));
    screen_sync(test);
    assert_int_equal(fake_count_requests(&test->fake, "stop"), 2);
    screen_close(test);
}

static void sizes_that_are_not_shown_change_by_steps(void **state)
{
    struct screen_test *test = screen_open(24, 80, NULL, NULL);
    json_t *request;

    (void)state;
    screen_press(test, "2", "48213");
    screen_settle(test);
    screen_press(test, "\033[19~", "ocr: size +1"); /* F8 */
    request = fake_wait_request(&test->fake, "scale");
    assert_string_equal(text_of(request, "size"), "+1");
    assert_null(json_object_get(request, "expect"));
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
        cmocka_unit_test(a_done_pool_is_sized_from_its_size),
        cmocka_unit_test(another_operator_is_named),
        cmocka_unit_test(pause_and_hold_toggle),
        cmocka_unit_test(the_signal_menu_begins_with_term),
        cmocka_unit_test(stopping_all_wants_the_name),
        cmocka_unit_test(killing_what_is_left_wants_the_name),
        cmocka_unit_test(acknowledging_and_tasks),
        cmocka_unit_test(evidence_is_of_the_process_that_is_shown),
        cmocka_unit_test(secrets_are_shown_to_who_asks),
        cmocka_unit_test(tags_by_range_and_pattern),
        cmocka_unit_test(sizes_that_are_not_shown_change_by_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
