/* SPDX-License-Identifier: MIT */
/* Lines of the worker protocol as they are written, and read back whatever bytes they carry. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "wire/worker.h"

static void check_wrote(struct buf *out, int rc, const char *want)
{
    assert_int_equal(rc, 0);
    assert_string_equal(buf_string(out), want);
    buf_reset(out);
}

static void lines_as_the_page_has_them(void **state)
{
    struct buf out = {0};

    (void)state;
    check_wrote(&out, worker_put_task(&out, 36, 1, -1, "a.png", 5), "TASK\t10\t1\t-\ta.png\n");
    check_wrote(&out, worker_put_task(&out, UINT64_MAX, INT32_MAX, 1500, NULL, 0),
                "TASK\t3w5e11264sgsf\t2147483647\t1500\t-\n");
    check_wrote(&out, worker_put_task(&out, 0, 2, 0, "", 0), "TASK\t0\t2\t0\t-\n");
    check_wrote(&out, worker_put_task(&out, 0, 2, 0, "-", 1), "TASK\t0\t2\t0\t\\-\n");
    check_wrote(&out, worker_put_task(&out, 0, 2, 0, "-\t\n\\\0!", 6),
                "TASK\t0\t2\t0\t-\\t\\n\\\\\\0!\n");
    check_wrote(&out, worker_put_verb(&out, WORKER_QUIET), "QUIET\n");
    check_wrote(&out, worker_put_text(&out, WORKER_INIT, "a b", 3), "INIT\ta b\n");
    check_wrote(&out, worker_put_text(&out, WORKER_STATUS, NULL, 0), "STATUS\t-\n");
    check_wrote(&out, worker_put_cancel(&out, 35), "CANCEL\tz\n");
    check_wrote(&out, worker_put_answer(&out, WORKER_GRANTED, "gpu", 3, NULL, 0), "GRANTED\tgpu\n");
    check_wrote(&out, worker_put_answer(&out, WORKER_GRANTED, "gpu", 3, "abandoned", 9),
                "GRANTED\tgpu\tabandoned\n");
    check_wrote(&out, worker_put_answer(&out, WORKER_VALUE, "n", 1, NULL, 0), "VALUE\tn\t-\n");
    check_wrote(&out, worker_put_answer(&out, WORKER_DENIED, "n", 1, "full", 4),
                "DENIED\tn\tfull\n");
    buf_fini(&out);
}

static void all_or_nothing(void **state)
{
    struct buf out;
    char *large = calloc(1, WORKER_PAYLOAD_MAX + 1);
    char name[WORKER_NAME_MAX + 1];

    (void)state;
    assert_non_null(large);
    memset(name, 'n', sizeof(name));
    buf_init(&out, 20);
    assert_int_equal(worker_put_task(&out, 1, 1, -1, "12345678", 8), 0); /* exactly 20 bytes */
    assert_int_equal(worker_put_verb(&out, WORKER_PING), -ENOBUFS);
    assert_int_equal(buf_len(&out), 20);
    buf_reset(&out);
    assert_int_equal(worker_put_task(&out, 1, 1, -1, "1234567\n", 8), -ENOBUFS);
    assert_int_equal(buf_len(&out), 0);
    assert_int_equal(worker_put_task(&out, 1, 1, -1, large, WORKER_PAYLOAD_MAX + 1), -EMSGSIZE);
    assert_int_equal(worker_put_answer(&out, WORKER_VALUE, "a\tb", 3, "x", 1), -EINVAL);
    assert_int_equal(worker_put_answer(&out, WORKER_VALUE, "-", 1, "x", 1), -EINVAL);
    assert_int_equal(worker_put_answer(&out, WORKER_VALUE, "", 0, "x", 1), -EINVAL);
    buf_fini(&out);
    buf_init(&out, 0);
    assert_int_equal(worker_put_answer(&out, WORKER_VALUE, name, WORKER_NAME_MAX + 1, "x", 1),
                     -EINVAL);
    assert_int_equal(worker_put_answer(&out, WORKER_VALUE, name, WORKER_NAME_MAX, "x", 1), 0);
    buf_reset(&out);
    assert_int_equal(
        worker_put_task(&out, UINT64_MAX, INT32_MAX, INT64_MAX, large, WORKER_PAYLOAD_MAX), 0);
    assert_true(buf_len(&out) <= WORKER_LINE_MAX);
    buf_fini(&out);
    free(large);
}

/* Every text of up to four bytes out of those that mean something. */
static void any_bytes_come_back(void **state)
{
    static const char bytes[] = {'-', '\\', '\t', '\n', '\0', '0', 't', '\xff'};
    struct buf out = {0};

    (void)state;
    for (size_t n = 0; n < 8 * 8 * 8 * 8 * 5; n++) {
        size_t len = n / (8 * 8 * 8 * 8);
        struct worker_line line;
        struct err err = {0};
        char text[4];

        for (size_t i = 0; i < len; i++)
            text[i] = bytes[n >> (3 * i) & 7];
        assert_int_equal(worker_put_answer(&out, WORKER_VALUE, "v", 1, text, len), 0);
        assert_ptr_equal(memchr(buf_data(&out), '\n', buf_len(&out)),
                         buf_data(&out) + buf_len(&out) - 1);
        assert_int_equal(worker_line_read(buf_data(&out), buf_len(&out) - 1, &line, &err), 0);
        assert_int_equal(line.text_len, len);
        assert_true(len ? memcmp(line.text, text, len) == 0 : !line.text);
        buf_reset(&out);
    }
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_as_the_page_has_them),
        cmocka_unit_test(all_or_nothing),
        cmocka_unit_test(any_bytes_come_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
