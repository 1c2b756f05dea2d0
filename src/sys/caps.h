/* SPDX-License-Identifier: MIT */
/*
 * Capabilities as the kernel tells them in /proc: which this process may use, and whether a program
 * file brings rights of its own.
 */
#ifndef LIFEGUARD_SYS_CAPS_H
#define LIFEGUARD_SYS_CAPS_H

#include <stdbool.h>
#include <stdint.h>

/* The effective set, bit n for capability n of linux/capability.h; 0 when it can't be read. */
uint64_t caps_effective(void);
/* Number of the "CapEff:" line in the text of a status file; 0 when there is none. */
uint64_t caps_parse(const char *status);
static inline bool caps_have(uint64_t set, int capability)
{
    return set >> capability & 1;
}
/* What the file gives to whoever executes it: "setuid", "setgid", "file capabilities", NULL =
 * nothing. */
const char *caps_of_file(const char *path);

#endif
