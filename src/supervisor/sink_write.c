/* SPDX-License-Identifier: MIT */
/*
 * Writing results. A disk that is full keeps the lines in memory, raises an alert and stops the
 * pool at the bound; nothing is lost while the supervisor lives.
 */
#include "supervisor/sink_write.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "supervisor/events.h"
#include "supervisor/output.h"
#include "supervisor/sink.h"
#include "supervisor/supervisor.h"
#include "sys/file.h"
#include "wire/json_out.h"

enum { LINES_MOST = 4 << 20, PIPE_STEP = 4096, FLUSH_BYTES = 65536 };
static const int64_t FLUSH_SPAN = 2 * CLOCK_MS;

static void writer_on_writable(void *owner, uint32_t events)
{
    struct sink_writer *writer = owner;
    size_t len = buf_len(&writer->lines);
    ssize_t sent;

    (void)events;
    /* A pipe that is writable takes PIPE_BUF bytes without blocking; the flags of standard output
     * are not ours to change. */
    sent = write(writer->fd, buf_data(&writer->lines), len < PIPE_STEP ? len : PIPE_STEP);
    if (sent > 0)
        buf_consume(&writer->lines, (size_t)sent);
    else if (sent < 0 && errno != EAGAIN && errno != EINTR)
        buf_reset(&writer->lines); /* the reader is gone: results have nowhere to go */
    if (!buf_len(&writer->lines))
        loop_delete(writer->box->sup->loop, &writer->watch);
}

static int writer_open_file(struct sink_writer *writer, const char *path, struct err *err)
{
    char *old = mem_printf("%s~", path);
    char *dir = file_directory(path);
    int rc = file_make_dirs(dir, 0755, err);

    if (rc == 0 && rename(path, old) < 0 && errno != ENOENT)
        rc = err_set_errno(err, errno, "results %s: can't keep the old one as %s", path, old);
    free(old);
    free(dir);
    if (rc < 0)
        return rc;
    writer->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (writer->fd < 0)
        return err_set_errno(err, errno, "results %s", path);
    return 0;
}

int sink_writer_open(struct sink_writer *writer, struct pool_box *box, struct err *err)
{
    const struct pool_spec *spec = box->spec;
    struct stat st;

    *writer = (struct sink_writer){.box = box, .fd = -1};
    if (*spec->results_dir && file_make_dirs(spec->results_dir, 0755, err) < 0)
        return err && err->code ? -err->code : -EIO;
    if (!*spec->results)
        return 0;
    if (strcmp(spec->results, "-") != 0)
        return writer_open_file(writer, spec->results, err);
    writer->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    if (writer->fd < 0)
        return err_set_errno(err, errno, "results on standard output");
    writer->poll = fstat(writer->fd, &st) == 0 && !S_ISREG(st.st_mode);
    return 0;
}

void sink_writer_close(struct sink_writer *writer)
{
    if (!writer->box)
        return;
    sink_writer_flush(writer);
    loop_delete(writer->box->sup->loop, &writer->watch);
    if (writer->fd >= 0)
        close(writer->fd);
    buf_fini(&writer->lines);
}

static bool tail_fits(const struct sink_tail *tail, const struct result *result)
{
    return tail->len && tail->seconds == result->seconds && tail->started == result->started &&
           tail->pid == result->pid && tail->slot == result->slot &&
           tail->attempts == result->attempts && tail->exit == result->exit &&
           tail->signal == result->signal;
}

static void tail_remember(struct sink_tail *tail, const struct result *result, const char *text,
                          size_t len)
{
    tail->len = len <= sizeof(tail->text) ? len : 0;
    memcpy(tail->text, text, tail->len);
    tail->exit = result->exit;
    tail->signal = result->signal;
    tail->attempts = result->attempts;
    tail->pid = result->pid;
    tail->slot = result->slot;
    tail->started = result->started;
    tail->seconds = result->seconds;
}

static void write_tail(struct sink_writer *writer, struct json_out *out,
                       const struct result *result)
{
    size_t before = buf_len(&writer->lines);

    if (tail_fits(&writer->tail, result)) {
        buf_append(&writer->lines, writer->tail.text, writer->tail.len);
        return;
    }
    json_put_int(out, "exit", result->exit);
    json_put_int(out, "signal", result->signal);
    json_put_int(out, "attempts", result->attempts);
    json_put_int(out, "worker", result->pid);
    json_put_int(out, "slot", result->slot);
    json_put_number(out, "started", result->started, 3);
    json_put_number(out, "seconds", result->seconds, 6);
    if (json_out_ok(out))
        tail_remember(&writer->tail, result, buf_data(&writer->lines) + before,
                      buf_len(&writer->lines) - before);
}

static void write_json(struct sink_writer *writer, const struct result *result)
{
    struct json_out out;
    char id[16];
    size_t len;
    const char *text = result_text(result, &len);

    if (len > OUTPUT_RESULT)
        len = OUTPUT_RESULT;
    str_format_id(id, result->id);
    json_out_init(&out, &writer->lines);
    json_open_object(&out, NULL);
    json_put_int(&out, "seq", (int64_t)result->seq);
    json_put_string(&out, "id", id);
    json_put_bytes(&out, "task", result->input, result->input_len);
    json_put_bool(&out, "ok", result->state == TASK_DONE);
    if (result->state != TASK_DONE) {
        json_put_string(&out, "state", task_state_name(result->state));
        json_put_string(&out, "error", result->error);
    }
    json_put_bytes(&out, "result", text, len);
    write_tail(writer, &out, result);
    json_close_object(&out);
    json_end_line(&out);
}

