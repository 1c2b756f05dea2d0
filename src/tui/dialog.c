/* SPDX-License-Identifier: MIT */
/*
 * Dialogs. They are drawn last, over the view.
 */
#include "tui/dialog.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "tui/cells.h"
#include "tui/input.h"
#include "tui/theme.h"

struct dialog *dialog_new(enum dialog_kind kind, const char *title)
{
    struct dialog *dialog = mem_new(sizeof(*dialog));

    dialog->kind = kind;
    snprintf(dialog->title, sizeof(dialog->title), "%s", title);
    prompt_open(&dialog->prompt, "", NULL);
    return dialog;
}

void dialog_free(struct dialog *dialog)
{
    if (!dialog)
        return;
    if (dialog->data && dialog->free_data)
        dialog->free_data(dialog->data);
    free(dialog->data);
    free(dialog);
}

void dialog_line(struct dialog *dialog, const char *format, ...)
{
    va_list args;

    if (dialog->line_count == DIALOG_LINES)
        return;
    va_start(args, format);
    vsnprintf(dialog->lines[dialog->line_count++], sizeof(dialog->lines[0]), format, args);
    va_end(args);
}

void dialog_item(struct dialog *dialog, char key, int value, const char *format, ...)
{
    size_t i = dialog->item_count;
    va_list args;

    if (i == DIALOG_ITEMS)
        return;
    va_start(args, format);
    vsnprintf(dialog->items[i], sizeof(dialog->items[0]), format, args);
    va_end(args);
    dialog->item_keys[i] = key;
    dialog->item_values[i] = value;
    dialog->item_count++;
}

static bool menu_key(struct dialog *dialog, const struct key_event *event, bool *yes, int *value)
{
    size_t last = dialog->item_count - 1;

    switch (event->code) {
    case KEY_UP_CODE:
    case 'k':
        dialog->chosen = dialog->chosen ? dialog->chosen - 1 : last;
        return false;
    case KEY_DOWN_CODE:
    case KEY_TAB:
    case 'j':
        dialog->chosen = dialog->chosen < last ? dialog->chosen + 1 : 0;
        return false;
    case KEY_ENTER_CODE:
        *yes = true;
        *value = dialog->item_values[dialog->chosen];
        return true;
    default:
        break;
    }
    for (size_t i = 0; i < dialog->item_count; i++) {
        if (dialog->item_keys[i] && event->code == (unsigned char)dialog->item_keys[i]) {
            *yes = true;
            *value = dialog->item_values[i];
            return true;
        }
    }
    return event->code == 'q';
}

/* A click on a menu's item chooses it; a click outside any dialog is No. */
static bool mouse_key(struct dialog *dialog, const struct key_event *event, bool *yes, int *value)
{
    int line = event->y - dialog->top - 1 - (int)dialog->line_count;
    bool inside = event->y >= dialog->top && event->y < dialog->top + dialog->height &&
                  event->x >= dialog->left && event->x < dialog->left + dialog->width;

    if (event->mouse != MOUSE_PRESS)
        return false;
    if (inside && dialog->kind == DIALOG_MENU && line >= 0 && line < (int)dialog->item_count) {
        *yes = true;
        *value = dialog->item_values[line];
        return true;
    }
    return !inside;
}

static bool type_key(struct dialog *dialog, const struct key_event *event, bool *yes)
{
    enum prompt_outcome outcome = prompt_key(&dialog->prompt, event);

    if (outcome == PROMPT_DONE && strcmp(dialog->prompt.text, dialog->expected) == 0) {
        *yes = true;
        return true;
    }
    return outcome == PROMPT_CANCELLED || (outcome == PROMPT_DONE && !dialog->prompt.len);
}

bool dialog_key(struct dialog *dialog, const struct key_event *event, bool *yes, int *value)
{
    *yes = false;
    *value = 0;
    if (event->code == KEY_MOUSE_EVENT)
        return mouse_key(dialog, event, yes, value);
    if (dialog->kind == DIALOG_TYPE)
        return type_key(dialog, event, yes);
    if (event->code == KEY_ESCAPE || event->code == KEY_CTRL_C)
        return true;
    if (dialog->kind == DIALOG_MENU)
        return menu_key(dialog, event, yes, value);
    *yes = event->code == 'y' || event->code == 'Y';
    /* A key that is neither answer must not look like one: only n, q and Enter close as No. */
    return *yes || event->code == 'n' || event->code == 'N' || event->code == 'q' ||
           event->code == KEY_ENTER_CODE;
}

