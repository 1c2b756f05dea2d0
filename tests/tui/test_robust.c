/* SPDX-License-Identifier: MIT */
/*
 * Row T of the faults: sizes, hang-ups, suspends, hostile terminals and hostile text, a terminal
 * that is not read, a supervisor that falls silent or dies.
 */
#include "screen_test.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static bool is_sane(const struct termios *settings)
{
    return (settings->c_lflag & ICANON) && (settings->c_lflag & ECHO) &&
           (settings->c_lflag & ISIG) && (settings->c_oflag & OPOST);
}

static void assert_terminal_restored(struct screen_test *test)
{
    struct termios settings;
    size_t len;
    const char *output = pty_output(test->pty, &len);

    assert_int_equal(pty_settings(test->pty, &settings), 0);
    assert_true(is_sane(&settings));
    assert_false(pty_in_alternate_screen(test->pty));
    assert_non_null(memmem(output, len, "\033[?2004l", 8));
    assert_non_null(memmem(output, len, "\033[?1000l", 8));
}

static void odd_sizes(void **state)
{
    static const struct {
        int rows, cols;
    } sizes[] = {{1, 1}, {2, 2}, {1, 1000}, {3, 200}, {200, 3}, {13, 61}, {1000, 1}, {24, 80}};
    static const char keys[] = "12345?q";
    struct screen_test *test = screen_open(24, 80, NULL, NULL);

    (void)state;
    for (size_t key = 0; key < sizeof(keys) - 1; key++) {
        char one[2] = {keys[key], '\0'};
        for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
            pty_resize(test->pty, sizes[i].rows, sizes[i].cols);
            screen_settle(test);
        }
        pty_keys(test->pty, one);
        screen_settle(test);
    }
    screen_press(test, "\033", "lifeguard");
    pty_resize(test->pty, 40, 120);
    screen_press(test, "1", "config /etc/lifeguard/prod.cfg");
    screen_close(test);
}

static void five_hundred_resizes(void **state)
{
    struct screen_test *test = screen_open(24, 80, NULL, NULL);

    (void)state;
    srandom(7);
    for (int i = 0; i < 500; i++)
        pty_resize(test->pty, 1 + (int)(random() % 70), 1 + (int)(random() % 220));
    pty_resize(test->pty, 24, 80);
    screen_settle(test);
    pty_keys(test->pty, "j");
    screen_compare(test, "pools-80x24");
    screen_close(test);
}

static void a_vanished_terminal_ends_the_client(void **state)
{
    struct screen_test *test = screen_open(24, 80, NULL, NULL);
    int status;

    (void)state;
    pty_hang_up(test->pty);
    status = pty_wait_exit(test->pty, PTY_WAIT_MS);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 5);
    screen_close(test);
}

static void term_and_hup_leave_the_terminal_as_found(void **state)
{
    static const int signals[] = {SIGTERM, SIGHUP, SIGINT};

    (void)state;
    for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
        struct screen_test *test = screen_open(24, 80, NULL, NULL);
        kill(pty_pid(test->pty), signals[i]);
        assert_int_equal(WEXITSTATUS(pty_wait_exit(test->pty, PTY_WAIT_MS)), 5);
        assert_terminal_restored(test);
        screen_close(test);
    }
}

static void a_crash_leaves_the_terminal_as_found(void **state)
{
    static const int signals[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE};

    (void)state;
    for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
        struct screen_test *test = screen_open(24, 80, NULL, NULL);
        int status;
        kill(pty_pid(test->pty), signals[i]);
        status = pty_wait_exit(test->pty, PTY_WAIT_MS);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), signals[i]);
        assert_terminal_restored(test);
        screen_close(test);
    }
}

/* Under a shell with job control, because an orphaned process group can't be stopped. */
static void suspend_and_continue(void **state)
{
    struct screen_test *test = calloc(1, sizeof(*test));
    const char *argv[] = {"bash",
                          "--norc",
                          "--noprofile",
                          "-c",
                          "set -m; \"$0\" \"$1\"; echo is stopped; read x; fg; echo went on",
                          TUI_MAIN,
                          NULL,
                          NULL};
    struct termios settings;

    (void)state;
    fake_start(&test->fake, FAKE_SUPERVISOR, SCENARIOS "/prod-7.json", false);
    argv[6] = test->fake.socket;
    test->pty = pty_start(argv, NULL, 24, 80);
    screen_expect(test, "export-eu failed");
    screen_settle(test);
    screen_press(test, "\x1a", "is stopped");
    assert_int_equal(pty_settings(test->pty, &settings), 0);
    assert_true(is_sane(&settings));
    assert_false(pty_in_alternate_screen(test->pty));
    pty_resize(test->pty, 40, 120); /* sizes change while we are away */
    screen_press(test, "\n", "config /etc/lifeguard/prod.cfg");
    screen_press(test, "2", "selected: ocr[2]");
    screen_press(test, "Q", "Detach");
    screen_press(test, "\r", "went on");
    screen_close(test);
}

