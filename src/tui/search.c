/* SPDX-License-Identifier: MIT */
/*
 * Find, filter, and the other prompts. Filters of long lists are the supervisor's work; a find
 * looks through the rows that are on the screen.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "tui/cmdline.h"
#include "tui/dispatch.h"
#include "tui/field.h"
#include "tui/logact.h"
#include "tui/match.h"
#include "tui/view.h"

static bool filter_is_ours(const struct tui *tui)
{
    return tui->view == VIEW_POOLS || tui->view == VIEW_HELP;
}

void search_filter(struct tui *tui, const char *text)
{
    struct filter *filter = &tui->filters[tui->view];
    struct match *match = NULL;
    struct err err = {0};

    if (tui->view == VIEW_LOGS) {
        logact_filter(tui, text);
        return;
    }
    /* Compiled here as well where the supervisor filters: a mistake is told at once. */
    if (*text && match_new(&match, text, true, &err) < 0) {
        notice_say(tui, ROLE_BAD, "%s: %s", text, err.text);
        return;
    }
    match_free(filter->match);
    filter->match = match;
    snprintf(filter->text, sizeof(filter->text), "%s", text);
    if (filter_is_ours(tui))
        tui->lists[tui->view].total = 0;
}

static void set_find(struct tui *tui, const char *text)
{
    struct match *match = NULL;
    struct err err = {0};

    if (tui->view == VIEW_LOGS) {
        logact_search(tui, text);
        return;
    }
    if (tui->view == VIEW_HELP) {
        search_filter(tui, text);
        return;
    }
    if (*text && match_new(&match, text, false, &err) < 0) {
        notice_say(tui, ROLE_BAD, "/%s: %s", text, err.text);
        return;
    }
    tui->notice.until = 0;
    match_free(tui->find.match);
    tui->find.match = match;
    snprintf(tui->find.text, sizeof(tui->find.text), "%s", text);
}

static const char *text_now(const struct tui *tui, enum prompt_kind kind)
{
    if (kind == PROMPT_FILTER && tui->view == VIEW_LOGS)
        return tui->logs.filter ? match_pattern(tui->logs.filter) : "";
    if (kind == PROMPT_FILTER || (kind == PROMPT_FIND && tui->view == VIEW_HELP))
        return tui->filters[tui->view].text;
    return "";
}

void search_prompt(struct tui *tui, enum action action)
{
    static const struct {
        enum action action;
        enum prompt_kind kind;
    } prompts[] = {{ACTION_FIND, PROMPT_FIND},       {ACTION_FILTER, PROMPT_FILTER},
                   {ACTION_COMMAND, PROMPT_COMMAND}, {ACTION_TAG_MATCHING, PROMPT_TAG},
                   {ACTION_GO_TO_TIME, PROMPT_TIME}, {ACTION_SAVE, PROMPT_SAVE}};

    for (size_t i = 0; i < ARRAY_LEN(prompts); i++) {
        if (prompts[i].action != action)
            continue;
        tui->prompting = prompts[i].kind;
        tui->notice.until = 0;
        prompt_open(&tui->prompt, text_now(tui, prompts[i].kind), &tui->histories[prompts[i].kind]);
        return;
    }
}

void search_changed(struct tui *tui)
{
    if (tui->prompting == PROMPT_FIND)
        set_find(tui, tui->prompt.text);
}

/* All texts of a row in one line, for find and tag. */
static void row_text(const json_t *row, char *out, size_t size)
{
    size_t used = 0;
    const char *key;
    json_t *value;

    *out = '\0';
    json_object_foreach((json_t *)(uintptr_t)row, key, value)
    {
        char number[24] = "";
        const char *text = json_string_value(value);
        if (json_is_integer(value) && (strcmp(key, "pid") == 0 || strcmp(key, "worker") == 0))
            snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(value));
        if (json_is_object(value))
            text = field_text(value, "text");
        if (used < size && (text || *number))
            used += (size_t)snprintf(out + used, size - used, "%s ", text ? text : number);
    }
}

static const json_t *row_at(struct tui *tui, int place)
{
    int window = view_now(tui)->window;

    if (tui->view == VIEW_POOLS)
        return place >= 0 && place < tui->pool_count ? tui->pools[place] : NULL;
    return window < 0 ? NULL : model_row(&tui->model.windows[window], place);
}

