/* SPDX-License-Identifier: MIT */
/*
 * The decoder of sd_notify datagrams. Any process of a worker can send one, so every byte is
 * foreign: numbers are checked for range, and the text of STATUS is only pointed at.
 */
#include "wire/notify.h"

#include <string.h>

/* No sensible timeout is longer; the product of this and 1,000 fits an int64_t. */
static const int64_t LONGEST_USEC = INT64_C(366) * 86400 * 1000000;

struct notify_value {
    const char *bytes;
    size_t len;
};

static bool notify_is(const struct notify_value *value, const char *text)
{
    return value->len == strlen(text) && memcmp(value->bytes, text, value->len) == 0;
}

/* Decimal digits only, 1 .. max. */
static bool notify_number(const struct notify_value *value, int64_t max, int64_t *number)
{
    int64_t sum = 0;

    for (size_t i = 0; i < value->len; i++) {
        int digit = value->bytes[i] - '0';

        if (digit < 0 || digit > 9 || sum > (max - digit) / 10)
            return false;
        sum = sum * 10 + digit;
    }
    if (sum < 1)
        return false;
    *number = sum;
    return true;
}

static bool notify_usec(const struct notify_value *value, int64_t *ns)
{
    if (!notify_number(value, LONGEST_USEC, ns))
        return false;
    *ns *= 1000;
    return true;
}

static bool notify_flag(const struct notify_value *value, bool *flag)
{
    if (!notify_is(value, "1"))
        return false;
    *flag = true;
    return true;
}

static bool notify_watchdog(const struct notify_value *value, struct notify_message *message)
{
    if (notify_is(value, "trigger")) {
        message->trigger = true;
        return true;
    }
    return notify_flag(value, &message->heartbeat);
}

static bool notify_errno(const struct notify_value *value, struct notify_message *message)
{
    int64_t number;

    if (!notify_number(value, 4095, &number))
        return false;
    message->error = (int)number;
    return true;
}

static bool notify_assign(const struct notify_value *key, const struct notify_value *value,
                          struct notify_message *message)
{
    if (notify_is(key, "READY"))
        return notify_flag(value, &message->ready);
    if (notify_is(key, "STOPPING"))
        return notify_flag(value, &message->stopping);
    if (notify_is(key, "RELOADING"))
        return notify_flag(value, &message->reloading);
    if (notify_is(key, "BARRIER"))
        return notify_flag(value, &message->barrier);
    if (notify_is(key, "WATCHDOG"))
        return notify_watchdog(value, message);
    if (notify_is(key, "WATCHDOG_USEC"))
        return notify_usec(value, &message->watchdog);
    if (notify_is(key, "EXTEND_TIMEOUT_USEC"))
        return notify_usec(value, &message->extend);
    if (notify_is(key, "MAINPID"))
        return notify_number(value, INT32_MAX, &message->main_pid);
    if (notify_is(key, "ERRNO"))
        return notify_errno(value, message);
    if (!notify_is(key, "STATUS"))
        return false;
    message->status = value->bytes;
    message->status_len = value->len;
    return true;
}

void notify_decode(const char *bytes, size_t len, struct notify_message *message)
{
    const char *end = bytes + len;

    *message = (struct notify_message){0};
    while (bytes < end) {
        const char *stop = memchr(bytes, '\n', (size_t)(end - bytes));
        const char *equals;

        if (!stop)
            stop = end;
        equals = memchr(bytes, '=', (size_t)(stop - bytes));
        if (equals) {
            struct notify_value key = {bytes, (size_t)(equals - bytes)};
            struct notify_value value = {equals + 1, (size_t)(stop - equals - 1)};

            message->unknown += !notify_assign(&key, &value, message);
        } else if (stop > bytes) {
            message->unknown++;
        }
        bytes = stop + 1;
    }
}
