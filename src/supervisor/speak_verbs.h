/* SPDX-License-Identifier: MIT */
/*
 * What each verb of a worker does. Called for every line by speak.c.
 */
#ifndef LIFEGUARD_SUPERVISOR_SPEAK_VERBS_H
#define LIFEGUARD_SUPERVISOR_SPEAK_VERBS_H

#include <stdbool.h>
#include <stddef.h>

#include "pool/shared.h"

struct err;
struct life;
struct worker_line;

/* False when the line is a breach, with the reason. */
bool speak_verb(struct life *life, struct worker_line *line, struct err *err);
/* Answers of the shared objects to a holder (a life); see pool/shared.h. */
void speak_shared_answer(void *ctx, void *holder, enum shared_answer answer, const char *name,
                         size_t name_len, const char *text, size_t len);
/* Tries the life's waiting PUT. True while it must go on waiting. */
bool speak_put_again(struct life *life);

#endif
