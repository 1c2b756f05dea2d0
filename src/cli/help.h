/* SPDX-License-Identifier: MIT */
/*
 * Help texts, written into a buffer.
 */
#ifndef LIFEGUARD_CLI_HELP_H
#define LIFEGUARD_CLI_HELP_H

struct buf;
struct command;

/* "lifeguard scale [OPTION]... POOL N|+N|-N" */
void help_write_synopsis(const struct command *command, struct buf *out);
void help_write_verb(const struct command *command, struct buf *out);
void help_write_all(struct buf *out);

#endif
