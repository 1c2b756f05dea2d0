/* SPDX-License-Identifier: MIT */
/* What is shown of the keys: the key bars and the help page. */
#include "base/mem.h"
#include "tui/keys.h"

static const struct key_item list_bar[] = {
    {"F1", "Help", ACTION_HELP},  {"F2", "Setup", ACTION_SETUP},
    {"F3", "Find", ACTION_FIND},  {"F4", "Filter", ACTION_FILTER},
    {"F6", "Sort", ACTION_SORT},  {"F7", "Size-", ACTION_SHRINK},
    {"F8", "Size+", ACTION_GROW}, {"F9", "Signal", ACTION_SIGNAL},
    {"F10", "Quit", ACTION_QUIT},
};

static const struct key_item events_bar[] = {
    {"F1", "Help", ACTION_HELP},     {"F2", "Setup", ACTION_SETUP},  {"F3", "Find", ACTION_FIND},
    {"F4", "Filter", ACTION_FILTER}, {"F7", "Size-", ACTION_SHRINK}, {"F8", "Size+", ACTION_GROW},
    {"F9", "Signal", ACTION_SIGNAL}, {"F10", "Quit", ACTION_QUIT},
};

static const struct key_item detail_bar[] = {
    {"F1", "Help", ACTION_HELP},        {"s", "Strace", ACTION_TRACE},
    {"b", "Stack", ACTION_STACK},       {"o", "Files", ACTION_FILES},
    {"e", "Env", ACTION_ENVIRONMENT},   {"l", "Log", ACTION_LOG},
    {"p", "Past", ACTION_PREVIOUS_LOG}, {"r", "Restart", ACTION_RESTART},
    {"F9", "Signal", ACTION_SIGNAL},    {"Esc", "Back", ACTION_BACK},
    {"d", "Why", ACTION_DIAGNOSE},
};

static const struct key_item logs_bar[] = {
    {"F1", "Help", ACTION_HELP},
    {"F3", "Find", ACTION_FIND},
    {"F4", "Filter", ACTION_FILTER},
    {"F", "Follow", ACTION_FOLLOW},
    {"p", "Prev run", ACTION_PREVIOUS_LOG},
    {"w", "Wrap", ACTION_WRAP},
    {"t", "Time", ACTION_TIME},
    {"W", "Save", ACTION_SAVE},
    {"Esc", "Back", ACTION_BACK},
};

static const struct key_item page_bar[] = {
    {"F1", "Help", ACTION_HELP},      {"F3", "Find", ACTION_FIND},  {"n", "Next", ACTION_FIND_NEXT},
    {"[ ]", "Page", ACTION_NEXT_TAB}, {"Esc", "Back", ACTION_BACK},
};

static const struct key_item help_bar[] = {
    {"Esc", "Close ", ACTION_BACK},
    {"/", "Filter", ACTION_FIND},
};

const struct key_item *keys_bar(unsigned context, size_t *count)
{
    static const struct {
        unsigned context;
        const struct key_item *items;
        size_t count;
    } bars[] = {
        {IN_DETAIL, detail_bar, ARRAY_LEN(detail_bar)}, {IN_LOGS, logs_bar, ARRAY_LEN(logs_bar)},
        {IN_EVENTS, events_bar, ARRAY_LEN(events_bar)}, {IN_HELP, help_bar, ARRAY_LEN(help_bar)},
        {IN_PAGE, page_bar, ARRAY_LEN(page_bar)},       {IN_ALL, list_bar, ARRAY_LEN(list_bar)},
    };
    size_t i = 0;

    while (!(bars[i].context & context))
        i++;
    *count = bars[i].count;
    return bars[i].items;
}

