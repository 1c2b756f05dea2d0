/* SPDX-License-Identifier: MIT */
/*
 * From the inputs on map's command line to a pool's task source. Plain combinations are left to the
 * supervisor, which walks them without writing them down; sources that are linked, or that go
 * several to a task or in columns, become one list here, every combination so many inputs of it.
 */
#include "cli/map_inputs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "pool/spec.h"
#include "sys/file.h"

enum { READ_STEP = 65536, LIST_MOST = 4000000 };
static const int64_t INPUT_FILE_MAX = INT64_C(1) << 30;

/* The items of all sources one behind the other, and how many belong to each. */
struct inputs {
    char **list;
    size_t count;
    size_t *sizes;
    bool *linked; /* with the source before it */
    size_t sources;
};

bool map_inputs_begin_at(const char *word)
{
    return strcmp(word, ":::") == 0 || strcmp(word, ":::+") == 0 || strcmp(word, "::::") == 0 ||
           strcmp(word, "::::+") == 0;
}

static void inputs_begin(struct inputs *inputs, bool linked)
{
    if (mem_try_resize((void **)&inputs->sizes, inputs->sources + 1, sizeof(size_t)) < 0 ||
        mem_try_resize((void **)&inputs->linked, inputs->sources + 1, sizeof(bool)) < 0)
        abort();
    inputs->sizes[inputs->sources] = 0;
    inputs->linked[inputs->sources] = linked && inputs->sources;
    inputs->sources++;
}

static void inputs_add(struct inputs *inputs, const char *text, size_t len)
{
    if ((inputs->count & (inputs->count + 1)) == 0 &&
        mem_try_resize((void **)&inputs->list, (inputs->count + 1) * 2 + 1, sizeof(char *)) < 0)
        abort();
    inputs->list[inputs->count++] = mem_copy_bytes(text, len);
    inputs->list[inputs->count] = NULL;
    inputs->sizes[inputs->sources - 1]++;
}

static void inputs_fini(struct inputs *inputs)
{
    mem_free_strings(inputs->list);
    free(inputs->sizes);
    free(inputs->linked);
}

/* A file, a pipe, or "-" for standard input, to its end. */
static int inputs_read_all(const char *path, struct buf *text)
{
    int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : 1;
    int error = errno;

    while (got > 0) {
        char *room = buf_reserve(text, READ_STEP);

        got = room ? read(fd, room, READ_STEP) : -1;
        error = room ? errno : EFBIG;
        if (got < 0 && error == EINTR)
            got = 1;
        else if (got > 0)
            buf_commit(text, (size_t)got);
    }
    if (fd > STDIN_FILENO)
        close(fd);
    return got < 0 ? cli_fail(CLI_UNABLE, "inputs from %s: %s", path, strerror(error)) : 0;
}

static int inputs_add_file(struct inputs *inputs, const char *path, bool null, bool linked)
{
    struct buf text = {.max = (size_t)INPUT_FILE_MAX};
    int status = inputs_read_all(path, &text);
    const char *at = buf_data(&text), *stop = at + buf_len(&text);

    inputs_begin(inputs, linked);
    while (status == 0 && at < stop) {
        const char *end = memchr(at, null ? '\0' : '\n', (size_t)(stop - at));

        inputs_add(inputs, at, (size_t)((end ? end : stop) - at));
        at = end ? end + 1 : stop;
    }
    buf_fini(&text);
    return status;
}

/* What stands behind the command. */
static int inputs_add_words(struct inputs *inputs, const struct arg_value *words, bool null)
{
    const char *group = NULL;
    int status = 0;

    for (size_t i = 0; i < words->count && status == 0; i++) {
        const char *word = words->list[i];
        bool linked = group && strchr(group, '+');

        if (map_inputs_begin_at(word)) {
            group = word;
            if (strncmp(group, "::::", 4) != 0)
                inputs_begin(inputs, strchr(group, '+'));
        } else if (group && strncmp(group, "::::", 4) == 0) {
            status = inputs_add_file(inputs, word, null, linked);
        } else if (group) {
            inputs_add(inputs, word, strlen(word));
        }
    }
    return status;
}

