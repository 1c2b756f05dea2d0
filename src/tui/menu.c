/* SPDX-License-Identifier: MIT */
/* Sorting and the setup menu. */
#include <stdio.h>
#include <string.h>

#include "tui/act.h"
#include "tui/dialog.h"
#include "tui/dispatch.h"
#include "tui/view.h"

static void sort_by(struct tui *tui, const char *key)
{
    struct sort *sort = &tui->sorts[tui->view];

    if (sort->key && strcmp(sort->key, key) == 0)
        sort->desc = !sort->desc;
    else
        *sort = (struct sort){.key = key};
    tui->grouped = false;
}

static void on_sort(struct tui *tui, struct dialog *dialog, int value)
{
    (void)dialog;
    sort_by(tui, view_now(tui)->columns[value].sort);
}

/* The first column of each key; the glyph sorts as its state does and is not offered. */
static bool is_offered(const struct view *view, size_t i)
{
    return view->columns[i].sort && (i > 0 || strcmp(view->columns[i].title, "S") != 0);
}

void menu_sort(struct tui *tui)
{
    const struct view *view = view_now(tui);
    const char *now = tui->sorts[tui->view].key;
    struct dialog *dialog;

    if (!view->columns)
        return;
    dialog = dialog_new(DIALOG_MENU, "Sort by");
    for (size_t i = 0; i < view->column_count; i++) {
        if (!is_offered(view, i))
            continue;
        if (now && strcmp(now, view->columns[i].sort) == 0)
            dialog->chosen = dialog->item_count;
        dialog_item(dialog, 0, (int)i, "%s", view->columns[i].title);
    }
    dialog->on_yes = on_sort;
    act_open_dialog(tui, dialog);
}

void menu_sort_step(struct tui *tui, int step)
{
    const struct view *view = view_now(tui);
    int count = (int)view->column_count, at = -1;

    for (int i = 0; i < count; i++)
        if (tui->sorts[tui->view].key && is_offered(view, (size_t)i) &&
            strcmp(view->columns[i].sort, tui->sorts[tui->view].key) == 0)
            at = i;
    for (int i = 0; i < count; i++) {
        at = at < 0 && step < 0 ? count - 1 : (at + step + count) % count;
        if (is_offered(view, (size_t)at))
            break;
    }
    if (count) {
        tui->sorts[tui->view] = (struct sort){.key = view->columns[at].sort};
        notice_say(tui, ROLE_NORMAL, "Sorted by %s", view->columns[at].title);
    }
}

void menu_sort_invert(struct tui *tui)
{
    struct sort *sort = &tui->sorts[tui->view];

    /* The workers are always sorted; the other lists have an order of their own until then. */
    if (!sort->key && tui->view != VIEW_WORKERS)
        notice_say(tui, ROLE_NORMAL, "F6 chooses a column first");
    else
        sort->desc = !sort->desc;
}

void menu_sort_column(struct tui *tui, int column)
{
    const struct view *view = view_now(tui);

    if (column >= 0 && (size_t)column < view->column_count && view->columns[column].sort)
        sort_by(tui, view->columns[column].sort);
}

enum setup { SETUP_MOUSE, SETUP_METERS, SETUP_THEME, SETUP_ASCII, SETUP_GROUP, SETUP_WRAP };

static void on_setup(struct tui *tui, struct dialog *dialog, int value)
{
    (void)dialog;
    if (value == SETUP_MOUSE)
        terminal_set_mouse(&tui->terminal, !tui->terminal.mouse);
    else if (value == SETUP_METERS)
        tui->no_meters = !tui->no_meters;
    else if (value == SETUP_THEME)
        tui->theme.light = !tui->theme.light;
    else if (value == SETUP_ASCII)
        tui->cells.ascii = tui->ascii_terminal || !tui->cells.ascii;
    else if (value == SETUP_GROUP)
        tui->grouped = !tui->grouped;
    else
        tui->logs.wrap = !tui->logs.wrap;
    menu_setup(tui);
    tui->dialog->chosen = (size_t)value;
}

static const char *on_off(bool on)
{
    return on ? "on" : "off";
}

void menu_setup(struct tui *tui)
{
    struct dialog *dialog = dialog_new(DIALOG_MENU, "Setup");

    dialog_line(dialog, "Enter changes, Esc closes");
    dialog_item(dialog, 0, SETUP_MOUSE, "Mouse            %s", on_off(tui->terminal.mouse));
    dialog_item(dialog, 0, SETUP_METERS, "Meters           %s", on_off(!tui->no_meters));
    dialog_item(dialog, 0, SETUP_THEME, "Background       %s", tui->theme.light ? "light" : "dark");
    dialog_item(dialog, 0, SETUP_ASCII, "ASCII only       %s", on_off(tui->cells.ascii));
    dialog_item(dialog, 0, SETUP_GROUP, "Workers by pool  %s", on_off(tui->grouped));
    dialog_item(dialog, 0, SETUP_WRAP, "Wrap log lines   %s", on_off(tui->logs.wrap));
    dialog->on_yes = on_setup;
    act_open_dialog(tui, dialog);
}
