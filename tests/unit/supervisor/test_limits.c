/* SPDX-License-Identifier: MIT */
/*
 * What is written into a worker's cgroup, value by value, in a directory that stands for one; and
 * the words where a controller is missing.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "pool/limits.h"
#include "supervisor/events.h"
#include "supervisor/limits.h"
#include "supervisor/limits_group.h"
#include "supervisor/supervisor.h"
#include "sys/proc.h"

static const char *const files[] = {"memory.max", "cpu.max", "pids.max"};

struct fixture {
    struct supervisor sup;
    struct pool_spec spec;
    struct pool_box box;
    struct cgroup group;
    char path[64];
};

static void make_files(const struct fixture *f)
{
    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        close(openat(f->group.dir, files[i], O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
}

static int begin(void **state)
{
    struct fixture *f = mem_new(sizeof(*f));

    snprintf(f->path, sizeof(f->path), "/tmp/lifeguard-test-XXXXXX");
    assert_non_null(mkdtemp(f->path));
    f->group.dir = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    snprintf(f->group.name, sizeof(f->group.name), "p.1.1");
    pool_spec_init(&f->spec, "p", POOL_SERVICE);
    f->sup.diag.fd = -1;
    f->sup.diag.level = DIAG_ERROR;
    f->sup.events = event_log_new();
    f->sup.cgroups = (struct cgroup_root){
        .dir = f->group.dir, .path = "/sys/fs/cgroup/x", .memory = true, .cpu = true, .pids = true};
    f->box.sup = &f->sup;
    f->box.spec = &f->spec;
    f->spec.cgroup.memory_max = 64 << 20;
    f->spec.cgroup.pids_max = 100;
    free(f->spec.cgroup.cpu_max);
    f->spec.cgroup.cpu_max = mem_copy_string("150%");
    *state = f;
    return 0;
}

static int finish(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        unlinkat(f->group.dir, files[i], 0);
    close(f->group.dir);
    rmdir(f->path);
    limits_release(&f->box);
    event_log_free(f->sup.events);
    pool_spec_fini(&f->spec);
    free(f);
    return 0;
}

static void expect_file(const struct fixture *f, const char *name, const char *text)
{
    int fd = openat(f->group.dir, name, O_RDONLY | O_CLOEXEC);
    char got[64] = "";

    assert_true(fd >= 0);
    assert_true(read(fd, got, sizeof(got) - 1) >= 0);
    close(fd);
    assert_string_equal(got, text);
}

static void values_are_written_exactly(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};

    make_files(f);
    assert_int_equal(limits_prepare(&f->box, &err), 0);
    assert_string_equal(limits_note(&f->box), "");
    limits_fill_group(&f->box, &f->group);
    expect_file(f, "memory.max", "67108864");
    expect_file(f, "cpu.max", "150000 100000");
    expect_file(f, "pids.max", "100");
    assert_int_equal(f->sup.events->next, 1);
}

static void what_is_not_asked_for_is_left_alone(void **state)
{
    struct fixture *f = *state;

    make_files(f);
    f->spec.cgroup.memory_max = 0;
    f->spec.cgroup.pids_max = 0;
    strcpy(f->spec.cgroup.cpu_max, "max");
    f->sup.cgroups.memory = f->sup.cgroups.cpu = f->sup.cgroups.pids = false;
    assert_int_equal(limits_prepare(&f->box, NULL), 0);
    assert_string_equal(limits_note(&f->box), "");
    limits_fill_group(&f->box, &f->group);
    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        expect_file(f, files[i], "");
}

static void missing_controllers_are_named(void **state)
{
    struct fixture *f = *state;

    make_files(f);
    f->sup.cgroups.memory = f->sup.cgroups.cpu = false;
    assert_int_equal(limits_prepare(&f->box, NULL), 0);
    assert_string_equal(limits_note(&f->box),
                        "cgroup.memory_max, cgroup.cpu_max are not enforced: no such controller in "
                        "/sys/fs/cgroup/x (delegate it: systemd Delegate=yes); limits.as bounds "
                        "each process");
    limits_fill_group(&f->box, &f->group);
    expect_file(f, "memory.max", "");
    expect_file(f, "cpu.max", "");
    expect_file(f, "pids.max", "100");
}

static void no_cgroups_are_told_with_their_reason(void **state)
{
    struct fixture *f = *state;

    f->sup.cgroups = (struct cgroup_root){.dir = -1};
    f->spec.cgroup.memory_max = 0;
    strcpy(f->spec.cgroup.cpu_max, "max");
    snprintf(f->sup.tier_note, sizeof(f->sup.tier_note), "no cgroup v2 tree is mounted");
    assert_int_equal(limits_prepare(&f->box, NULL), 0);
    assert_string_equal(limits_note(&f->box),
                        "cgroup.pids_max is not enforced: no cgroup v2 tree is mounted");
}

static void a_refused_value_is_told_once(void **state)
{
    struct fixture *f = *state;

    /* No files: as where the kernel has none of that name. */
    assert_int_equal(limits_prepare(&f->box, NULL), 0);
    limits_fill_group(&f->box, &f->group);
    limits_fill_group(&f->box, &f->group);
    assert_int_equal(f->sup.events->next, 2);
    assert_int_equal(f->sup.events->alerts, 1);
    assert_string_equal(limits_note(&f->box), "cgroup.memory_max is not enforced: memory.max = "
                                              "67108864: No such file or directory");
}

static void a_plan_has_the_limits_of_its_pool(void **state)
{
    struct fixture *f = *state;
    struct proc_plan plan;

    f->spec.nice = 2;
    f->spec.oom_score_adj = 900;
    f->spec.limits.core = 0;
    f->spec.limits.cpu = 77;
    f->sup.nofile_before = (struct rlimit){512, 4096};
    assert_int_equal(limits_prepare(&f->box, NULL), 0);
    proc_plan_init(&plan);
    limits_fill_plan(&f->box, &plan);
    assert_int_equal(plan.nice, getpriority(PRIO_PROCESS, 0) + 2);
    assert_int_equal(plan.ionice, -1);
    assert_null(plan.affinity);
    assert_int_equal(plan.oom_score_adj, 900);
    assert_int_equal(plan.limit_count, 3);
    assert_int_equal(plan.limits[0].resource, RLIMIT_NOFILE);
    assert_int_equal(plan.limits[0].value.rlim_cur, 512);
    assert_int_equal(plan.limits[0].value.rlim_max, 4096);
    assert_int_equal(plan.limits[1].resource, RLIMIT_CORE);
    assert_int_equal(plan.limits[2].value.rlim_max, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(values_are_written_exactly, begin, finish),
        cmocka_unit_test_setup_teardown(what_is_not_asked_for_is_left_alone, begin, finish),
        cmocka_unit_test_setup_teardown(missing_controllers_are_named, begin, finish),
        cmocka_unit_test_setup_teardown(no_cgroups_are_told_with_their_reason, begin, finish),
        cmocka_unit_test_setup_teardown(a_refused_value_is_told_once, begin, finish),
        cmocka_unit_test_setup_teardown(a_plan_has_the_limits_of_its_pool, begin, finish),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
