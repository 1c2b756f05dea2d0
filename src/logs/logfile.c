/* SPDX-License-Identifier: MIT */
/*
 * Writing the file. Whoever writes here gives whole lines, so a rotation is always between lines,
 * and a write that was cut short is taken back to the end of its last whole line: what was dropped
 * is then a number of lines, and the file never holds half of one.
 */
#include "logs/logfile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "logs/lines.h"
#include "logs/logfile_name.h"

/* How often the disk is tried again, and the file's name looked at. */
static const int64_t retry_after = 100 * CLOCK_MS;
static const int64_t check_after = CLOCK_S;

/* The wall clock may be set back, which counts as time passed. */
static bool is_due(int64_t since, int64_t wall, int64_t after)
{
    return since == 0 || wall - since >= after || wall < since;
}

void logfile_prefix(char out[LOGFILE_PREFIX + 1], int64_t wall, char stream, bool partial)
{
    char stamp[40];

    clock_format_stamp(stamp, wall);
    snprintf(out, LOGFILE_PREFIX + 1, "%-28.28s %c%c", stamp, stream, partial ? '+' : ' ');
}

/* Notes what the open file is. A file that ends within a line gets its newline with the next one.
 */
static void adopt(struct logfile *file, int fd)
{
    struct stat status;
    char last = '\n';

    file->fd = fd;
    file->size = 0;
    file->open_stream = '\0';
    file->rotate_at = file->max_size;
    if (fstat(fd, &status) < 0)
        return;
    file->device = status.st_dev;
    file->inode = status.st_ino;
    file->size = status.st_size;
    if (status.st_size > 0 && logfile_last_byte(file->path, &last) == 0 && last != '\n')
        file->open_stream = '?';
}

int logfile_open(struct logfile *file, const struct logfile_options *options, struct err *err)
{
    int fd;

    *file = (struct logfile){.fd = -1,
                             .path = mem_copy_string(options->path),
                             .max_size = options->max_size,
                             .keep = options->keep,
                             .timestamps = options->timestamps,
                             .hold = options->hold};
    if (!options->append && logfile_size(file->path) > 0)
        logfile_shift(file->path, file->keep > 0 ? file->keep : 1);
    fd = logfile_reopen(file->path, err);
    if (fd < 0) {
        logfile_close(file);
        return fd;
    }
    adopt(file, fd);
    return 0;
}

void logfile_close(struct logfile *file)
{
    if (file->fd >= 0 && file->path)
        close(file->fd);
    free(file->path);
    buf_fini(&file->held);
    *file = (struct logfile){.fd = -1};
}

static void note_failure(struct logfile *file, int error, int64_t wall)
{
    file->failed = wall;
    file->error = error;
}

/* Opens the path anew when it is not our file any more: renamed, removed, or on another disk. */
static void check_outside(struct logfile *file, int64_t wall)
{
    struct stat status;
    int fd;

    if (!is_due(file->checked, wall, check_after))
        return;
    file->checked = wall;
    if (file->fd >= 0 && lstat(file->path, &status) == 0 && status.st_dev == file->device &&
        status.st_ino == file->inode) {
        file->size = status.st_size;
        if (file->size == 0)
            file->open_stream = '\0';
        return;
    }
    fd = logfile_reopen(file->path, NULL);
    if (fd < 0) {
        /* A file that is still open goes on being written to: somebody may be reading it. */
        if (file->fd < 0)
            note_failure(file, -fd, wall);
        return;
    }
    if (file->fd >= 0)
        close(file->fd);
    adopt(file, fd);
}

/* Moves the file to NAME.1 and begins a new one. Any failure leaves the old one in use. */
static void rotate(struct logfile *file)
{
    int fd;

    logfile_shift(file->path, file->keep);
    fd = logfile_reopen(file->path, NULL);
    if (fd < 0) {
        logfile_unshift(file->path);
        /* Not again for each line: when it has grown by as much again. */
        file->rotate_at = file->size + file->max_size;
        return;
    }
    close(file->fd);
    adopt(file, fd);
}

/* Writes until all is written or an error: bytes written. */
static size_t put(struct logfile *file, const char *bytes, size_t len, int *error)
{
    size_t done = 0;

    *error = 0;
    while (done < len) {
        ssize_t wrote = write(file->fd, bytes + done, len - done);

        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0) {
            *error = wrote < 0 ? errno : ENOSPC;
            break;
        }
        done += (size_t)wrote;
    }
    file->size += (int64_t)done;
    return done;
}

/* Takes back what was written of a line that did not fit. Returns what is left of `done`. */
static size_t take_back(struct logfile *file, const char *bytes, size_t done)
{
    const char *newline = memrchr(bytes, '\n', done);
    size_t whole = newline ? (size_t)(newline + 1 - bytes) : 0;
    struct stat status;

    if (whole == done)
        return done;
    if (fstat(file->fd, &status) == 0 &&
        ftruncate(file->fd, status.st_size - (off_t)(done - whole)) == 0) {
        file->size = status.st_size - (int64_t)(done - whole);
        return whole;
    }
    file->open_stream = '?';
    return whole;
}

