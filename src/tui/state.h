/* SPDX-License-Identifier: MIT */
/*
 * Everything the screen knows, in one struct that is passed down; private to tui/. The views draw
 * from it and act on it; only tui.c runs the loop.
 */
#ifndef LIFEGUARD_TUI_STATE_H
#define LIFEGUARD_TUI_STATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "tui/cells.h"
#include "tui/input.h"
#include "tui/keys.h"
#include "tui/logview.h"
#include "tui/model.h"
#include "tui/net.h"
#include "tui/prompt.h"
#include "tui/table.h"
#include "tui/terminal.h"
#include "tui/theme.h"
#include "tui/trace.h"
#include "tui/tui.h"

struct dialog;
struct match;
struct screen;

enum view_id {
    VIEW_POOLS,
    VIEW_WORKERS,
    VIEW_QUEUE,
    VIEW_LOGS,
    VIEW_EVENTS,
    VIEW_DETAIL,
    VIEW_HELP,
    VIEW_PAGE,
    VIEW_COUNT
};

/* Rows of the screen; -1 = not there. The view draws in [top, bottom). */
struct frame {
    int rows, cols;
    int header, tabs, message, keybar;
    int top, bottom;
    bool meters;
    bool mini; /* too small for a frame: a few lines that matter most */
};

enum prompt_kind {
    PROMPT_NONE,
    PROMPT_FIND,
    PROMPT_FILTER,
    PROMPT_COMMAND,
    PROMPT_TAG,
    PROMPT_TIME,
    PROMPT_SAVE,
    PROMPT_KINDS
};

struct sort {
    const char *key;
    bool desc;
};

struct filter {
    char text[PROMPT_MAX];
    struct match *match; /* NULL = none; where the supervisor filters, only the text is used */
};

struct notice {
    char text[512];
    enum role role;
    int64_t until; /* monotonic ns, 0 = none */
};

/* A worker as it was when the operator chose it. */
struct pin {
    char pool[80];
    int64_t slot, pid, start; /* pid 0 = none */
};

struct tag {
    char *key;
    struct pin pin;
};

/* The pages behind a worker's Detail, in the order of `]`. */
enum page_tab {
    PAGE_NONE, /* another page, or Detail itself */
    PAGE_DIAGNOSIS,
    PAGE_STACK,
    PAGE_FILES,
    PAGE_ENVIRONMENT,
    PAGE_TABS
};

struct page {
    enum page_tab tab;
    struct pin pin; /* whom it is about */
    bool trace;     /* it is filled by strace */
    char title[128];
    char **lines;
    int count;
    bool hidden; /* an environment is shown without its secrets */
};

struct tui {
    const struct tui_options *options;
    struct tui_result *result;
    struct terminal terminal;
    struct screen *screen;
    struct cells cells;
    struct theme theme;
    struct frame frame;
    struct net net;
    struct model model;
    struct input input;
    struct keys keys;
    int64_t now; /* monotonic, of this turn */

    enum view_id view;
    enum view_id back[8];
    int depth;
    struct list lists[VIEW_COUNT];
    struct sort sorts[VIEW_COUNT];
    struct filter filters[VIEW_COUNT];
    struct filter find;
    struct table table; /* of the view that was drawn, for the mouse */
    int table_y;        /* its header's row */

    const json_t **pools; /* rows as shown: filtered and sorted; lent by the model */
    int pool_count;
    char pool[80]; /* workers, queue: only this pool; "" = all */
    struct pin detail;
    struct logview logs;
    struct page page;
    struct trace trace;

    struct tag *tags; /* tagged rows */
    int tag_count;
    int range; /* place where a range began, -1 = none */

    enum prompt_kind prompting;
    struct prompt prompt;
    struct prompt_history histories[PROMPT_KINDS];
    struct dialog *dialog;
    struct notice notice;

    struct pin sized; /* pool whose size was just asked for; slot = the size */
    int64_t sized_until;

    bool ascii_terminal; /* can't show anything else */
    bool no_meters;
    bool grouped;
    bool frozen;
    bool dirty;  /* draw as soon as the pace allows */
    bool urgent; /* draw now: a key was pressed */
    bool suspend;
    bool flush_keys; /* a dialog opened: keys that wait are thrown away */
    bool quit;
    bool stopping;   /* we asked for shutdown: the loss of the connection is the end */
    int64_t drawn;   /* when the last frame was drawn */
    int64_t pressed; /* when a key came last */
    int64_t clicked; /* when, for the second click that opens */
};

/* What a view is; one for each, in view_*.c. */
struct view {
    const char *title;
    unsigned context; /* of its keys */
    /* Says by model_want what must be known to draw it. */
    void (*want)(struct tui *tui);
    void (*draw)(struct tui *tui);
    /* True when the action was the view's own. */
    bool (*act)(struct tui *tui, enum action action);
    /* A row's identity in its list; NULL for views that are no lists. */
    void (*key)(const json_t *row, char *out, size_t size);
    int window;                   /* enum window_id of the list, -1 = none or sorted by ourselves */
    const struct column *columns; /* for sorting */
    size_t column_count;
};

#endif
