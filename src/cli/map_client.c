/* SPDX-License-Identifier: MIT */
/*
 * The client side of map: reads results, writes them out, blocking, in the order in which they
 * come (the supervisor keeps the order where asked). A task's stdout goes out whole before its
 * stderr; two tasks are never mixed. An interrupt lets what runs finish; a second one ends it.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/map.h"
#include "cli/map_text.h"
#include "sys/file.h"
#include "wire/control.h"
#include "wire/json_out.h"

enum { READ_STEP = 262144 };
static const int64_t LINE_PERIOD = 5 * CLOCK_S;

struct map {
    const struct map_options *options;
    int fd, signal_fd;
    struct buf in;
    struct map_writer out, err;
    struct map_summary summary;
    char *tag;
    struct buf bytes;
    bool bar, terminal, drawn;
    int64_t drawn_at;
    json_t *progress; /* the newest summary; NULL = none yet */
    int interrupts;
    int write_error; /* -errno once standard output takes no more */
    bool ended;
    bool incomplete; /* output or files of tasks were lost */
    uint64_t unsaved;
    int status;
};

static int map_send(struct map *map, const char *line)
{
    return file_write_all(map->fd, line, strlen(line));
}

static int map_greet(struct map *map)
{
    char line[200];
    const char *user = getenv("USER");
    int rc;

    snprintf(line, sizeof(line),
             "{\"hello\":\"lifeguard\",\"protocol\":%d,\"client\":\"map\",\"user\":\"%.20s\"}\n",
             CONTROL_PROTOCOL,
             user && strspn(user, "abcdefghijklmnopqrstuvwxyz0123456789_-") == strlen(user) ? user
                                                                                            : "");
    rc = map_send(map, line);
    if (rc == 0 && map->bar)
        rc = map_send(map, "{\"id\":2,\"cmd\":\"subscribe\",\"view\":\"summary\"}\n");
    return rc;
}

static void map_erase_progress(struct map *map)
{
    if (map->drawn)
        map_progress_clear(map->terminal);
    map->drawn = false;
}

/* The bar is a line of the terminal that output may go to as well. */
static int map_write(struct map *map, struct map_writer *writer)
{
    if (writer->terminal && buf_len(&writer->out))
        map_erase_progress(map);
    return map_writer_flush(writer);
}

/* Never in the middle of a task's output; behind what ended without a newline, on a new line. */
static void map_draw_progress(struct map *map)
{
    struct map_writer *const writers[] = {&map->out, &map->err};

    if (!map->progress)
        return;
    for (size_t i = 0; map->terminal && i < ARRAY_LEN(writers); i++) {
        if (!writers[i]->terminal || !writers[i]->open_line)
            continue;
        if (!writers[i]->at_line_start)
            return;
        fputc('\n', stderr);
        writers[i]->open_line = false;
    }
    map_progress_print(map->progress, map->terminal);
    map->drawn = true;
}

static void map_on_output(struct map *map, const json_t *message)
{
    const char *stream = json_string_value(json_object_get(message, "stream"));
    struct map_writer *writer = stream && *stream == 'e' ? &map->err : &map->out;
    int rc;

    map_json_bytes(message, "data", &map->bytes);
    if (map->options->tag && !map->tag) {
        struct buf tag = {0};

        map_json_bytes(message, "task", &tag);
        map->tag = mem_copy_bytes(buf_data(&tag), buf_len(&tag));
        for (size_t i = 0; i < buf_len(&tag); i++)
            if (!map->tag[i])
                map->tag[i] = ' ';
        buf_fini(&tag);
    }
    map_writer_add(writer, map->tag, buf_data(&map->bytes), buf_len(&map->bytes));
    rc = buf_len(&writer->out) > READ_STEP ? map_write(map, writer) : 0;
    if (rc < 0 && writer == &map->out)
        map->write_error = rc;
}

/* What the supervisor could not keep of a task is said at once, and once is enough of files. */
static void map_on_loss(struct map *map, const json_t *message)
{
    long long seq = json_integer_value(json_object_get(message, "seq"));
    long long lost = json_integer_value(json_object_get(message, "lost"));
    const char *unsaved = json_string_value(json_object_get(message, "unsaved"));

    if (!lost && !unsaved)
        return;
    map_erase_progress(map);
    if (lost)
        cli_fail(0, "%lld bytes of output of task %lld were lost: no room for temporary files",
                 lost, seq);
    if (unsaved && !map->unsaved++)
        cli_fail(0, "--results, task %lld: %s", seq, unsaved);
    map->incomplete = true;
}

static void map_on_result(struct map *map, json_t *message)
{
    if (json_object_get(message, "data") || json_object_get(message, "data_base64"))
        map_on_output(map, message);
    map_writer_end(&map->out);
    map_writer_end(&map->err);
    free(map->tag);
    map->tag = NULL;
    map_on_loss(map, message);
    if (map->options->seconds)
        *map->options->seconds += json_number_value(json_object_get(message, "seconds"));
    map_summary_add(&map->summary, message, map->options);
}

