/* SPDX-License-Identifier: MIT */
/* The message line: the answer to the last action stays as long as an undo is possible. */
#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"
#include "tui/view.h"

enum { NOTICE_SECONDS = 8 };

void notice_clear(struct tui *tui)
{
    tui->notice.until = 0;
    tui->dirty = true;
}

void notice_say(struct tui *tui, enum role role, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(tui->notice.text, sizeof(tui->notice.text), format, args);
    va_end(args);
    tui->notice.role = role;
    tui->notice.until = clock_add(tui->now, NOTICE_SECONDS * CLOCK_S);
    tui->dirty = true;
}
