/* SPDX-License-Identifier: MIT */
/*
 * Names that speak of secrets, and where the value of such a name is in a text.
 */
#include "base/secret.h"

#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/mem.h"

bool secret_is_name(const char *name, size_t len)
{
    static const char *const words[] = {"PASS", "SECRET", "TOKEN", "KEY", "CREDENTIAL"};

    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        size_t word = strlen(words[i]);

        for (size_t at = 0; at + word <= len; at++)
            if (strncasecmp(name + at, words[i], word) == 0)
                return true;
    }
    return false;
}

/* The password of "scheme://user:PASSWORD@host": where it begins and how long it is, or NULL. */
static const char *url_password(const char *text, size_t len, size_t *password_len)
{
    const char *from = memmem(text, len, "://", 3), *end = text + len, *host = NULL, *colon;

    if (!from)
        return NULL;
    from += 3;
    for (const char *at = from; at < end && *at != '/' && *at != '?' && *at != ' '; at++)
        if (*at == '@')
            host = at;
    colon = host ? memchr(from, ':', (size_t)(host - from)) : NULL;
    if (!colon || colon + 1 == host)
        return NULL;
    *password_len = (size_t)(host - colon) - 1;
    return colon + 1;
}

static bool add_plain(struct buf *out, const char *text, size_t len)
{
    size_t secret_len = 0, before;
    const char *secret = url_password(text, len, &secret_len);

    if (!secret) {
        buf_append(out, text, len);
        return false;
    }
    before = (size_t)(secret - text);
    buf_append(out, text, before);
    buf_append_string(out, SECRET_HIDDEN);
    buf_append(out, secret + secret_len, len - before - secret_len);
    return true;
}

bool secret_add_variable(struct buf *out, const char *text, size_t len)
{
    const char *equals = memchr(text, '=', len);
    size_t name = equals ? (size_t)(equals - text) : 0;

    if (!equals || name + 1 == len || !secret_is_name(text, name))
        return add_plain(out, text, len);
    buf_append(out, text, name + 1);
    buf_append_string(out, SECRET_HIDDEN);
    return true;
}

bool secret_add_argument(struct buf *out, const char *previous, const char *text, size_t len)
{
    /* "--token" or "-token" alone: its value is the next word, unless that is an option too. */
    if (previous && previous[0] == '-' && len && text[0] != '-' && !strchr(previous, '=') &&
        secret_is_name(previous, strlen(previous))) {
        buf_append_string(out, SECRET_HIDDEN);
        return true;
    }
    return secret_add_variable(out, text, len);
}
