/* SPDX-License-Identifier: MIT */
/*
 * The key tables. Order matters: the first binding whose context fits is taken, so a view's own
 * meaning stands before the general one.
 */
#include "tui/keys.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "tui/input.h"
#include "wire/commands.h"

#define CTRL(c) ((c)&0x1f)

static const struct {
    unsigned contexts;
    uint32_t key;
    enum action action;
} bindings[] = {
    /* Logs: a page of text rather than a list. */
    {IN_LOGS, ' ', ACTION_PAGE_DOWN},
    {IN_LOGS, 'b', ACTION_PAGE_UP},
    {IN_LOGS, 'h', ACTION_LEFT},
    {IN_LOGS, 'l', ACTION_RIGHT},
    {IN_LOGS, KEY_LEFT_CODE, ACTION_LEFT},
    {IN_LOGS, KEY_RIGHT_CODE, ACTION_RIGHT},
    {IN_LOGS, '0', ACTION_LINE_START},
    {IN_LOGS, 'F', ACTION_FOLLOW},
    {IN_LOGS, 'w', ACTION_WRAP},
    {IN_LOGS, 't', ACTION_TIME},
    {IN_LOGS, 'e', ACTION_ERROR_NEXT},
    {IN_LOGS, 'E', ACTION_ERROR_PREVIOUS},
    {IN_LOGS, 'T', ACTION_GO_TO_TIME},
    {IN_LOGS, 'S', ACTION_SCOPE},
    {IN_LOGS, 'p', ACTION_PREVIOUS_LOG},
    {IN_LOGS, '[', ACTION_OLDER_RUN},
    {IN_LOGS, ']', ACTION_NEWER_RUN},
    {IN_LOGS, 'W', ACTION_SAVE},
    {IN_LOGS, 'C', ACTION_COLORS},
    {IN_PAGE, ' ', ACTION_PAGE_DOWN},
    {IN_PAGE, 'b', ACTION_PAGE_UP},
    {IN_PAGE, 'e', ACTION_REVEAL},
    /* Pools, workers and one worker. */
    {IN_POOLS | IN_QUEUE | IN_WORKERS | IN_EVENTS, KEY_F8, ACTION_GROW},
    {IN_POOLS | IN_QUEUE | IN_WORKERS | IN_EVENTS, KEY_F7, ACTION_SHRINK},
    {IN_POOLS, '+', ACTION_GROW},
    {IN_POOLS, '=', ACTION_GROW},
    {IN_POOLS, '-', ACTION_SHRINK},
    {IN_POOLS | IN_WORKERS | IN_DETAIL, 'r', ACTION_RESTART},
    {IN_POOLS | IN_WORKERS | IN_DETAIL, 'x', ACTION_STOP},
    {IN_WORKERS | IN_DETAIL, 'X', ACTION_KILL},
    {IN_LISTS | IN_DETAIL, KEY_F9, ACTION_SIGNAL},
    {IN_POOLS | IN_QUEUE, 'P', ACTION_PAUSE},
    {IN_POOLS | IN_WORKERS | IN_DETAIL, 'H', ACTION_HOLD},
    {IN_POOLS | IN_WORKERS | IN_DETAIL | IN_QUEUE | IN_EVENTS, 'l', ACTION_LOG},
    {IN_POOLS | IN_EVENTS, 'a', ACTION_ACK},
    {IN_POOLS | IN_EVENTS, 'A', ACTION_ACK_ALL},
    {IN_WORKERS, ' ', ACTION_TAG},
    {IN_WORKERS, 'v', ACTION_TAG_RANGE},
    {IN_WORKERS, 'T', ACTION_TAG_MATCHING},
    {IN_WORKERS, 'U', ACTION_UNTAG},
    {IN_WORKERS | IN_DETAIL, 'p', ACTION_PREVIOUS_LOG},
    {IN_DETAIL | IN_WORKERS, 's', ACTION_TRACE},
    {IN_PAGE, 's', ACTION_TRACE},
    {IN_DETAIL | IN_WORKERS, 'b', ACTION_STACK},
    {IN_DETAIL | IN_WORKERS, 'o', ACTION_FILES},
    {IN_DETAIL | IN_WORKERS, 'e', ACTION_ENVIRONMENT},
    {IN_POOLS | IN_WORKERS, 'd', ACTION_OPEN},
    {IN_DETAIL, 'd', ACTION_DIAGNOSE},
    {IN_DETAIL | IN_PAGE, ']', ACTION_NEXT_TAB},
    {IN_DETAIL | IN_PAGE, '[', ACTION_PREVIOUS_TAB},
    {IN_QUEUE, 'r', ACTION_RETRY},
    {IN_QUEUE, 'x', ACTION_CANCEL},
    {IN_QUEUE, '+', ACTION_RAISE},
    {IN_QUEUE, '=', ACTION_RAISE},
    {IN_QUEUE, '-', ACTION_LOWER},
    {IN_QUEUE, 'B', ACTION_BURY},
    /* Everywhere. */
    {IN_ALL, KEY_UP_CODE, ACTION_UP},
    {IN_ALL, 'k', ACTION_UP},
    {IN_ALL, KEY_DOWN_CODE, ACTION_DOWN},
    {IN_ALL, 'j', ACTION_DOWN},
    {IN_ALL, KEY_PAGE_UP, ACTION_PAGE_UP},
    {IN_ALL, KEY_PAGE_DOWN, ACTION_PAGE_DOWN},
    {IN_ALL, CTRL('U'), ACTION_HALF_UP},
    {IN_ALL, CTRL('D'), ACTION_HALF_DOWN},
    {IN_ALL, 'g', ACTION_TOP},
    {IN_ALL, KEY_HOME_CODE, ACTION_TOP},
    {IN_ALL, 'G', ACTION_BOTTOM},
    {IN_ALL, KEY_END_CODE, ACTION_BOTTOM},
    {IN_ALL, KEY_ENTER_CODE, ACTION_OPEN},
    {IN_ALL, KEY_ESCAPE, ACTION_BACK},
    {IN_ALL & ~(unsigned)IN_LOGS, KEY_LEFT_CODE, ACTION_BACK},
    {IN_ALL, KEY_BACKSPACE_CODE, ACTION_BACK},
    {IN_ALL, '1', ACTION_VIEW_POOLS},
    {IN_ALL, '2', ACTION_VIEW_WORKERS},
    {IN_ALL, '3', ACTION_VIEW_QUEUE},
    {IN_ALL, '4', ACTION_VIEW_LOGS},
    {IN_ALL, '5', ACTION_VIEW_EVENTS},
    {IN_ALL, KEY_TAB, ACTION_NEXT_VIEW},
    {IN_ALL, KEY_BACK_TAB, ACTION_PREVIOUS_VIEW},
    {IN_ALL, '/', ACTION_FIND},
    {IN_ALL, KEY_F3, ACTION_FIND},
    {IN_ALL, 'n', ACTION_FIND_NEXT},
    {IN_ALL, 'N', ACTION_FIND_PREVIOUS},
    {IN_LISTS | IN_LOGS, KEY_F4, ACTION_FILTER},
    {IN_LISTS | IN_LOGS, '&', ACTION_FILTER},
    {IN_LISTS | IN_LOGS, '\\', ACTION_FILTER},
    {IN_POOLS | IN_WORKERS | IN_QUEUE, KEY_F6, ACTION_SORT},
    {IN_POOLS | IN_WORKERS | IN_QUEUE, '<', ACTION_SORT_LEFT},
    {IN_POOLS | IN_WORKERS | IN_QUEUE, '>', ACTION_SORT_RIGHT},
    {IN_POOLS | IN_WORKERS | IN_QUEUE, 'I', ACTION_SORT_INVERT},
    {IN_WORKERS, KEY_F5, ACTION_GROUP},
    {IN_ALL, '#', ACTION_METERS},
    {IN_ALL, ':', ACTION_COMMAND},
    {IN_ALL, KEY_F1, ACTION_HELP},
    {IN_ALL, '?', ACTION_HELP},
    {IN_ALL, KEY_F2, ACTION_SETUP},
    {IN_ALL, 'Z', ACTION_FREEZE},
    {IN_ALL, CTRL('L'), ACTION_REDRAW},
    {IN_ALL, 'u', ACTION_UNDO},
    {IN_ALL, 'y', ACTION_COPY},
    {IN_ALL, 'M', ACTION_MOUSE},
    {IN_ALL, CTRL('Z'), ACTION_SUSPEND},
    {IN_ALL, 'q', ACTION_LEAVE},
    {IN_ALL, KEY_F10, ACTION_QUIT},
    {IN_ALL, 'Q', ACTION_QUIT},
    {IN_ALL, KEY_CTRL_C, ACTION_QUIT},
};

