/* SPDX-License-Identifier: MIT */
/*
 * One write a message, or one for all messages of a turn. Control characters are shown as '?', so
 * the file can be read with cat.
 */
#include "base/diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

enum { GATHER_MOST = 32768 };

static void write_out(struct diag *diag, const char *lines, size_t len)
{
    ssize_t done = write(diag->fd, lines, len);

    for (size_t i = done > 0 ? (size_t)done : 0; i < len; i++)
        diag->dropped += lines[i] == '\n';
}

void diag_write(struct diag *diag, enum diag_level level, const char *format, ...)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    char line[1200], stamp[40];
    va_list args;
    int head, len;

    if (!diag || diag->fd < 0 || level < diag->level)
        return;
    clock_format_stamp(stamp, clock_wall());
    head = snprintf(line, sizeof(line), "%s %s ", stamp, names[level]);
    va_start(args, format);
    len = vsnprintf(line + head, sizeof(line) - (size_t)head - 1, format, args);
    va_end(args);
    if (len < 0)
        return;
    len = (int)strlen(line);
    for (int i = head; i < len; i++)
        if ((unsigned char)line[i] < 32 || line[i] == 127)
            line[i] = '?';
    line[len++] = '\n';
    if (!diag->gather) {
        write_out(diag, line, (size_t)len);
        return;
    }
    if (buf_append(&diag->gathered, line, (size_t)len) < 0)
        diag->dropped++;
    if (level >= DIAG_ERROR || buf_len(&diag->gathered) >= GATHER_MOST)
        diag_flush(diag);
}

void diag_flush(struct diag *diag)
{
    if (buf_len(&diag->gathered))
        write_out(diag, buf_data(&diag->gathered), buf_len(&diag->gathered));
    buf_reset(&diag->gathered);
    if (!diag->gather)
        buf_fini(&diag->gathered);
}
