/* SPDX-License-Identifier: MIT */
/*
 * A small JSON emitter into a struct buf: no tree, no allocation but the buffer's own. Commas are
 * its own affair. Errors (buffer full) are remembered: check json_out_ok once at the end.
 * Strings may hold any bytes: what is not valid UTF-8 without NUL is written as KEY_base64.
 * Names stay clear of jansson's (json_string, json_null), which shares the program.
 */
#ifndef LIFEGUARD_WIRE_JSON_OUT_H
#define LIFEGUARD_WIRE_JSON_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct buf;

struct json_out {
    struct buf *buf;
    bool comma; /* a value was written at this level */
    bool failed;
};

void json_out_init(struct json_out *out, struct buf *buf);
bool json_out_ok(const struct json_out *out);

/* `key` NULL inside arrays. */
void json_open_object(struct json_out *out, const char *key);
void json_close_object(struct json_out *out);
void json_open_array(struct json_out *out, const char *key);
void json_close_array(struct json_out *out);
/* With the length of the name; use those below, where the compiler knows it. */
void json_put_key_bytes(struct json_out *out, const char *key, size_t key_len, const char *bytes,
                        size_t len);
void json_put_key_int(struct json_out *out, const char *key, size_t key_len, int64_t value);
void json_put_key_number(struct json_out *out, const char *key, size_t key_len, double value,
                         int decimals);

static inline void json_put_bytes(struct json_out *out, const char *key, const char *bytes,
                                  size_t len)
{
    json_put_key_bytes(out, key, key ? strlen(key) : 0, bytes, len);
}
/* NULL text gives null. */
void json_put_string(struct json_out *out, const char *key, const char *text);
static inline void json_put_int(struct json_out *out, const char *key, int64_t value)
{
    json_put_key_int(out, key, key ? strlen(key) : 0, value);
}
/* `decimals` 0..6 digits behind the point, trailing zeros cut; NaN and infinity give null. */
static inline void json_put_number(struct json_out *out, const char *key, double value,
                                   int decimals)
{
    json_put_key_number(out, key, key ? strlen(key) : 0, value, decimals);
}
void json_put_bool(struct json_out *out, const char *key, bool value);
/* Text that is JSON already. */
void json_put_json(struct json_out *out, const char *key, const char *text);
void json_put_null(struct json_out *out, const char *key);
/* Ends a message: newline, and ready for the next. */
void json_end_line(struct json_out *out);

#endif
