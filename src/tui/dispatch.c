/* SPDX-License-Identifier: MIT */
/*
 * Dispatching keys and the mouse. Pasted text reaches prompts only: a list would take it as
 * commands.
 */
#include "tui/dispatch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "tui/act.h"
#include "tui/cmdline.h"
#include "tui/dialog.h"
#include "tui/field.h"
#include "tui/page.h"
#include "tui/report.h"
#include "tui/screen.h"
#include "tui/view.h"

enum { WHEEL_ROWS = 3 };

static void open_log(struct tui *tui, int life)
{
    struct pin pin;
    char target[128];

    view_subject(tui, &pin);
    if (!pin.pool[0])
        return;
    if (pin.slot > 0)
        snprintf(target, sizeof(target), "%s[%lld]", pin.pool, (long long)pin.slot);
    else if (pin.pid > 0)
        snprintf(target, sizeof(target), "%lld", (long long)pin.pid);
    else
        snprintf(target, sizeof(target), "%s", pin.pool);
    view_open_log(tui, target, target);
    tui->logs.life_wanted = life;
}

static void toggle_tag(struct tui *tui)
{
    const json_t *row = view_selected(tui);
    struct pin pin;
    char key[192];

    if (!row)
        return;
    view_now(tui)->key(row, key, sizeof(key));
    view_pin(tui, row, &pin);
    view_toggle_tag(tui, key, &pin);
    list_move(view_list(tui), 1);
}

static bool move(struct tui *tui, enum action action)
{
    struct list *list = view_list(tui);
    int page = list->page > 1 ? list->page - 1 : 1;

    if (action == ACTION_UP || action == ACTION_DOWN)
        list_move(list, action == ACTION_UP ? -1 : 1);
    else if (action == ACTION_PAGE_UP || action == ACTION_PAGE_DOWN)
        list_move(list, action == ACTION_PAGE_UP ? -page : page);
    else if (action == ACTION_HALF_UP || action == ACTION_HALF_DOWN)
        list_move(list, action == ACTION_HALF_UP ? -(page + 1) / 2 : (page + 1) / 2);
    else if (action == ACTION_TOP || action == ACTION_BOTTOM)
        list_go(list, action == ACTION_TOP ? 0 : list->total - 1);
    else
        return false;
    return true;
}

static void enter_tab(struct tui *tui, enum view_id id)
{
    /* Reached by its tab the list is of all pools. */
    if (id == VIEW_WORKERS)
        tui->pool[0] = '\0';
    view_go(tui, id);
}

static bool navigate(struct tui *tui, enum action action)
{
    enum view_id tab = tui->view <= VIEW_EVENTS ? tui->view : VIEW_WORKERS;

    if (action >= ACTION_VIEW_POOLS && action <= ACTION_VIEW_EVENTS)
        enter_tab(tui, (enum view_id)(action - ACTION_VIEW_POOLS));
    else if (action == ACTION_NEXT_VIEW)
        enter_tab(tui, (tab + 1) % (VIEW_EVENTS + 1));
    else if (action == ACTION_PREVIOUS_VIEW)
        enter_tab(tui, (tab + VIEW_EVENTS) % (VIEW_EVENTS + 1));
    else if (action == ACTION_BACK) {
        if (!search_clear(tui))
            view_back(tui);
    } else if (action == ACTION_LEAVE) {
        if (!view_back(tui))
            act_quit(tui);
    } else if (action == ACTION_HELP) {
        tui->lists[VIEW_HELP] = (struct list){0};
        view_enter(tui, VIEW_HELP);
    } else
        return false;
    return true;
}

static void freeze(struct tui *tui)
{
    tui->frozen = !tui->frozen;
    if (!tui->frozen)
        model_forget(&tui->model); /* everything anew */
    notice_say(tui, ROLE_NORMAL, tui->frozen ? "Frozen: Z goes on" : "Live again");
}

