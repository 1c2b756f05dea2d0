/* SPDX-License-Identifier: MIT */
/* Worker mode on the screen: tasks in hand, progress, locks, recycling; and acting on tasks. */
#include "screen_test.h"

#include <stdio.h>

static const char workers[] =
    "[{\"pool\":\"ocr\",\"mode\":\"worker\",\"slot\":1,\"pid\":48190,\"start\":7,\"generation\":2,"
    "\"age\":3700,\"state\":\"busy\",\"since\":3600,\"recycle\":true,\"in_flight\":13,"
    "\"done\":9000,\"life_done\":412,\"task\":{\"id\":\"9f31d0\","
    "\"text\":\"a-very-long-name-of-a-scan-213.pdf\",\"attempt\":2,\"since\":64},"
    "\"progress\":25,\"progress_done\":53,\"progress_total\":212,\"progress_text\":\"page 53\","
    "\"eta\":192,\"status\":\"model eng+deu\",\"held\":\"cache db\",\"awaits\":\"gpu\"},"
    "{\"pool\":\"ocr\",\"mode\":\"worker\",\"slot\":2,\"pid\":48191,\"start\":8,\"generation\":1,"
    "\"age\":90,\"state\":\"busy\",\"since\":90,\"in_flight\":1,\"done\":3,\"life_done\":3,"
    "\"task\":{\"id\":\"9f31d1\",\"text\":\"b.pdf\",\"attempt\":1,\"since\":5},"
    "\"progress\":null,\"progress_done\":17,\"progress_total\":null,\"progress_text\":null}]";

static struct screen_test *open_workers(int rows, int cols)
{
    struct screen_test *test = screen_open(rows, cols, NULL, NULL);

    screen_press(test, "2", "[2 Workers]");
    screen_set(test, "workers", workers);
    screen_expect(test, "48191");
    screen_settle(test);
    return test;
}

static void the_row_of_a_worker_with_tasks_in_hand(void **state)
{
    struct screen_test *test = open_workers(24, 80);

    (void)state;
    /* How many more there are stays, though the name is cut; the time is that of the task. */
    screen_expect(test, "9f31d0 a-very-… +12  25");
    screen_expect(test, "◔  48190 ocr        1 recycle   1m04s");
    screen_expect(test, "●  48191 ocr        2 busy         5s");
    screen_close(test);
}

static void what_a_worker_waits_for(void **state)
{
    struct screen_test *test = open_workers(60, 200);

    (void)state;
    screen_expect(test, "waits for gpu");
    screen_expect(test, "   412   2  1h01m 9f31d0");
    screen_close(test);
}

static void the_pane_and_the_page_of_a_worker(void **state)
{
    struct screen_test *test = open_workers(40, 120);

    (void)state;
    screen_press(test, "g", "▸ ◔  48190");
    screen_settle(test);
    screen_expect(test, "25%  53/212  page 53  ETA 3m12s");
    screen_expect(test, "Status      model eng+deu");
    screen_press(test, "\r", "+12 in hand");
    screen_expect(test, "holds cache db   waits for gpu");
    screen_expect(test, "412 tasks in this life, 9,000 in this slot");
    screen_expect(test, "recycled when its replacement is up");
    screen_press(test, "\033", "Space tags");
    screen_settle(test);
    screen_press(test, "j", "▸ ●  48191");
    screen_settle(test);
    screen_press(test, "\r", "Progress    17");
    screen_close(test);
}

static void a_kill_names_all_tasks_in_hand(void **state)
{
    struct screen_test *test = open_workers(24, 80);

    (void)state;
    screen_press(test, "g", "▸ ◔  48190");
    screen_settle(test);
    screen_press(test, "X", "Task 9f31d0 and 12 more go back to the queue.");
    screen_close(test);
}

