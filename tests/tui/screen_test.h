/* SPDX-License-Identifier: MIT */
/* What the screen tests share: a fake supervisor with the prod-7 scenario and a screen on it. */
#ifndef LIFEGUARD_TESTS_TUI_SCREEN_TEST_H
#define LIFEGUARD_TESTS_TUI_SCREEN_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/fake_client.h"
#include "harness/pty.h"

struct screen_test {
    struct fake_handle fake;
    struct pty *pty;
};

/* Starts both; `options` are words for tui_main, NULL-terminated (NULL = none). Returns when the
 * pools are on the screen. */
struct screen_test *screen_open(int rows, int cols, const char *const options[],
                                const char *const env[]);
/* The same with a scenario of the test's own. */
struct screen_test *screen_open_scenario(const char *scenario, int rows, int cols,
                                         const char *const options[], const char *const env[]);
void screen_close(struct screen_test *test);
/* Sends keys and waits until the text is there (fails the test with the screen if not). */
void screen_press(struct screen_test *test, const char *keys, const char *text);
/* Fails the test with the screen unless the text comes (or goes). */
void screen_expect(struct screen_test *test, const char *text);
void screen_expect_gone(struct screen_test *test, const char *text);
/* Makes sure that what was typed has been dealt with: a later key shows its effect. */
void screen_sync(struct screen_test *test);
/* Waits until nothing moves any more. */
void screen_settle(struct screen_test *test);
/* Replaces a part of the scenario: key, and a JSON text. */
void screen_set(struct screen_test *test, const char *key, const char *json);
/* Compares with GOLDENS/name.txt; UPDATE_GOLDEN=1 writes it instead. */
void screen_compare(struct screen_test *test, const char *name);

#endif
