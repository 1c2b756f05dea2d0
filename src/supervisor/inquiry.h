/* SPDX-License-Identifier: MIT */
/*
 * Taking evidence of a worker: what the supervisor knows of it, what the collector (a process of
 * its own, see evidence/collect.h) finds in /proc, and what the configured program prints, put
 * together as one report. The report is kept in state_dir/reports; the deed that waits for it
 * follows whatever becomes of it.
 */
#ifndef LIFEGUARD_SUPERVISOR_INQUIRY_H
#define LIFEGUARD_SUPERVISOR_INQUIRY_H

#include <stdbool.h>
#include <stdint.h>

#include "pool/gather.h"

struct client;
struct life;
struct request;
struct supervisor;
struct worker;

/* The domain's wish: false when there are too many at once, or nowhere to keep it. */
bool inquiry_begin(struct life *life, enum gather_kind kind);
/* An operator's question (`why`): the report is the answer, as soon as it is complete. */
void inquiry_ask(struct life *life, struct request *request);
/* The life ends, the client goes: what was begun is finished without them. */
void inquiry_forget_life(struct life *life);
void inquiry_forget_client(struct client *client);
void inquiry_free_all(struct supervisor *sup);

#endif