static void who_survives_kill(void **state)
{
    struct screen_test *test = screen_open(24, 80, NULL, NULL);

    (void)state;
    screen_set(test, "summary",
               "{\"name\":\"prod-7\",\"state\":\"stopping\",\"now\":1769863267,\"stopping\":"
               "[{\"pool\":\"ocr\",\"slot\":2,\"pid\":77,\"state\":\"stopping\",\"kill_in\":4}]}");
    screen_expect(test, "waits for 1, first ocr[2] pid 77, KILL in 4s");
    screen_set(test, "summary",
               "{\"name\":\"prod-7\",\"state\":\"stopping\",\"now\":1769863267,\"stopping\":"
               "[{\"pool\":\"ocr\",\"slot\":2,\"pid\":77,\"state\":\"stopping\","
               "\"kill_in\":null}]}");
    screen_expect(test, "pid 77, KILL was sent");
    screen_set(test, "summary",
               "{\"name\":\"prod-7\",\"state\":\"stopping\",\"now\":1769863267,\"stopping\":"
               "[{\"pool\":\"ocr\",\"slot\":2,\"pid\":77,\"state\":\"waiting\","
               "\"waits\":\"web, api\",\"kill_in\":null}]}");
    screen_expect(test, "pid 77, its turn comes after web, api");
    screen_set(test, "summary",
               "{\"name\":\"prod-7\",\"state\":\"stopping\",\"now\":1769863267,\"stopping\":"
               "[{\"pool\":\"ocr\",\"slot\":2,\"pid\":77,\"state\":\"unkillable\","
               "\"kill_in\":null}]}");
    screen_expect(test, "pid 77, survives KILL: the kernel holds it");
    screen_press(test, "2", "[2 Workers]");
    screen_set(test, "workers",
               "[{\"pool\":\"ocr\",\"slot\":2,\"pid\":77,\"start\":9,\"state\":\"stopping\","
               "\"flag\":\"unkillable\",\"since\":6}]");
    screen_expect(test, "!     77 ocr        2 UNKILLED");
    screen_settle(test);
    screen_press(test, "\r", "! unkillable  ocr[2]");
    screen_close(test);
}

static void hold_is_of_the_worker_or_its_pool(void **state)
{
    struct screen_test *test = open_workers(24, 80);
    json_t *request;

    (void)state;
    screen_press(test, "H", "ocr[2]: a hang does not restart it");
    request = fake_wait_request(&test->fake, "hold");
    assert_string_equal(json_string_value(json_object_get(request, "target")), "48191");
    json_decref(request);
    screen_set(test, "workers",
               "[{\"pool\":\"ocr\",\"slot\":1,\"pid\":48190,\"start\":7,\"state\":\"busy\","
               "\"pool_held\":true}]");
    screen_settle(test);
    screen_press(test, "H", "ocr: resumed");
    request = fake_wait_request(&test->fake, "resume");
    assert_string_equal(json_string_value(json_object_get(request, "target")), "ocr");
    json_decref(request);
    screen_close(test);
}

static void select_task(struct screen_test *test, const char *keys, const char *row)
{
    screen_press(test, "3", "rebuild-index");
    screen_settle(test);
    for (; *keys; keys++) {
        char one[2] = {*keys, '\0'};
        pty_keys(test->pty, one);
        screen_settle(test);
    }
    screen_expect(test, row);
}

static void expect_task_request(struct screen_test *test, const char *cmd, const char *id)
{
    json_t *request = fake_wait_request(&test->fake, cmd);

    assert_non_null(request);
    assert_string_equal(json_string_value(json_array_get(json_object_get(request, "tasks"), 0)),
                        id);
    json_decref(request);
}

static void a_running_task(void **state)
{
    struct screen_test *test = screen_open(24, 80, NULL, NULL);

    (void)state;
    select_task(test, "", "▸ ● 9f31c2  ocr        5 run 48%");
    screen_expect(test, "48%  101/212  page 101");
    screen_expect(test, "x cancel  l log  Enter its worker");
    screen_press(test, "x", "task 9f31c2: told to stop");
    expect_task_request(test, "cancel", "9f31c2");
    screen_press(test, "\r", "Pools › ocr › pid 48213");
    screen_close(test);
}

static void a_waiting_task(void **state)
{
    struct screen_test *test = screen_open(24, 80, NULL, NULL);
    json_t *request;

    (void)state;
    select_task(test, "jj", "▸ ○ 9f31d2");
    screen_expect(test, "B bury  P pause the pool");
    screen_press(test, "+", "priority raised");
    request = fake_wait_request(&test->fake, "prioritise");
    assert_int_equal(json_integer_value(json_object_get(request, "change")), 1);
    json_decref(request);
    screen_press(test, "-", "priority lowered");
    screen_press(test, "B", "task 9f31d2: buried");
    expect_task_request(test, "bury", "9f31d2");
    screen_press(test, "P", "ocr: paused, P resumes");
    request = fake_wait_request(&test->fake, "pause");
    assert_string_equal(json_string_value(json_object_get(request, "target")), "ocr");
    json_decref(request);
    screen_close(test);
}

