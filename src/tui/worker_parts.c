/* SPDX-License-Identifier: MIT */
/*
 * Rows on one worker that the Detail view and the pane below the workers share: how far its task
 * is, what it says of itself, and the locks between it and others.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tui/field.h"
#include "tui/view.h"

enum { BAR = 30, TEXT_AT = 14 };

void view_format_progress(char *out, size_t size, const json_t *row)
{
    double done = field_number(row, "progress_done"), total = field_number(row, "progress_total");
    const char *text = field_text(row, "progress_text");
    char some[32], all[32], eta[16], counts[80] = "";

    *out = '\0';
    if (isnan(done) && isnan(field_number(row, "progress")))
        return;
    field_format_count(some, done);
    field_format_count(all, total);
    field_format_age(eta, field_number(row, "eta"));
    if (!isnan(total))
        snprintf(counts, sizeof(counts), "%s/%s", some, all);
    else if (!isnan(done))
        snprintf(counts, sizeof(counts), "%s", some);
    snprintf(out, size, "%s%s%.100s%s%s", counts, *text && *counts ? "  " : "", text,
             strcmp(eta, "-") == 0 ? "" : "  ETA ", strcmp(eta, "-") == 0 ? "" : eta);
}

int view_draw_progress(struct tui *tui, const json_t *row, int y)
{
    double progress = field_number(row, "progress");
    char text[256], bar[64];
    int x = TEXT_AT;

    if (isnan(progress) && isnan(field_number(row, "progress_done")))
        return y;
    view_put(tui, y, 2, ROLE_NORMAL, "Progress");
    if (!isnan(progress) && !tui->options->plain) {
        view_bar(bar, sizeof(bar), progress / 100, BAR);
        x = view_put(tui, y, x, ROLE_METER, "%s", bar) + 1;
    }
    if (!isnan(progress))
        x = view_put(tui, y, x, ROLE_NORMAL, "%.0f%%  ", progress);
    view_format_progress(text, sizeof(text), row);
    view_put(tui, y, x, ROLE_NORMAL, "%s", text);
    return y + 1;
}

int view_draw_shares(struct tui *tui, const json_t *row, int y)
{
    const char *status = field_text(row, "status"), *held = field_text(row, "held");
    const char *awaits = field_text(row, "awaits");
    int x;

    if (*status)
        view_put(tui, y++, 2, ROLE_NORMAL, "%-11s %s", "Status", status);
    if (!*held && !*awaits)
        return y;
    x = view_put(tui, y, 2, ROLE_NORMAL, "%-11s ", "Shared");
    if (*held)
        x = view_put(tui, y, x, ROLE_NORMAL, "holds %s%s", held, *awaits ? "   " : "");
    if (*awaits)
        view_put(tui, y, x, ROLE_BACKOFF, "waits for %s", awaits);
    return y + 1;
}
