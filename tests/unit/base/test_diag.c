/* SPDX-License-Identifier: MIT */
/* The supervisor's own messages: written at once, or gathered until they are flushed. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/diag.h"

static int ends[2];

/* What was written since the last call, "" = nothing. */
static const char *written(void)
{
    static char text[65536];
    ssize_t got = read(ends[0], text, sizeof(text) - 1);

    text[got > 0 ? got : 0] = '\0';
    return text;
}

static int open_pipe(void **state)
{
    (void)state;
    return pipe2(ends, O_CLOEXEC | O_NONBLOCK);
}

static int close_pipe(void **state)
{
    (void)state;
    close(ends[0]);
    close(ends[1]);
    return 0;
}

static void messages_are_lines(void **state)
{
    struct diag diag = {.fd = ends[1], .level = DIAG_INFO};
    const char *text;

    (void)state;
    diag_write(&diag, DIAG_DEBUG, "not wanted");
    assert_string_equal(written(), "");
    diag_write(&diag, DIAG_WARN, "one\ntwo %d", 3);
    text = written();
    assert_non_null(strstr(text, " warn one?two 3\n"));
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
}

static void gathered_ones_wait_for_the_flush(void **state)
{
    struct diag diag = {.fd = ends[1], .level = DIAG_INFO, .gather = true};
    const char *text;

    (void)state;
    diag_write(&diag, DIAG_INFO, "first");
    diag_write(&diag, DIAG_WARN, "second");
    assert_string_equal(written(), "");
    diag_flush(&diag);
    text = written();
    assert_non_null(strstr(text, " info first\n"));
    assert_non_null(strstr(text, " warn second\n"));
    assert_true(strstr(text, "first") < strstr(text, "second"));
    diag_flush(&diag);
    assert_string_equal(written(), "");
    diag_write(&diag, DIAG_INFO, "third");
    diag.gather = false;
    diag_flush(&diag);
    assert_non_null(strstr(written(), " info third\n"));
    assert_null(diag.gathered.bytes);
}

static void errors_and_many_do_not_wait(void **state)
{
    struct diag diag = {.fd = ends[1], .level = DIAG_INFO, .gather = true};
    size_t len = 0;

    (void)state;
    diag_write(&diag, DIAG_INFO, "before");
    diag_write(&diag, DIAG_ERROR, "the end is near");
    assert_non_null(strstr(written(), "the end is near\n"));
    for (int i = 0; i < 1000 && len == 0; i++) {
        diag_write(&diag, DIAG_INFO, "%080d", i);
        len = strlen(written());
    }
    assert_in_range(len, 32768, 33792);
    diag.gather = false;
    diag_flush(&diag);
    assert_int_equal(diag.dropped, 0);
}

static void lines_without_room_are_counted(void **state)
{
    struct diag diag = {.fd = open("/dev/full", O_WRONLY | O_CLOEXEC), .level = DIAG_INFO};

    (void)state;
    diag_write(&diag, DIAG_INFO, "lost");
    assert_int_equal(diag.dropped, 1);
    diag.gather = true;
    diag_write(&diag, DIAG_INFO, "lost");
    diag_write(&diag, DIAG_INFO, "lost");
    assert_int_equal(diag.dropped, 1);
    diag.gather = false;
    diag_flush(&diag);
    assert_int_equal(diag.dropped, 3);
    close(diag.fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(messages_are_lines, open_pipe, close_pipe),
        cmocka_unit_test_setup_teardown(gathered_ones_wait_for_the_flush, open_pipe, close_pipe),
        cmocka_unit_test_setup_teardown(errors_and_many_do_not_wait, open_pipe, close_pipe),
        cmocka_unit_test(lines_without_room_are_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
