/* SPDX-License-Identifier: MIT */
/*
 * Hiding what looks secret before it is shown: values of variables and options whose name speaks of
 * it (PASS, SECRET, TOKEN, KEY, CREDENTIAL, in any case), and passwords within URLs. It is a
 * courtesy to who looks over a shoulder, no wall: who may read the process may read them.
 */
#ifndef LIFEGUARD_BASE_SECRET_H
#define LIFEGUARD_BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

/* What stands in place of a secret. */
#define SECRET_HIDDEN "***"

bool secret_is_name(const char *name, size_t len);
/* Appends "NAME=value", with the value hidden where it looks secret. True when something was
 * hidden. */
bool secret_add_variable(struct buf *out, const char *text, size_t len);
/* Appends an argument: "--password=X" and "PASSWORD=X" lose the value, and so does "X" behind
 * `previous` = "--password" (NULL = none). True when something was hidden. */
bool secret_add_argument(struct buf *out, const char *previous, const char *text, size_t len);

#endif
