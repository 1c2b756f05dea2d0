/* SPDX-License-Identifier: MIT */
/*
 * Escape sequences as the sanitiser needs them: where one ends, whether it is SGR, what it does to
 * a style. Private to base/.
 */
#ifndef LIFEGUARD_BASE_SANITISE_SGR_H
#define LIFEGUARD_BASE_SANITISE_SGR_H

#include <stdbool.h>
#include <stddef.h>

struct text_style;

/* Bytes of the escape sequence at bytes[0] == ESC, complete or cut: at least 1. */
size_t sgr_sequence_length(const char *bytes, size_t len);
/* Applies a sequence of that length; false (nothing changed) when it is not SGR. */
bool sgr_apply(const char *bytes, size_t len, struct text_style *style);

#endif