static bool act_on_screen(struct tui *tui, enum action action)
{
    if (action == ACTION_METERS)
        tui->no_meters = !tui->no_meters;
    else if (action == ACTION_FREEZE)
        freeze(tui);
    else if (action == ACTION_REDRAW)
        screen_clear(tui->screen);
    else if (action == ACTION_COPY)
        page_copy(tui);
    else if (action == ACTION_MOUSE) {
        terminal_set_mouse(&tui->terminal, !tui->terminal.mouse);
        notice_say(tui, ROLE_NORMAL, "Mouse %s", tui->terminal.mouse ? "on" : "off");
    } else if (action == ACTION_SUSPEND)
        tui->suspend = true;
    else if (action == ACTION_SETUP)
        menu_setup(tui);
    else if (action == ACTION_SORT)
        menu_sort(tui);
    else if (action == ACTION_SORT_LEFT || action == ACTION_SORT_RIGHT)
        menu_sort_step(tui, action == ACTION_SORT_LEFT ? -1 : 1);
    else if (action == ACTION_SORT_INVERT)
        menu_sort_invert(tui);
    else
        return false;
    return true;
}

static void act_on_rows(struct tui *tui, enum action action)
{
    struct list *detail = &tui->lists[VIEW_DETAIL];

    if (action == ACTION_FIND_NEXT || action == ACTION_FIND_PREVIOUS)
        search_next(tui, action == ACTION_FIND_NEXT ? 1 : -1);
    else if (action == ACTION_LOG)
        open_log(tui, 0);
    else if (action == ACTION_PREVIOUS_LOG)
        open_log(tui, tui->view == VIEW_DETAIL && detail->moved ? detail->cursor + 1 : 1);
    else if (action == ACTION_TAG)
        toggle_tag(tui);
    else if (action == ACTION_UNTAG)
        view_clear_tags(tui);
    else if (action == ACTION_DIAGNOSE)
        report_diagnose(tui);
    else if (action == ACTION_TRACE)
        trace_begin(tui);
    else if (action == ACTION_NEXT_TAB || action == ACTION_PREVIOUS_TAB)
        report_turn(tui, action);
    else if (action >= ACTION_STACK && action <= ACTION_REVEAL)
        page_evidence(tui, action);
    else
        search_prompt(tui, action);
}

void dispatch_action(struct tui *tui, enum action action)
{
    if (action == ACTION_NONE)
        return;
    if (view_now(tui)->act(tui, action) || act_do(tui, action) || move(tui, action) ||
        navigate(tui, action) || act_on_screen(tui, action))
        return;
    act_on_rows(tui, action);
}

static void dialog_event(struct tui *tui, const struct key_event *event)
{
    struct dialog *dialog = tui->dialog;
    bool yes;
    int value;

    if (!dialog_key(dialog, event, &yes, &value))
        return;
    tui->dialog = NULL;
    if (yes)
        dialog->on_yes(tui, dialog, value);
    dialog_free(dialog);
}

static void prompt_event(struct tui *tui, const struct key_event *event)
{
    if (event->code == KEY_TAB) {
        if (tui->prompting == PROMPT_COMMAND)
            cmdline_complete(tui);
        else
            search_tab(tui);
        return;
    }
    switch (prompt_key(&tui->prompt, event)) {
    case PROMPT_EDITED:
        search_changed(tui);
        break;
    case PROMPT_DONE:
        search_done(tui);
        break;
    case PROMPT_CANCELLED:
        search_cancel(tui);
        break;
    case PROMPT_IGNORED:
    default:
        break;
    }
}

