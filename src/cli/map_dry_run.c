/* SPDX-License-Identifier: MIT */
/*
 * map --dry-run: the command lines, one a line, in the order of the inputs. Nothing is started, so
 * inputs are read here, blocking.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/map.h"
#include "cli/map_text.h"
#include "pool/spec.h"
#include "pool/task.h"
#include "pool/template.h"
#include "sys/proc.h"

enum { WRITE_STEP = 65536 };

struct dry_run {
    const struct pool_spec *pool;
    struct template *command;
    struct map_writer out;
    struct buf items; /* each ended by NUL */
    unsigned count, inputs;
    uint64_t seq;
    int slots;
    int rc; /* -errno once standard output takes no more */
};

static void dry_print(struct dry_run *run)
{
    size_t len = buf_len(&run->items);
    struct task *task;
    struct buf line = {0};

    if (!run->count)
        return;
    task = task_new(buf_data(&run->items), len - 1, run->count);
    task->seq = ++run->seq;
    if (template_print(run->command, task, (int)((run->seq - 1) % (uint64_t)run->slots) + 1,
                       &line) == 0) {
        buf_append_char(&line, '\n');
        map_writer_add(&run->out, NULL, buf_data(&line), buf_len(&line));
        map_writer_end(&run->out);
    }
    if (buf_len(&run->out.out) > WRITE_STEP && run->rc == 0)
        run->rc = map_writer_flush(&run->out);
    task_free(task);
    buf_fini(&line);
    buf_reset(&run->items);
    run->count = run->inputs = 0;
}

static void dry_add_item(struct dry_run *run, const char *item, size_t len)
{
    if (run->pool->tasks.trim)
        item = str_trim(item, &len);
    buf_append(&run->items, item, len);
    buf_append_char(&run->items, '\0');
    run->count++;
}

static void dry_add_input(struct dry_run *run, const char *item, size_t len)
{
    const char *separator = run->pool->tasks.columns, *end = item + len, *cut;
    size_t width = strlen(separator);

    while (width && (cut = memmem(item, (size_t)(end - item), separator, width)) != NULL) {
        dry_add_item(run, item, (size_t)(cut - item));
        item = cut + width;
    }
    dry_add_item(run, item, (size_t)(end - item));
    if (++run->inputs == (unsigned)run->pool->tasks.max_args)
        dry_print(run);
}

static void dry_run_list(struct dry_run *run)
{
    const struct tasks_spec *tasks = &run->pool->tasks;
    size_t total = 1;

    for (size_t g = 0; g < tasks->group_count; g++)
        total *= tasks->group_sizes[g];
    for (size_t n = 0; n < total && run->rc == 0; n++) {
        size_t rest = n, base = 0, span = total;

        if (tasks->group_count == 1) {
            dry_add_input(run, tasks->list[n], strlen(tasks->list[n]));
            continue;
        }
        for (size_t g = 0; g < tasks->group_count; g++) {
            const char *item;

            span /= tasks->group_sizes[g];
            item = tasks->list[base + rest / span];
            rest %= span;
            base += tasks->group_sizes[g];
            dry_add_item(run, item, strlen(item));
        }
        dry_print(run);
    }
}

static int dry_run_lines(struct dry_run *run)
{
    const struct tasks_spec *tasks = &run->pool->tasks;
    FILE *file = tasks->source == SOURCE_FILE ? fopen(tasks->path, "re") : stdin;
    char *line = NULL;
    size_t size = 0;
    ssize_t len;
    int separator = tasks->null ? '\0' : '\n';

    if (!file)
        return cli_fail(CLI_UNABLE, "-a %s: %s", tasks->path, strerror(errno));
    while (run->rc == 0 && (len = getdelim(&line, &size, separator, file)) > 0) {
        if (line[len - 1] == separator)
            len--;
        dry_add_input(run, line, (size_t)len);
    }
    free(line);
    if (file != stdin)
        fclose(file);
    return 0;
}

int map_dry_run(const struct spec *spec)
{
    struct dry_run run = {.pool = &spec->pools[0]};
    int status = 0;

    run.slots = size_spec_resolve(&run.pool->size, proc_cpu_count());
    run.command = template_new(run.pool->command, run.pool->shell, true);
    map_writer_init(&run.out, 1, false);
    if (run.pool->tasks.source == SOURCE_LIST)
        dry_run_list(&run);
    else
        status = dry_run_lines(&run);
    dry_print(&run);
    if (run.rc == 0)
        run.rc = map_writer_flush(&run.out);
    if (run.rc < 0)
        status = map_writer_fail(run.rc);
    map_writer_fini(&run.out);
    template_free(run.command);
    buf_fini(&run.items);
    return status;
}
