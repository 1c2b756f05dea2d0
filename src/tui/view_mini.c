/* SPDX-License-Identifier: MIT */
/*
 * Below 60x12: no refusal and no frame without rows, but the lines that matter most, worst first.
 */
#include <stdio.h>
#include <string.h>

#include "tui/field.h"
#include "tui/view.h"

static int draw_totals(struct tui *tui, int y)
{
    const json_t *summary = model_summary(&tui->model);
    int x =
        view_put(tui, y, 0, ROLE_TITLE, "%lld/%lld up", (long long)field_int(summary, "live", 0),
                 (long long)field_int(summary, "want", 0));

    if (field_int(summary, "hung", 0) > 0)
        x = view_put(tui, y, x + 1, ROLE_HUNG, "!%lld", (long long)field_int(summary, "hung", 0));
    if (field_int(summary, "failed_pools", 0) > 0)
        x = view_put(tui, y, x + 1, ROLE_GAVE_UP, "⊘%lld",
                     (long long)field_int(summary, "failed_pools", 0));
    view_put(tui, y, x + 1, ROLE_NORMAL, "q%lld", (long long)field_int(summary, "queue", 0));
    return y + 1;
}

/* How bad a state is; 0 = not worth a line here. */
static int badness(const char *state)
{
    static const char *const states[] = {"draining", "starting", "backoff",
                                         "hung",     "held",     "failed"};

    for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++)
        if (strcmp(states[i], state) == 0)
            return (int)i + 1;
    return 0;
}

static void draw_pool(struct tui *tui, int y, const json_t *pool)
{
    const char *state = field_text(pool, "state");
    const json_t *alert = json_array_get(json_object_get(pool, "alert"), 0);
    const struct look *look = theme_look(state);
    int x = view_put(tui, y, 0, look->role, "%s", look->glyph);

    x = view_put(tui, y, x + 1, ROLE_NORMAL, "%s ", field_text(pool, "name"));
    if (strcmp(state, "hung") == 0 && json_is_string(alert))
        view_put(tui, y, x, ROLE_NORMAL, "%s", json_string_value(alert));
    else
        view_put(tui, y, x, ROLE_NORMAL, "%s", state);
}

void view_draw_mini(struct tui *tui)
{
    int last = tui->frame.rows - 1, y = draw_totals(tui, 0);

    for (int bad = 6; bad >= 0; bad--)
        for (int i = 0; i < tui->pool_count && y < last; i++)
            if (badness(field_text(tui->pools[i], "state")) == bad)
                draw_pool(tui, y++, tui->pools[i]);
    if (tui->prompting)
        prompt_draw(&tui->prompt, &tui->cells, last, 0, tui->frame.cols, ":",
                    view_style(tui, ROLE_KEY));
    else if (last > 0)
        view_put(tui, last, 0, ROLE_DIM, "need 60x12, have %dx%d", tui->frame.cols,
                 tui->frame.rows);
}
