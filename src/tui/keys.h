/* SPDX-License-Identifier: MIT */
/*
 * Keys, the actions they stand for, and what is shown of them: the key bar and the help are made
 * from these tables, so that they can't promise what no key does. A key whose command the
 * supervisor does not have is neither bound nor shown.
 */
#ifndef LIFEGUARD_TUI_KEYS_H
#define LIFEGUARD_TUI_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum action {
    ACTION_NONE,
    ACTION_UP,
    ACTION_DOWN,
    ACTION_PAGE_UP,
    ACTION_PAGE_DOWN,
    ACTION_HALF_UP,
    ACTION_HALF_DOWN,
    ACTION_TOP,
    ACTION_BOTTOM,
    ACTION_OPEN,
    ACTION_BACK,
    ACTION_VIEW_POOLS,
    ACTION_VIEW_WORKERS,
    ACTION_VIEW_QUEUE,
    ACTION_VIEW_LOGS,
    ACTION_VIEW_EVENTS,
    ACTION_NEXT_VIEW,
    ACTION_PREVIOUS_VIEW,
    ACTION_FIND,
    ACTION_FIND_NEXT,
    ACTION_FIND_PREVIOUS,
    ACTION_FILTER,
    ACTION_SORT,
    ACTION_SORT_LEFT,
    ACTION_SORT_RIGHT,
    ACTION_SORT_INVERT,
    ACTION_GROUP,
    ACTION_METERS,
    ACTION_COMMAND,
    ACTION_HELP,
    ACTION_SETUP,
    ACTION_FREEZE,
    ACTION_REDRAW,
    ACTION_UNDO,
    ACTION_COPY,
    ACTION_MOUSE,
    ACTION_SUSPEND,
    ACTION_LEAVE, /* back, then the quit dialog */
    ACTION_QUIT,
    ACTION_GROW,
    ACTION_SHRINK,
    ACTION_RESTART,
    ACTION_STOP,
    ACTION_KILL,
    ACTION_SIGNAL,
    ACTION_PAUSE,
    ACTION_HOLD,
    ACTION_LOG,
    ACTION_ACK,
    ACTION_ACK_ALL,
    ACTION_TAG,
    ACTION_TAG_RANGE,
    ACTION_TAG_MATCHING,
    ACTION_UNTAG,
    ACTION_DIAGNOSE,
    ACTION_NEXT_TAB,
    ACTION_PREVIOUS_TAB,
    ACTION_TRACE,
    ACTION_STACK,
    ACTION_FILES,
    ACTION_ENVIRONMENT,
    ACTION_REVEAL,
    ACTION_PREVIOUS_LOG,
    ACTION_RETRY,
    ACTION_CANCEL,
    ACTION_RAISE,
    ACTION_LOWER,
    ACTION_BURY,
    ACTION_FOLLOW,
    ACTION_LEFT,
    ACTION_RIGHT,
    ACTION_LINE_START,
    ACTION_WRAP,
    ACTION_TIME,
    ACTION_ERROR_NEXT,
    ACTION_ERROR_PREVIOUS,
    ACTION_GO_TO_TIME,
    ACTION_SCOPE,
    ACTION_OLDER_RUN,
    ACTION_NEWER_RUN,
    ACTION_SAVE,
    ACTION_COLORS,
    ACTION_COUNT
};

/* Where a key holds: bits. */
enum key_context {
    IN_POOLS = 1,
    IN_WORKERS = 2,
    IN_DETAIL = 4,
    IN_LOGS = 8,
    IN_QUEUE = 16,
    IN_EVENTS = 32,
    IN_HELP = 64,
    IN_PAGE = 128, /* a page of text: stack, files, environment */
    IN_LISTS = IN_POOLS | IN_WORKERS | IN_QUEUE | IN_EVENTS,
    IN_ALL = 255
};

struct keys_bind { /* an operator's own binding */
    uint32_t key;
    enum action action;
};

struct keys {
    struct keys_bind own[64];
    size_t count;
};

enum action keys_find(const struct keys *keys, unsigned context, uint32_t key);
/* Binds a key by names ("restart", "F5"); false when a name is not known. */
bool keys_rebind(struct keys *keys, const char *action, const char *key);
/* The action's command exists in the supervisor. */
bool keys_is_available(enum action action);
const char *keys_action_name(enum action action);

struct key_item {
    const char *key;
    const char *label;
    enum action action;
};
/* The key bar of a context; unavailable items are to be skipped. */
const struct key_item *keys_bar(unsigned context, size_t *count);

struct key_help {
    const char *keys;
    const char *text;
    unsigned contexts;
    enum action action; /* shown when this is available */
};
const struct key_help *keys_help(size_t *count);

#endif