static void map_flush(struct map *map)
{
    int rc = map_write(map, &map->out);

    if (rc < 0)
        map->write_error = rc;
    map_write(map, &map->err);
}

static void map_on_summary(struct map *map, json_t *summary)
{
    int64_t now = clock_now();

    json_decref(map->progress);
    map->progress = json_incref(summary);
    if (!map->terminal && now - map->drawn_at < LINE_PERIOD)
        return;
    map_flush(map);
    map_draw_progress(map);
    map->drawn_at = now;
}

static void map_on_message(struct map *map, json_t *message)
{
    const char *view = json_string_value(json_object_get(message, "view"));

    if (!view) {
        const char *error = json_string_value(json_object_get(message, "error"));

        if (error)
            map->status = cli_fail(CLI_UNABLE, "%s", error);
    } else if (strcmp(view, "output") == 0) {
        map_on_output(map, message);
    } else if (strcmp(view, "result") == 0) {
        map_on_result(map, message);
    } else if (strcmp(view, "summary") == 0) {
        map_on_summary(map, json_object_get(message, "summary"));
    } else if (strcmp(view, "end") == 0) {
        map->status = (int)json_integer_value(json_object_get(message, "status"));
        map->ended = true;
    }
}

static void map_read_lines(struct map *map)
{
    size_t len;
    char *end;

    while ((len = buf_len(&map->in)) != 0 &&
           (end = memchr(buf_data(&map->in), '\n', len)) != NULL) {
        size_t line = (size_t)(end - buf_data(&map->in));
        json_t *message = json_loadb(buf_data(&map->in), line, JSON_ALLOW_NUL, NULL);

        if (message)
            map_on_message(map, message);
        json_decref(message);
        buf_consume(&map->in, line + 1);
    }
    map_flush(map);
    if (map->terminal && !map->drawn && !map->ended)
        map_draw_progress(map);
}

static void map_on_signal(struct map *map)
{
    struct signalfd_siginfo info;

    if (read(map->signal_fd, &info, sizeof(info)) != sizeof(info))
        return;
    if (map->interrupts++) {
        map_send(map, "{\"id\":3,\"cmd\":\"shutdown\",\"now\":true}\n");
        return;
    }
    /* The terminal has put a ^C there. */
    if (map->terminal && !map->drawn)
        fputc('\n', stderr);
    map_erase_progress(map);
    cli_fail(0, "no more tasks are started; waiting for those that run (once more ends them)");
    map_send(map, "{\"id\":3,\"cmd\":\"shutdown\"}\n");
}

static void map_loop(struct map *map)
{
    struct pollfd fds[2] = {{.fd = map->fd, .events = POLLIN},
                            {.fd = map->signal_fd, .events = POLLIN}};

    while (!map->ended && !map->write_error) {
        char *room;
        ssize_t got;

        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            return;
        if (fds[1].revents & POLLIN)
            map_on_signal(map);
        if (!(fds[0].revents & (POLLIN | POLLHUP)))
            continue;
        room = buf_reserve(&map->in, READ_STEP);
        got = room ? read(map->fd, room, READ_STEP) : 0;
        if (got == 0 || (got < 0 && errno != EINTR))
            return;
        if (got > 0)
            buf_commit(&map->in, (size_t)got);
        map_read_lines(map);
    }
}

static int map_exit_status(const struct map *map)
{
    if (map->write_error)
        return map_writer_fail(map->write_error);
    if (!map->ended)
        return map->interrupts ? 130
                               : cli_fail(CLI_UNABLE, "the supervisor ended before the run did");
    if (map->interrupts)
        return 130;
    if (map->unsaved > 1)
        cli_fail(0, "--results: nor could files of %llu other tasks be written",
                 (unsigned long long)map->unsaved - 1);
    return map->incomplete ? CLI_UNABLE : map->status;
}

int map_client(int fd, const struct map_options *options)
{
    struct map map = {.options = options, .fd = fd, .terminal = isatty(STDERR_FILENO) == 1};
    sigset_t signals;
    int status;

    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    map.signal_fd = signalfd(-1, &signals, SFD_CLOEXEC);
    map.bar = options->bar || options->eta || (map.terminal && !isatty(STDOUT_FILENO));
    map_writer_init(&map.out, STDOUT_FILENO, options->raw);
    map_writer_init(&map.err, STDERR_FILENO, options->raw);
    if (map_greet(&map) == 0)
        map_loop(&map);
    map_erase_progress(&map);
    if (!map.write_error)
        map_flush(&map);
    status = map_exit_status(&map);
    map_summary_print(&map.summary, options, map.interrupts > 0);
    map_summary_fini(&map.summary);
    map_writer_fini(&map.out);
    map_writer_fini(&map.err);
    buf_fini(&map.in);
    buf_fini(&map.bytes);
    json_decref(map.progress);
    free(map.tag);
    close(map.signal_fd);
    close(fd);
    return status;
}