static void a_buried_task(void **state)
{
    struct screen_test *test = screen_open(24, 80, NULL, NULL);

    (void)state;
    select_task(test, "jjjjj", "▸ ⊘ b76fff");
    screen_expect(test, "buried  attempt 5 of 5");
    screen_expect(test, "HTTP 500 from hooks.example");
    screen_expect(test, "r run again");
    screen_press(test, "r", "task b76fff: runs again");
    expect_task_request(test, "retry", "b76fff");
    screen_press(test, ":kick\r", "kick"); /* without ids: the selected one */
    expect_task_request(test, "kick", "b76fff");
    pty_keys(test->pty, "&buried\r");
    screen_expect(test, "/buried/  1 of 7");
    screen_expect_gone(test, "rebuild-index");
    screen_close(test);
}

static void the_queue_is_sorted(void **state)
{
    struct screen_test *test = screen_open(24, 80, NULL, NULL);

    (void)state;
    select_task(test, "", "rebuild-index");
    screen_press(test, "I", "F6 chooses a column first");
    screen_press(test, "\033[17~", "Sort by"); /* F6 */
    screen_press(test, "jj\r", "sort PRI▾  2,306 tasks");
    screen_press(test, "I", "sort PRI▴");
    screen_close(test);
}

static void a_menu_says_its_letters_and_can_be_cancelled(void **state)
{
    struct screen_test *test = screen_open(24, 80, NULL, NULL);

    (void)state;
    screen_press(test, "q", "▸ Detach: 37 workers keep running           d");
    pty_keys(test->pty, "c");
    screen_expect_gone(test, "Detach");
    screen_press(test, "2", "[2 Workers]"); /* it goes on */
    screen_close(test);
}

static void a_pool_that_is_recycled_or_done(void **state)
{
    struct screen_test *test = screen_open(24, 80, NULL, NULL);

    (void)state;
    screen_set(
        test, "pools",
        "[{\"name\":\"ocr\",\"mode\":\"worker\",\"state\":\"draining\",\"live\":4,\"want\":3,"
        "\"size\":3,\"recycling\":1},"
        "{\"name\":\"old\",\"mode\":\"worker\",\"state\":\"draining\",\"live\":4,\"want\":3,"
        "\"size\":3,\"recycling\":0},"
        "{\"name\":\"jobs\",\"mode\":\"worker\",\"state\":\"done\",\"live\":0,\"want\":0,"
        "\"size\":3,\"failed\":2,\"buried\":1},"
        "{\"name\":\"api\",\"mode\":\"service\",\"state\":\"ok\",\"live\":3,\"want\":3,"
        "\"held\":true}]");
    screen_expect(test, "● api         ok, hold");
    screen_expect(test, "◔ ocr         recycle        4/3");
    screen_expect(test, "◔ old         draining       4→3");
    screen_expect(test, "✓ jobs        done ✗3");
    screen_close(test);
}

static void verbs_that_are_views(void **state)
{
    struct screen_test *test = screen_open(24, 80, NULL, NULL);

    (void)state;
    screen_press(test, ":ps resize\r", "2 of 39");
    screen_expect_gone(test, "48213");
    screen_press(test, ":tasks webhooks\r", "/webhooks/  2 of 7");
    screen_press(test, ":events\r", "[5 Events]");
    screen_settle(test);
    pty_keys(test->pty, ":");
    screen_settle(test); /* the pools' names are known by now, though this view has none */
    screen_press(test, "drain ni\t", ":drain nightly");
    screen_press(test, "\033", "Enter jump");
    screen_press(test, "a", "It is no alert");
    screen_close(test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_row_of_a_worker_with_tasks_in_hand),
        cmocka_unit_test(what_a_worker_waits_for),
        cmocka_unit_test(the_pane_and_the_page_of_a_worker),
        cmocka_unit_test(a_kill_names_all_tasks_in_hand),
        cmocka_unit_test(who_survives_kill),
        cmocka_unit_test(hold_is_of_the_worker_or_its_pool),
        cmocka_unit_test(a_running_task),
        cmocka_unit_test(a_waiting_task),
        cmocka_unit_test(a_buried_task),
        cmocka_unit_test(the_queue_is_sorted),
        cmocka_unit_test(a_menu_says_its_letters_and_can_be_cancelled),
        cmocka_unit_test(a_pool_that_is_recycled_or_done),
        cmocka_unit_test(verbs_that_are_views),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
