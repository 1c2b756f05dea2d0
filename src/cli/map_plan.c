/* SPDX-License-Identifier: MIT */
/*
 * From map's command line to a spec with one command pool; its inputs are map_inputs's.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "cli/map.h"
#include "cli/map_inputs.h"
#include "cli/map_text.h"
#include "pool/spec.h"
#include "pool/template.h"
#include "sys/file.h"
#include "sys/proc.h"

enum { JOBS_MAX = 10000 };

/* The words of the command; what is from the first ":::" on are inputs. */
static void plan_command(const struct arg_value *words, char **command)
{
    for (size_t i = 0; i < words->count && !map_inputs_begin_at(words->list[i]); i++)
        command[i] = mem_copy_string(words->list[i]);
}

/* "4", "50%", "+1" and "-1" (from the number of CPUs), "0" (as many as CPUs). */
static int plan_jobs(const char *text, struct size_spec *size)
{
    size_t len = text ? strlen(text) : 0;
    bool relative = len && (*text == '+' || *text == '-');
    bool percent = len && text[len - 1] == '%';
    int64_t number;
    char *digits;
    int rc;

    *size = (struct size_spec){.percent = 100};
    if (!text)
        return 0;
    digits = mem_copy_bytes(text + relative, len - relative - percent);
    rc = str_parse_int(digits, &number);
    free(digits);
    if (rc < 0 || number < 0 || number > JOBS_MAX || (relative && percent))
        return cli_fail(CLI_UNABLE,
                        "-j %s: give a number up to %d, more or less than the CPUs (+2, -1), or a "
                        "share of them (50%%)",
                        text, JOBS_MAX);
    if (relative)
        number = proc_cpu_count() + (*text == '+' ? number : -number);
    if (percent)
        *size = (struct size_spec){.percent = number ? (int)number : 1};
    else if (number || relative)
        *size = (struct size_spec){.count = number > 0 ? (int)number : 1};
    return 0;
}

static int plan_timeout(const char *text, struct timeout_spec *timeout)
{
    size_t len = text ? strlen(text) : 0;
    char *end;
    long percent;

    if (!text)
        return 0;
    if (len && text[len - 1] == '%') {
        percent = strtol(text, &end, 10);
        if (end != text + len - 1 || percent < 1 || percent > 100000)
            return cli_fail(CLI_UNABLE, "--timeout %s: a percentage of the median run time", text);
        timeout->percent = (int)percent;
        return 0;
    }
    if (str_parse_duration(text, &timeout->duration) < 0)
        return cli_fail(CLI_UNABLE, "--timeout %s: give seconds, 1.5s, 5m or 300%%", text);
    return 0;
}

static int plan_limits(const struct args *args, struct pool_spec *pool)
{
    const char *halt = args_text(args, "halt");
    int64_t retries = args_number(args, "retries", 1);
    int64_t max_args = args_number(args, "max-args", 1);
    int status = plan_jobs(args_text(args, "jobs"), &pool->size);

    if (status == 0)
        status = plan_timeout(args_text(args, "timeout"), &pool->timeout);
    if (status == 0 && halt && halt_spec_parse(&pool->halt, halt) < 0)
        status = cli_fail(CLI_UNABLE,
                          "--halt %s: never, now,fail=1, soon,fail=10%%, now,success=1, ...", halt);
    if (status == 0 && (retries < 0 || retries > 1000000))
        status = cli_fail(CLI_UNABLE, "--retries %lld: how often a task is tried at most",
                          (long long)retries);
    if (status == 0 && (max_args < 1 || max_args > 100000))
        status = cli_fail(CLI_UNABLE, "-n %lld: inputs a task, at least 1", (long long)max_args);
    /* As in GNU parallel: --retries N is N tries, 0 is no end of them. */
    pool->retries = retries == 0 ? INT_MAX - 1 : (int)retries - 1;
    pool->tasks.max_args = (int)max_args;
    return status;
}

static void set_string(char **place, const char *text)
{
    free(*place);
    *place = mem_copy_string(text ? text : "");
}

static char *plan_results_dir(const char *text)
{
    char cwd[PATH_MAX];

    return text ? file_absolute(getcwd(cwd, sizeof(cwd)) ? cwd : "/", text) : mem_copy_string("");
}

