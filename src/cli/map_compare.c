/* SPDX-License-Identifier: MIT */
/*
 * `map --compare`: is it worth it? A sample of the inputs is run with one slot and with -j slots.
 * The sample grows until one slot has had half a second of it, so that the figures mean something.
 *
 *   overhead a task  wall time of a slot that no task accounts for: (wall * slots - sum) / tasks
 *   speed-up         wall time with one slot / wall time with -j slots
 */
#include <fcntl.h>
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
#include "cli/print.h"
#include "pool/spec.h"
#include "sys/proc.h"
#include "wire/json_out.h"

enum { SAMPLE_FIRST = 16, SAMPLE_GROWTH = 4 };
static const double SAMPLE_SECONDS = 0.5;

struct side {
    int slots;
    size_t tasks;
    double wall, busy; /* seconds; busy: the sum of the tasks' own */
};

static size_t count_items(char *const *list)
{
    size_t count = 0;

    while (list[count])
        count++;
    return count;
}

/* Runs the first `tasks` with nothing on our standard output. The exit status of the run. */
static int side_run(struct side *side, const struct args *args, struct spec *spec,
                    struct map_options *options, map_runner *run)
{
    struct tasks_spec *source = &spec->pools[0].tasks;
    size_t items = count_items(source->list), each = (size_t)source->max_args;
    size_t end = side->tasks * each < items ? side->tasks * each : items;
    char **whole = source->list;
    int out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3), null = open("/dev/null", O_WRONLY);
    int64_t begun = clock_now();
    int status;

    if (source->group_count)
        source->group_sizes[0] = end;
    source->list = mem_new_array(end + 1, sizeof(char *));
    memcpy(source->list, whole, end * sizeof(char *));
    spec->pools[0].size = (struct size_spec){.count = side->slots};
    options->seconds = &side->busy;
    side->busy = 0;
    dup2(null, STDOUT_FILENO);
    status = run(args, spec, options);
    side->wall = (double)(clock_now() - begun) / 1e9;
    dup2(out, STDOUT_FILENO);
    close(out);
    close(null);
    free(source->list);
    source->list = whole;
    if (source->group_count)
        source->group_sizes[0] = items;
    return status;
}

static double side_overhead(const struct side *side)
{
    double lost = side->wall * side->slots - side->busy;

    return lost > 0 ? lost / (double)side->tasks : 0;
}

/* Tasks may take microseconds, which other durations never do. */
static void format_time(char out[16], double seconds)
{
    if (seconds < 1e-3)
        snprintf(out, 16, "%.1fus", seconds * 1e6);
    else if (seconds < 1)
        snprintf(out, 16, "%.1fms", seconds * 1e3);
    else
        str_format_duration(out, seconds);
}

static void print_side(const struct side *side, struct buf *out)
{
    char wall[16], each[16], busy[16], lost[16];

    format_time(wall, side->wall);
    format_time(each, side->wall / (double)side->tasks);
    format_time(busy, side->busy);
    format_time(lost, side_overhead(side));
    buf_printf(out, "%5d %s  %9s %9s %9s %12s\n", side->slots, side->slots == 1 ? "slot " : "slots",
               wall, each, busy, lost);
}

static void print_table(const struct side *one, const struct side *many, size_t all,
                        struct buf *out)
{
    int ideal = many->slots < proc_cpu_count() ? many->slots : proc_cpu_count();
    double gain = one->wall / many->wall;
    char rest[16], rest_one[16];

    buf_printf(out, "%zu of %zu inputs, twice\n", one->tasks, all);
    buf_append_string(out, "                  wall    a task  in tasks  overhead a task\n");
    print_side(one, out);
    print_side(many, out);
    buf_printf(out, "speed-up %.2f, %.0f %% of the %d CPUs that %d %s can use\n", gain,
               gain / ideal * 100, ideal, many->slots, many->slots == 1 ? "slot" : "slots");
    if (all <= one->tasks)
        return;
    str_format_duration(rest, many->wall / (double)many->tasks * (double)all);
    str_format_duration(rest_one, one->wall / (double)one->tasks * (double)all);
    buf_printf(out, "all %zu inputs would take about %s, one by one %s\n", all, rest, rest_one);
}

static void put_side(struct json_out *out, const char *key, const struct side *side)
{
    json_open_object(out, key);
    json_put_int(out, "slots", side->slots);
    json_put_number(out, "wall", side->wall, 6);
    json_put_number(out, "in_tasks", side->busy, 6);
    json_put_number(out, "overhead", side_overhead(side), 9);
    json_close_object(out);
}

static void print_json(const struct side *one, const struct side *many, size_t all,
                       struct buf *bytes)
{
    struct json_out out;

    json_out_init(&out, bytes);
    json_open_object(&out, NULL);
    json_put_int(&out, "inputs", (int64_t)all);
    json_put_int(&out, "sample", (int64_t)one->tasks);
    put_side(&out, "one", one);
    put_side(&out, "many", many);
    json_put_number(&out, "speedup", one->wall / many->wall, 4);
    json_close_object(&out);
    json_end_line(&out);
}

int map_compare(const struct args *args, struct spec *spec, struct map_options *options,
                map_runner *run)
{
    struct pool_spec *pool = &spec->pools[0];
    size_t all = count_items(pool->tasks.list) / (size_t)pool->tasks.max_args;
    struct side one = {.slots = 1, .tasks = all < SAMPLE_FIRST ? all : SAMPLE_FIRST};
    struct side many = {.slots = size_spec_resolve(&pool->size, proc_cpu_count())};
    struct buf out = {0};
    int status;

    if (!all)
        return cli_fail(CLI_UNABLE, "--compare: no inputs");
    while ((status = side_run(&one, args, spec, options, run)) == 0 && one.wall < SAMPLE_SECONDS &&
           one.tasks < all)
        one.tasks = one.tasks * SAMPLE_GROWTH < all ? one.tasks * SAMPLE_GROWTH : all;
    many.tasks = one.tasks;
    if (status == 0)
        status = side_run(&many, args, spec, options, run);
    if (status)
        return status;
    if (args->json)
        print_json(&one, &many, all, &out);
    else
        print_table(&one, &many, all, &out);
    status = print_flush(&out) ? CLI_OK : CLI_FAILED;
    buf_fini(&out);
    return status;
}
