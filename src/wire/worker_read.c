/* SPDX-License-Identifier: MIT */
/*
 * The reader of the worker protocol. Workers are foreign programs in any language: every field is
 * checked against the shape of its verb, and what is wrong is told in words that name the field.
 * Nothing is copied; a line without escapes is only pointed into.
 */
#include "wire/worker.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"

/* The product with 1,000,000 fits an int64_t, so callers can go to nanoseconds unchecked. */
static const int64_t LONGEST_MS = INT64_C(100) * 366 * 86400 * 1000;

enum field {
    FIELD_NONE, /* behind the last field of a shape */
    FIELD_ID,
    FIELD_MS,
    FIELD_ATTEMPT,
    FIELD_DONE,
    FIELD_TOTAL,
    FIELD_NUMBER,
    FIELD_NAME,
    FIELD_KEY,
    FIELD_TEXT,
    FIELD_ABANDONED,
};

struct shape {
    const char *verb;
    size_t required; /* fields that must be there */
    enum field fields[5];
};

static const struct shape shapes[] = {
    [WORKER_READY] = {"READY", 0, {0}},
    [WORKER_OK] = {"OK", 1, {FIELD_ID, FIELD_TEXT}},
    [WORKER_FAIL] = {"FAIL", 2, {FIELD_ID, FIELD_TEXT}},
    [WORKER_BURY] = {"BURY", 2, {FIELD_ID, FIELD_TEXT}},
    [WORKER_RELEASE] = {"RELEASE", 1, {FIELD_ID, FIELD_MS}},
    [WORKER_TOUCH] = {"TOUCH", 1, {FIELD_ID, FIELD_MS}},
    [WORKER_PROGRESS] = {"PROGRESS", 3, {FIELD_ID, FIELD_DONE, FIELD_TOTAL, FIELD_TEXT}},
    [WORKER_BEAT] = {"BEAT", 0, {0}},
    [WORKER_STATUS] = {"STATUS", 1, {FIELD_TEXT}},
    [WORKER_PUT] = {"PUT", 2, {FIELD_NAME, FIELD_TEXT}},
    [WORKER_LOCK] = {"LOCK", 1, {FIELD_NAME}},
    [WORKER_UNLOCK] = {"UNLOCK", 1, {FIELD_NAME}},
    [WORKER_ACQUIRE] = {"ACQUIRE", 1, {FIELD_NAME}},
    [WORKER_RELEASE_PERMIT] = {"RELEASE_PERMIT", 1, {FIELD_NAME}},
    [WORKER_GET] = {"GET", 1, {FIELD_NAME}},
    [WORKER_SET] = {"SET", 2, {FIELD_NAME, FIELD_TEXT}},
    [WORKER_INCR] = {"INCR", 2, {FIELD_NAME, FIELD_NUMBER}},
    [WORKER_HGET] = {"HGET", 2, {FIELD_NAME, FIELD_KEY}},
    [WORKER_HSET] = {"HSET", 3, {FIELD_NAME, FIELD_KEY, FIELD_TEXT}},
    [WORKER_HDEL] = {"HDEL", 2, {FIELD_NAME, FIELD_KEY}},
    [WORKER_HLEN] = {"HLEN", 1, {FIELD_NAME}},
    [WORKER_LPUSH] = {"LPUSH", 2, {FIELD_NAME, FIELD_TEXT}},
    [WORKER_LPOP] = {"LPOP", 1, {FIELD_NAME}},
    [WORKER_LLEN] = {"LLEN", 1, {FIELD_NAME}},
    [WORKER_LINDEX] = {"LINDEX", 2, {FIELD_NAME, FIELD_NUMBER}},
    [WORKER_INIT] = {"INIT", 1, {FIELD_TEXT}},
    [WORKER_TASK] = {"TASK", 4, {FIELD_ID, FIELD_ATTEMPT, FIELD_MS, FIELD_TEXT}},
    [WORKER_CANCEL] = {"CANCEL", 1, {FIELD_ID}},
    [WORKER_PING] = {"PING", 0, {0}},
    [WORKER_QUIET] = {"QUIET", 0, {0}},
    [WORKER_STOP] = {"STOP", 0, {0}},
    [WORKER_GRANTED] = {"GRANTED", 1, {FIELD_NAME, FIELD_ABANDONED}},
    [WORKER_DENIED] = {"DENIED", 2, {FIELD_NAME, FIELD_TEXT}},
    [WORKER_VALUE] = {"VALUE", 2, {FIELD_NAME, FIELD_TEXT}},
};

/* One field of a line being read, and what is needed to complain about it. */
struct place {
    char *bytes;
    size_t len;
    const char *verb;
    enum field field;
    struct err *err;
};

