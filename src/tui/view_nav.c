/* SPDX-License-Identifier: MIT */
/*
 * Moving between views, what each wants to know, and the cursor's identity: it is pinned to an
 * object and follows it; a row number alone never decides what an action acts on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tui/field.h"
#include "tui/view.h"

const struct view *view_of(enum view_id id)
{
    static const struct view *const views[VIEW_COUNT] = {
        [VIEW_POOLS] = &view_pools, [VIEW_WORKERS] = &view_workers, [VIEW_QUEUE] = &view_queue,
        [VIEW_LOGS] = &view_logs,   [VIEW_EVENTS] = &view_events,   [VIEW_DETAIL] = &view_detail,
        [VIEW_HELP] = &view_help,   [VIEW_PAGE] = &view_page,
    };
    return views[id];
}

static void arrive(struct tui *tui, enum view_id id)
{
    tui->view = id;
    tui->range = -1;
    tui->dirty = true;
    if (id == VIEW_LOGS && !tui->logs.target[0])
        logview_open(&tui->logs, "*", "all pools");
}

void view_go(struct tui *tui, enum view_id id)
{
    tui->depth = 0;
    arrive(tui, id);
}

void view_enter(struct tui *tui, enum view_id id)
{
    size_t room = ARRAY_LEN(tui->back);

    if (tui->view == id)
        return;
    if (tui->depth == (int)room) {
        memmove(tui->back, tui->back + 1, sizeof(tui->back) - sizeof(tui->back[0]));
        tui->depth--;
    }
    tui->back[tui->depth++] = tui->view;
    arrive(tui, id);
}

bool view_back(struct tui *tui)
{
    if (tui->depth) {
        arrive(tui, tui->back[--tui->depth]);
        return true;
    }
    if (tui->view == VIEW_POOLS)
        return false;
    arrive(tui, VIEW_POOLS);
    return true;
}

void view_open_worker(struct tui *tui, const json_t *row)
{
    snprintf(tui->detail.pool, sizeof(tui->detail.pool), "%s", field_text(row, "pool"));
    tui->detail.slot = field_int(row, "slot", 0);
    tui->detail.pid = field_int(row, tui->view == VIEW_QUEUE ? "worker" : "pid", 0);
    tui->detail.start = field_int(row, "start", 0);
    tui->lists[VIEW_DETAIL] = (struct list){0};
    view_enter(tui, VIEW_DETAIL);
}

void view_open_log(struct tui *tui, const char *target, const char *label)
{
    logview_open(&tui->logs, target, label);
    view_enter(tui, VIEW_LOGS);
}

void view_want(struct tui *tui)
{
    for (int id = 0; id < WINDOW_COUNT; id++)
        model_want(&tui->model, id, NULL);
    model_want(&tui->model, WINDOW_SUMMARY, json_object());
    if (tui->frame.mini)
        model_want(&tui->model, WINDOW_POOLS, json_pack("{s:i,s:i}", "offset", 0, "count", 1000));
    else
        view_now(tui)->want(tui);
    if (tui->prompting == PROMPT_COMMAND) /* their names are completed */
        model_want(&tui->model, WINDOW_POOLS, json_pack("{s:i,s:i}", "offset", 0, "count", 1000));
}

static const json_t *row_at(struct tui *tui, enum view_id id, int place)
{
    int window = view_of(id)->window;

    if (id == VIEW_POOLS)
        return place >= 0 && place < tui->pool_count ? tui->pools[place] : NULL;
    return window < 0 ? NULL : model_row(&tui->model.windows[window], place);
}

static bool has_key(const struct view *view, const json_t *row, const char *key)
{
    char other[192];

    if (!row)
        return false;
    view->key(row, other, sizeof(other));
    return strcmp(other, key) == 0;
}

/* Where the cursor's object is now, or -1. */
static int find_key(struct tui *tui, enum view_id id)
{
    struct list *list = &tui->lists[id];
    const struct view *view = view_of(id);
    int from = 0, to = tui->pool_count;

    if (has_key(view, row_at(tui, id, list->cursor), list->key))
        return list->cursor;
    if (id != VIEW_POOLS) {
        from = tui->model.windows[view->window].offset;
        to = from + tui->model.windows[view->window].count;
    }
    for (int place = from; place < to; place++)
        if (has_key(view, row_at(tui, id, place), list->key))
            return place;
    return -1;
}

void view_track(struct tui *tui, enum view_id id)
{
    struct list *list = &tui->lists[id];
    const struct view *view = view_of(id);
    const json_t *row;
    char key[192];
    int place;

    if (!view->key || (view->window >= 0 && !tui->model.windows[view->window].loaded))
        return;
    list->total = view->window >= 0 ? tui->model.windows[view->window].total : tui->pool_count;
    /* At the top of the events the newest stays in view, whatever it is. */
    if (id == VIEW_EVENTS && list->cursor == 0)
        list->key[0] = '\0';
    place = list->key[0] ? find_key(tui, id) : -1;
    if (place >= 0)
        list_follow(list, place);
    list_clamp(list);
    row = row_at(tui, id, list->cursor);
    if (place < 0 && row) {
        view->key(row, key, sizeof(key));
        list_pin(list, key);
    }
}

const json_t *view_selected(struct tui *tui)
{
    const json_t *row = row_at(tui, tui->view, view_list(tui)->cursor);

    if (!view_now(tui)->key || !has_key(view_now(tui), row, view_list(tui)->key))
        return NULL;
    return row;
}

void view_pin(struct tui *tui, const json_t *row, struct pin *pin)
{
    *pin = (struct pin){0};
    if (!row)
        return;
    snprintf(pin->pool, sizeof(pin->pool), "%s",
             field_text(row, tui->view == VIEW_POOLS ? "name" : "pool"));
    pin->slot = field_int(row, "slot", 0);
    if (tui->view != VIEW_POOLS)
        pin->pid = field_int(row, tui->view == VIEW_QUEUE ? "worker" : "pid", 0);
    pin->start = field_int(row, "start", 0);
}

void view_subject(struct tui *tui, struct pin *pin)
{
    if (tui->view == VIEW_PAGE)
        *pin = tui->page.pin;
    else
        view_pin(tui, tui->view == VIEW_DETAIL ? model_worker(&tui->model) : view_selected(tui),
                 pin);
}

bool view_is_tagged(const struct tui *tui, const char *key)
{
    for (int i = 0; i < tui->tag_count; i++)
        if (strcmp(tui->tags[i].key, key) == 0)
            return true;
    return false;
}

void view_toggle_tag(struct tui *tui, const char *key, const struct pin *pin)
{
    void *tags = tui->tags;

    for (int i = 0; i < tui->tag_count; i++) {
        if (strcmp(tui->tags[i].key, key) == 0) {
            free(tui->tags[i].key);
            tui->tags[i] = tui->tags[--tui->tag_count];
            return;
        }
    }
    if (mem_try_resize(&tags, (size_t)tui->tag_count + 1, sizeof(*tui->tags)) < 0)
        return;
    tui->tags = tags;
    tui->tags[tui->tag_count++] = (struct tag){mem_copy_string(key), *pin};
}

void view_clear_tags(struct tui *tui)
{
    for (int i = 0; i < tui->tag_count; i++)
        free(tui->tags[i].key);
    free(tui->tags);
    tui->tags = NULL;
    tui->tag_count = 0;
    tui->range = -1;
}
