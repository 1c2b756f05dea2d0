/* SPDX-License-Identifier: MIT */
/*
 * Reading the supervisor's JSON with defaults instead of errors, and writing its values for people.
 * Lent strings live as long as their object. NAN stands for "not known" throughout.
 */
#ifndef LIFEGUARD_TUI_FIELD_H
#define LIFEGUARD_TUI_FIELD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "" when missing or no string; *len (may be NULL) since names and texts may hold NUL bytes. */
const char *field_bytes(const json_t *object, const char *key, size_t *len);
const char *field_text(const json_t *object, const char *key);
/* NAN when missing or no number. */
double field_number(const json_t *object, const char *key);
/* `missing` when missing or no number. */
int64_t field_int(const json_t *object, const char *key, int64_t missing);
bool field_bool(const json_t *object, const char *key);
/* Decodes every KEY_base64 and {"base64":...} in the tree to plain strings. */
void field_decode_base64(json_t *value);

/* Whole seconds: "36s", "9m41s", "22m", "1h38m", "3d04h"; "-" when NAN or negative. */
void field_format_age(char out[16], double seconds);
/* As measured: "380ms", "8.4s"; "-" when NAN. */
void field_format_duration(char out[16], double seconds);
void field_format_size(char out[16], double bytes);
/* "1,904", "-" when NAN. */
void field_format_count(char out[32], double value);
/* "62.4", "1,240" from 1,000 on. */
void field_format_rate(char out[16], double rate);
/* Local "12:41:07"; `millis` adds ".123"; "-" when NAN. */
void field_format_clock(char out[16], double epoch, bool millis);
/* ETA of an object with eta and eta_why: "10m20s", "grows", "?", "-". */
void field_format_eta(char out[16], const json_t *object);
/* The last `width` numbers of an array as block characters, scaled to `top` (0 = to the largest);
 * UTF-8 into out. Returns the cells used. */
int field_sparkline(char *out, size_t size, const json_t *numbers, int width, double top);

/* How many bytes of the text fit into so many cells, cut at a blank where there is one. */
size_t field_wrap(const char *text, size_t cells);

#endif
