/* SPDX-License-Identifier: MIT */
/*
 * The order of pools: who starts after whom (`after`), and the opposite at the end. A pool whose
 * conditions do not hold at its start waits; an operator's start ends that wait.
 */
#ifndef LIFEGUARD_SUPERVISOR_ORDER_H
#define LIFEGUARD_SUPERVISOR_ORDER_H

#include <stddef.h>

struct pool_box;
struct supervisor;

/* Resolves the names; once, when all pools are there. */
void order_setup(struct supervisor *sup);
void order_free(struct pool_box *box);
/* Starts the pools of autostart, or lets them wait. */
void order_start(struct supervisor *sup);
/* Starts those whose wait is over; each turn. */
void order_check(struct supervisor *sup);
/* While all stop: stops the pools that nobody who is still up comes after; each turn. */
void order_stop(struct supervisor *sup);
/* The same without order. */
void order_stop_all(struct supervisor *sup);
/* "waits for db (ready), fetch (done)"; "" when it does not wait. */
void order_describe(const struct pool_box *box, char *out, size_t size);
/* Whom its stop waits for, "web, api"; "" when it has been told to stop. */
void order_describe_stop(const struct pool_box *box, char *out, size_t size);

#endif
