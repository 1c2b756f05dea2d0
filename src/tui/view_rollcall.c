/* SPDX-License-Identifier: MIT */
/*
 * The roll-call of a shutdown: below the pools, in place of their panes, who still holds the end
 * up, what each does, and when KILL comes. x asks whether to send it now.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "tui/act.h"
#include "tui/dialog.h"
#include "tui/field.h"
#include "tui/view.h"

enum { STATE_COLS = 70 };

static const json_t *stopping(const struct tui *tui)
{
    return json_object_get(model_summary(&tui->model), "stopping");
}

/* All of them: the summary names the first ones only. */
long long view_rollcall_total(const struct tui *tui)
{
    long long named = (long long)json_array_size(stopping(tui));
    long long total =
        (long long)field_int(model_summary(&tui->model), "stopping_total", (json_int_t)named);

    return total > named ? total : named;
}

int view_rollcall_rows(const struct tui *tui)
{
    int named = (int)json_array_size(stopping(tui));

    return named ? 2 + named + (view_rollcall_total(tui) > named) : 0;
}

void view_rollcall_next(const json_t *row, char *out, size_t size)
{
    double kill_in = field_number(row, "kill_in");
    const char *waits = field_text(row, "waits");

    if (*waits)
        snprintf(out, size, "its turn comes after %s", waits);
    else if (strcmp(field_text(row, "state"), "unkillable") == 0)
        snprintf(out, size, "survives KILL");
    else if (isnan(kill_in))
        snprintf(out, size, "KILL was sent");
    else
        snprintf(out, size, "KILL in %.0fs", fmax(0, kill_in));
}

static void draw_row(struct tui *tui, int y, const json_t *row)
{
    const char *state = field_text(row, "state");
    const struct look *look = theme_look(state);
    double since = field_number(row, "for");
    char who[80], span[16] = "", next[160];
    int x;

    snprintf(who, sizeof(who), "%s[%lld]", field_text(row, "pool"),
             (long long)field_int(row, "slot", 0));
    if (!isnan(since))
        str_format_duration(span, since);
    view_rollcall_next(row, next, sizeof(next));
    view_put(tui, y, 2, look->role, "%s", look->glyph);
    x = view_put(tui, y, 4, ROLE_NORMAL, "%-20.40s pid %-8lld", who,
                 (long long)field_int(row, "pid", 0));
    if (tui->frame.cols >= STATE_COLS)
        x = view_put(tui, y, x + 1, look->role, "%-10s", state);
    x = view_put(tui, y, x + 1, ROLE_NORMAL, "%6s", span);
    view_put(tui, y, x + 2, strcmp(state, "unkillable") == 0 ? ROLE_HUNG : ROLE_NORMAL, "%s", next);
}

int view_draw_rollcall(struct tui *tui, int y, int bottom)
{
    const json_t *rows = stopping(tui);
    long long total = view_rollcall_total(tui), left = total;
    char title[64];

    if (y + 2 >= bottom)
        return y;
    snprintf(title, sizeof(title), "stopping: waits for %lld (x kills now)", total);
    view_rule(tui, ++y, title);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        /* The last line says how many more there are. */
        if (y + 2 >= bottom && left > 1)
            break;
        draw_row(tui, ++y, json_array_get(rows, i));
        left--;
    }
    if (left > 0)
        view_put(tui, ++y, 4, ROLE_DIM, "and %lld more", left);
    return y + 1;
}

bool view_rollcall_kill(struct tui *tui)
{
    const char *name = field_text(model_summary(&tui->model), "name");
    struct dialog *dialog;

    if (!json_array_size(stopping(tui)))
        return false;
    dialog = act_ask(tui, "Kill what is left", "Kill", name,
                     json_pack("[{s:s,s:b}]", "cmd", "shutdown", "now", 1), "KILL to all");
    dialog_line(dialog, "KILL at once to %lld that still stop: no grace time.",
                view_rollcall_total(tui));
    dialog_line(dialog, "Type %s to do it:", name);
    return true;
}
