/* SPDX-License-Identifier: MIT */
/* The meters over the pools: what the machine and the queues do, in three or four lines. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "tui/field.h"
#include "tui/view.h"

enum { WIDE = 110 };

static int bar_width(const struct tui *tui)
{
    int over = tui->frame.cols - 80;
    int inner = 18 + (over < 0 ? over : over / 2);

    return (inner < 4 ? 4 : inner > 68 ? 68 : inner) + 2;
}

/* "Label   [||||   ] text"; the bar is left out in plain mode. */
static int draw_left(struct tui *tui, int y, const char *label, double part, const char *text)
{
    char bar[128];
    int x = view_put(tui, y, 0, ROLE_TITLE, "%-8s", label);

    view_bar(bar, sizeof(bar), part, bar_width(tui));
    if (!tui->options->plain)
        x = view_put(tui, y, x, ROLE_METER, "%s", bar) + 1;
    return view_put(tui, y, x, ROLE_NORMAL, "%s", text);
}

/* Right-aligned behind `left`, if it fits there. */
static void draw_right(struct tui *tui, int y, int left, const char *text)
{
    int x = tui->frame.cols - (int)utf8_text_width(text, strlen(text));

    if (x >= left + 2)
        view_put(tui, y, x, ROLE_NORMAL, "%s", text);
}

static void draw_workers(struct tui *tui, const json_t *summary, int y)
{
    double live = field_number(summary, "live"), want = field_number(summary, "want");
    char text[96], line[512], queue[32], eta[16], spark[256] = "";
    int left, cells = tui->frame.cols < 100 ? 8 : tui->frame.cols < 160 ? 16 : 40;
    int end = tui->frame.cols;

    snprintf(text, sizeof(text), "%.0f/%.0f, %lld busy", live, want,
             (long long)field_int(summary, "busy", 0));
    left = draw_left(tui, y, "Workers", want > 0 ? live / want : 0, text);
    field_format_count(queue, field_number(summary, "queue"));
    field_format_eta(eta, summary);
    if (!tui->options->plain)
        field_sparkline(spark, sizeof(spark), json_object_get(summary, "queue_history"), cells, 0);
    snprintf(line, sizeof(line), "Queue %6s %s%sETA %s", queue, spark, *spark ? " " : "", eta);
    draw_right(tui, y, left, line);
    /* The sparkline again, in its colour: it stands before the ETA. */
    end -= (int)strlen(eta) + 5 + (int)utf8_text_width(spark, strlen(spark));
    if (*spark && end > left + 15)
        view_put(tui, y, end, ROLE_METER, "%s", spark);
}

static void draw_cpu(struct tui *tui, const json_t *summary, int y)
{
    double cpu = field_number(summary, "cpu"), cpus = field_number(summary, "cpus");
    char text[96], rate[16], fails[16];
    int left;

    cpus = cpus > 0 ? cpus : 1;
    if (isnan(cpu))
        snprintf(text, sizeof(text), "- %.0f cpu", cpus);
    else
        snprintf(text, sizeof(text), "%.0f%% %.0f cpu", cpu / cpus, cpus);
    left = draw_left(tui, y, "CPU", isnan(cpu) ? 0 : cpu / cpus / 100, text);
    field_format_rate(rate, field_number(summary, "rate"));
    field_format_rate(fails, field_number(summary, "fail_rate"));
    snprintf(text, sizeof(text), "Done %s/s  failed %s/s (%.1f%%)", rate, fails,
             field_number(summary, "fail_percent") > 0 ? field_number(summary, "fail_percent")
                                                       : 0.0);
    draw_right(tui, y, left, text);
}

static void draw_memory(struct tui *tui, const json_t *summary, int y)
{
    const double gib = 1024.0 * 1024 * 1024;
    double mem = field_number(summary, "mem"), total = field_number(summary, "mem_total");
    char text[96], oldest[16], oom[32];
    int left;

    if (mem >= gib)
        snprintf(text, sizeof(text), "%.1f/%.0f GiB", mem / gib, total / gib);
    else
        snprintf(text, sizeof(text), "%.0f MiB of %.0f GiB", mem > 0 ? mem / gib * 1024 : 0.0,
                 total > 0 ? total / gib : 0.0);
    left = draw_left(tui, y, "Memory", total > 0 && mem > 0 ? mem / total : 0, text);
    field_format_age(oldest, field_number(summary, "oldest"));
    field_format_count(oom, field_number(summary, "oom")); /* "-" where nobody can know */
    snprintf(text, sizeof(text), "Restarts %lld last hour  OOM %s  oldest task %s",
             (long long)field_int(summary, "restarts_hour", 0), oom, oldest);
    draw_right(tui, y, left, text);
}

/* A finite run has an end: how far it is. */
static void draw_progress(struct tui *tui, const json_t *summary, int y)
{
    bool known = json_is_integer(json_object_get(summary, "total"));
    double total = field_number(summary, known ? "total" : "accepted");
    double done = field_number(summary, "done");
    char text[96], of[32], so_far[32];
    int left;

    field_format_count(so_far, done);
    field_format_count(of, total);
    snprintf(text, sizeof(text), "%.0f%% %s of %s", total > 0 ? floor(done * 100 / total) : 0.0,
             so_far, of);
    left = draw_left(tui, y, "Tasks", total > 0 ? done / total : 0, text);
    snprintf(text, sizeof(text), "oldest waiting ");
    field_format_age(text + strlen(text), field_number(summary, "oldest"));
    draw_right(tui, y, left, text);
}

int view_draw_meters(struct tui *tui, int y)
{
    const json_t *summary = model_summary(&tui->model);
    bool wide = tui->frame.cols >= WIDE && tui->frame.rows >= 30;

    if (!summary)
        return y + 2 + wide;
    draw_workers(tui, summary, y++);
    if (field_bool(summary, "finite") && !wide)
        draw_progress(tui, summary, y++);
    else
        draw_cpu(tui, summary, y++);
    if (wide && field_bool(summary, "finite"))
        draw_progress(tui, summary, y++);
    else if (wide)
        draw_memory(tui, summary, y++);
    return y;
}
