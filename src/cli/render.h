/* SPDX-License-Identifier: MIT */
/*
 * Answers of the supervisor as tables for people.
 */
#ifndef LIFEGUARD_CLI_RENDER_H
#define LIFEGUARD_CLI_RENDER_H

#include <jansson.h>
#include <stdbool.h>

struct buf;

/* How the output is to look. */
struct render_style {
    bool color;
    int width; /* cells of the terminal, 0 = none */
};

void render_status(const json_t *reply, const struct render_style *style, struct buf *out);
void render_workers(const json_t *reply, const struct render_style *style, struct buf *out);
void render_tasks(const json_t *reply, const struct render_style *style, struct buf *out);
/* A worker's diagnosis, or of one that is gone its end and the report that was kept (why.c). */
void render_why(const json_t *reply, const struct render_style *style, struct buf *out);
void render_event(const json_t *event, const struct render_style *style, struct buf *out);
void render_events(const json_t *reply, const struct render_style *style, struct buf *out);
/* What an acting verb answered: nothing but "ok" is worth no line. */
void render_done(const json_t *reply, const struct render_style *style, struct buf *out);

#endif
