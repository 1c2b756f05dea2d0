/* SPDX-License-Identifier: MIT */
/*
 * map's progress on stderr: a bar that is drawn over itself on a terminal, else a line now and
 * then. Figures come from the supervisor's summary view.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cli/map_text.h"

enum { BAR_WIDTH = 30 };

static double number_of(const json_t *object, const char *key, double fallback)
{
    const json_t *value = json_object_get(object, key);

    return json_is_number(value) ? json_number_value(value) : fallback;
}

void map_progress_print(const json_t *summary, bool terminal)
{
    double ended = number_of(summary, "done", 0), accepted = number_of(summary, "accepted", 0);
    double failed = number_of(summary, "failed", 0);
    double share = accepted > 0 ? ended / accepted : 0;
    int full = (int)(share * BAR_WIDTH);
    char bar[BAR_WIDTH + 1], eta[16], failures[48] = "";

    memset(bar, ' ', BAR_WIDTH);
    memset(bar, '|', (size_t)full);
    bar[BAR_WIDTH] = '\0';
    str_format_duration(eta, number_of(summary, "eta", -1));
    if (failed > 0)
        snprintf(failures, sizeof(failures), "  %.0f failed", failed);
    fprintf(stderr, "%s[%s] %3.0f%%  %.0f/%.0f  %.1f/s  ETA %s%s%s", terminal ? "\r" : "", bar,
            floor(share * 100), ended, accepted, number_of(summary, "rate", 0), eta, failures,
            terminal ? "\033[K" : "\n");
    fflush(stderr);
}

void map_progress_clear(bool terminal)
{
    if (!terminal)
        return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
}
