/* SPDX-License-Identifier: MIT */
/*
 * One write a message; control characters are shown as '?', so the file can be read with cat.
 */
#include "base/diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

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
    if (write(diag->fd, line, (size_t)len) != len)
        diag->dropped++;
}