static int exit_with(const char *const env[])
{
    struct screen_test *test = screen_open_scenario(SCENARIOS "/prod-7.json", 24, 80, NULL, env);
    int status = pty_wait_exit(test->pty, PTY_WAIT_MS);

    screen_close(test);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void hostile_terminal_types(void **state)
{
    static const char *const dumb[] = {"TERM=dumb", NULL};
    static const char *const none[] = {"TERM=no-such-terminal", NULL};
    static const char *const path[] = {"TERM=../../../../etc/passwd", NULL};
    static const char *const empty[] = {"TERM", NULL};
    static const char *const *const drawn[] = {none, path, empty};

    (void)state;
    assert_int_equal(exit_with(dumb), 6);
    for (size_t i = 0; i < sizeof(drawn) / sizeof(*drawn); i++) {
        struct screen_test *test = screen_open(24, 80, NULL, drawn[i]);
        screen_expect(test, "drawing as xterm-256color");
        screen_close(test);
    }
}

static void no_colors_where_none_are_wanted(void **state)
{
    static const char *const env[] = {"NO_COLOR=1", NULL};
    struct screen_test *test = screen_open(24, 80, NULL, env);
    bool bold = false;

    (void)state;
    screen_settle(test);
    for (int y = 0; y < 24; y++) {
        for (int x = 0; x < 80; x++) {
            struct pty_cell cell = pty_cell(test->pty, y, x);
            assert_true(cell.default_fg && cell.default_bg);
            bold |= cell.bold;
        }
    }
    assert_true(bold);
    screen_close(test);
}

static void the_cursor_is_on_the_selected_row(void **state)
{
    struct screen_test *test = screen_open(24, 80, NULL, NULL);
    int y, x;

    (void)state;
    screen_press(test, "j", "▸ ! ocr");
    screen_settle(test);
    pty_cursor(test->pty, &y, &x);
    assert_int_equal(y, pty_find(test->pty, "▸ ! ocr"));
    assert_true(pty_cell(test->pty, y, 10).reverse);
    screen_press(test, "/ab", "/ab");
    screen_settle(test);
    pty_cursor(test->pty, &y, &x);
    assert_int_equal(y, 22);
    assert_int_equal(x, 3);
    screen_close(test);
}

/* What ncurses and we ourselves may send; everything else is foreign. */
static size_t allowed_sequence(const char *at, size_t len)
{
    size_t i = 1;

    if (len > 2 && at[1] == '(' && (at[2] == 'B' || at[2] == '0'))
        return 3;
    if (len > 1 && strchr("=>78M", at[1]))
        return 2;
    if (len < 3 || at[1] != '[')
        return 0;
    /* The terminal's own way into and out of full screen mode saves the title. */
    if (len > 8 && (memcmp(at, "\033[22;0;0t", 9) == 0 || memcmp(at, "\033[23;0;0t", 9) == 0))
        return 9;
    for (i = 2; i < len && strchr("?;0123456789", at[i]); i++)
        ;
    /* Titles, reports, printing and the like are not among these. */
    return i < len && strchr("@ABCDGHJKLMPSTXZbdhlmr", at[i]) ? i + 1 : 0;
}

static void assert_no_foreign_sequences(struct screen_test *test)
{
    size_t len, step;
    const char *output = pty_output(test->pty, &len);

    for (size_t at = 0; at < len; at += step) {
        unsigned char byte = (unsigned char)output[at];
        step = byte == 27 ? allowed_sequence(output + at, len - at) : 1;
        if (!step)
            fail_msg("foreign sequence: ESC %.12s", output + at + 1);
        if (byte < 32 && byte != 27)
            assert_true(byte == '\r' || byte == '\n' || byte == '\b' || byte == '\t');
        assert_true(byte != 127);
    }
}

static json_t *poison(json_t *value, const char *bad, size_t len)
{
    const char *key;
    json_t *member;
    size_t index;

    if (json_is_object(value)) {
        json_object_foreach(value, key, member)
        {
            /* Words that choose how a row is drawn stay, all others become hostile. */
            if (strcmp(key, "state") != 0 && strcmp(key, "flag") != 0 && strcmp(key, "level") != 0)
                json_object_set_new(value, key, poison(json_incref(member), bad, len));
        }
    } else if (json_is_array(value)) {
        json_array_foreach(value, index, member)
            json_array_set_new(value, index, poison(json_incref(member), bad, len));
    } else if (json_is_string(value)) {
        json_t *text = json_stringn(bad, len);
        json_decref(value);
        return text;
    }
    return value;
}

/* Invalid UTF-8 travels as base64; everything else as it is. */
static const struct {
    const char *bytes;
    size_t len;
} corpus[] = {
#define BAD(text)              \
    {                          \
        text, sizeof(text) - 1 \
    }
    BAD("\033]52;c;cm0gLXJm\a\033[2J\033[31;1mred\033c"),
    BAD("\xc2\x9b"
        "31m\xc2\x9d"
        "0;t\xc2\x9c \b\b\r\n\t\v\f\177"),
    BAD("\033P+q544e\033\\ \033_x\033\\ \033^y \033X"),
    BAD("\xe2\x80\xae"
        "desrever\xe2\x80\xac\xe2\x80\x8b\xef\xbb\xbf"),
    BAD("e\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81 \xcc\x81 日本語 👩\xe2\x80\x8d👧 "
        "⚠\xef\xb8\x8f"),
    BAD("%s%n%99999d ${HOME} `id` \\e[31m"),
#undef BAD
};

static void hostile_text_in_every_field(void **state)
{
    char dir[] = "/tmp/lifeguard-test-XXXXXX", scenario[64];
    static const char *const keys[] = {"j", "2", "\r",   "p", "\033", "3",    "4",    "g",
                                       "5", "?", "\033", "1", "x",    "\033", ":s\t", "\033"};

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(scenario, sizeof(scenario), "%s/scenario.json", dir);
    for (size_t i = 0; i < sizeof(corpus) / sizeof(*corpus); i++) {
        json_t *root = json_load_file(SCENARIOS "/prod-7.json", JSON_ALLOW_NUL, NULL);
        struct screen_test *test;
        root = poison(root, corpus[i].bytes, corpus[i].len);
        assert_int_equal(json_dump_file(root, scenario, 0), 0);
        json_decref(root);
        test = screen_open_scenario(scenario, 40, 120, NULL, NULL);
        screen_expect(test, "[1 Pools]");
        for (size_t k = 0; k < sizeof(keys) / sizeof(*keys); k++) {
            pty_keys(test->pty, keys[k]);
            screen_settle(test);
        }
        assert_no_foreign_sequences(test);
        /* The frame still stands where it stood: no cell was shifted. */
        screen_expect(test, "F1 Help");
        assert_int_equal(pty_find(test->pty, "F1 Help"), 39);
        screen_close(test);
    }
    unlink(scenario);
    rmdir(dir);
}

static void bytes_that_are_not_text(void **state)
{
    struct screen_test *test = screen_open(24, 80, NULL, NULL);

    (void)state;
    screen_set(test, "pools",
               "[{\"name_base64\":\"YmFk/5sbWzFt\",\"state\":\"ok\",\"live\":1,\"want\":1}]");
    screen_expect(test, "bad\\xff\\x9b");
    assert_no_foreign_sequences(test);
    screen_close(test);
}

static void nonsense_from_the_supervisor(void **state)
{
    static const char *const parts[] = {"summary", "pools", "workers", "tasks", "events", "log"};
    static const char *const values[] = {
        "7",    "null",   "[]",    "{}",
        "[[]]", "[null]", "\"x\"", "[{\"pid\":\"x\",\"cpu\":\"y\",\"task\":7,\"slot\":-1e99}]"};
    struct screen_test *test = screen_open(40, 120, NULL, NULL);

    (void)state;
    for (size_t p = 0; p < sizeof(parts) / sizeof(*parts); p++) {
        char key[2] = {(char)('1' + (int)(p % 5)), '\0'};
        pty_keys(test->pty, key);
        for (size_t v = 0; v < sizeof(values) / sizeof(*values); v++)
            screen_set(test, parts[p], values[v]);
        json_decref(fake_request(
            &test->fake, json_pack("{s:s,s:s}", "cmd", "_raw", "bytes",
                                   "garbage\n{\"view\":7}\n[1]\n{}\n{\"id\":99}\n"
                                   "{\"view\":\"pools\",\"rows\":[[9e9,{}],[-5,{}],7]}\n")));
        screen_settle(test);
    }
    screen_press(test, "?", "switch view");
    screen_close(test);
}

/* CPU time of the process in clock ticks. */
static long cpu_ticks(pid_t pid)
{
    char path[64], text[1024] = "";
    unsigned long user = 0, system = 0;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(text, sizeof(text), file));
    fclose(file);
    assert_int_equal(sscanf(strrchr(text, ')') + 2,
                            "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system),
                     2);
    return (long)(user + system);
}

static void a_terminal_that_is_not_read(void **state)
{
    struct screen_test *test = screen_open(60, 200, NULL, NULL);
    long before;

    (void)state;
    screen_settle(test);
    pty_pause(test->pty, true);
    before = cpu_ticks(pty_pid(test->pty));
    for (int i = 0; i < 400; i++)
        screen_set(test, "pools",
                   i % 2 ? "[{\"name\":\"pool-odd\",\"state\":\"ok\"}]"
                         : "[{\"name\":\"pool-even\",\"state\":\"hung\"}]");
    assert_true(cpu_ticks(pty_pid(test->pty)) - before < sysconf(_SC_CLK_TCK) * 4);
    pty_pause(test->pty, false);
    screen_expect(test, "pool-odd");
    screen_expect_gone(test, "pool-even");
    assert_true(kill(pty_pid(test->pty), 0) == 0);
    screen_press(test, "Q", "Detach");
    screen_close(test);
}

static void a_dead_supervisor_is_told_and_found_again(void **state)
{
    struct screen_test *test = screen_open(24, 80, NULL, NULL);

    (void)state;
    fake_kill(&test->fake);
    screen_expect(test, "supervisor gone");
    screen_expect(test, "STALE");
    assert_true(pty_has_text(test->pty, "export-eu")); /* what was known stays, dimmed */
    screen_press(test, "+", "nothing sent");
    fake_restart(&test->fake, FAKE_SUPERVISOR, SCENARIOS "/prod-7.json");
    screen_expect_gone(test, "STALE");
    screen_press(test, "2", "48213");
    screen_close(test);
}

static void a_silent_supervisor_is_told(void **state)
{
    struct screen_test *test = screen_open(24, 80, NULL, NULL);

    (void)state;
    json_decref(fake_request(&test->fake, json_pack("{s:s}", "cmd", "_silence")));
    screen_expect(test, "supervisor not answering on");
    screen_press(test, "+", "nothing sent");
    /* Leaving must not wait for it. */
    screen_press(test, "Q", "Detach");
    screen_press(test, "\r", "detached");
    screen_close(test);
}

static void an_idle_screen_is_silent(void **state)
{
    struct screen_test *test = screen_open(24, 80, NULL, NULL);
    size_t before;

    (void)state;
    screen_settle(test);
    before = pty_output_total(test->pty);
    assert_true(pty_wait_quiet(test->pty, 2000, PTY_WAIT_MS));
    assert_int_equal(pty_output_total(test->pty), before);
    screen_close(test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(odd_sizes),
        cmocka_unit_test(five_hundred_resizes),
        cmocka_unit_test(a_vanished_terminal_ends_the_client),
        cmocka_unit_test(term_and_hup_leave_the_terminal_as_found),
        cmocka_unit_test(a_crash_leaves_the_terminal_as_found),
        cmocka_unit_test(suspend_and_continue),
        cmocka_unit_test(hostile_terminal_types),
        cmocka_unit_test(no_colors_where_none_are_wanted),
        cmocka_unit_test(the_cursor_is_on_the_selected_row),
        cmocka_unit_test(hostile_text_in_every_field),
        cmocka_unit_test(bytes_that_are_not_text),
        cmocka_unit_test(nonsense_from_the_supervisor),
        cmocka_unit_test(a_terminal_that_is_not_read),
        cmocka_unit_test(a_dead_supervisor_is_told_and_found_again),
        cmocka_unit_test(a_silent_supervisor_is_told),
        cmocka_unit_test(an_idle_screen_is_silent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
