/* SPDX-License-Identifier: MIT */
/*
 * map's progress on stderr: a bar that is drawn over itself on a terminal, else a line now and
 * then. Figures come from the supervisor's summary view.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "cli/map_text.h"
#include "cli/print.h"

enum { BAR_WIDTH = 30, BAR_LEAST = 5, BAR_FRAME = 3 };

static double number_of(const json_t *object, const char *key, double fallback)
{
    const json_t *value = json_object_get(object, key);

    return json_is_number(value) ? json_number_value(value) : fallback;
}

/* "45%  450/1000  62.4/s  ETA 3m12s  2 failed"; where nobody can know how many will come, "450 of
 * 1000 so far". The share that is done, -1 where unknown. */
static double progress_text(const json_t *summary, char *text, size_t size)
{
    double ended = number_of(summary, "done", 0), accepted = number_of(summary, "accepted", 0);
    double total = number_of(summary, "total", -1), failed = number_of(summary, "failed", 0);
    double share = total > 0 ? ended / total : -1;
    char eta[16], counts[64], failures[48] = "";

    str_format_duration(eta, number_of(summary, "eta", -1));
    if (failed > 0)
        snprintf(failures, sizeof(failures), "  %.0f failed", failed);
    if (share < 0)
        snprintf(counts, sizeof(counts), "%.0f of %.0f so far", ended, accepted);
    else
        snprintf(counts, sizeof(counts), "%3.0f%%  %.0f/%.0f", floor(share * 100), ended, total);
    snprintf(text, size, "%s  %.1f/s  ETA %s%s", counts, number_of(summary, "rate", 0), eta,
             failures);
    return share;
}

void map_progress_print(const json_t *summary, bool terminal)
{
    char text[256], bar[BAR_WIDTH + 1];
    double share = progress_text(summary, text, sizeof(text));
    int columns = print_width(STDERR_FILENO), width = BAR_WIDTH;

    /* The last column stays free: a cursor behind it would make a line of its own. */
    if (columns > 0 && columns - 1 - (int)strlen(text) - BAR_FRAME < width)
        width = columns - 1 - (int)strlen(text) - BAR_FRAME;
    if (columns > 0 && (int)strlen(text) > columns - 1)
        text[columns - 1] = '\0';
    if (share >= 0 && width >= BAR_LEAST) {
        memset(bar, ' ', sizeof(bar));
        memset(bar, '|', (size_t)(share * width));
        fprintf(stderr, "%s[%.*s] %s%s", terminal ? "\r" : "", width, bar, text,
                terminal ? "\033[K" : "\n");
    } else {
        fprintf(stderr, "%s%s%s", terminal ? "\r" : "", text, terminal ? "\033[K" : "\n");
    }
    fflush(stderr);
}

void map_progress_clear(bool terminal)
{
    if (!terminal)
        return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
}