static bool click_keybar(struct tui *tui, const struct key_event *event)
{
    size_t count;
    const struct key_item *items = keys_bar(view_now(tui)->context, &count);
    int x = 0;

    if (event->y != tui->frame.keybar)
        return false;
    for (size_t i = 0; i < count; i++) {
        int need = (int)(utf8_text_width(items[i].key, strlen(items[i].key)) + 1 +
                         utf8_text_width(items[i].label, strlen(items[i].label)));
        if (!keys_is_available(items[i].action))
            continue;
        if (event->x >= x && event->x < x + need)
            dispatch_action(tui, items[i].action);
        x += need + 1;
    }
    return true;
}

static bool click_tabs(struct tui *tui, const struct key_event *event)
{
    int x = 0;

    if (event->y != tui->frame.tabs || tui->view == VIEW_HELP)
        return false;
    for (enum view_id id = VIEW_POOLS; id <= VIEW_EVENTS; id++) {
        int width = (int)strlen(view_of(id)->title) + 4;
        if (event->x >= x && event->x < x + width)
            enter_tab(tui, id);
        x += width + 1;
    }
    return true;
}

/* A click on a row selects it; a second one soon after opens it. */
static void click_row(struct tui *tui, const struct key_event *event)
{
    struct list *list = view_list(tui);
    int place = list->top + event->y - tui->table_y - 1;
    bool again = place == list->cursor && tui->now - tui->clicked < 500 * CLOCK_MS;

    if (!tui->table.count || event->y <= tui->table_y || event->y > tui->table_y + list->page ||
        place >= list->total)
        return;
    tui->clicked = tui->now;
    if (place != list->cursor)
        list_go(list, place);
    else if (again)
        dispatch_action(tui, ACTION_OPEN);
}

static void mouse_event(struct tui *tui, const struct key_event *event)
{
    if (event->mouse == MOUSE_WHEEL_UP || event->mouse == MOUSE_WHEEL_DOWN) {
        for (int i = 0; i < WHEEL_ROWS; i++)
            dispatch_action(tui, event->mouse == MOUSE_WHEEL_UP ? ACTION_UP : ACTION_DOWN);
        return;
    }
    if (event->mouse != MOUSE_PRESS || event->button != 0 || tui->frame.mini)
        return;
    if (click_keybar(tui, event) || click_tabs(tui, event))
        return;
    if (tui->table.count && event->y == tui->table_y)
        menu_sort_column(tui, table_column_at(&tui->table, event->x));
    else
        click_row(tui, event);
}

/* Where rows are not on the screen, nothing may act on them. */
static bool is_safe_in_mini(enum action action)
{
    return action == ACTION_LEAVE || action == ACTION_QUIT || action == ACTION_REDRAW ||
           action == ACTION_SUSPEND || action == ACTION_COMMAND;
}

static void key_event(struct tui *tui, const struct key_event *event)
{
    enum action action = keys_find(&tui->keys, view_now(tui)->context, event->code);
    bool types = event->code > ' ' && event->code < KEY_FIRST && event->code != '?' &&
                 event->code != ':' && event->code != 'q' && event->code != KEY_BACKSPACE_CODE;

    if (tui->frame.mini && !is_safe_in_mini(action))
        return;
    if (tui->view == VIEW_HELP && types) {
        search_prompt(tui, ACTION_FIND);
        if (event->code != '/')
            prompt_event(tui, event);
        return;
    }
    dispatch_action(tui, action);
}

void dispatch_event(struct tui *tui, const struct key_event *event)
{
    bool typing = tui->prompting || (tui->dialog && tui->dialog->kind == DIALOG_TYPE);

    tui->dirty = tui->urgent = true;
    if (event->code == KEY_PASTE_BEGIN || event->code == KEY_PASTE_END ||
        (tui->input.pasting && !typing))
        return;
    if (tui->input.pasting && event->code == KEY_ENTER_CODE)
        return; /* a pasted newline must not run what was pasted */
    if (tui->dialog)
        dialog_event(tui, event);
    else if (event->code == KEY_MOUSE_EVENT)
        mouse_event(tui, event);
    else if (tui->prompting)
        prompt_event(tui, event);
    else
        key_event(tui, event);
}
