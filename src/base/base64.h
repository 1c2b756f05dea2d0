/* SPDX-License-Identifier: MIT */
/*
 * Base64 (RFC 4648, with padding), for bytes that are no text inside JSON.
 */
#ifndef LIFEGUARD_BASE_BASE64_H
#define LIFEGUARD_BASE_BASE64_H

#include <stddef.h>

struct buf;

/* Appends the decoded bytes. 0, -EINVAL (a character or a length that is none),
 * -ENOBUFS, -ENOMEM. */
int base64_decode(struct buf *out, const char *text, size_t len);

#endif