static bool row_matches(struct tui *tui, int place, const struct match *match)
{
    const json_t *row = row_at(tui, place);
    char text[4096];

    if (tui->view == VIEW_PAGE)
        return place < tui->page.count &&
               match_test(match, tui->page.lines[place], strlen(tui->page.lines[place]));
    if (!row)
        return false;
    row_text(row, text, sizeof(text));
    return match_test(match, text, strlen(text));
}

void search_next(struct tui *tui, int step)
{
    struct list *list = view_list(tui);

    if (!tui->find.match) {
        notice_say(tui, ROLE_NORMAL, "Nothing to find: / starts a search");
        return;
    }
    for (int i = 1; i <= list->total; i++) {
        int place = ((list->cursor + i * step) % list->total + list->total) % list->total;
        if (row_matches(tui, place, tui->find.match)) {
            list_go(list, place);
            return;
        }
    }
    notice_say(tui, ROLE_NORMAL, "/%s is not on this screen; F4 filters the whole list",
               tui->find.text);
}

static void find_from_here(struct tui *tui)
{
    if (tui->view == VIEW_LOGS)
        logact_show_found(tui);
    else if (tui->view != VIEW_HELP && !row_matches(tui, view_list(tui)->cursor, tui->find.match))
        search_next(tui, 1);
}

static void tag_matching(struct tui *tui, const char *text)
{
    const struct window *window = &tui->model.windows[WINDOW_WORKERS];
    struct match *match = NULL;
    struct err err = {0};
    int count = 0;

    if (match_new(&match, text, true, &err) < 0) {
        notice_say(tui, ROLE_BAD, "%s: %s", text, err.text);
        return;
    }
    for (int place = window->offset; place < window->offset + window->count; place++) {
        const json_t *row = row_at(tui, place);
        struct pin pin;
        char key[192];
        if (!row || !row_matches(tui, place, match))
            continue;
        view_workers.key(row, key, sizeof(key));
        view_pin(tui, row, &pin);
        if (!view_is_tagged(tui, key))
            view_toggle_tag(tui, key, &pin);
        count++;
    }
    match_free(match);
    notice_say(tui, ROLE_NORMAL, "%d on this screen match and are tagged", count);
}

void search_done(struct tui *tui)
{
    enum prompt_kind kind = tui->prompting;
    char text[PROMPT_MAX];

    snprintf(text, sizeof(text), "%s", tui->prompt.text);
    tui->prompting = PROMPT_NONE;
    prompt_remember(&tui->histories[kind], text);
    if (kind == PROMPT_FIND) {
        set_find(tui, text);
        if (*text && (tui->find.match || tui->logs.search))
            find_from_here(tui);
    } else if (kind == PROMPT_FILTER)
        search_filter(tui, text);
    else if (kind == PROMPT_COMMAND)
        cmdline_run(tui, text);
    else if (kind == PROMPT_TAG && *text)
        tag_matching(tui, text);
    else if (kind == PROMPT_TIME && *text)
        logact_go_to_time(tui, text);
    else if (kind == PROMPT_SAVE && *text)
        logact_save(tui, text);
}

void search_cancel(struct tui *tui)
{
    if (tui->prompting == PROMPT_FIND)
        set_find(tui, "");
    tui->prompting = PROMPT_NONE;
}

void search_tab(struct tui *tui)
{
    if (tui->prompting != PROMPT_FIND || tui->view == VIEW_HELP)
        return;
    set_find(tui, "");
    search_filter(tui, tui->prompt.text);
    tui->prompting = PROMPT_NONE;
}

bool search_clear(struct tui *tui)
{
    tui->notice.until = 0;
    if (tui->view == VIEW_LOGS && (tui->logs.search || tui->logs.filter)) {
        if (tui->logs.search)
            logact_search(tui, "");
        else
            logact_filter(tui, "");
        return true;
    }
    if (tui->view != VIEW_LOGS && tui->filters[tui->view].text[0]) {
        search_filter(tui, "");
        return true;
    }
    if (tui->view == VIEW_WORKERS && (tui->tag_count || tui->range >= 0)) {
        view_clear_tags(tui);
        return true;
    }
    return false;
}