/* How much of the bytes goes into this file, ending with a newline; 0 = rotate first. */
static size_t fit(const struct logfile *file, const char *bytes, size_t len, bool partial)
{
    int64_t room = file->rotate_at - file->size;
    const char *newline;

    if (file->max_size <= 0 || (int64_t)len <= room)
        return len;
    newline = partial || room <= 0 ? NULL : memrchr(bytes, '\n', (size_t)room);
    if (newline)
        return (size_t)(newline + 1 - bytes);
    /* A file that holds anything makes way, within a line that has no end too; a line larger than a
     * whole file is written whole. */
    if (file->size > 0)
        return 0;
    newline = partial ? NULL : memchr(bytes, '\n', len);
    return newline ? (size_t)(newline + 1 - bytes) : len;
}

/* Writes all of it, rotating on the way. Returns what was written; *error says why not all. */
static size_t write_rotating(struct logfile *file, const char *bytes, size_t len, bool partial,
                             int *error)
{
    size_t done = 0;

    *error = 0;
    while (done < len && !*error) {
        size_t part = fit(file, bytes + done, len - done, partial);
        size_t wrote;

        if (part == 0) {
            int64_t before = file->rotate_at - file->size;

            rotate(file);
            /* No progress would be for ever. */
            if (file->rotate_at - file->size > before)
                continue;
            part = len - done;
        }
        wrote = put(file, bytes + done, part, error);
        done += *error ? take_back(file, bytes + done, wrote) : wrote;
    }
    return done;
}

/* Ends another stream's unfinished line, so that no two lines become one. */
static bool end_open_line(struct logfile *file, char stream)
{
    int error;

    if (file->open_stream == '\0' || (file->open_stream == stream && !file->timestamps))
        return true;
    if (put(file, "\n", 1, &error) != 1)
        return false;
    file->open_stream = '\0';
    return true;
}

static void drop(struct logfile *file, const char *bytes, size_t len, bool partial)
{
    uint64_t lines = lines_count(bytes, len) + (partial && len > 0);

    file->dropped += lines;
    file->unsaid += lines;
}

/* The word about what was dropped; false while the disk has no room for it. */
static bool tell_dropped(struct logfile *file, int64_t wall)
{
    char text[256], prefix[LOGFILE_PREFIX + 1] = "";
    int len, error = 0;

    if (file->unsaid == 0)
        return true;
    if (file->timestamps)
        logfile_prefix(prefix, wall, 's', false);
    len = snprintf(text, sizeof(text), "%slifeguard: %llu lines dropped: %s\n", prefix,
                   (unsigned long long)file->unsaid, strerror(file->error));
    if (!end_open_line(file, 's') ||
        write_rotating(file, text, (size_t)len, false, &error) < (size_t)len) {
        note_failure(file, error ? error : ENOSPC, wall);
        return false;
    }
    file->unsaid = 0;
    return true;
}

static bool may_write(struct logfile *file, int64_t wall)
{
    if (file->failed != 0 && !is_due(file->failed, wall, retry_after))
        return false;
    check_outside(file, wall);
    return file->fd >= 0 && tell_dropped(file, wall);
}

static int hold(struct logfile *file, const char *bytes, size_t len, bool partial, char stream)
{
    if (buf_append(&file->held, bytes, len) < 0) {
        drop(file, bytes, len, partial);
        return 0;
    }
    file->held_stream = partial ? stream : '\0';
    return -EAGAIN;
}

int logfile_write(struct logfile *file, const char *bytes, size_t len, bool partial, char stream,
                  int64_t wall)
{
    size_t done = 0;
    int error = 0;

    if (buf_len(&file->held) > 0)
        return hold(file, bytes, len, partial, stream);
    if (may_write(file, wall)) {
        if (end_open_line(file, stream))
            done = write_rotating(file, bytes, len, partial, &error);
        else
            error = ENOSPC;
        if (error)
            note_failure(file, error, wall);
        else
            file->failed = 0;
    }
    if (done == len) {
        file->open_stream = partial ? stream : '\0';
        return 0;
    }
    if (file->hold && (file->error == ENOSPC || file->error == EDQUOT))
        return hold(file, bytes + done, len - done, partial, stream);
    drop(file, bytes + done, len - done, partial);
    return 0;
}

int logfile_retry(struct logfile *file, int64_t wall, bool now)
{
    size_t len = buf_len(&file->held), done;
    int error;

    if (file->unsaid == 0 && len == 0)
        return 0;
    if (now)
        file->failed = file->checked = 0;
    if (!may_write(file, wall))
        return -EAGAIN;
    if (len == 0) {
        file->failed = 0;
        return 0;
    }
    done = write_rotating(file, buf_data(&file->held), len, false, &error);
    buf_consume(&file->held, done);
    if (error) {
        note_failure(file, error, wall);
        return -EAGAIN;
    }
    file->failed = 0;
    file->open_stream = file->held_stream;
    buf_trim(&file->held);
    return 0;
}
