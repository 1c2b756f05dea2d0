/* SPDX-License-Identifier: MIT */
/*
 * What the supervisor told us: one window a view, of the rows that are on the screen. The views say
 * each turn what they want to see; the difference to what was asked for becomes subscriptions.
 */
#ifndef LIFEGUARD_TUI_MODEL_H
#define LIFEGUARD_TUI_MODEL_H

#include <jansson.h>
#include <stdbool.h>

struct net;

enum window_id {
    WINDOW_SUMMARY,
    WINDOW_POOLS,
    WINDOW_WORKERS,
    WINDOW_DETAIL,
    WINDOW_TASKS,
    WINDOW_EVENTS,
    WINDOW_LOG,
    WINDOW_COUNT
};

struct window {
    char *want;  /* arguments as JSON text, NULL = not on the screen */
    char *sent;  /* what is subscribed to */
    int awaited; /* subscriptions not answered yet: what comes now belongs to older ones */
    bool loaded; /* rows belong to what was sent last */
    int offset, count, total, all;
    json_t **rows;   /* count of them; NULL = not known yet */
    json_t *message; /* the last one: counts, summary, worker */
};

struct model {
    struct window windows[WINDOW_COUNT];
    /* A subscription was refused; `owner` is the connection's. */
    void (*on_refused)(void *owner, const char *why);
};

void model_fini(struct model *model);
/* The window that a message belongs to, or -1. */
int model_find(const json_t *message);
/* A message may be of an older subscription; then it is not to be used. */
bool model_is_current(const struct window *window);
void model_apply(struct window *window, json_t *message);
/* Takes over `arguments` (an object), NULL = not wanted. */
void model_want(struct model *model, enum window_id id, json_t *arguments);
/* Sends subscribe and unsubscribe for what changed. */
void model_sync(struct model *model, struct net *net);
/* After a new connection, or to get everything anew. */
void model_forget(struct model *model);
/* The row at a place of the whole list, NULL when it is not in the window. */
const json_t *model_row(const struct window *window, int index);
/* The summary object, or NULL before the first. */
const json_t *model_summary(const struct model *model);
/* The detail's worker object, or NULL. */
const json_t *model_worker(const struct model *model);

#endif
