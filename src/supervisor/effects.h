/* SPDX-License-Identifier: MIT */
/*
 * The domain's wishes carried out: the functions behind struct pool_effects.
 */
#ifndef LIFEGUARD_SUPERVISOR_EFFECTS_H
#define LIFEGUARD_SUPERVISOR_EFFECTS_H

struct supervisor;

/* Fills sup->effects. */
void effects_init(struct supervisor *sup);

#endif
