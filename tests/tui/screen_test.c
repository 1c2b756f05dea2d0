/* SPDX-License-Identifier: MIT */
/* Shared parts of the screen tests. */
#include "screen_test.h"

#include <stdio.h>
#include <unistd.h>

struct screen_test *screen_open_scenario(const char *scenario, int rows, int cols,
                                         const char *const options[], const char *const env[])
{
    struct screen_test *test = calloc(1, sizeof(*test));
    const char *argv[16] = {TUI_MAIN, NULL};
    size_t count = 2;

    assert_non_null(test);
    fake_start(&test->fake, FAKE_SUPERVISOR, scenario, false);
    argv[1] = test->fake.socket;
    for (size_t i = 0; options && options[i] && count < 15; i++)
        argv[count++] = options[i];
    argv[count] = NULL;
    test->pty = pty_start(argv, env, rows, cols);
    return test;
}

struct screen_test *screen_open(int rows, int cols, const char *const options[],
                                const char *const env[])
{
    struct screen_test *test =
        screen_open_scenario(SCENARIOS "/prod-7.json", rows, cols, options, env);

    screen_expect(test, rows >= 12 && cols >= 60 ? "export-eu" : "need 60x12");
    return test;
}

void screen_close(struct screen_test *test)
{
    pty_end(test->pty);
    fake_clean(&test->fake);
    free(test);
}

static void fail_with_screen(struct screen_test *test, const char *what, const char *text)
{
    char *screen = pty_text(test->pty);

    print_message("--- the screen ---\n%s------------------\n", screen);
    free(screen);
    fail_msg("%s: \"%s\"", what, text);
}

void screen_expect(struct screen_test *test, const char *text)
{
    if (!pty_wait_text(test->pty, text, PTY_WAIT_MS))
        fail_with_screen(test, "not on the screen", text);
}

void screen_expect_gone(struct screen_test *test, const char *text)
{
    if (!pty_wait_no_text(test->pty, text, PTY_WAIT_MS))
        fail_with_screen(test, "still on the screen", text);
}

void screen_press(struct screen_test *test, const char *keys, const char *text)
{
    pty_keys(test->pty, keys);
    screen_expect(test, text);
}

void screen_sync(struct screen_test *test)
{
    screen_press(test, ":", "Tab completes");
    pty_keys(test->pty, "\x03");
    screen_expect_gone(test, "Tab completes");
}

void screen_settle(struct screen_test *test)
{
    assert_true(pty_wait_quiet(test->pty, 150, PTY_WAIT_MS));
}

void screen_set(struct screen_test *test, const char *key, const char *json)
{
    json_t *value = json_loads(json, JSON_DECODE_ANY, NULL);

    assert_non_null(value);
    json_decref(fake_request(
        &test->fake, json_pack("{s:s,s:s,s:o}", "cmd", "_set", "key", key, "value", value)));
}

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = calloc(1, 1 << 20);

    assert_non_null(text);
    if (file) {
        size_t got = fread(text, 1, (1 << 20) - 1, file);
        text[got] = '\0';
        fclose(file);
    }
    return text;
}

/* Both texts line by line where they differ. */
static void show_difference(char *want, char *got)
{
    char *want_save = NULL, *got_save = NULL;
    char *a = strtok_r(want, "\n", &want_save), *b = strtok_r(got, "\n", &got_save);

    while (a || b) {
        if (!a || !b || strcmp(a, b) != 0)
            print_message("want |%s\n got |%s\n", a ? a : "", b ? b : "");
        a = a ? strtok_r(NULL, "\n", &want_save) : NULL;
        b = b ? strtok_r(NULL, "\n", &got_save) : NULL;
    }
}

void screen_compare(struct screen_test *test, const char *name)
{
    char path[512], *want, *got;
    bool same;

    screen_settle(test);
    snprintf(path, sizeof(path), "%s/%s.txt", GOLDENS, name);
    got = pty_text(test->pty);
    if (getenv("UPDATE_GOLDEN")) {
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        fputs(got, file);
        fclose(file);
        free(got);
        return;
    }
    want = read_file(path);
    same = strcmp(want, got) == 0;
    if (!same)
        show_difference(want, got);
    free(want);
    free(got);
    if (!same)
        fail_msg("%s differs (UPDATE_GOLDEN=1 rewrites it)", path);
}
