/* SPDX-License-Identifier: MIT */
/*
 * One path from a worker's pipe to the ring, the file and the sink. A read is split into pieces of
 * whole lines, and each piece goes through deliver(): numbers, ring, file, sink. Without timestamps
 * and without a sink no line is looked at on its own.
 */
#include "logs/capture.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "logs/lines.h"
#include "logs/logfile.h"
#include "logs/ring.h"

enum { READ_SIZE = 65536, TURN_SHARE = 4 * READ_SIZE, BATCH_SIZE = 4 * 65536 };

#define NOTE_PREFIX "lifeguard: "

struct logs {
    struct ring_budget budget;
    char *batch; /* lines with timestamps on their way to a file; made when first needed */
    /* The stamp of the last line; most lines have the same. */
    int64_t stamp_ms;
    char stamp[LOGFILE_PREFIX + 1];
    char *space; /* what is read lands behind LINES_MAX bytes for a carry */
};

/* Who gets each line. */
struct tap {
    capture_sink *sink;
    void *ctx;
};

struct capture {
    struct logs *logs;
    struct ring ring;
    struct logfile own;   /* path NULL = none */
    struct logfile *file; /* own, or that of the capture beside which this one writes */
    struct lines out, err;
    struct buf kept; /* stream 'o' for a task's result */
    size_t kept_max;
    uint64_t kept_total;
    struct tap view, watch;
    capture_raw *raw;
    void *raw_ctx;
    uint64_t bytes, lines;
    /* Of the call under way: */
    int64_t wall;
    char stream;
    bool paused;
};

struct logs *logs_new(const struct logs_options *options)
{
    struct logs *logs = mem_new(sizeof(*logs));

    logs->budget.total = options->ring_total > 0 ? (size_t)options->ring_total : 64 << 20;
    logs->stamp_ms = INT64_MIN;
    /* On whole pages, where the kernel copies faster. */
    logs->space = aligned_alloc(4096, LINES_MAX + READ_SIZE);
    if (!logs->space)
        abort();
    return logs;
}

void logs_free(struct logs *logs)
{
    if (!logs)
        return;
    free(logs->batch);
    free(logs->space);
    free(logs);
}

struct capture *capture_new(struct logs *logs, const struct capture_options *options,
                            struct err *err)
{
    const struct logfile_options file = {.path = options->path,
                                         .append = options->append,
                                         .max_size = options->max_size,
                                         .keep = options->keep,
                                         .timestamps = options->timestamps,
                                         .hold = options->block_when_full};
    struct capture *capture = mem_new(sizeof(*capture));

    capture->logs = logs;
    capture->own.fd = -1;
    capture->file = options->beside ? options->beside->file : &capture->own;
    ring_init(&capture->ring, &logs->budget, options->ring > 0 ? (size_t)options->ring : 0);
    if (options->path && !options->beside && logfile_open(&capture->own, &file, err) < 0) {
        free(capture);
        return NULL;
    }
    return capture;
}

void capture_free(struct capture *capture)
{
    if (!capture)
        return;
    if (capture->own.path) {
        logfile_retry(&capture->own, clock_wall(), true);
        logfile_close(&capture->own);
    }
    ring_fini(&capture->ring);
    lines_fini(&capture->out);
    lines_fini(&capture->err);
    buf_fini(&capture->kept);
    free(capture);
}

static const char *stamp_for(struct logs *logs, const struct capture *capture, bool partial)
{
    int64_t ms = capture->wall / CLOCK_MS;

    if (ms != logs->stamp_ms) {
        logfile_prefix(logs->stamp, capture->wall, ' ', false);
        logs->stamp_ms = ms;
    }
    logs->stamp[LOGFILE_PREFIX - 2] = capture->stream;
    logs->stamp[LOGFILE_PREFIX - 1] = partial ? '+' : ' ';
    return logs->stamp;
}

static void write_file(struct capture *capture, const char *bytes, size_t len, bool partial)
{
    if (logfile_write(capture->file, bytes, len, partial, capture->stream, capture->wall) < 0)
        capture->paused = true;
}

/* The line without its newline, at `bytes`; *next gets the place of the one behind it. */
static size_t line_at(const char *bytes, const char *end, bool partial, const char **next)
{
    const char *newline = partial ? NULL : memchr(bytes, '\n', (size_t)(end - bytes));

    *next = newline ? newline + 1 : end;
    return (size_t)((newline ? newline : end) - bytes);
}

