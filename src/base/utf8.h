/* SPDX-License-Identifier: MIT */
/*
 * UTF-8: strict decoding (no overlong forms, no surrogates, nothing over U+10FFFF), display widths
 * from a table of our own, and cutting by width. No locale is consulted.
 */
#ifndef LIFEGUARD_BASE_UTF8_H
#define LIFEGUARD_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

/* The code point at bytes[0..len) and its length 1..4; 0 where no valid sequence starts. */
size_t utf8_decode(const char *bytes, size_t len, uint32_t *codepoint);
/* Writes 1..4 bytes, no NUL; what is no code point becomes U+FFFD. */
size_t utf8_encode(char out[4], uint32_t codepoint);
/* Valid throughout; NUL counts as valid. */
bool utf8_valid(const char *bytes, size_t len);
/* Cells: 0, 1 or 2; -1 for C0, DEL, C1 and what is no code point. */
int utf8_width(uint32_t codepoint);
/* Cells of a text; an invalid byte or a control counts as one. */
size_t utf8_text_width(const char *bytes, size_t len);
/* Appends the text with U+FFFD for each invalid sequence and NUL. 0, -ENOMEM or -ENOBUFS. */
int utf8_append_clean(struct buf *out, const char *bytes, size_t len);
/* How many leading bytes fit into `cells`, combining marks kept with their base. */
size_t utf8_fit(const char *bytes, size_t len, size_t cells);
/* Copies the text into `out` (NUL-terminated, whole characters only); where it is wider than
 * `cells` it is cut and ends in "…". Returns the cells used. */
size_t utf8_truncate(char *out, size_t size, const char *bytes, size_t len, size_t cells);

#endif
