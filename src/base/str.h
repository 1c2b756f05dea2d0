/* SPDX-License-Identifier: MIT */
/*
 * Text to numbers and back: durations, sizes, masks, ids, and names for "did you mean".
 * Parsers take the whole text or fail; they never guess.
 */
#ifndef LIFEGUARD_BASE_STR_H
#define LIFEGUARD_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "1.5", "200ms", "5m", "2h", "1d" to nanoseconds. 0, -EINVAL or -ERANGE (negative, over 100
 * years). */
int str_parse_duration(const char *text, int64_t *ns);
/* "4096", "64K", "10M", "1G", "1T" (powers of 1024) to bytes. 0, -EINVAL or -ERANGE. */
int str_parse_size(const char *text, int64_t *bytes);
/* Octal "0022". 0, -EINVAL or -ERANGE (over 0777). */
int str_parse_mask(const char *text, unsigned *mask);
/* Decimal, whole text. 0, -EINVAL or -ERANGE. */
int str_parse_int(const char *text, int64_t *value);
/* Base 36, as task ids are printed. */
int str_parse_id(const char *text, uint64_t *id);
void str_format_id(char out[16], uint64_t id);

/* At most 7 cells: "-" when negative, "380ms", "8.4s", "31s", "9m41s", "1h38m", "3d04h". */
void str_format_duration(char out[16], double seconds);
/* At most 5 cells: "812M", "4.2G", "38K", "512". */
void str_format_size(char out[16], double bytes);
/* "1,904" */
void str_format_count(char out[32], int64_t value);

/* [A-Za-z][A-Za-z0-9_.-]{0,63} */
bool str_is_name(const char *text);
/* The candidate nearest to `word` (NULL-terminated array), or NULL when none is near. */
const char *str_nearest(const char *word, const char *const *candidates);
bool str_starts(const char *text, const char *prefix);
/* Where `text` begins without white space at both ends; *len becomes the length of that. */
const char *str_trim(const char *text, size_t *len);

/* "TERM", "SIGTERM" or "15" to a signal number; 0 when unknown. Name of a number ("TERM"), or
 * "?". */
int str_parse_signal(const char *text);
const char *str_signal_name(int signal);

#endif
