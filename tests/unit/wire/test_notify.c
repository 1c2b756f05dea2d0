/* SPDX-License-Identifier: MIT */
/* sd_notify datagrams as services send them, and as nobody should. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "wire/notify.h"

static struct notify_message decode(const char *text)
{
    struct notify_message message;

    notify_decode(text, strlen(text), &message);
    return message;
}

static void what_services_send(void **state)
{
    struct notify_message m = decode("READY=1\nSTATUS=serving \xe2\x98\x83 = fine\nMAINPID=4711\n");

    (void)state;
    assert_true(m.ready && !m.heartbeat && !m.stopping);
    assert_int_equal(m.main_pid, 4711);
    assert_int_equal(m.status_len, strlen("serving \xe2\x98\x83 = fine"));
    assert_memory_equal(m.status, "serving", 7);
    assert_int_equal(m.unknown, 0);

    m = decode("WATCHDOG=1");
    assert_true(m.heartbeat && !m.trigger);
    m = decode("WATCHDOG=trigger");
    assert_true(!m.heartbeat && m.trigger);
    m = decode("STOPPING=1\nRELOADING=1\nBARRIER=1\nERRNO=28");
    assert_true(m.stopping && m.reloading && m.barrier);
    assert_int_equal(m.error, 28);
    m = decode("EXTEND_TIMEOUT_USEC=2500000\nWATCHDOG_USEC=1000");
    assert_int_equal(m.extend, INT64_C(2500000000));
    assert_int_equal(m.watchdog, 1000000);
    m = decode("STATUS=one\nSTATUS=");
    assert_non_null(m.status);
    assert_int_equal(m.status_len, 0);
}

static void what_nobody_should_send(void **state)
{
    static const char *const bad[] = {
        "READY=2",          "READY=",    "READY",       "ready=1",
        "MAINPID=-1",       "MAINPID=0", "MAINPID=",    "MAINPID=99999999999999999999",
        "MAINPID=12x",      "ERRNO=abc", "WATCHDOG=no", "EXTEND_TIMEOUT_USEC=9999999999999999",
        "X_MY_OWN=anything"};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct notify_message m = decode(bad[i]);

        assert_int_equal(m.unknown, 1);
        assert_false(m.ready || m.stopping || m.heartbeat || m.trigger || m.status);
        assert_true(m.main_pid == 0 && m.error == 0 && m.extend == 0);
    }
    assert_int_equal(decode("").unknown, 0);
    assert_int_equal(decode("\n\n\n").unknown, 0);
}

/* No byte behind the datagram is read (the sanitizers watch the exact allocation). */
static void random_bytes(void **state)
{
    static const char alphabet[] = "READYSTUWHOG=1_\n\n==0\0\xff";
    unsigned seed = 1;

    (void)state;
    for (int round = 0; round < 2000; round++) {
        size_t len = (size_t)(round % 60);
        char *bytes = malloc(len ? len : 1);
        struct notify_message m;

        for (size_t i = 0; i < len; i++) {
            seed = seed * 1103515245u + 12345u;
            bytes[i] = alphabet[(seed >> 16) % (sizeof(alphabet) - 1)];
        }
        notify_decode(bytes, len, &m);
        assert_true(!m.status || (m.status >= bytes && m.status + m.status_len <= bytes + len));
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_services_send),
        cmocka_unit_test(what_nobody_should_send),
        cmocka_unit_test(random_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