/* "\t" and "\\" as GNU parallel's --colsep understands them. */
static char *plan_colsep(const char *text)
{
    char *out = mem_new(strlen(text) + 1);
    size_t used = 0;

    for (; *text; text++) {
        if (*text == '\\' && text[1]) {
            text++;
            out[used++] = *text == 't' ? '\t' : *text == 'n' ? '\n' : *text;
        } else {
            out[used++] = *text;
        }
    }
    return out;
}

static void plan_behaviour(const struct args *args, struct pool_spec *pool,
                           struct map_options *options)
{
    char cwd[PATH_MAX];

    pool->order = args_flag(args, "keep-order") ? ORDER_INPUT : ORDER_COMPLETION;
    pool->shell = args_flag(args, "shell");
    pool->append_input = true;
    pool->tasks.null = args_flag(args, "null");
    pool->backoff = (struct backoff_spec){.factor = 1};
    pool->queue.capacity = 10000;
    pool->stop.grace = CLOCK_S;
    pool->log.ring = 64 << 10;
    if (pool->mode == POOL_WORKER) {
        /* Somebody waits: workers that die are tried again soon, and given up after a few seconds
         * of nothing else. */
        pool->restart_backoff.initial = 10 * CLOCK_MS;
        pool->restart_backoff.max = 200 * CLOCK_MS;
        pool->crash_loop.failures = 50;
    }
    pool->umask = file_umask();
    set_string(&pool->cwd, getcwd(cwd, sizeof(cwd)) ? cwd : "/");
    free(pool->results_dir);
    pool->results_dir = plan_results_dir(args_text(args, "results"));
    if (args_text(args, "colsep")) {
        free(pool->tasks.columns);
        pool->tasks.columns = plan_colsep(args_text(args, "colsep"));
        pool->tasks.trim = true;
        options->columns = mem_copy_string(pool->tasks.columns);
    }
}

/* With --shell the words are one script. */
static void plan_join_script(struct pool_spec *pool)
{
    char *script = mem_copy_string("");

    for (size_t i = 0; pool->command[i]; i++) {
        char *longer = mem_printf("%s%s%s", script, i ? " " : "", pool->command[i]);

        free(script);
        script = longer;
    }
    mem_free_strings(pool->command);
    pool->command = mem_new_array(2, sizeof(char *));
    pool->command[0] = script;
}

static void plan_supervisor(struct spec *spec, enum pool_mode mode)
{
    char *name = mem_printf("map-%d", (int)getpid());

    supervisor_spec_init(&spec->supervisor, name);
    free(name);
    mem_free_strings(spec->supervisor.env_inherit);
    spec->supervisor.env_inherit = mem_new_array(2, sizeof(char *));
    spec->supervisor.env_inherit[0] = mem_copy_string("*");
    /* A run that ends by itself in front of its user: process groups and the guardian's sweep are
     * enough, and joining a cgroup would cost every task a twentieth. */
    spec->supervisor.cgroups = false;
    spec->source = mem_copy_string("map");
    spec->pools = mem_new_array(1, sizeof(*spec->pools));
    spec->pool_count = 1;
    pool_spec_init(&spec->pools[0], "map", mode);
}

int map_plan(const struct args *args, struct spec *spec, struct map_options *options)
{
    const struct arg_value *words = args_value(args, "command");
    struct pool_spec *pool;
    int status;

    plan_supervisor(spec, args_flag(args, "worker") ? POOL_WORKER : POOL_COMMAND);
    pool = &spec->pools[0];
    options->tag = args_flag(args, "tag");
    options->bar = args_flag(args, "bar");
    options->eta = args_flag(args, "eta");
    options->raw = args_flag(args, "raw");
    options->dry_run = args_flag(args, "dry-run");
    options->tui = args_flag(args, "tui");
    options->compare = args_flag(args, "compare");
    if (options->tui && !isatty(STDOUT_FILENO) && access("/dev/tty", R_OK | W_OK) < 0)
        return cli_fail(CLI_UNABLE, "--tui needs a terminal");
    pool->command = mem_new_array(words->count + 1, sizeof(char *));
    plan_command(words, pool->command);
    status = pool->command[0] ? 0 : cli_fail(CLI_UNABLE, "map needs a command before :::");
    if (status == 0) {
        options->rerun = map_rerun_words(args, pool->command);
        plan_behaviour(args, pool, options);
        if (pool->shell)
            plan_join_script(pool);
        status = plan_limits(args, pool);
    }
    if (status == 0)
        status = map_inputs_plan(args, pool);
    return status;
}
