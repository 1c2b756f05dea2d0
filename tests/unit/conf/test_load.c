/* SPDX-License-Identifier: MIT */
/* Config files as users write them, good and bad: what is read, and what is said with which line.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "pool/spec.h"

static char directory[64];

struct loaded {
    struct spec spec;
    struct conf_result result;
    int rc;
};

static void write_file(const char *name, const char *text)
{
    char path[128];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static struct loaded load_files(const char *one, const char *two)
{
    const char *paths[] = {one, two};
    struct loaded loaded;

    assert_int_equal(chdir(directory), 0);
    loaded.rc = conf_load(&loaded.spec, paths, two ? 2 : 1, &loaded.result);
    assert_true((loaded.rc == 0) == (loaded.result.error_count == 0));
    return loaded;
}

static struct loaded load(const char *text)
{
    write_file("test.cfg", text);
    return load_files("test.cfg", NULL);
}

static void finish(struct loaded *loaded)
{
    spec_fini(&loaded->spec);
    conf_result_fini(&loaded->result);
}

static void expect_good(const struct loaded *loaded)
{
    if (loaded->rc < 0)
        fail_msg("%s", loaded->result.errors[0]);
}

/* Exactly these errors, in this order. */
static void expect_errors(struct loaded loaded, const char *const *errors)
{
    for (size_t i = 0; i < loaded.result.error_count; i++) {
        if (!errors[i])
            fail_msg("one too many: %s", loaded.result.errors[i]);
        assert_string_equal(loaded.result.errors[i], errors[i]);
    }
    if (errors[loaded.result.error_count])
        fail_msg("missing: %s", errors[loaded.result.error_count]);
    finish(&loaded);
}

static void expect_error(const char *text, const char *error)
{
    const char *const errors[] = {error, NULL};

    expect_errors(load(text), errors);
}

/* A pool with one line of keys, on line 1. */
static void expect_pool_error(const char *keys, const char *error)
{
    char *text =
        mem_printf("pools = ({ name = \"p\"; mode = \"command\"; command = [\"x\"];\n%s });", keys);

    expect_error(text, error);
    free(text);
}

static const char every_kind[] =
    "supervisor = { name = \"media\"; state_dir = \"state\"; restart_limit = 5;\n"
    "  start_rate = 1.5; cgroups = \"off\"; shutdown_timeout = 2.5; env_inherit = [\"*\"];\n"
    "  control = { mode = \"0660\"; }; };\n"
    "pools = (\n"
    "{ name = \"thumbs\"; mode = \"command\"; command = [\"convert\", \"{}\"]; size = "
    "\"50%\";\n"
    "  tasks = { glob = \"photos/*.jpg\"; columns = \"\\t\"; rate = \"120/m\"; list = []; };\n"
    "  timeout = \"300%\"; retries = 2; halt = \"soon,fail=10%\"; retry_on = [1, 2];\n"
    "  results = \"-\"; results_dir = \"~/res\"; order = \"input\"; bury_on = 99;\n"
    "  backoff = { initial = \"200ms\"; factor = 1.5; jitter = \"none\"; };\n"
    "  limits = { nofile = 64; core = \"0\"; as = \"2G\"; }; umask = \"0077\"; nice = -5;\n"
    "  env = { LANG = \"C\"; N = 3; }; env_files = [\"e.env\"]; cwd = \"sub\"; },\n"
    "{ name = \"web\"; mode = \"service\"; shell = true; command = \"exec nc -l 80\"; min = "
    "1;\n"
    "  size = 3; max = 9; stop = { signal = \"SIGINT\"; grace = \"1m\"; group = false; };\n"
    "  hang = { silence = 5; action = \"restart\"; };\n"
    "  log = { max_size = \"64K\"; ring = \"4K\"; stderr = \"separate\"; when_full = "
    "\"block\"; };\n"
    "  restart = \"on-failure\"; ready = { notify = true; }; });";

