/* SPDX-License-Identifier: MIT */
/* The worker protocol: every verb as it is written, and what each breach is called. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "wire/worker.h"

/* The line last read; its storage lives until the next read. */
static struct worker_line read_bytes(const char *bytes, size_t len, int want)
{
    static char *copy;
    struct worker_line line;
    struct err err = {0};

    free(copy);
    copy = malloc(len ? len : 1); /* exactly as long: the sanitiser sees a read past the end */
    assert_non_null(copy);
    if (len)
        memcpy(copy, bytes, len);
    assert_int_equal(worker_line_read(copy, len, &line, &err), want);
    assert_int_equal(err.code, -want);
    return line;
}

static struct worker_line read_line(const char *text)
{
    return read_bytes(text, strlen(text), 0);
}

static void check_text(const char *text, size_t len, const char *want)
{
    assert_non_null(text);
    assert_int_equal(len, strlen(want));
    assert_memory_equal(text, want, len);
}

static void what_answers_say(void **state)
{
    struct worker_line line = read_line("OK\t9f31c2\tscan.pdf\tdone");

    (void)state;
    assert_int_equal(line.verb, WORKER_OK);
    assert_int_equal(line.id, strtoull("9f31c2", NULL, 36));
    check_text(line.text, line.text_len, "scan.pdf\tdone");
    line = read_line("OK\t0");
    assert_true(line.id == 0 && !line.text);
    assert_null(read_line("OK\t1\t").text);
    assert_null(read_line("OK\t1\t-").text);
    line = read_line("OK\t1\t\\-");
    check_text(line.text, line.text_len, "-");
    line = read_line("FAIL\t3w5e11264sgsf\t--");
    assert_true(line.verb == WORKER_FAIL && line.id == UINT64_MAX);
    check_text(line.text, line.text_len, "--");
    assert_int_equal(read_line("BURY\ta\tno such file").verb, WORKER_BURY);
    assert_int_equal(read_line("RELEASE\ta").number, -1);
    assert_int_equal(read_line("RELEASE\ta\t-").number, -1);
    assert_int_equal(read_line("RELEASE\ta\t0").number, 0);
    assert_int_equal(read_line("TOUCH\ta\t2500").number, 2500);
}

static void what_else_workers_say(void **state)
{
    struct worker_line line = read_line("PROGRESS\ta\t12\t40\tpage 12\tof 40");

    (void)state;
    assert_true(line.number == 12 && line.total == 40);
    check_text(line.text, line.text_len, "page 12\tof 40");
    line = read_line("PROGRESS\ta\t12\t-");
    assert_true(line.number == 12 && line.total == -1 && !line.text);
    assert_int_equal(read_line("READY").verb, WORKER_READY);
    assert_int_equal(read_line("BEAT").verb, WORKER_BEAT);
    line = read_line("STATUS\tloading");
    check_text(line.text, line.text_len, "loading");
    line = read_line("PUT\tresize\ta.png");
    check_text(line.name, line.name_len, "resize");
    check_text(line.text, line.text_len, "a.png");
}

static void what_shared_state_says(void **state)
{
    static const struct {
        const char *text;
        enum worker_verb verb;
    } names[] = {
        {"LOCK\tgpu 0", WORKER_LOCK},       {"UNLOCK\tgpu 0", WORKER_UNLOCK},
        {"ACQUIRE\tgpu 0", WORKER_ACQUIRE}, {"RELEASE_PERMIT\tgpu 0", WORKER_RELEASE_PERMIT},
        {"GET\tgpu 0", WORKER_GET},         {"HLEN\tgpu 0", WORKER_HLEN},
        {"LPOP\tgpu 0", WORKER_LPOP},       {"LLEN\tgpu 0", WORKER_LLEN}};
    struct worker_line line;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        line = read_line(names[i].text);
        assert_int_equal(line.verb, names[i].verb);
        check_text(line.name, line.name_len, "gpu 0");
    }
    line = read_line("SET\tn\t5");
    assert_int_equal(line.verb, WORKER_SET);
    check_text(line.text, line.text_len, "5");
    line = read_line("LPUSH\tn\t5");
    assert_int_equal(line.verb, WORKER_LPUSH);
    assert_int_equal(read_line("INCR\tn\t-9223372036854775808").number, INT64_MIN);
    assert_int_equal(read_line("INCR\tn\t9223372036854775807").number, INT64_MAX);
    assert_int_equal(read_line("LINDEX\tn\t-1").number, -1);
    line = read_line("HSET\td\ta\\tb\tv");
    assert_int_equal(line.verb, WORKER_HSET);
    check_text(line.key, line.key_len, "a\tb");
    check_text(line.text, line.text_len, "v");
    line = read_line("HGET\td\ta\tb");
    check_text(line.key, line.key_len, "a\tb");
    line = read_line("HDEL\td\t-");
    assert_non_null(line.key);
    assert_int_equal(line.key_len, 0);
}

static void what_supervisors_say(void **state)
{
    struct worker_line line = read_line("TASK\tzz\t3\t-\tx\\\\y");

    (void)state;
    assert_true(line.verb == WORKER_TASK && line.id == 35 * 36 + 35);
    assert_true(line.total == 3 && line.number == -1);
    check_text(line.text, line.text_len, "x\\y");
    assert_int_equal(read_line("TASK\t1\t1\t1500\t-").number, 1500);
    assert_int_equal(read_line("CANCEL\t10").id, 36);
    assert_int_equal(read_line("PING").verb, WORKER_PING);
    assert_int_equal(read_line("QUIET").verb, WORKER_QUIET);
    assert_int_equal(read_line("STOP").verb, WORKER_STOP);
    assert_int_equal(read_line("INIT\tmodel=7").verb, WORKER_INIT);
    assert_false(read_line("GRANTED\tgpu").flag);
    assert_true(read_line("GRANTED\tgpu\tabandoned").flag);
    line = read_line("DENIED\tgpu\tno such lock");
    check_text(line.text, line.text_len, "no such lock");
    line = read_line("VALUE\tn\t\\0\\n");
    assert_int_equal(line.text_len, 2);
    assert_memory_equal(line.text, "\0\n", 2);
}

