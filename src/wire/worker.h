/* SPDX-License-Identifier: MIT */
/*
 * The worker protocol, a line at a time in the caller's buffers: TAB between fields, one line a
 * message, no I/O and no state. Both directions are here, because the supervisor, worker-check and
 * the tests read what the other side writes. In texts and keys a TAB, newline, backslash and NUL
 * are escaped ("\t", "\n", "\\", "\0"); "-" stands for nothing, and a text that is just "-" is
 * "\-". Names can't hold control bytes, so they are never escaped.
 */
#ifndef LIFEGUARD_WIRE_WORKER_H
#define LIFEGUARD_WIRE_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct err;

enum {
    WORKER_PAYLOAD_MAX = 1 << 20,       /* bytes of a text before it is escaped */
    WORKER_LINE_MAX = (2 << 20) + 4096, /* bytes of a line, without its newline */
    WORKER_NAME_MAX = 255,              /* bytes of a pool's, lock's or value's name */
};

enum worker_verb {
    /* From the worker. */
    WORKER_READY,
    WORKER_OK,
    WORKER_FAIL,
    WORKER_BURY,
    WORKER_RELEASE,
    WORKER_TOUCH,
    WORKER_PROGRESS,
    WORKER_BEAT,
    WORKER_STATUS,
    WORKER_PUT,
    WORKER_LOCK,
    WORKER_UNLOCK,
    WORKER_ACQUIRE,
    WORKER_RELEASE_PERMIT,
    WORKER_GET,
    WORKER_SET,
    WORKER_INCR,
    WORKER_HGET,
    WORKER_HSET,
    WORKER_HDEL,
    WORKER_HLEN,
    WORKER_LPUSH,
    WORKER_LPOP,
    WORKER_LLEN,
    WORKER_LINDEX,
    /* To the worker. */
    WORKER_INIT,
    WORKER_TASK,
    WORKER_CANCEL,
    WORKER_PING,
    WORKER_QUIET,
    WORKER_STOP,
    WORKER_GRANTED,
    WORKER_DENIED,
    WORKER_VALUE,
    WORKER_VERBS, /* how many there are; as a verb: not known */
};

struct worker_line {
    enum worker_verb verb;
    uint64_t id;      /* OK FAIL BURY RELEASE TOUCH PROGRESS TASK CANCEL */
    int64_t number;   /* RELEASE: delay in ms; TOUCH, TASK: ms; PROGRESS: done; INCR: n;
                        * LINDEX: index. The milliseconds are at most 100 years, -1 = not given. */
    int64_t total;    /* PROGRESS: total, -1 = "-"; TASK: attempt, from 1 */
    const char *name; /* PUT: pool; LOCK and all that name a lock or value; never empty */
    size_t name_len;
    const char *key; /* HGET HSET HDEL, unescaped; never NULL there, but may be empty */
    size_t key_len;
    const char *text; /* payload, result, reason, status, unescaped; NULL = "-", "" or absent */
    size_t text_len;
    bool flag; /* GRANTED: abandoned */
};

/*
 * Parses one line without its newline, at most WORKER_LINE_MAX bytes. Texts and keys are unescaped
 * in place, and the pointers go into `bytes`; what is not of the verb is 0 or NULL (number and
 * total: -1). 0, also for a verb that is not known (verb = WORKER_VERBS, nothing else set), or
 * -EPROTO for a malformed known one: *err says what was wrong in which field, in printable ASCII,
 * and line->verb is set.
 */
int worker_line_read(char *bytes, size_t len, struct worker_line *line, struct err *err);

/* "READY" and so on; "?" for WORKER_VERBS. */
const char *worker_verb_name(enum worker_verb verb);

/*
 * Each appends one whole line with its newline, or nothing: -ENOMEM, -ENOBUFS as buf.h has them,
 * -EMSGSIZE for a text over WORKER_PAYLOAD_MAX, -EINVAL for a name that is none. A NULL or empty
 * text is "-".
 */
int worker_put_task(struct buf *out, uint64_t id, int attempt, int64_t ms /* -1 = none */,
                    const char *payload, size_t len);
/* PING QUIET STOP READY BEAT */
int worker_put_verb(struct buf *out, enum worker_verb verb);
/* INIT STATUS */
int worker_put_text(struct buf *out, enum worker_verb verb, const char *text, size_t len);
int worker_put_cancel(struct buf *out, uint64_t id);
/* GRANTED ("abandoned", or NULL for no third field), DENIED reason, VALUE payload. */
int worker_put_answer(struct buf *out, enum worker_verb verb, const char *name, size_t name_len,
                      const char *text, size_t len);

/* 1 to WORKER_NAME_MAX bytes, no control bytes, not "-". */
bool worker_is_name(const char *name, size_t len);

#endif