static void check_command_pool(const struct pool_spec *p)
{
    char *home = mem_printf("%s/res", getenv("HOME"));
    char *path = mem_printf("%s/photos/*.jpg", directory);

    assert_string_equal(p->command[1], "{}");
    assert_int_equal(p->size.percent, 50);
    assert_int_equal(p->tasks.source, SOURCE_GLOB);
    assert_string_equal(p->tasks.path, path);
    assert_string_equal(p->tasks.columns, "\t");
    assert_true(p->tasks.rate > 1.99 && p->tasks.rate < 2.01);
    assert_int_equal(p->timeout.percent, 300);
    assert_int_equal(p->halt.when, HALT_SOON);
    assert_int_equal(p->retry_on_count, 2);
    assert_int_equal(p->retry_on[1], 2);
    assert_int_equal(p->bury_on[0], 99);
    assert_string_equal(p->results, "-");
    assert_string_equal(p->results_dir, home);
    assert_int_equal(p->order, ORDER_INPUT);
    assert_int_equal(p->backoff.initial, 200 * CLOCK_MS);
    assert_int_equal(p->backoff.jitter, JITTER_NONE);
    assert_int_equal(p->limits.nofile, 64);
    assert_int_equal(p->limits.core, 0);
    assert_int_equal(p->limits.as, INT64_C(2) << 30);
    assert_int_equal(p->limits.cpu, -1);
    assert_int_equal(p->umask, 077);
    assert_int_equal(p->nice, -5);
    assert_string_equal(p->env[0], "LANG=C");
    assert_string_equal(p->env[1], "N=3");
    assert_true(strstr(p->cwd, "/sub"));
    assert_int_equal(p->log.per, LOG_PER_SLOT);
    free(home);
    free(path);
}

static void check_service_pool(const struct pool_spec *p)
{
    assert_true(p->shell);
    assert_string_equal(p->command[0], "exec nc -l 80");
    assert_null(p->command[1]);
    assert_int_equal(p->stop.signal, SIGINT);
    assert_int_equal(p->stop.grace, 60 * CLOCK_S);
    assert_int_equal(p->hang.silence, 5 * CLOCK_S);
    assert_int_equal(p->hang.action, HANG_RESTART);
    assert_int_equal(p->log.max_size, 65536);
    assert_true(p->log.separate_stderr && p->log.block_when_full);
    assert_int_equal(p->restart, RESTART_ON_FAILURE);
    assert_string_equal(p->cwd, directory);
}

static void every_kind_of_value(void **state)
{
    struct loaded l = load(every_kind);

    (void)state;
    expect_good(&l);
    assert_string_equal(l.spec.supervisor.name, "media");
    assert_int_equal(l.spec.supervisor.shutdown_timeout, 2500 * CLOCK_MS);
    assert_false(l.spec.supervisor.cgroups);
    assert_int_equal(l.spec.supervisor.control_mode, 0660);
    assert_string_equal(l.spec.supervisor.env_inherit[0], "*");
    assert_true(strstr(l.spec.supervisor.log_dir, "/state/logs"));
    check_command_pool(&l.spec.pools[0]);
    check_service_pool(&l.spec.pools[1]);
    finish(&l);
}

static void all_errors_at_once(void **state)
{
    static const char *const errors[] = {
        "test.cfg:1: supervisor_: unknown key; at the top stand supervisor, defaults and pools",
        "test.cfg:4: siez: unknown key; did you mean size?",
        "test.cfg:5: stop.grase: unknown key; did you mean grace?",
        "test.cfg:6: restart belongs to mode service, worker; this pool's is command",
        "test.cfg:7: retries: must be a whole number",
        "test.cfg:8: zzz: unknown key",
        "test.cfg:9: log: must be a group: { ... }",
        "test.cfg:10: min: -1 is out of range (0 to 100000)",
        "test.cfg:3: pool p: command is missing",
        NULL};

    (void)state;
    expect_errors(load("supervisor_ = {};\n"
                       "pools = (\n"
                       "{ name = \"p\"; mode = \"command\";\n"
                       "  siez = 3;\n"
                       "  stop = { grase = \"1s\"; };\n"
                       "  restart = \"always\";\n"
                       "  retries = \"many\";\n"
                       "  zzz = 1;\n"
                       "  log = 5;\n"
                       "  min = -1;\n"
                       "});\n"),
                  errors);
}

