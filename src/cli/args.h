/* SPDX-License-Identifier: MIT */
/*
 * The command line as the command table describes it. Every verb is parsed here, those of the
 * client and those that main.c runs itself (run, map, attach).
 */
#ifndef LIFEGUARD_CLI_ARGS_H
#define LIFEGUARD_CLI_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct command;
struct err;
struct json_out;

struct arg_value {
    bool given;
    int64_t number;    /* ARG_INT */
    double seconds;    /* ARG_SECONDS */
    const char *text;  /* ARG_STRING; the others as they were written */
    const char **list; /* ARG_STRINGS, ARG_REST: `count` strings, then NULL */
    size_t count;
};

/* Strings belong to argv. */
struct args {
    const struct command *command; /* NULL: no verb was given */
    const char *supervisor;        /* -S NAME, or the first word of verbs that take one */
    bool json, help, version;
    struct arg_value *values; /* beside command->args */
    int words_before_dashes;  /* words before a "--", -1 = there was none */
};

/* 0, or -EINVAL with what the user must read. *args is to be released in any case. argv[0] is the
 * program's name. */
int args_parse(struct args *args, int argc, char **argv, struct err *err);
void args_fini(struct args *args);

/* By the name in the command table; asking for a name that is not there is a programmer's error. */
const struct arg_value *args_value(const struct args *args, const char *name);
bool args_flag(const struct args *args, const char *name);
/* NULL when not given. */
const char *args_text(const struct args *args, const char *name);
int64_t args_number(const struct args *args, const char *name, int64_t fallback);

/* The verb as a request of the control protocol, one line. */
void args_write_request(const struct args *args, int64_t id, struct json_out *out);

#endif
