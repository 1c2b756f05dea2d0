/* SPDX-License-Identifier: MIT */
/*
 * Live log lines for clients: captures get a sink only while some client looks at them, and a
 * client that can't keep up is told how many lines were left out.
 */
#ifndef LIFEGUARD_SUPERVISOR_LOGVIEW_H
#define LIFEGUARD_SUPERVISOR_LOGVIEW_H

#include <stdbool.h>

struct capture;
struct client;
struct life;
struct request;
struct subscription;
struct supervisor;
struct worker;

/* Resolves the target and collects the first lines. False after having answered the client. */
bool logview_subscribe(struct request *request, struct subscription *sub);
/* A life began: give its capture a sink if somebody looks. */
void logview_attach(struct life *life);
/* Somebody stopped looking: take sinks away where nobody looks any more. */
void logview_refresh(struct supervisor *sup);
void logview_publish(struct client *client, struct subscription *sub);
/* The capture that has a worker's newest lines: its life's, else the one before; or NULL. */
struct capture *logview_capture(const struct worker *worker);

#endif
