/* SPDX-License-Identifier: MIT */
/*
 * Defaults and memory of the configuration as plain data. config/lifeguard.cfg documents the same
 * defaults for users; a test compares the two.
 */
#include "pool/spec.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"

static char *spec_empty(void)
{
    return mem_copy_string("");
}

static void spec_default_log(struct log_spec *log, enum pool_mode mode)
{
    log->per = mode == POOL_COMMAND ? LOG_PER_SLOT : LOG_PER_PROCESS;
    log->max_size = 10 << 20;
    log->keep = 5;
    log->keep_lives = 50;
    log->max_total = INT64_C(1) << 30;
    log->timestamps = true;
    log->ring = 1 << 20;
}

static void spec_default_tasks(struct pool_spec *spec)
{
    spec->tasks.path = spec_empty();
    spec->tasks.from = spec_empty();
    spec->tasks.columns = spec_empty();
    spec->tasks.max_args = 1;
    spec->tasks.stdin_fd = -1;
    spec->queue.capacity = 10000;
    spec->queue.uri = mem_copy_string("redis://127.0.0.1:6379/0");
    spec->queue.stream = mem_copy_string(spec->name);
    spec->queue.group = mem_copy_string("lifeguard");
    spec->queue.lease = 60 * CLOCK_S;
    spec->results = spec_empty();
    spec->results_dir = spec_empty();
    spec->joblog = spec_empty();
    spec->retries = spec->mode == POOL_WORKER ? 3 : 0;
    spec->backoff = (struct backoff_spec){CLOCK_S, 2.0, 600 * CLOCK_S, JITTER_FULL, 0};
    spec->bury_after_deaths = 3;
}

static void spec_default_life(struct pool_spec *spec)
{
    spec->restart = spec->mode == POOL_COMMAND ? RESTART_NEVER : RESTART_ALWAYS;
    spec->restart_backoff =
        (struct backoff_spec){250 * CLOCK_MS, 2.0, 30 * CLOCK_S, JITTER_FULL, 30 * CLOCK_S};
    spec->crash_loop = (struct crash_loop_spec){8, 60 * CLOCK_S, 60 * CLOCK_S};
    spec->stop = (struct stop_spec){SIGTERM, 10 * CLOCK_S, true};
    spec->ready.timeout = 60 * CLOCK_S;
    spec->ready.min_uptime = CLOCK_S;
    spec->ready.tcp = spec_empty();
    spec->ready.log = spec_empty();
    spec->health.tcp = spec_empty();
    spec->health.interval = 10 * CLOCK_S;
    spec->health.timeout = CLOCK_S;
    spec->health.failures = 3;
    spec->scale.up_after = 3 * CLOCK_S;
    spec->scale.down_after = 60 * CLOCK_S;
    spec->scale.step = 1;
}

void pool_spec_init(struct pool_spec *spec, const char *name, enum pool_mode mode)
{
    *spec = (struct pool_spec){.name = mem_copy_string(name), .mode = mode};
    spec->size.count = 1;
    spec->autostart = true;
    spec->socket = spec_empty();
    spec_default_tasks(spec);
    spec_default_life(spec);
    spec->cwd = spec_empty();
    spec->umask = 022;
    spec->user = spec_empty();
    spec->group = spec_empty();
    spec->ionice = spec_empty();
    spec->affinity = spec_empty();
    spec->limits = (struct limits_spec){-1, -1, -1, -1};
    spec->cgroup.cpu_max = spec_empty();
    spec_default_log(&spec->log, mode);
}

void pool_spec_fini(struct pool_spec *spec)
{
    char *strings[] = {
        spec->name,        spec->tasks.path,   spec->tasks.from,  spec->tasks.columns,
        spec->queue.uri,   spec->queue.stream, spec->queue.group, spec->results,
        spec->results_dir, spec->joblog,       spec->socket,      spec->ready.tcp,
        spec->ready.log,   spec->health.tcp,   spec->cwd,         spec->user,
        spec->group,       spec->ionice,       spec->affinity,    spec->cgroup.cpu_max};
    char **arrays[] = {
        spec->command,   spec->tasks.list,    spec->tasks.command,  spec->init,         spec->env,
        spec->env_files, spec->ready.command, spec->health.command, spec->hang.evidence};

    for (size_t i = 0; i < ARRAY_LEN(strings); i++)
        free(strings[i]);
    for (size_t i = 0; i < ARRAY_LEN(arrays); i++)
        mem_free_strings(arrays[i]);
    for (size_t i = 0; i < spec->after_count; i++)
        free(spec->after[i].pool);
    free(spec->after);
    for (size_t i = 0; i < spec->shared_count; i++)
        free(spec->shared[i].name);
    free(spec->shared);
    free(spec->tasks.group_sizes);
    free(spec->retry_on);
    free(spec->bury_on);
    *spec = (struct pool_spec){0};
}