const char *worker_verb_name(enum worker_verb verb)
{
    return verb < WORKER_VERBS ? shapes[verb].verb : "?";
}

static const char *field_name(enum field field)
{
    static const char *const names[] = {
        [FIELD_NONE] = "field",      [FIELD_ID] = "task id",          [FIELD_MS] = "milliseconds",
        [FIELD_ATTEMPT] = "attempt", [FIELD_DONE] = "done",           [FIELD_TOTAL] = "total",
        [FIELD_NUMBER] = "number",   [FIELD_NAME] = "name",           [FIELD_KEY] = "key",
        [FIELD_TEXT] = "text",       [FIELD_ABANDONED] = "abandoned",
    };

    return names[field];
}

/* Says what is wrong, quoting the start of the field with every foreign byte made harmless. */
static int place_wrong(const struct place *place, const char *what)
{
    char quote[33];
    size_t len = place->len < sizeof(quote) - 1 ? place->len : sizeof(quote) - 1;

    for (size_t i = 0; i < len; i++)
        quote[i] = place->bytes[i] >= ' ' && place->bytes[i] <= '~' ? place->bytes[i] : '?';
    quote[len] = '\0';
    return err_set(place->err, EPROTO, "%s: the %s \"%s\"%s %s", place->verb,
                   field_name(place->field), quote, len < place->len ? "..." : "", what);
}

static bool place_is_nothing(const struct place *place)
{
    return place->len == 1 && place->bytes[0] == '-';
}

static int read_id(const struct place *place, uint64_t *id)
{
    uint64_t value = 0;

    if (place->len == 0)
        return place_wrong(place, "is empty");
    for (size_t i = 0; i < place->len; i++) {
        char c = place->bytes[i];
        uint64_t digit;

        if (c >= '0' && c <= '9')
            digit = (uint64_t)(c - '0');
        else if (c >= 'a' && c <= 'z')
            digit = (uint64_t)(c - 'a' + 10);
        else
            return place_wrong(place, "is not a number in base 36 (0-9, a-z)");
        if (value > (UINT64_MAX - digit) / 36)
            return place_wrong(place, "is too large");
        value = value * 36 + digit;
    }
    *id = value;
    return 0;
}

/* Decimal digits, min to max; a minus only where min is negative. */
static int read_number(const struct place *place, int64_t min, int64_t max, int64_t *number)
{
    bool negative = min < 0 && place->len && place->bytes[0] == '-';
    uint64_t limit = negative ? -(uint64_t)min : (uint64_t)max, value = 0;

    if (place->len == (size_t)negative)
        return place_wrong(place, "is not a decimal number");
    for (size_t i = negative; i < place->len; i++) {
        unsigned digit = (unsigned)(place->bytes[i] - '0');

        if (digit > 9)
            return place_wrong(place, "is not a decimal number");
        if (digit > limit || value > (limit - digit) / 10)
            return place_wrong(place, "is too large");
        value = value * 10 + digit;
    }
    if (!negative && (int64_t)value < min)
        return place_wrong(place, "is too small");
    *number = (int64_t)(negative ? -value : value);
    return 0;
}

static int read_optional(const struct place *place, int64_t max, int64_t *number)
{
    if (place_is_nothing(place)) {
        *number = -1;
        return 0;
    }
    return read_number(place, 0, max, number);
}

/* Undoes the escapes where they stand: what comes out is never longer. */
static int unescape(const struct place *place, size_t *len)
{
    const char *from = memchr(place->bytes, '\\', place->len), *end = place->bytes + place->len;
    char *to = place->bytes + (from ? from - place->bytes : 0);

    *len = place->len;
    if (!from)
        return 0;
    while (from < end) {
        static const char codes[] = "tn\\0", bytes[] = "\t\n\\";
        const char *code = from + 1 < end && from[1] ? strchr(codes, from[1]) : NULL;
        const char *next;

        if (!code)
            return place_wrong(place, from + 1 < end
                                          ? "has an unknown escape (only \\t \\n \\\\ \\0 are)"
                                          : "ends in a single backslash");
        *to++ = bytes[code - codes];
        from += 2;
        next = memchr(from, '\\', (size_t)(end - from));
        next = next ? next : end;
        memmove(to, from, (size_t)(next - from));
        to += next - from;
        from = next;
    }
    *len = (size_t)(to - place->bytes);
    return 0;
}

/* *text stays NULL for nothing. An empty last field is nothing too: "OK\tid\t" is what a worker in
 * shell sends for an empty result. */
