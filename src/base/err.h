/* SPDX-License-Identifier: MIT */
/*
 * An error that an operator will read: a code and a sentence. The first cause is kept: a later
 * err_set on the same struct changes nothing, so inner functions may say what they know.
 * A NULL `struct err *` is accepted everywhere and means that nobody asks why.
 */
#ifndef LIFEGUARD_BASE_ERR_H
#define LIFEGUARD_BASE_ERR_H

struct err {
    int code; /* positive errno, 0 = no error */
    char text[768];
};

/* Records the cause (unless there is one) and returns -code, so that callers can return it. */
int err_set(struct err *err, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same with ": strerror(code)" behind the text. */
int err_set_errno(struct err *err, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Puts "prefix: " before the text; used by outer functions that know the place. */
void err_prefix(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
void err_clear(struct err *err);

#endif
