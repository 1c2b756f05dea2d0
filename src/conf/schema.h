/* SPDX-License-Identifier: MIT */
/*
 * Every key that a config file may have, as one plain table: type, place in the spec, default,
 * range, the modes it belongs to, and its explanation. The walk, the dump, config/lifeguard.cfg
 * and the manual page come from it.
 */
#ifndef LIFEGUARD_CONF_SCHEMA_H
#define LIFEGUARD_CONF_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pool/spec.h"

struct err;

/* Behind each type: what is stored at the key's offset. */
enum conf_type {
    CONF_BOOL,      /* bool */
    CONF_INT,       /* int, min..max */
    CONF_INT64,     /* int64_t, min..max */
    CONF_NUMBER,    /* double, min..max */
    CONF_DURATION,  /* int64_t ns, min..max */
    CONF_BYTES,     /* int64_t, min..max; "" = 0 */
    CONF_LIMIT,     /* int64_t, a number or a size; "" = -1 */
    CONF_MASK,      /* unsigned */
    CONF_STRING,    /* char * */
    CONF_NAME,      /* char *, str_is_name */
    CONF_PATH,      /* char *, made absolute; "" stays */
    CONF_OUTPUT,    /* as CONF_PATH; "-" stays */
    CONF_SOCKET,    /* char *, address_parse; a path in it made absolute */
    CONF_STRINGS,   /* char **, empty = NULL */
    CONF_PATHS,     /* char ** */
    CONF_COMMAND,   /* char **; a string is one element, see conf_loader.script */
    CONF_WORD,      /* enum: index in `words` */
    CONF_SWITCH,    /* bool: words[0] false, words[1] true */
    CONF_POOL_SIZE, /* struct size_spec */
    CONF_TIMEOUT,   /* struct timeout_spec */
    CONF_HALT,      /* struct halt_spec */
    CONF_SIGNAL,    /* int */
    CONF_STATUSES,  /* int *, and the count at count_offset */
    CONF_ENV,       /* char **: a group, merged into what is there */
    CONF_RATE,      /* double a second, "10/s"; "" = 0 */
    CONF_BATCH,     /* int, 1..4096; "auto" = 0 */
    CONF_SHARED,    /* struct shared_spec *, and the count at count_offset */
    CONF_STDIN,     /* bool in the file; sets stdin_fd */
    CONF_AFTER      /* struct after_spec *, and the count at count_offset */
};

enum conf_section { CONF_SUPERVISOR, CONF_POOL };

enum {
    CONF_SERVICE_MODE = 1 << POOL_SERVICE,
    CONF_COMMAND_MODE = 1 << POOL_COMMAND,
    CONF_WORKER_MODE = 1 << POOL_WORKER,
    CONF_TASK_MODES = CONF_COMMAND_MODE | CONF_WORKER_MODE,
    CONF_LIFE_MODES = CONF_SERVICE_MODE | CONF_WORKER_MODE,
    CONF_ALL_MODES = CONF_TASK_MODES | CONF_SERVICE_MODE
};

struct conf_key {
    const char *path; /* "size", "stop.grace" */
    enum conf_type type;
    size_t offset;
    const char *fallback; /* the default as a file would say it; NULL = must be given */
    const char *help;
    unsigned modes; /* pools: CONF_*_MODE */
    int64_t min, max;
    const char *const *words; /* NULL-terminated */
    size_t count_offset;
    /* Strings that are not empty: 0, or -EINVAL with "must be ...". */
    int (*form)(const char *text, struct err *err);
    enum task_source source;     /* not SOURCE_NONE: the key chooses where tasks come from */
    bool later;                  /* known, but only the default is built */
    bool computed;               /* the default depends on other things: shown from the spec */
    const char *worker_fallback; /* where worker pools have another default */
    const char *command_fallback;
};

struct conf_keys {
    const struct conf_key *keys;
    size_t count;
};

struct conf_keys conf_schema(enum conf_section section);
/* The default of this key in a pool of this mode. */
const char *conf_key_fallback(const struct conf_key *key, enum pool_mode mode);
/* "service, command" */
void conf_mode_names(unsigned modes, char *out, size_t size);

#endif