/* Puts the stamp before every line, and writes as many as the batch holds at once. */
static void write_stamped(struct capture *capture, const char *bytes, size_t len, bool partial)
{
    struct logs *logs = capture->logs;
    const char *stamp = stamp_for(logs, capture, partial);
    const char *end = bytes + len;
    size_t used = 0;

    if (!logs->batch)
        logs->batch = mem_new(BATCH_SIZE);
    while (bytes < end) {
        const char *next;
        size_t line_len = line_at(bytes, end, partial, &next);

        if (used + LOGFILE_PREFIX + line_len + 1 > BATCH_SIZE) {
            write_file(capture, logs->batch, used, false);
            used = 0;
        }
        memcpy(logs->batch + used, stamp, LOGFILE_PREFIX);
        used += LOGFILE_PREFIX;
        memcpy(logs->batch + used, bytes, line_len);
        used += line_len;
        logs->batch[used++] = '\n';
        bytes = next;
    }
    write_file(capture, logs->batch, used, false);
}

static void give_to_tap(struct capture *capture, const struct tap *tap, const char *bytes,
                        size_t len, bool partial, uint64_t first_seq)
{
    const char *end = bytes + len;

    for (uint64_t seq = first_seq; bytes < end && tap->sink; seq++) {
        const char *next;
        struct log_line line = {.seq = seq,
                                .wall = capture->wall,
                                .stream = capture->stream,
                                .partial = partial,
                                .bytes = bytes,
                                .len = line_at(bytes, end, partial, &next)};

        tap->sink(tap->ctx, &line);
        bytes = next;
    }
}

static void give_to_taps(struct capture *capture, const char *bytes, size_t len, bool partial,
                         uint64_t first_seq)
{
    if (capture->view.sink)
        give_to_tap(capture, &capture->view, bytes, len, partial, first_seq);
    if (capture->watch.sink)
        give_to_tap(capture, &capture->watch, bytes, len, partial, first_seq);
}

/* A piece as lines_emit gives it: ring, file, sink, in this order. */
static void deliver(void *ctx, const char *bytes, size_t len, bool partial)
{
    struct capture *capture = ctx;
    uint64_t first = capture->lines + 1;
    struct ring_run run = {.wall = capture->wall, .stream = capture->stream, .partial = partial};

    capture->lines += partial ? 1 : lines_count(bytes, len);
    run.last_seq = capture->lines;
    ring_push(&capture->ring, bytes, len, &run);
    if (capture->file->path && capture->file->timestamps)
        write_stamped(capture, bytes, len, partial);
    else if (capture->file->path)
        write_file(capture, bytes, len, partial);
    give_to_taps(capture, bytes, len, partial, first);
}

/* Beyond its limit, or without memory, output is only counted. */
static void keep_output(struct capture *capture, const char *bytes, size_t len)
{
    size_t room = capture->kept_max - buf_len(&capture->kept);

    capture->kept_total += len;
    if (len > room)
        len = room;
    if (len > 0)
        buf_append(&capture->kept, bytes, len);
}

static void take_in(struct capture *capture, char *bytes, size_t len)
{
    struct lines *lines = capture->stream == 'e' ? &capture->err : &capture->out;

    capture->bytes += len;
    if (capture->raw)
        capture->raw(capture->raw_ctx, capture->stream, bytes, len);
    if (capture->kept_max > 0 && capture->stream == 'o')
        keep_output(capture, bytes, len);
    lines_feed(lines, bytes, len, deliver, capture);
}

int capture_read(struct capture *capture, int fd, char stream, int64_t wall)
{
    char *bytes = capture->logs->space + LINES_MAX;
    size_t share = 0;

    capture->wall = wall;
    capture->stream = stream;
    if (capture->paused) {
        capture_flush(capture, wall);
        if (capture->paused)
            return -EAGAIN;
    }
    while (share < TURN_SHARE && !capture->paused) {
        ssize_t got = read(fd, bytes, READ_SIZE);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            return CAPTURE_MORE;
        /* A terminal whose other end is closed says EIO. */
        if (got == 0 || (got < 0 && errno == EIO))
            return CAPTURE_END;
        if (got < 0)
            return -errno;
        take_in(capture, bytes, (size_t)got);
        share += (size_t)got;
        if (got < READ_SIZE)
            break;
    }
    return capture->paused ? -EAGAIN : CAPTURE_MORE;
}