static const struct {
    const char *name;
    const char *verb; /* the supervisor's command that it needs */
} actions[ACTION_COUNT] = {
    [ACTION_NONE] = {"none", NULL},
    [ACTION_UP] = {"up", NULL},
    [ACTION_DOWN] = {"down", NULL},
    [ACTION_PAGE_UP] = {"page-up", NULL},
    [ACTION_PAGE_DOWN] = {"page-down", NULL},
    [ACTION_HALF_UP] = {"half-page-up", NULL},
    [ACTION_HALF_DOWN] = {"half-page-down", NULL},
    [ACTION_TOP] = {"top", NULL},
    [ACTION_BOTTOM] = {"bottom", NULL},
    [ACTION_OPEN] = {"open", NULL},
    [ACTION_BACK] = {"back", NULL},
    [ACTION_VIEW_POOLS] = {"pools", NULL},
    [ACTION_VIEW_WORKERS] = {"workers", NULL},
    [ACTION_VIEW_QUEUE] = {"queue", NULL},
    [ACTION_VIEW_LOGS] = {"logs", NULL},
    [ACTION_VIEW_EVENTS] = {"events", NULL},
    [ACTION_NEXT_VIEW] = {"next-view", NULL},
    [ACTION_PREVIOUS_VIEW] = {"previous-view", NULL},
    [ACTION_FIND] = {"find", NULL},
    [ACTION_FIND_NEXT] = {"find-next", NULL},
    [ACTION_FIND_PREVIOUS] = {"find-previous", NULL},
    [ACTION_FILTER] = {"filter", NULL},
    [ACTION_SORT] = {"sort", NULL},
    [ACTION_SORT_LEFT] = {"sort-left", NULL},
    [ACTION_SORT_RIGHT] = {"sort-right", NULL},
    [ACTION_SORT_INVERT] = {"sort-invert", NULL},
    [ACTION_GROUP] = {"group", NULL},
    [ACTION_METERS] = {"meters", NULL},
    [ACTION_COMMAND] = {"command", NULL},
    [ACTION_HELP] = {"help", NULL},
    [ACTION_SETUP] = {"setup", NULL},
    [ACTION_FREEZE] = {"freeze", NULL},
    [ACTION_REDRAW] = {"redraw", NULL},
    [ACTION_UNDO] = {"undo", "undo"},
    [ACTION_COPY] = {"copy", NULL},
    [ACTION_MOUSE] = {"mouse", NULL},
    [ACTION_SUSPEND] = {"suspend", NULL},
    [ACTION_LEAVE] = {"leave", NULL},
    [ACTION_QUIT] = {"quit", NULL},
    [ACTION_GROW] = {"grow", "scale"},
    [ACTION_SHRINK] = {"shrink", "scale"},
    [ACTION_RESTART] = {"restart", "restart"},
    [ACTION_STOP] = {"stop", "stop"},
    [ACTION_KILL] = {"kill", "kill"},
    [ACTION_SIGNAL] = {"signal", "kill"},
    [ACTION_PAUSE] = {"pause", "pause"},
    [ACTION_HOLD] = {"hold", "hold"},
    [ACTION_LOG] = {"log", NULL},
    [ACTION_ACK] = {"ack", "ack"},
    [ACTION_ACK_ALL] = {"ack-all", "ack"},
    [ACTION_TAG] = {"tag", NULL},
    [ACTION_TAG_RANGE] = {"tag-range", NULL},
    [ACTION_TAG_MATCHING] = {"tag-matching", NULL},
    [ACTION_UNTAG] = {"untag", NULL},
    [ACTION_DIAGNOSE] = {"diagnose", "why"},
    [ACTION_NEXT_TAB] = {"next-tab", NULL},
    [ACTION_PREVIOUS_TAB] = {"previous-tab", NULL},
    [ACTION_TRACE] = {"strace", NULL},
    [ACTION_STACK] = {"stack", NULL},
    [ACTION_FILES] = {"files", NULL},
    [ACTION_ENVIRONMENT] = {"environment", NULL},
    [ACTION_REVEAL] = {"reveal", NULL},
    [ACTION_PREVIOUS_LOG] = {"previous-log", NULL},
    [ACTION_RETRY] = {"retry", "retry"},
    [ACTION_CANCEL] = {"cancel", "cancel"},
    [ACTION_RAISE] = {"raise", "prioritise"},
    [ACTION_LOWER] = {"lower", "prioritise"},
    [ACTION_BURY] = {"bury", "bury"},
    [ACTION_FOLLOW] = {"follow", NULL},
    [ACTION_LEFT] = {"left", NULL},
    [ACTION_RIGHT] = {"right", NULL},
    [ACTION_LINE_START] = {"line-start", NULL},
    [ACTION_WRAP] = {"wrap", NULL},
    [ACTION_TIME] = {"time", NULL},
    [ACTION_ERROR_NEXT] = {"next-error", NULL},
    [ACTION_ERROR_PREVIOUS] = {"previous-error", NULL},
    [ACTION_GO_TO_TIME] = {"go-to-time", NULL},
    [ACTION_SCOPE] = {"scope", NULL},
    [ACTION_OLDER_RUN] = {"older-run", NULL},
    [ACTION_NEWER_RUN] = {"newer-run", NULL},
    [ACTION_SAVE] = {"save", NULL},
    [ACTION_COLORS] = {"colors", NULL},
};