/* A source stands for itself and those that are linked to it: as many rows as the shortest has. */
static size_t inputs_rows(const struct inputs *inputs, size_t source, size_t *next)
{
    size_t rows = inputs->sizes[source];

    for (*next = source + 1; *next < inputs->sources && inputs->linked[*next]; ++*next)
        if (inputs->sizes[*next] < rows)
            rows = inputs->sizes[*next];
    return rows;
}

/* Appends one item of each source: combination `number` of `total`. */
static void inputs_combine(const struct inputs *inputs, size_t number, size_t total,
                           struct inputs *flat)
{
    size_t base = 0, next;

    for (size_t s = 0; s < inputs->sources; s = next) {
        size_t row;

        total /= inputs_rows(inputs, s, &next);
        row = number / total;
        number %= total;
        for (size_t each = s; each < next; each++) {
            const char *item = inputs->list[base + row];

            inputs_add(flat, item, strlen(item));
            base += inputs->sizes[each];
        }
    }
}

/* All combinations as one list. */
static int inputs_flatten(struct inputs *inputs)
{
    struct inputs flat = {0};
    size_t total = 1, next, sources = inputs->sources ? inputs->sources : 1;

    for (size_t s = 0; s < inputs->sources && total <= LIST_MOST; s = next)
        total *= inputs_rows(inputs, s, &next);
    if (total > LIST_MOST / sources)
        return cli_fail(CLI_UNABLE,
                        "more than %d combinations can't be linked, grouped or split; give them "
                        "on standard input",
                        LIST_MOST / (int)sources);
    inputs_begin(&flat, false);
    for (size_t i = 0; i < total; i++)
        inputs_combine(inputs, i, total, &flat);
    inputs_fini(inputs);
    *inputs = flat;
    return 0;
}

static bool inputs_need_list(const struct inputs *inputs, const struct pool_spec *pool, bool listed)
{
    bool linked = false;

    for (size_t s = 0; s < inputs->sources; s++)
        linked |= inputs->linked[s];
    return linked ||
           (inputs->sources > 1 && (listed || pool->tasks.max_args > 1 || *pool->tasks.columns));
}

static int inputs_give(struct inputs *inputs, struct pool_spec *pool, bool listed)
{
    size_t sources = inputs->sources;

    if (inputs_need_list(inputs, pool, listed)) {
        int status = inputs_flatten(inputs);

        if (status)
            return status;
        pool->tasks.max_args *= (int)sources;
    }
    pool->tasks.source = SOURCE_LIST;
    pool->tasks.list = inputs->list ? inputs->list : mem_new_array(1, sizeof(char *));
    pool->tasks.group_sizes = inputs->sizes;
    pool->tasks.group_count = inputs->sources;
    free(inputs->linked);
    *inputs = (struct inputs){0};
    return 0;
}

int map_inputs_plan(const struct args *args, struct pool_spec *pool)
{
    const struct arg_value *files = args_value(args, "arg-file");
    const struct arg_value *words = args_value(args, "command");
    bool null = args_flag(args, "null"), named = false;
    struct inputs inputs = {0};
    char cwd[PATH_MAX];
    int status = 0;

    for (size_t i = 0; i < words->count; i++)
        named |= map_inputs_begin_at(words->list[i]);
    if (named || files->count > 1 || args_flag(args, "compare")) {
        for (size_t i = 0; i < files->count && status == 0; i++)
            status = inputs_add_file(&inputs, files->list[i], null, false);
        /* A comparison runs them twice. */
        if (!named && !files->count)
            status = inputs_add_file(&inputs, "-", null, false);
        if (status == 0)
            status = inputs_add_words(&inputs, words, null);
        if (status == 0)
            status = inputs_give(&inputs, pool, args_flag(args, "compare"));
    } else if (files->count && strcmp(files->list[0], "-") != 0) {
        pool->tasks.source = SOURCE_FILE;
        free(pool->tasks.path);
        pool->tasks.path = file_absolute(getcwd(cwd, sizeof(cwd)) ? cwd : "/", files->list[0]);
    } else {
        pool->tasks.source = SOURCE_STDIN;
        pool->tasks.stdin_fd = STDIN_FILENO;
    }
    inputs_fini(&inputs);
    return status;
}
