/* SPDX-License-Identifier: MIT */
/*
 * What a worker is inside the library. The tasks in memory are on one of three lists: pending (read
 * but not handed out), in hand, and spare. `lock` guards output, the list in hand and the spare
 * one; the rest belongs to the thread that reads.
 */
#ifndef LIFEGUARD_LIB_STATE_H
#define LIFEGUARD_LIB_STATE_H

#include <pthread.h>
#include <stdbool.h>

#include "lib/lifeguard/worker.h"
#include "lib/stream.h"

struct lg_box {
    struct lg_task task; /* first: its address is the box's */
    struct lg_box *next, *before;
    char *payload;
    size_t cap;
    bool in_hand;
    bool cancelled;
    char id[16];
};

struct lg_boxes {
    struct lg_box *first, *last;
};

struct lg_worker {
    struct lg_stream stream;
    pthread_mutex_t lock;
    struct lg_boxes pending, in_hand, spare;
    int *alive;   /* 1; the kernel makes it 0 in a forked child */
    bool ready;   /* READY was said */
    bool quiet;   /* QUIET came: no more tasks */
    bool stop;    /* STOP came, or the input ended: nothing matters any more */
    bool gather;  /* answers may wait */
    bool waiting; /* the reader sleeps: nobody else would send what was gathered */
    char *init, *answer;
    size_t init_len;
    char reason[256];
};

/* What came, for those who wait for an answer; the pointers are good until the next read. */
struct lg_answer {
    enum { LG_ANSWER_GRANTED, LG_ANSWER_DENIED, LG_ANSWER_VALUE } kind;
    const char *name;
    char *text; /* NULL: no such field */
    size_t text_len;
};

/* -ECHILD in a forked child, else 0. */
int lg_worker_check(const struct lg_worker *worker);
/* Sends one line, behind what was gathered. */
int lg_worker_send(struct lg_worker *worker, const struct lg_field *fields, size_t count);
/*
 * Reads one line and does what it says. 1, and with *answered if it was an answer; 0: the input
 * ended; -EAGAIN, -EINTR, -EPROTO and others as lg_stream_read.
 */
int lg_worker_take_line(struct lg_worker *worker, bool wait, struct lg_answer *answer,
                        bool *answered);

struct lg_box *lg_boxes_pop(struct lg_boxes *list);
void lg_boxes_push(struct lg_boxes *list, struct lg_box *box);
void lg_boxes_remove(struct lg_boxes *list, struct lg_box *box);

struct lg_field lg_word(const char *word);
/* A text, NULL for none; lg_string: of a C string. */
struct lg_field lg_text(const void *text, size_t len);
struct lg_field lg_string(const char *text);
bool lg_is_name(const char *name);

#endif
