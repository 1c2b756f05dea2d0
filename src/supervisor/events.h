/* SPDX-License-Identifier: MIT */
/*
 * What happened: a ring of the last events with who did it, for the Events view, `lifeguard
 * events`, the alerts and undo. Old ones are forgotten; the log file keeps them.
 */
#ifndef LIFEGUARD_SUPERVISOR_EVENTS_H
#define LIFEGUARD_SUPERVISOR_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct supervisor;
struct pool;
struct worker;

enum { EVENTS_KEPT = 2048, EVENT_TEXT_MAX = 280, EVENT_UNDO_SECONDS = 8 };

enum event_level { LEVEL_INFO, LEVEL_GOOD, LEVEL_NOTE, LEVEL_BAD, LEVEL_HUNG, LEVEL_GAVE_UP };

struct event {
    uint64_t seq; /* from 1 */
    int64_t wall, at;
    enum event_level level;
    char kind[16];
    char who[48];    /* "sup", or an operator */
    char origin[64]; /* "policy", or terminal */
    char pool[65];
    int slot, pid;
    char text[EVENT_TEXT_MAX];
    bool alert, acked;
    int undo_size;      /* the size before a resize, -1 = none */
    uint64_t undo_task; /* the task that was cancelled, 0 = none */
    bool undone;
};

struct event_log {
    struct event ring[EVENTS_KEPT];
    uint64_t next;   /* seq of the next event */
    uint64_t alerts; /* not acknowledged, in the ring */
};

struct event_log *event_log_new(void);
void event_log_free(struct event_log *log);
/* Adds and returns the event, to be completed (undo_size, origin) by the caller. */
struct event *event_add(struct supervisor *sup, const char *kind, enum event_level level,
                        bool alert, const char *who, const struct pool *pool,
                        const struct worker *worker, const char *format, ...)
    __attribute__((format(printf, 8, 9)));
/* NULL when forgotten or not yet happened. */
struct event *event_find(struct event_log *log, uint64_t seq);
static inline uint64_t event_first_kept(const struct event_log *log)
{
    return log->next > EVENTS_KEPT ? log->next - EVENTS_KEPT : 1;
}
/* seq 0 = all. How many were acknowledged. */
int event_acknowledge(struct event_log *log, uint64_t seq);
const struct event *event_newest_alert(struct event_log *log);
static inline bool event_can_undo(const struct event *event)
{
    return !event->undone && (event->undo_size >= 0 || event->undo_task);
}
const char *event_level_name(enum event_level level);

#endif