/* An input as one component of a path, as GNU parallel writes it: cut where it is too long. */
static void append_component(struct buf *path, const char *text, size_t len)
{
    struct buf name = {0};

    for (size_t i = 0; i < len && buf_len(&name) < NAME_MAX; i++) {
        switch (text[i]) {
        case '\\':
            buf_append_string(&name, "\\\\");
            break;
        case '\t':
            buf_append_string(&name, "\\t");
            break;
        case '/':
            buf_append_string(&name, "\\_");
            break;
        case '\0':
            buf_append_string(&name, "\\0");
            break;
        default:
            buf_append_char(&name, text[i]);
        }
    }
    buf_append(path, buf_data(&name), buf_len(&name) < NAME_MAX ? buf_len(&name) : NAME_MAX);
    buf_fini(&name);
}

static int write_stream_file(const char *dir, const char *name, struct output_stream *stream,
                             struct err *err)
{
    char *path = mem_printf("%s/%s", dir, name);
    int fd = file_open_anew(path, 0644, err);
    int rc = fd < 0 ? fd : stream ? output_stream_copy(stream, fd) : 0;

    if (rc < 0)
        err_set_errno(err, -rc, "%s", path);
    if (fd >= 0)
        close(fd);
    free(path);
    return rc;
}

static int write_seq_file(const char *dir, uint64_t number, struct err *err)
{
    char seq[32];
    int rc = write_stream_file(dir, "seq", NULL, err);
    char *path = mem_printf("%s/seq", dir);
    int fd = rc == 0 ? open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW) : -1;

    snprintf(seq, sizeof(seq), "%llu", (unsigned long long)number);
    if (rc == 0)
        rc = fd < 0 ? -errno : file_write_all(fd, seq, strlen(seq));
    if (rc < 0 && err && !err->code)
        err_set_errno(err, -rc, "%s", path);
    if (fd >= 0)
        close(fd);
    free(path);
    return rc;
}

/* DIR/1/FIRST/2/SECOND/{stdout,stderr,seq} */
static int write_files(const struct sink_writer *writer, const struct result *result,
                       struct err *err)
{
    struct buf path = {0};
    const char *at = result->input, *dir;
    int rc;

    buf_append_string(&path, writer->box->spec->results_dir);
    for (unsigned i = 1; i <= result->items; i++) {
        size_t len = result->items == 1 ? result->input_len : strlen(at);

        buf_printf(&path, "/%u/", i);
        append_component(&path, at, len);
        at += len + 1;
    }
    dir = buf_string(&path);
    rc = file_make_dirs(dir, 0755, err);
    if (rc == 0)
        rc = write_stream_file(dir, "stdout", result->output ? &result->output->out : NULL, err);
    if (rc == 0)
        rc = write_stream_file(dir, "stderr", result->output ? &result->output->err : NULL, err);
    if (rc == 0)
        rc = write_seq_file(dir, result->seq, err);
    buf_fini(&path);
    return rc;
}

static void writer_complain(struct sink_writer *writer, const char *text)
{
    if (!writer->failing)
        event_add(writer->box->sup, "results", LEVEL_BAD, true, "", writer->box->pool, NULL,
                  "results can't be written: %s", text);
    writer->failing = true;
}

void sink_writer_write(struct sink_writer *writer, struct result *result)
{
    struct err err = {0};

    if (writer->fd >= 0 && result->state != TASK_SKIPPED)
        write_json(writer, result);
    if (!*writer->box->spec->results_dir || result->attempts <= 0 ||
        write_files(writer, result, &err) == 0)
        return;
    result->unsaved = mem_copy_string(err.text);
    writer_complain(writer, err.text);
}

/* Results that come faster than they need to be seen are written together. */
static bool writer_may_wait(const struct sink_writer *writer)
{
    const struct supervisor *sup = writer->box->sup;

    return sup->now < writer->flushed_at + FLUSH_SPAN && buf_len(&writer->lines) < FLUSH_BYTES &&
           !writer->box->pool->done && !sup->stopping;
}

int64_t sink_writer_deadline(const struct sink_writer *writer)
{
    if (writer->fd < 0 || !buf_len(&writer->lines) || writer->watch.added)
        return CLOCK_NEVER;
    return writer->failing ? writer->retry_at : writer->flushed_at + FLUSH_SPAN;
}

void sink_writer_flush(struct sink_writer *writer)
{
    struct supervisor *sup = writer->box->sup;
    ssize_t sent;

    if (writer->fd < 0 || !buf_len(&writer->lines) || writer->watch.added)
        return;
    if (writer->poll) {
        /* Not every descriptor can be polled (/dev/null): those never block. */
        if (loop_add(sup->loop, &writer->watch, writer->fd, EPOLLOUT, writer_on_writable, writer) ==
            0)
            return;
        writer->poll = false;
    }
    if (writer->failing ? sup->now < writer->retry_at : writer_may_wait(writer))
        return;
    writer->flushed_at = sup->now;
    sent = write(writer->fd, buf_data(&writer->lines), buf_len(&writer->lines));
    if (sent > 0)
        buf_consume(&writer->lines, (size_t)sent);
    if (buf_len(&writer->lines)) {
        writer_complain(writer, strerror(sent < 0 ? errno : ENOSPC));
        writer->retry_at = sup->now + CLOCK_S;
    } else {
        writer->failing = false;
        buf_trim(&writer->lines);
    }
}

bool sink_writer_is_full(const struct sink_writer *writer)
{
    return buf_len(&writer->lines) > LINES_MOST;
}

bool sink_writer_is_empty(const struct sink_writer *writer)
{
    return !buf_len(&writer->lines);
}