/* The text as one line: with its newline, and without others. */
static char *note_line(const char *prefix, const char *text, size_t *len)
{
    char *line = mem_printf("%s%s\n", prefix, text);

    *len = strlen(line);
    for (char *c = line; c + 1 < line + *len; c++)
        if (*c == '\n')
            *c = ' ';
    return line;
}

void capture_note(struct capture *capture, int64_t wall, const char *text)
{
    struct ring_run run = {.wall = wall, .stream = 's', .last_seq = ++capture->lines};
    size_t len;
    char *line = note_line(NOTE_PREFIX, text, &len);
    char *bare = line + strlen(NOTE_PREFIX);
    size_t bare_len = len - strlen(NOTE_PREFIX);

    capture->wall = wall;
    capture->stream = 's';
    ring_push(&capture->ring, bare, bare_len, &run);
    /* Only where no stream is named must the line say itself whose word it is. */
    if (capture->file->path && capture->file->timestamps)
        write_stamped(capture, bare, bare_len, false);
    else if (capture->file->path)
        write_file(capture, line, len, false);
    give_to_taps(capture, bare, bare_len, false, capture->lines);
    free(line);
}

void capture_finish(struct capture *capture, int64_t wall)
{
    capture->wall = wall;
    capture->stream = 'o';
    lines_finish(&capture->out, deliver, capture);
    capture->stream = 'e';
    lines_finish(&capture->err, deliver, capture);
    if (!capture->file->path)
        return;
    logfile_retry(capture->file, wall, true);
    capture->paused = buf_len(&capture->file->held) > 0;
}

void capture_flush(struct capture *capture, int64_t wall)
{
    if (!capture->file->path)
        return;
    logfile_retry(capture->file, wall, false);
    capture->paused = buf_len(&capture->file->held) > 0;
}

bool capture_waiting(const struct capture *capture)
{
    return buf_len(&capture->file->held) > 0 || capture->file->unsaid > 0;
}

void capture_set_sink(struct capture *capture, capture_sink *sink, void *ctx)
{
    capture->view = (struct tap){sink, ctx};
}

void capture_set_watch(struct capture *capture, capture_sink *sink, void *ctx)
{
    capture->watch = (struct tap){sink, ctx};
}

void capture_set_raw(struct capture *capture, capture_raw *raw, void *ctx)
{
    capture->raw = raw;
    capture->raw_ctx = ctx;
}

void capture_keep_output(struct capture *capture, size_t max)
{
    capture->kept_max = max;
    buf_reset(&capture->kept);
    capture->kept_total = 0;
}

char *capture_take_output(struct capture *capture, size_t *len, uint64_t *total)
{
    size_t kept = buf_len(&capture->kept);
    char *bytes = mem_copy_bytes(kept ? buf_data(&capture->kept) : "", kept);

    *len = kept;
    *total = capture->kept_total;
    capture->kept_total = 0;
    buf_reset(&capture->kept);
    buf_trim(&capture->kept);
    return bytes;
}

size_t capture_tail(const struct capture *capture, size_t count, capture_sink *sink, void *ctx)
{
    return ring_tail(&capture->ring, count, sink, ctx);
}

struct text_target {
    char *out;
    size_t size;
};

static void copy_text(void *ctx, const struct log_line *line)
{
    struct text_target *target = ctx;
    size_t len = line->len < target->size - 1 ? line->len : target->size - 1;

    memcpy(target->out, line->bytes, len);
    target->out[len] = '\0';
}

static void copy_own_text(void *ctx, const struct log_line *line)
{
    if (line->stream != 's')
        copy_text(ctx, line);
}

void capture_last_line(const struct capture *capture, char *out, size_t size)
{
    const struct lines *lines = capture->out.len ? &capture->out : &capture->err;
    const struct log_line unfinished = {.bytes = lines->carry, .len = lines->len};
    struct text_target target = {out, size};

    out[0] = '\0';
    if (lines->len) {
        copy_text(&target, &unfinished);
        return;
    }
    /* Notes stand between a worker's lines, rarely two of them together. */
    ring_tail(&capture->ring, 4, copy_own_text, &target);
}

uint64_t capture_bytes(const struct capture *capture)
{
    return capture->bytes;
}

uint64_t capture_lines(const struct capture *capture)
{
    return capture->lines;
}

uint64_t capture_dropped(const struct capture *capture)
{
    return capture->file->dropped;
}

const char *capture_path(const struct capture *capture)
{
    return capture->file->path;
}
