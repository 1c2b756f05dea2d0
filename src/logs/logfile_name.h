/* SPDX-License-Identifier: MIT */
/*
 * The names of a log file and its older parts: NAME, NAME.1 (newest) .. NAME.N. Private to logs/.
 */
#ifndef LIFEGUARD_LOGS_LOGFILE_NAME_H
#define LIFEGUARD_LOGS_LOGFILE_NAME_H

#include <stdint.h>

struct err;

/* Opens or creates for appending; a directory that was removed is made again. fd or -errno. */
int logfile_reopen(const char *path, struct err *err);
/* NAME.N-1 becomes NAME.N and so on, NAME becomes NAME.1; with keep 0 NAME is removed. */
void logfile_shift(const char *path, int keep);
/* Gives NAME.1 its name back, when no new NAME could be made. */
void logfile_unshift(const char *path);
/* -1 when there is none. */
int64_t logfile_size(const char *path);
/* 0 or -errno. */
int logfile_last_byte(const char *path, char *byte);

#endif
