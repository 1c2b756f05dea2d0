/* SPDX-License-Identifier: MIT */
/*
 * The views and what they share: frame, tables with a cursor, moving between views.
 */
#ifndef LIFEGUARD_TUI_VIEW_H
#define LIFEGUARD_TUI_VIEW_H

#include "tui/state.h"

extern const struct view view_pools, view_workers, view_queue, view_logs, view_events, view_detail,
    view_help, view_page;

const struct view *view_of(enum view_id id);
static inline const struct view *view_now(const struct tui *tui)
{
    return view_of(tui->view);
}
static inline struct list *view_list(struct tui *tui)
{
    return &tui->lists[tui->view];
}
static inline struct text_style view_style(const struct tui *tui, enum role role)
{
    return theme_style(&tui->theme, role);
}

/* view_nav.c: where we are. */
void view_go(struct tui *tui, enum view_id id);    /* a tab: the way back is forgotten */
void view_enter(struct tui *tui, enum view_id id); /* deeper: back leads here again */
bool view_back(struct tui *tui);                   /* false at the top */
void view_open_worker(struct tui *tui, const json_t *row);
void view_open_log(struct tui *tui, const char *target, const char *label);
/* Asks for what the screen needs; called once a turn. */
void view_want(struct tui *tui);
/* After new rows or a moved cursor: the cursor stays on its object. */
void view_track(struct tui *tui, enum view_id id);
/* The row under the cursor of the present view, or NULL. */
const json_t *view_selected(struct tui *tui);
/* The pool and the worker that an action of this view is about; "" and pid 0 when there is none. */
void view_subject(struct tui *tui, struct pin *pin);
bool view_is_tagged(const struct tui *tui, const char *key);
void view_toggle_tag(struct tui *tui, const char *key, const struct pin *pin);
/* What a row of the present view is about. */
void view_pin(struct tui *tui, const json_t *row, struct pin *pin);
void view_clear_tags(struct tui *tui);

/* view_frame.c: what is around every view. */
void view_layout(struct tui *tui);
void view_draw(struct tui *tui);
/* The right part of the tab line. */
void view_status(struct tui *tui, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The message line's text when nothing else is on it. */
void view_hint(struct tui *tui, const char *format, ...) __attribute__((format(printf, 2, 3)));
void view_hint_as(struct tui *tui, enum role role, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* "── title ───" across the screen. */
void view_rule(struct tui *tui, int y, const char *title);
/* A column that is widened for the longest pool name on the screen, at another one's cost. */
struct widen {
    size_t column, from;
    int least;
};

/* Header and rows of a list in [y, bottom); returns the row behind the last. */
int view_draw_list(struct tui *tui, int y, int bottom, const struct column *columns, size_t count,
                   table_fill fill, const struct widen *widen);
/* Rows without a cursor (panes): at most `max` of the window; returns the row behind the last. */
int view_draw_pane(struct tui *tui, int y, int bottom, const struct window *window,
                   const struct column *columns, size_t count, table_fill fill,
                   const struct widen *widen);
/* "[||||    ]" of `width` cells into `out`. */
void view_bar(char *out, size_t size, double part, int width);
/* One line of several styles: draws and returns the next x. */
int view_put(struct tui *tui, int y, int x, enum role role, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* view_mini.c: below 60x12. */
void view_draw_mini(struct tui *tui);
/* view_rollcall.c: a shutdown's roll-call: how many are waited for, the rows wanted for them (0 =
 * nobody), the row behind the last, what comes next for one of them, and the question whether to
 * kill now (false: there is nobody). */
long long view_rollcall_total(const struct tui *tui);
int view_rollcall_rows(const struct tui *tui);
int view_draw_rollcall(struct tui *tui, int y, int bottom);
void view_rollcall_next(const json_t *row, char *out, size_t size);
bool view_rollcall_kill(struct tui *tui);
/* view_meters.c: the meters over the pools; returns the rows used. */
int view_draw_meters(struct tui *tui, int y);

/* Columns shared between views and panes. */
extern const struct widen view_worker_widen, view_event_widen, view_task_widen;
enum {
    VIEW_POOL_COLUMNS = 17,
    VIEW_WORKER_COLUMNS = 19,
    VIEW_EVENT_COLUMNS = 8,
    VIEW_TASK_COLUMNS = 14
};
extern const struct column view_pool_columns[], view_worker_columns[], view_event_columns[],
    view_task_columns[];
void view_pool_fill(struct tui *tui, const json_t *row, size_t column, int width,
                    struct table_cell *cell);
/* "12:38:02 resized 12→16 by ana", "-" when nothing has happened. */
void view_pool_event(const json_t *row, struct table_cell *cell);
/* The word for its state, as rows and titles show it. */
const char *view_worker_state(const json_t *row);
/* Two parts of the pages on one worker, of a row or two when there is something to say: the bar of
 * its task with count, text and ETA; its status and what it holds and waits for. Next row. */
/* "3,204/10,000  page 12  ETA 40s", as much of it as is known; "" when nothing is. */
void view_format_progress(char *out, size_t size, const json_t *row);
int view_draw_progress(struct tui *tui, const json_t *row, int y);
int view_draw_shares(struct tui *tui, const json_t *row, int y);
void view_worker_fill(struct tui *tui, const json_t *row, size_t column, int width,
                      struct table_cell *cell);
/* The word for a task's state, and its look. */
void view_task_state(const json_t *row, char *out, size_t size);
const struct look *view_task_look(const json_t *row);
void view_task_fill(struct tui *tui, const json_t *row, size_t column, int width,
                    struct table_cell *cell);
void view_event_fill(struct tui *tui, const json_t *row, size_t column, int width,
                     struct table_cell *cell);

/* How many of the events' columns are needed: the last says whence an operator's change came. */
size_t view_event_count(const struct window *window);

/* view_pools.c */
void view_sort_pools(struct tui *tui);
const json_t *view_find_pool(const struct tui *tui, const char *name);

/* notice.c: the message line. */
/* Takes the last one away: it was about what is there now. */
void notice_clear(struct tui *tui);
void notice_say(struct tui *tui, enum role role, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
