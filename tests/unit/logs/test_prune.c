/* SPDX-License-Identifier: MIT */
/*
 * Which old lives go and which stay.
 */
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "logs/capture.h"

static char base[64];

/* A file of that size; `age` in seconds. */
static void put(const char *name, int size, int age)
{
    struct timespec times[2] = {{.tv_sec = 2000000000 - age}, {.tv_sec = 2000000000 - age}};
    char path[PATH_MAX];
    int fd;

    snprintf(path, sizeof(path), "%s/%s", base, name);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, size), 0);
    assert_int_equal(futimens(fd, times), 0);
    close(fd);
}

static void expect(const char *name, bool there)
{
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/%s", base, name);
    if ((access(path, F_OK) == 0) != there)
        fail_msg("%s should %sbe there", name, there ? "" : "not ");
}

static bool is_live(void *ctx, int pid)
{
    return pid == *(int *)ctx;
}

static void oldest_ended_lives_of_a_slot_go(void **state)
{
    int live = 100;

    (void)state;
    put("web.1.100.log", 10, 900); /* lives, though the oldest */
    put("web.1.101.log", 10, 800);
    put("web.1.102.log", 10, 700);
    put("web.1.102.log.1", 10, 950);
    put("web.1.103.log", 10, 600);
    put("web.2.104.log", 10, 990);
    put("web.1.105.log.1", 10, 500);
    put("web.1.105.log.12", 10, 501);
    put("webb.1.101.log", 10, 800);
    put("web.1.101.logx", 10, 800);
    put("web.1.101.log.x", 10, 800);
    put("web.01.101.log", 10, 800);
    put("web.log", 10, 800);
    logs_prune(base, "web", 2, 0, is_live, &live);
    expect("web.1.100.log", true);
    expect("web.1.101.log", false);
    expect("web.1.102.log", false);
    expect("web.1.102.log.1", false);
    expect("web.1.103.log", true);
    expect("web.1.105.log.1", true);
    expect("web.1.105.log.12", true);
    expect("web.2.104.log", true);
    expect("webb.1.101.log", true);
    expect("web.1.101.logx", true);
    expect("web.1.101.log.x", true);
    expect("web.01.101.log", true);
    expect("web.log", true);
    logs_prune(base, "web", 0, 0, NULL, NULL);
    expect("web.1.100.log", false);
    expect("web.2.104.log", false);
    expect("web.log", true);
}

static void total_is_kept_by_age(void **state)
{
    int live = 3;

    (void)state;
    put("a.b.1.1.log", 400, 50);
    put("a.b.2.2.log", 400, 90);
    put("a.b.3.3.log", 400, 99);
    put("a.b.3.4.log", 300, 80);
    put("a.b.3.4.log.1", 100, 98);
    logs_prune(base, "a.b", -1, 1600, is_live, &live);
    expect("a.b.2.2.log", true);
    logs_prune(base, "a.b", -1, 1599, is_live, &live);
    expect("a.b.2.2.log", false);
    expect("a.b.3.3.log", true);
    expect("a.b.3.4.log", true);
    logs_prune(base, "a.b", -1, 900, is_live, &live);
    expect("a.b.3.4.log", false);
    expect("a.b.3.4.log.1", false);
    expect("a.b.1.1.log", true);
    logs_prune(base, "a.b", -1, 1, is_live, &live);
    expect("a.b.3.3.log", true);
    expect("a.b.1.1.log", false);
    logs_prune("/does/not/exist", "a", 0, 1, NULL, NULL);
}

static void thousands_are_quick(void **state)
{
    char name[64];
    int left = 0;

    (void)state;
    for (int i = 1; i <= 3000; i++) {
        snprintf(name, sizeof(name), "many.%d.%d.log", i % 300 + 1, i);
        put(name, 1, i);
    }
    logs_prune(base, "many", 4, 0, NULL, NULL);
    for (int i = 1; i <= 3000; i++) {
        char path[PATH_MAX];

        snprintf(path, sizeof(path), "%s/many.%d.%d.log", base, i % 300 + 1, i);
        left += access(path, F_OK) == 0;
    }
    assert_int_equal(left, 1200);
}

static int make_base(void **state)
{
    (void)state;
    snprintf(base, sizeof(base), "/tmp/lifeguard-test-XXXXXX");
    return mkdtemp(base) ? 0 : -1;
}

static int remove_base(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof(command), "rm -rf '%s'", base);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(oldest_ended_lives_of_a_slot_go),
        cmocka_unit_test(total_is_kept_by_age),
        cmocka_unit_test(thousands_are_quick),
    };

    return cmocka_run_group_tests(tests, make_base, remove_base);
}