static int widest(const struct dialog *dialog)
{
    size_t width = utf8_text_width(dialog->title, strlen(dialog->title)) + 4;

    for (size_t i = 0; i < dialog->line_count; i++) {
        size_t line = utf8_text_width(dialog->lines[i], strlen(dialog->lines[i])) + 2;
        width = line > width ? line : width;
    }
    for (size_t i = 0; i < dialog->item_count; i++) {
        size_t item = utf8_text_width(dialog->items[i], strlen(dialog->items[i])) +
                      (dialog->item_keys[i] ? 9 : 6);
        width = item > width ? item : width;
    }
    return (int)(width < 47 ? 47 : width);
}

static void draw_box(struct dialog *dialog, struct cells *cells, const struct theme *theme)
{
    struct text_style style = theme_style(theme, ROLE_TITLE);
    int top = dialog->top, left = dialog->left, width = dialog->width, height = dialog->height;

    for (int y = top; y < top + height; y++)
        cells_fill(cells, y, left, width, ' ', TEXT_PLAIN);
    for (int y = top; y < top + height; y++) {
        bool edge = y == top || y == top + height - 1;
        cells_fill(cells, y, left, width, edge ? 0x2500 : ' ', style);
        cells_put(cells, y, left, 1, style, y == top ? "┌" : edge ? "└" : "│");
        cells_put(cells, y, left + width - 1, 1, style, y == top ? "┐" : edge ? "┘" : "│");
    }
    cells_printf(cells, top, left + 1, width - 2, style, " %s ", dialog->title);
}

static void draw_answers(struct dialog *dialog, struct cells *cells, const struct theme *theme,
                         int y)
{
    struct text_style title = theme_style(theme, ROLE_TITLE);
    int x = dialog->left + 2, room = dialog->width - 4;
    int need = (int)strlen(dialog->verb) + 15;

    if (dialog->kind == DIALOG_TYPE) {
        prompt_draw(&dialog->prompt, cells, y, x, room, "> ", title);
        return;
    }
    x += room > need ? (room - need) / 2 : 0;
    cells_put(cells, y, x, 6, theme_style(theme, ROLE_TAB), "> No <");
    cells_put(cells, y, x + 11, 1, title, "y");
    cells_put(cells, y, x + 13, room, TEXT_PLAIN, dialog->verb);
    cells->cursor_y = y;
    cells->cursor_x = x + 2;
}

void dialog_draw(struct dialog *dialog, struct cells *cells, const struct theme *theme)
{
    int y;

    dialog->width = widest(dialog) + 2;
    if (dialog->width > cells->cols)
        dialog->width = cells->cols;
    dialog->height =
        (int)(dialog->line_count + dialog->item_count) + 2 + (dialog->kind != DIALOG_MENU);
    dialog->top = (cells->rows - dialog->height) / 2;
    dialog->top = dialog->top < 0 ? 0 : dialog->top;
    dialog->left = (cells->cols - dialog->width) / 2;
    draw_box(dialog, cells, theme);
    y = dialog->top + 1;
    for (size_t i = 0; i < dialog->line_count; i++)
        cells_put(cells, y++, dialog->left + 2, dialog->width - 4, TEXT_PLAIN, dialog->lines[i]);
    for (size_t i = 0; i < dialog->item_count; i++, y++) {
        bool chosen = i == dialog->chosen;
        cells_printf(cells, y, dialog->left + 2, dialog->width - 4, TEXT_PLAIN, "%s %s",
                     chosen ? "▸" : " ", dialog->items[i]);
        if (dialog->item_keys[i])
            cells_printf(cells, y, dialog->left + dialog->width - 3, 1,
                         theme_style(theme, ROLE_KEY), "%c", dialog->item_keys[i]);
        if (!chosen)
            continue;
        cells_select(cells, y, dialog->left + 1, dialog->width - 2);
        cells->cursor_y = y;
        cells->cursor_x = dialog->left + 2;
    }
    if (dialog->kind != DIALOG_MENU)
        draw_answers(dialog, cells, theme, y);
}
