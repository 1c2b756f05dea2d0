/* SPDX-License-Identifier: MIT */
/*
 * The log viewer's state: a bounded ring of lines (live, or of an earlier run's file), filter and
 * hits with their counts kept up, and a viewport that stays on its line while it is paused,
 * whatever arrives or falls out of the ring. Lines have numbers that never change.
 */
#ifndef LIFEGUARD_TUI_LOGVIEW_H
#define LIFEGUARD_TUI_LOGVIEW_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct match;

enum { LOGVIEW_LINES = 20000, LOGVIEW_BYTES = 12 * 1024 * 1024, LOGVIEW_TAIL = 2000 };

enum log_time { LOG_TIME_CLOCK, LOG_TIME_RELATIVE, LOG_TIME_OFF };

struct log_line {
    char *text;
    uint32_t len;
    int32_t slot;
    int64_t pid;
    double at;       /* epoch, NAN when not known */
    char stream;     /* 'o', 'e', 's' (the supervisor), 'n' (our own note) */
    char mark;       /* what is shown: I W E ! or blank */
    bool shown, hit; /* passes the filter; matches the search */
    char pool[24];
};

struct logview {
    struct log_line *ring; /* LOGVIEW_LINES, once there is a line */
    int64_t first, next;   /* numbers of the oldest line and of the next to come */
    size_t bytes;
    int64_t shown, hits;           /* lines that pass the filter; hits among these */
    struct match *filter, *search; /* owned */

    bool paused;
    int64_t top;     /* line at the top of the screen while paused */
    int64_t arrived; /* shown lines that came since it was paused */
    int64_t missed;  /* of these: not kept, because the ring is full of what is being read */
    int64_t found;   /* line of the current hit, -1 = none */
    int64_t drawn_top, drawn_last; /* lines at both ends of the screen */
    int64_t max_pid;               /* widest PID so far, for its column */
    int left;                      /* cells scrolled to the right */
    bool wrap, no_color;
    enum log_time time;

    char target[160]; /* subscription: PID, POOL[SLOT], POOL or "*" */
    char label[160];
    char path[1024]; /* file on disk of the live log, "" = not known */
    char past[1024]; /* file that is shown instead of the live log, "" = live */
    int life;        /* which earlier run it is: 1 = the last before this one */
    int life_wanted; /* to be shown once the past lives are known */
};

void logview_fini(struct logview *view);
/* Forgets the lines, keeps filter, search and how they are shown. */
void logview_clear(struct logview *view);
void logview_open(struct logview *view, const char *target, const char *label);
/* A message of the view "log". */
void logview_take(struct logview *view, const json_t *message);
void logview_add(struct logview *view, const struct log_line *line, const char *text, size_t len);
/* Pausing keeps `top` on the screen; resuming follows again and says what was missed. */
void logview_pause(struct logview *view, int64_t top);
void logview_resume(struct logview *view);
void logview_note(struct logview *view, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Takes the pattern over (NULL = none) and counts anew. */
void logview_filter(struct logview *view, struct match *match);
void logview_search(struct logview *view, struct match *match);
const struct log_line *logview_line(const struct logview *view, int64_t number);
/* True where the supervisor says that a life begins or ends. */
bool logview_is_rule(const struct log_line *line);
/* The next shown line after (step 1) or before (-1) `number`, -1 = none. */
int64_t logview_step(const struct logview *view, int64_t number, int step);
/* The next hit or error line, from the top of the screen; wraps. -1 = none. */
int64_t logview_find(const struct logview *view, int64_t from, int step, bool errors);
/* How many hits are at or before `number`. */
int64_t logview_rank(const struct logview *view, int64_t number);
/* First line at or after the time, -1 = none. */
int64_t logview_at_time(const struct logview *view, double at);

/* logfile.c: the end of the log file of the life that had the PID, at most LOGVIEW_LINES lines of
 * 4 MiB. */
int logfile_read(struct logview *view, const char *path, int64_t pid, struct err *err);
/* The whole file, or the shown lines when there is a filter, to a new file. */
int logfile_save(const struct logview *view, const char *path, struct err *err);

#endif