static int read_text(const struct place *place, const char **text, size_t *len)
{
    int rc;

    if (place->len == 0 || place_is_nothing(place))
        return 0;
    if (place->len == 2 && memcmp(place->bytes, "\\-", 2) == 0) {
        *text = place->bytes + 1;
        *len = 1;
        return 0;
    }
    rc = unescape(place, len);
    if (rc == 0 && *len > WORKER_PAYLOAD_MAX)
        rc = place_wrong(place, "has more than 1 MiB");
    *text = rc == 0 ? place->bytes : NULL;
    *len = rc == 0 ? *len : 0;
    return rc;
}

static int read_key(const struct place *place, struct worker_line *line)
{
    int rc = read_text(place, &line->key, &line->key_len);

    if (place->len == 0)
        return place_wrong(place, "is empty (\"-\" stands for nothing)");
    if (rc == 0 && !line->key)
        line->key = place->bytes;
    return rc;
}

bool worker_is_name(const char *name, size_t len)
{
    if (len == 0 || len > WORKER_NAME_MAX || (len == 1 && name[0] == '-'))
        return false;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)name[i] < ' ' || name[i] == 0x7f)
            return false;
    return true;
}

static int read_name(const struct place *place, struct worker_line *line)
{
    if (!worker_is_name(place->bytes, place->len))
        return place_wrong(place, "is no name (1 to 255 bytes, none of them a control byte)");
    line->name = place->bytes;
    line->name_len = place->len;
    return 0;
}

static int read_abandoned(const struct place *place, struct worker_line *line)
{
    static const char word[] = "abandoned";

    if (place->len != strlen(word) || memcmp(place->bytes, word, place->len) != 0)
        return place_wrong(place, "is not \"abandoned\"");
    line->flag = true;
    return 0;
}

static int read_field(const struct place *place, struct worker_line *line)
{
    switch (place->field) {
    case FIELD_ID:
        return read_id(place, &line->id);
    case FIELD_MS:
        return read_optional(place, LONGEST_MS, &line->number);
    case FIELD_ATTEMPT:
        return read_number(place, 1, INT32_MAX, &line->total);
    case FIELD_DONE:
        return read_number(place, 0, INT64_MAX, &line->number);
    case FIELD_TOTAL:
        return read_optional(place, INT64_MAX, &line->total);
    case FIELD_NUMBER:
        return read_number(place, INT64_MIN, INT64_MAX, &line->number);
    case FIELD_NAME:
        return read_name(place, line);
    case FIELD_KEY:
        return read_key(place, line);
    case FIELD_TEXT:
        return read_text(place, &line->text, &line->text_len);
    case FIELD_ABANDONED:
        return read_abandoned(place, line);
    case FIELD_NONE:
        break;
    }
    return place_wrong(place, "is one too many");
}

/* `len` is at least 1. */
static enum worker_verb verb_find(const char *bytes, size_t len)
{
    enum worker_verb verb = 0;

    for (; verb < WORKER_VERBS; verb++) {
        const char *name = shapes[verb].verb;

        if (name[0] == bytes[0] && strlen(name) == len && memcmp(name, bytes, len) == 0)
            break;
    }
    return verb;
}

/* Each field ends at a TAB, the last one of the shape at the end of the line. */
static int read_fields(const struct shape *shape, char *at, const char *end,
                       struct worker_line *line, struct err *err)
{
    size_t count = 0;

    while (at) {
        enum field field = shape->fields[count];
        bool last = field == FIELD_NONE || shape->fields[count + 1] == FIELD_NONE;
        char *tab = last ? NULL : memchr(at, '\t', (size_t)(end - at));
        struct place place = {at, (size_t)((tab ? tab : end) - at), shape->verb, field, err};
        int rc = read_field(&place, line);

        if (rc < 0)
            return rc;
        count++;
        at = tab ? tab + 1 : NULL;
    }
    if (count < shape->required)
        return err_set(err, EPROTO, "%s: the %s is missing (fields are separated by one TAB)",
                       shape->verb, field_name(shape->fields[count]));
    return 0;
}

int worker_line_read(char *bytes, size_t len, struct worker_line *line, struct err *err)
{
    char *tab = len ? memchr(bytes, '\t', len) : NULL;
    size_t verb_len = tab ? (size_t)(tab - bytes) : len;

    *line = (struct worker_line){.verb = WORKER_VERBS, .number = -1, .total = -1};
    if (len > WORKER_LINE_MAX)
        return err_set(err, EPROTO, "a line of %zu bytes: at most %d", len, WORKER_LINE_MAX);
    if (verb_len)
        line->verb = verb_find(bytes, verb_len);
    if (line->verb == WORKER_VERBS)
        return 0;
    return read_fields(&shapes[line->verb], tab ? tab + 1 : NULL, bytes + len, line, err);
}