void supervisor_spec_init(struct supervisor_spec *spec, const char *name)
{
    static const char *const inherited[] = {"PATH", "HOME", "LANG"};

    *spec = (struct supervisor_spec){.name = mem_copy_string(name)};
    spec->state_dir = spec_empty();
    spec->log_dir = spec_empty();
    spec->env_inherit = mem_new_array(ARRAY_LEN(inherited) + 1, sizeof(char *));
    for (size_t i = 0; i < ARRAY_LEN(inherited); i++)
        spec->env_inherit[i] = mem_copy_string(inherited[i]);
    spec->restart_limit = 200;
    spec->cgroups = true;
    spec->shutdown_timeout = 30 * CLOCK_S;
    spec->metrics_listen = spec_empty();
    spec->metrics_file = spec_empty();
    spec->control_mode = 0600;
    spec->control_group = spec_empty();
}

void spec_fini(struct spec *spec)
{
    struct supervisor_spec *sup = &spec->supervisor;

    free(sup->name);
    free(sup->state_dir);
    free(sup->log_dir);
    mem_free_strings(sup->env_inherit);
    free(sup->metrics_listen);
    free(sup->metrics_file);
    free(sup->control_group);
    mem_free_strings(sup->on_event);
    for (size_t i = 0; i < spec->pool_count; i++)
        pool_spec_fini(&spec->pools[i]);
    free(spec->pools);
    free(spec->source);
    *spec = (struct spec){0};
}

bool spec_is_finite(const struct spec *spec)
{
    for (size_t i = 0; i < spec->pool_count; i++)
        if (spec->pools[i].mode == POOL_SERVICE || spec->pools[i].tasks.source == SOURCE_NONE)
            return false;
    return spec->pool_count > 0;
}

int size_spec_resolve(const struct size_spec *size, int cpus)
{
    int count;

    if (!size->percent)
        return size->count;
    count = (int)((int64_t)cpus * size->percent / 100);
    return count > 0 ? count : 1;
}

/* "1" or "10%" behind "fail=" and its like. */
static int halt_parse_count(struct halt_spec *halt, const char *text)
{
    char *end;
    double value;

    if (*text < '0' || *text > '9')
        return -EINVAL;
    value = strtod(text, &end);
    if (strcmp(end, "%") == 0 && value > 0 && value <= 100) {
        halt->percent = value;
        return 0;
    }
    if (*end || value < 1 || value > INT_MAX || value != (int)value)
        return -EINVAL;
    halt->count = (int)value;
    return 0;
}

int halt_spec_parse(struct halt_spec *halt, const char *text)
{
    static const char *const whys[] = {
        [HALT_ON_FAIL] = "fail=", [HALT_ON_SUCCESS] = "success=", [HALT_ON_DONE] = "done="};

    *halt = (struct halt_spec){0};
    if (strcmp(text, "never") == 0)
        return 0;
    if (str_starts(text, "now,"))
        halt->when = HALT_NOW;
    else if (str_starts(text, "soon,"))
        halt->when = HALT_SOON;
    else
        return -EINVAL;
    text = strchr(text, ',') + 1;
    for (size_t i = 0; i < ARRAY_LEN(whys); i++) {
        if (!str_starts(text, whys[i]))
            continue;
        halt->why = i;
        return halt_parse_count(halt, text + strlen(whys[i]));
    }
    return -EINVAL;
}

const char *pool_mode_name(enum pool_mode mode)
{
    static const char *const names[] = {
        [POOL_SERVICE] = "service", [POOL_COMMAND] = "command", [POOL_WORKER] = "worker"};

    return names[mode];
}