static const struct key_help help[] = {
    {"↑↓ j k", "move", IN_ALL, ACTION_NONE},
    {"PgUp g G", "page, top, bottom", IN_ALL, ACTION_TOP},
    {"Enter d", "open / diagnose", IN_POOLS | IN_WORKERS, ACTION_OPEN},
    {"Enter", "open", IN_QUEUE | IN_EVENTS | IN_DETAIL, ACTION_OPEN},
    {"Esc ← ⌫", "back", IN_ALL & ~(unsigned)IN_LOGS, ACTION_BACK},
    {"Esc ⌫", "back", IN_LOGS, ACTION_BACK},
    {"1-5 Tab", "switch view", IN_ALL, ACTION_NEXT_VIEW},
    {"/ n N", "find", IN_ALL, ACTION_FIND},
    {"F4 &", "filter (regex, ! inverts)", IN_LISTS | IN_LOGS, ACTION_FILTER},
    {"F6 < > I", "sort, column, invert", IN_POOLS | IN_WORKERS | IN_QUEUE, ACTION_SORT},
    {"F5", "group by pool", IN_WORKERS, ACTION_GROUP},
    {"Space U", "tag / untag all", IN_WORKERS, ACTION_TAG},
    {"v T", "tag range / by regex", IN_WORKERS, ACTION_TAG_RANGE},
    {":", "command", IN_ALL, ACTION_COMMAND},
    {"l", "logs", IN_LISTS | IN_DETAIL, ACTION_LOG},
    {"p", "previous run log", IN_WORKERS | IN_DETAIL | IN_LOGS, ACTION_PREVIOUS_LOG},
    {"[ ]", "older / newer run", IN_LOGS, ACTION_OLDER_RUN},
    {"[ ]", "pages of a worker", IN_DETAIL | IN_PAGE, ACTION_NEXT_TAB},
    {"F", "follow", IN_LOGS, ACTION_FOLLOW},
    {"Space b", "page", IN_LOGS | IN_PAGE, ACTION_PAGE_DOWN},
    {"h l ← → 0", "scroll sideways", IN_LOGS, ACTION_LEFT},
    {"w t C", "wrap, time, colours", IN_LOGS, ACTION_WRAP},
    {"e E", "next / previous error", IN_LOGS, ACTION_ERROR_NEXT},
    {"T", "go to a time", IN_LOGS, ACTION_GO_TO_TIME},
    {"S", "scope: PID, pool, all", IN_LOGS, ACTION_SCOPE},
    {"W", "save to a file", IN_LOGS, ACTION_SAVE},
    {"+ - F8 F7", "pool size", IN_POOLS, ACTION_GROW},
    {"F8 F7", "pool size", IN_WORKERS | IN_QUEUE | IN_EVENTS, ACTION_GROW},
    {"r", "restart", IN_POOLS | IN_WORKERS | IN_DETAIL, ACTION_RESTART},
    {"x X", "stop / kill", IN_WORKERS | IN_DETAIL, ACTION_STOP},
    {"x", "stop", IN_POOLS, ACTION_STOP},
    {"r x B", "retry / cancel / bury", IN_QUEUE, ACTION_RETRY},
    {"+ -", "priority", IN_QUEUE, ACTION_RAISE},
    {"P", "pause / resume pool", IN_POOLS | IN_QUEUE, ACTION_PAUSE},
    {"H", "hold auto-restart", IN_POOLS | IN_WORKERS | IN_DETAIL, ACTION_HOLD},
    {"a A", "acknowledge / all", IN_POOLS | IN_EVENTS, ACTION_ACK},
    {"F9", "send signal", IN_LISTS | IN_DETAIL, ACTION_SIGNAL},
    {"u", "undo", IN_ALL, ACTION_UNDO},
    {"d s b o e", "why strace stack ...", IN_WORKERS | IN_DETAIL, ACTION_STACK},
    {"e", "show hidden values", IN_PAGE, ACTION_REVEAL},
    {"Z ^L ^Z", "freeze, redraw, suspend", IN_ALL, ACTION_FREEZE},
    {"y", "copy", IN_ALL, ACTION_COPY},
    {"# M F2", "meters, mouse, setup", IN_ALL, ACTION_METERS},
    {"q", "back, quit", IN_ALL, ACTION_LEAVE},
};

const struct key_help *keys_help(size_t *count)
{
    *count = ARRAY_LEN(help);
    return help;
}