bool keys_is_available(enum action action)
{
    const char *verb = actions[action].verb;
    const struct command *command = verb ? command_find(verb) : NULL;

    return !verb || (command && !command->later);
}

enum action keys_find(const struct keys *keys, unsigned context, uint32_t key)
{
    for (size_t i = keys->count; i-- > 0;)
        if (keys->own[i].key == key)
            return keys->own[i].action;
    for (size_t i = 0; i < ARRAY_LEN(bindings); i++)
        if (bindings[i].key == key && (bindings[i].contexts & context))
            return keys_is_available(bindings[i].action) ? bindings[i].action : ACTION_NONE;
    return ACTION_NONE;
}

/* "x", "F5", "^K", "Space", "Enter", "Tab"; 0 when it names no key. */
static uint32_t key_named(const char *name)
{
    uint32_t code = 0;
    int number = name[0] == 'F' ? atoi(name + 1) : 0;

    if (strcasecmp(name, "Space") == 0)
        return ' ';
    if (strcasecmp(name, "Enter") == 0)
        return KEY_ENTER_CODE;
    if (strcasecmp(name, "Tab") == 0)
        return KEY_TAB;
    if (number >= 1 && number <= 12)
        return KEY_F1 + (uint32_t)number - 1;
    if (name[0] == '^' && isalpha((unsigned char)name[1]) && !name[2])
        return CTRL((uint32_t)toupper((unsigned char)name[1]));
    if (utf8_decode(name, strlen(name), &code) == strlen(name))
        return code;
    return 0;
}

bool keys_rebind(struct keys *keys, const char *action, const char *key)
{
    uint32_t code = key_named(key);

    for (int i = ACTION_NONE; code && i < ACTION_COUNT; i++) {
        if (strcmp(actions[i].name, action) == 0 && keys->count < ARRAY_LEN(keys->own)) {
            keys->own[keys->count++] = (struct keys_bind){code, (enum action)i};
            return true;
        }
    }
    return false;
}

const char *keys_action_name(enum action action)
{
    return actions[action].name;
}
