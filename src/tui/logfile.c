/* SPDX-License-Identifier: MIT */
/*
 * Log files on disk: the end of an earlier run's file into the ring, and saving. A line may begin
 * with the time that the supervisor put there ("2026-01-31T12:41:07.123+0100 ").
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "sys/file.h"
#include "tui/logview.h"

enum { READ_MAX = 4 * 1024 * 1024, STAMP = 28, COPY_CHUNK = 65536 };

/* The stamp's time, and how many bytes it takes with its blank; NAN and 0 when there is none. */
static double parse_stamp(const char *text, size_t len, size_t *used)
{
    static const char form[] = "dddd-dd-ddTdd:dd:dd.ddd";
    struct tm tm = {.tm_isdst = -1};
    int millis, zone;
    char sign, stamp[STAMP + 1];

    *used = 0;
    if (len <= STAMP || text[STAMP] != ' ')
        return (double)NAN;
    for (size_t i = 0; form[i]; i++)
        if (form[i] == 'd' ? !isdigit((unsigned char)text[i]) : text[i] != form[i])
            return (double)NAN;
    memcpy(stamp, text, STAMP);
    stamp[STAMP] = '\0';
    if (sscanf(stamp, "%4d-%2d-%2dT%2d:%2d:%2d.%3d%c%4d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
               &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &millis, &sign, &zone) != 9)
        return (double)NAN;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    *used = STAMP + 1;
    zone = (zone / 100 * 60 + zone % 100) * 60;
    return (double)(timegm(&tm) - (sign == '-' ? -zone : zone)) + millis / 1000.0;
}

static void add_line(struct logview *view, int64_t pid, const char *text, size_t len)
{
    struct log_line line = {.stream = 'o', .pid = pid};
    size_t used;

    line.at = parse_stamp(text, len, &used);
    logview_add(view, &line, text + used, len - used);
}

static void add_lines(struct logview *view, int64_t pid, const char *bytes, size_t len, bool cut)
{
    size_t at = 0;

    if (cut) { /* the first line is not whole */
        const char *newline = memchr(bytes, '\n', len);
        at = newline ? (size_t)(newline - bytes) + 1 : len;
        logview_note(view, "── the file begins earlier; its end is shown ──");
    }
    while (at < len) {
        const char *newline = memchr(bytes + at, '\n', len - at);
        size_t line = newline ? (size_t)(newline - bytes) - at : len - at;
        add_line(view, pid, bytes + at, line);
        at += line + 1;
    }
}

int logfile_read(struct logview *view, const char *path, int64_t pid, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat stat;
    size_t want, got = 0;
    char *bytes;

    if (fd < 0)
        return err_set_errno(err, errno, "%s", path);
    if (fstat(fd, &stat) < 0 || !S_ISREG(stat.st_mode)) {
        close(fd);
        return err_set(err, EINVAL, "%s is no regular file", path);
    }
    want = stat.st_size > READ_MAX ? READ_MAX : (size_t)stat.st_size;
    bytes = mem_try_new(want + 1);
    while (bytes && got < want) {
        ssize_t n = pread(fd, bytes + got, want - got, stat.st_size - (off_t)want + (off_t)got);
        if (n <= 0)
            break;
        got += (size_t)n;
    }
    close(fd);
    if (!bytes)
        return err_set(err, ENOMEM, "no memory for %s", path);
    add_lines(view, pid, bytes, got, stat.st_size > READ_MAX);
    free(bytes);
    return 0;
}

static int copy_file(int from, int to)
{
    char bytes[COPY_CHUNK];

    for (;;) {
        ssize_t n = read(from, bytes, sizeof(bytes));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : 0;
        if (file_write_all(to, bytes, (size_t)n) < 0)
            return -EIO;
    }
}

static int write_shown(const struct logview *view, int fd)
{
    int status = 0;

    for (int64_t at = logview_step(view, view->first - 1, 1); at >= 0 && !status;
         at = logview_step(view, at, 1)) {
        const struct log_line *line = logview_line(view, at);
        status = file_write_all(fd, line->text, line->len);
        if (!status)
            status = file_write_all(fd, "\n", 1);
    }
    return status;
}

int logfile_save(const struct logview *view, const char *path, struct err *err)
{
    const char *source = view->past[0] ? view->past : view->path;
    int from = -1, status;
    int to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);

    if (to < 0)
        return err_set_errno(err, errno, "%s", path);
    if (!view->filter && *source)
        from = open(source, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    status = from >= 0 ? copy_file(from, to) : write_shown(view, to);
    if (from >= 0)
        close(from);
    if (close(to) < 0 && !status)
        status = -errno;
    return status < 0 ? err_set_errno(err, -status, "%s", path) : 0;
}