static void values_that_are_refused(void **state)
{
    static const struct {
        const char *keys, *error;
    } cases[] = {
        {"size = 1000000000;", "test.cfg:2: size: 1000000000 is out of range (0 to 100000)"},
        {"size = \"50\";", "test.cfg:2: size: must be a number, \"cpu\", or a share of the CPUs "
                           "such as \"50%\""},
        {"timeout = -1;", "test.cfg:2: timeout: out of range (0 to 100 years)"},
        {"timeout = 18446744073709551616.0;", "test.cfg:2: timeout: out of range (0 to 100 years)"},
        {"timeout = \"soon\";",
         "test.cfg:2: timeout: \"soon\" is no duration (\"1.5s\", \"200ms\", \"5m\", \"2h\")"},
        {"umask = \"0888\";",
         "test.cfg:2: umask: must be an octal mask in quotes, \"0000\" to \"0777\""},
        {"stop = { signal = \"STOPIT\"; };",
         "test.cfg:2: stop.signal: must be a signal's name: \"TERM\", \"INT\", \"USR1\" ..."},
        {"order = \"inptu\";", "test.cfg:2: order: \"inptu\" is not completion or input (did you "
                               "mean \"input\"?)"},
        {"log = { ring = \"1T\"; };",
         "test.cfg:2: log.ring: 1099511627776 is out of range (4096 to 67108864)"},
        {"shell = \"yes\";", "test.cfg:2: shell: must be true or false"},
        {"retry_on = [1, 300];", "test.cfg:2: retry_on: 300 is out of range (0 to 255)"},
        {"env = { A = [1]; };", "test.cfg:2: env: A must be a string or a whole number"},
        {"env_files = \"one\";",
         "test.cfg:2: env_files: must be an array of strings: [ \"a\", \"b\" ]"},
        {"tasks = { rate = \"fast\"; };", "test.cfg:2: tasks.rate: must be a rate such as "
                                          "\"10/s\" or \"100/m\", or \"\""},
        {"tasks = { list = [\"a\"];\n stdin = true; };",
         "test.cfg:3: tasks.stdin: tasks.list gives this pool its tasks already"},
        {"min = 3; max = 2; size = 3;", "test.cfg:2: min: 3 is more than max, 2"},
        {"max = 2; size = 3;", "test.cfg:2: size: 3 is more than max, 2"},
        {"min = 2;", "test.cfg:1: size: 1 is less than min, 2"},
        {"backoff = { initial = \"5s\"; max = \"1s\"; };",
         "test.cfg:2: backoff.initial: is longer than the longest wait (max)"},
        {"tasks = { from = \"q\"; };", "test.cfg:2: tasks.from: q: there is no such pool"},
        {"tasks = { from = \"p\"; };",
         "test.cfg:2: tasks.from: pool p would wait for its own results"},
        {"user = \"no-such-user-here\";", "test.cfg:2: user: there is no user no-such-user-here"},
        {"shell = true;\n}, { name = \"q\"; mode = \"command\"; command = \"one two\";",
         "test.cfg:3: command: must be an array, [ \"program\", \"argument\" ], unless shell = "
         "true"},
        {"}, { name = \"p\"; mode = \"command\"; command = [\"x\"];",
         "test.cfg:2: pool p: the name is taken at test.cfg:1"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        expect_pool_error(cases[i].keys, cases[i].error);
    expect_error("pools = ({ mode = \"service\"; command = [\"x\"]; });",
                 "test.cfg:1: name is missing: every pool needs one");
    expect_error("pools = ({ name = \"a\"; command = [\"x\"]; });",
                 "test.cfg:1: mode is missing: service, command or worker");
    expect_error("pools = ({ name = \"a\"; mode = \"srvice\"; command = [\"x\"]; restart = "
                 "\"never\"; order = \"input\"; });",
                 "test.cfg:1: mode: \"srvice\" is not service, command or worker (did you mean "
                 "\"service\"?)");
    expect_error("pools = { };", "test.cfg:1: pools: must be a list: ( { ... }, { ... } )");
    expect_error("supervisor = { };", "test.cfg: no pools: a config needs pools = ( ... )");
}

static void numbers_that_libconfig_misreads(void **state)
{
    (void)state;
    expect_pool_error("retries = 3000000000;",
                      "test.cfg:2: 3000000000 is out of range for a plain number; write "
                      "3000000000L");
    expect_pool_error("retries = 0x80000000;",
                      "test.cfg:2: 0x80000000 is out of range for a plain number; write "
                      "0x80000000L");
    expect_pool_error("retries = 99999999999999999999;",
                      "test.cfg:2: 99999999999999999999 is out of range");
    expect_pool_error("nice = 07;",
                      "test.cfg:2: 07 would be read as decimal; write a string: \"07\"");
    expect_pool_error("retry_on = [\n1,\n];", "test.cfg:4: a comma must not stand before ]");
    expect_pool_error("# 3000000000\n/* 3000000000 */ env = { A = \"3000000000\"; }; nice = x;",
                      "test.cfg:3: syntax error");
    expect_pool_error("nice = 1; nice = 1;", "test.cfg:2: duplicate setting name");
    /* The words on the same line are read: no error follows from this one. */
    expect_error("pools = ({ name = \"a\"; mode = \"service\"; command = [\"x\"]; size = "
                 "4294967297; });",
                 "test.cfg:1: 4294967297 is out of range for a plain number; write 4294967297L");
}

static void later_keys(void **state)
{
    static const char *const errors[] = {
        "test.cfg:2: queue.backend: not built yet (only its default, \"memory\")",
        "test.cfg:2: joblog: not built yet (only its default, \"\")", NULL};
    struct loaded l = load("pools = ({ name = \"p\"; mode = \"command\"; command = [\"x\"];\n"
                           "queue = { backend = \"memory\"; lease = 60; }; joblog = \"\";\n"
                           "after = ( ); hang = { spin = \"0s\"; }; oom_score_adj = 0; });");

    (void)state;
    expect_good(&l);
    finish(&l);
    expect_errors(load("pools = ({ name = \"p\"; mode = \"command\"; command = [\"x\"];\n"
                       "queue = { backend = \"sqlite\"; }; joblog = \"j\"; });"),
                  errors);
}

static void worker_pools(void **state)
{
    struct loaded l =
        load("pools = ({ name = \"p\"; mode = \"worker\"; command = [\"x\"]; batch = 64;\n"
             "init = [ \"a\", \"b\" ]; soft_timeout = \"5s\"; max_tasks = 10; max_age = \"1h\";\n"
             "max_memory = \"1G\"; bury_after_deaths = 2; shared = (\n"
             "{ name = \"db\"; type = \"semaphore\"; value = 2; }, { name = \"n\"; type = \"i64\"; "
             "}); },\n"
             "{ name = \"q\"; mode = \"worker\"; command = [\"x\"]; batch = \"auto\"; });");

    (void)state;
    expect_good(&l);
    assert_int_equal(l.spec.pools[0].batch, 64);
    assert_int_equal(l.spec.pools[1].batch, 0);
    assert_int_equal(l.spec.pools[1].retries, 3);
    assert_int_equal(l.spec.pools[1].bury_after_deaths, 3);
    assert_string_equal(l.spec.pools[0].init[1], "b");
    assert_int_equal(l.spec.pools[0].shared_count, 2);
    assert_string_equal(l.spec.pools[0].shared[0].name, "db");
    assert_int_equal(l.spec.pools[0].shared[0].value, 2);
    finish(&l);
    expect_pool_error("batch = 2;",
                      "test.cfg:2: batch belongs to mode worker; this pool's is command");
    expect_pool_error("shared = ({ name = \"n\"; });",
                      "test.cfg:2: shared: n needs a type: \"lock\", \"semaphore\", \"i64\" or "
                      "\"u64\"");
    expect_pool_error("shared = ({ name = \"n\"; type = \"semaphore\"; });",
                      "test.cfg:2: shared: n: a semaphore's value is 1 to 1000000");
    expect_error("pools = ({ name = \"p\"; mode = \"worker\"; command = [\"x\"]; batch = 5000; });",
                 "test.cfg:1: batch: must be 1 to 4096, or \"auto\"");
}

static void defaults_are_shared(void **state)
{
    struct loaded l = load("defaults = { size = 4; retries = 2; env = { A = \"1\"; B = \"2\"; };\n"
                           "  restart = \"never\"; mode = \"command\"; command = [\"x\"]; };\n"
                           "pools = ({ name = \"a\"; env = { B = \"3\"; }; },\n"
                           " { name = \"b\"; mode = \"service\"; size = 1; });");

    (void)state;
    expect_good(&l);
    assert_int_equal(l.spec.pools[0].size.count, 4);
    assert_int_equal(l.spec.pools[0].retries, 2);
    assert_string_equal(l.spec.pools[0].env[0], "A=1");
    assert_string_equal(l.spec.pools[0].env[1], "B=3");
    assert_int_equal(l.spec.pools[1].mode, POOL_SERVICE);
    assert_int_equal(l.spec.pools[1].size.count, 1);
    assert_int_equal(l.spec.pools[1].restart, RESTART_NEVER);
    finish(&l);
    expect_error("defaults = { size = \"x\"; };\npools = ({ name = \"a\"; mode = \"service\"; "
                 "command = [\"x\"]; }, { name = \"b\"; mode = \"service\"; command = [\"x\"]; });",
                 "test.cfg:1: size: must be a number, \"cpu\", or a share of the CPUs such as "
                 "\"50%\"");
}

static void several_files(void **state)
{
    static const char *const taken[] = {"two.cfg:1: name: set at one.cfg:1 already",
                                        "two.cfg:2: pool a: the name is taken at one.cfg:2", NULL};
    struct loaded l;

    (void)state;
    write_file("one.cfg", "supervisor = { name = \"n\"; };\n"
                          "pools = ({ name = \"a\"; mode = \"service\"; command = [\"x\"]; });");
    write_file("two.cfg", "supervisor = { restart_limit = 7; };\n"
                          "pools = ({ name = \"b\"; mode = \"service\"; command = [\"x\"]; });");
    l = load_files("one.cfg", "two.cfg");
    expect_good(&l);
    assert_int_equal(l.spec.pool_count, 2);
    assert_string_equal(l.spec.supervisor.name, "n");
    assert_int_equal(l.spec.supervisor.restart_limit, 7);
    assert_string_equal(l.spec.source, "one.cfg, two.cfg");
    finish(&l);

    write_file("two.cfg", "supervisor = { name = \"m\"; };\n"
                          "pools = ({ name = \"a\"; mode = \"service\"; command = [\"x\"]; });");
    expect_errors(load_files("one.cfg", "two.cfg"), taken);
    l = load("pools = ( );");
    expect_good(&l);
    assert_string_equal(l.spec.supervisor.name, "test");
    finish(&l);
}

/* What --dump writes means the same when it is read again. */
static void dump_can_be_read_again(void **state)
{
    struct loaded l = load("supervisor = { name = \"media\"; state_dir = \"state\"; };\n"
                           "pools = ({ name = \"p\"; mode = \"command\"; command = [\"a\\\"b\"];\n"
                           " tasks = { file = \"list\"; }; timeout = 1.5; retry_on = [3];\n"
                           " env = { X = \"y\"; }; log = { keep = 2; }; }, { name = \"s\";\n"
                           " mode = \"service\"; command = \"a | b\"; shell = true; });");
    struct buf first = {0}, second = {0};
    char *again;

    (void)state;
    expect_good(&l);
    assert_int_equal(conf_dump(&l.spec, &l.result, &first), 0);
    finish(&l);
    assert_non_null(strstr(buf_string(&first), "name = \"media\";"));
    assert_non_null(strstr(buf_string(&first), "# test.cfg:1"));
    assert_non_null(strstr(buf_string(&first), "grace = \"10s\";"));
    assert_non_null(strstr(buf_string(&first), "# default"));
    l = load(buf_string(&first));
    expect_good(&l);
    assert_string_equal(l.spec.pools[0].command[0], "a\"b");
    assert_int_equal(l.spec.pools[0].tasks.source, SOURCE_FILE);
    assert_int_equal(l.spec.pools[0].timeout.duration, 1500 * CLOCK_MS);
    assert_int_equal(conf_dump(&l.spec, &l.result, &second), 0);
    finish(&l);
    /* Values are the same; only the origins differ. */
    again = mem_copy_string(buf_string(&second));
    for (char *a = buf_data(&first), *b = again; *a && *b; a++, b++) {
        if (*a == '#' && *b == '#') {
            a += strcspn(a, "\n");
            b += strcspn(b, "\n");
        }
        assert_int_equal(*a, *b);
    }
    free(again);
    buf_fini(&first);
    buf_fini(&second);
}

static int make_directory(void **state)
{
    (void)state;
    snprintf(directory, sizeof(directory), "/tmp/lifeguard-conf-XXXXXX");
    return mkdtemp(directory) && chdir(directory) == 0 ? 0 : -1;
}

static int remove_directory(void **state)
{
    char *command = mem_printf("rm -rf -- %s", directory);
    int rc = system(command);

    (void)state;
    free(command);
    return rc;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_value),
        cmocka_unit_test(all_errors_at_once),
        cmocka_unit_test(values_that_are_refused),
        cmocka_unit_test(numbers_that_libconfig_misreads),
        cmocka_unit_test(later_keys),
        cmocka_unit_test(worker_pools),
        cmocka_unit_test(defaults_are_shared),
        cmocka_unit_test(several_files),
        cmocka_unit_test(dump_can_be_read_again),
    };

    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