static void unknown_verbs_are_ignored(void **state)
{
    static const char *const unknown[] = {"",       "HELLO", "HELLO\tworld", "ready", "READ",
                                          "READYX", "OK 1",  "\tOK",         "OK\r"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(unknown); i++)
        assert_int_equal(read_line(unknown[i]).verb, WORKER_VERBS);
    assert_int_equal(read_bytes("OK\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20, 0).verb,
                     WORKER_VERBS);
    assert_string_equal(worker_verb_name(WORKER_VERBS), "?");
    assert_string_equal(worker_verb_name(WORKER_RELEASE_PERMIT), "RELEASE_PERMIT");
}

static void check_breach(const char *text, const char *why)
{
    struct worker_line line;
    struct err err = {0};
    char *copy = mem_copy_string(text);

    assert_int_equal(worker_line_read(copy, strlen(text), &line, &err), -EPROTO);
    assert_string_equal(err.text, why);
    assert_int_not_equal(line.verb, WORKER_VERBS);
    free(copy);
}

static void breaches_have_names(void **state)
{
    (void)state;
    check_breach("OK", "OK: the task id is missing (fields are separated by one TAB)");
    check_breach("FAIL\t1", "FAIL: the text is missing (fields are separated by one TAB)");
    check_breach("OK\t9F", "OK: the task id \"9F\" is not a number in base 36 (0-9, a-z)");
    check_breach("OK\t\tx", "OK: the task id \"\" is empty");
    check_breach("OK\t3w5e11264sgsg", "OK: the task id \"3w5e11264sgsg\" is too large");
    check_breach("OK\t1\ta\\x",
                 "OK: the text \"a\\x\" has an unknown escape (only \\t \\n \\\\ \\0 are)");
    check_breach("OK\t1\ta\\", "OK: the text \"a\\\" ends in a single backslash");
    check_breach("READY\tnow", "READY: the field \"now\" is one too many");
    check_breach("RELEASE\t1\t1.5", "RELEASE: the milliseconds \"1.5\" is not a decimal number");
    check_breach("TOUCH\t1\t-5", "TOUCH: the milliseconds \"-5\" is not a decimal number");
    check_breach("TOUCH\t1\t9000000000000000",
                 "TOUCH: the milliseconds \"9000000000000000\" is too large");
    check_breach("PROGRESS\t1\t5",
                 "PROGRESS: the total is missing (fields are separated by one TAB)");
    check_breach("TASK\t1\t0\t-\tx", "TASK: the attempt \"0\" is too small");
    check_breach("LOCK\t-",
                 "LOCK: the name \"-\" is no name (1 to 255 bytes, none of them a control byte)");
    check_breach("LOCK\ta\tb",
                 "LOCK: the name \"a?b\" is no name (1 to 255 bytes, none of them a control byte)");
    check_breach("INCR\tn\t9223372036854775808",
                 "INCR: the number \"9223372036854775808\" is too large");
    check_breach("INCR\tn\t-9223372036854775809",
                 "INCR: the number \"-9223372036854775809\" is too large");
    check_breach("INCR\tn\t-", "INCR: the number \"-\" is not a decimal number");
    check_breach("HSET\td\t\tv", "HSET: the key \"\" is empty (\"-\" stands for nothing)");
    check_breach("GRANTED\tgpu\tmaybe", "GRANTED: the abandoned \"maybe\" is not \"abandoned\"");
    check_breach("BURY\tnine hundred ninety-nine and a half tasks\tx",
                 "BURY: the task id \"nine hundred ninety-nine and a h\"... is not a number in "
                 "base 36 (0-9, a-z)");
}

static void limits_are_kept(void **state)
{
    char *bytes = malloc(WORKER_LINE_MAX + 1);
    struct worker_line line;
    struct err err = {0};
    size_t len = 5;

    (void)state;
    assert_non_null(bytes);
    memcpy(bytes, "OK\t1\t", 5);
    for (size_t i = 0; i < WORKER_PAYLOAD_MAX; i++, len += 2)
        memcpy(bytes + len, "\\0", 2);
    assert_int_equal(worker_line_read(bytes, len, &line, &err), 0);
    assert_int_equal(line.text_len, WORKER_PAYLOAD_MAX);
    memset(bytes + 5, 'x', WORKER_LINE_MAX - 4);
    assert_int_equal(worker_line_read(bytes, 5 + WORKER_PAYLOAD_MAX, &line, &err), 0);
    assert_int_equal(worker_line_read(bytes, 6 + WORKER_PAYLOAD_MAX, &line, &err), -EPROTO);
    assert_non_null(strstr(err.text, "more than 1 MiB"));
    assert_null(line.text);
    err_clear(&err);
    assert_int_equal(worker_line_read(bytes, WORKER_LINE_MAX + 1, &line, &err), -EPROTO);
    assert_non_null(strstr(err.text, "bytes: at most 2101248"));
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_answers_say),          cmocka_unit_test(what_else_workers_say),
        cmocka_unit_test(what_shared_state_says),    cmocka_unit_test(what_supervisors_say),
        cmocka_unit_test(unknown_verbs_are_ignored), cmocka_unit_test(breaches_have_names),
        cmocka_unit_test(limits_are_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
