/* SPDX-License-Identifier: MIT */
/*
 * The event ring. One event is one line in lifeguard.log too, so that nothing is known to the
 * screen only.
 */
#include "supervisor/events.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/sanitise.h"
#include "supervisor/supervisor.h"
#include "sys/file.h"

struct event_log *event_log_new(void)
{
    struct event_log *log = mem_new(sizeof(*log));

    log->next = 1;
    return log;
}

void event_log_free(struct event_log *log)
{
    free(log);
}

struct event *event_find(struct event_log *log, uint64_t seq)
{
    if (seq < event_first_kept(log) || seq >= log->next)
        return NULL;
    return &log->ring[seq % EVENTS_KEPT];
}

static void event_write_log(struct supervisor *sup, const struct event *event)
{
    enum diag_level level = event->level >= LEVEL_BAD ? DIAG_WARN : DIAG_INFO;

    if (event->pid)
        diag_write(&sup->diag, level, "%s[%d] pid %d: %s (%s)", event->pool, event->slot,
                   event->pid, event->text, event->who);
    else
        diag_write(&sup->diag, level, "%s: %s (%s)", *event->pool ? event->pool : "lifeguard",
                   event->text, event->who);
}

/* A run without a screen tells its alerts on stderr. Text of workers is in it. */
static void event_tell(const struct supervisor *sup, const struct event *event)
{
    struct buf line = {0}, shown = {0};

    buf_printf(&line, "lifeguard: %s", event->pool);
    if (event->slot)
        buf_printf(&line, "[%d]", event->slot);
    buf_printf(&line, "%s%s", *event->pool ? ": " : "", event->text);
    for (size_t i = 0; i < buf_len(&line); i++)
        if (buf_data(&line)[i] == '\n')
            buf_data(&line)[i] = ' ';
    if (sup->progress &&
        sanitise_to_terminal(&shown, buf_data(&line), buf_len(&line), false) == 0) {
        buf_append_char(&shown, '\n');
        file_write_if_ready(STDERR_FILENO, buf_data(&shown), buf_len(&shown));
    }
    buf_fini(&line);
    buf_fini(&shown);
}

struct event *event_add(struct supervisor *sup, const char *kind, enum event_level level,
                        bool alert, const char *who, const struct pool *pool,
                        const struct worker *worker, const char *format, ...)
{
    struct event_log *log = sup->events;
    struct event *event = &log->ring[log->next % EVENTS_KEPT];
    struct pool_box *box = pool ? pool->owner : NULL;
    va_list args;

    if (event->seq && event->alert && !event->acked)
        log->alerts--;
    *event = (struct event){.seq = log->next++,
                            .wall = sup->wall,
                            .at = sup->now,
                            .level = level,
                            .alert = alert,
                            .undo_size = -1};
    snprintf(event->kind, sizeof(event->kind), "%s", kind);
    snprintf(event->who, sizeof(event->who), "%s", who && *who ? who : "sup");
    snprintf(event->pool, sizeof(event->pool), "%s", pool ? pool->spec->name : "");
    if (worker) {
        event->slot = worker->slot;
        event->pid = worker->pid;
    }
    va_start(args, format);
    vsnprintf(event->text, sizeof(event->text), format, args);
    va_end(args);
    if (alert) {
        log->alerts++;
        event_tell(sup, event);
    }
    if (box)
        box->last_event = event->seq;
    sup->changed = true;
    event_write_log(sup, event);
    return event;
}

int event_acknowledge(struct event_log *log, uint64_t seq)
{
    int count = 0;

    for (uint64_t s = event_first_kept(log); s < log->next; s++) {
        struct event *event = event_find(log, s);

        if ((seq && s != seq) || !event->alert || event->acked)
            continue;
        event->acked = true;
        log->alerts--;
        count++;
    }
    return count;
}

const struct event *event_newest_alert(struct event_log *log)
{
    for (uint64_t s = log->next; log->alerts && s-- > event_first_kept(log);) {
        const struct event *event = event_find(log, s);

        if (event->alert && !event->acked)
            return event;
    }
    return NULL;
}

const char *event_level_name(enum event_level level)
{
    static const char *const names[] = {
        [LEVEL_INFO] = "info", [LEVEL_GOOD] = "good", [LEVEL_NOTE] = "note",
        [LEVEL_BAD] = "bad",   [LEVEL_HUNG] = "hung", [LEVEL_GAVE_UP] = "gave-up"};

    return names[level];
}
