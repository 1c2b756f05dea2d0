/* SPDX-License-Identifier: MIT */
/*
 * Reading capabilities without a library: one line of /proc/self/status, two bits and one
 * attribute of a file.
 */
#include "sys/caps.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "sys/proc_scan.h"

uint64_t caps_parse(const char *status)
{
    static const char key[] = "\nCapEff:";
    const char *at = strstr(status, key);

    return at ? strtoull(at + strlen(key), NULL, 16) : 0;
}

uint64_t caps_effective(void)
{
    char text[4096];

    return proc_scan_read(getpid(), "status", text, sizeof(text)) > 0 ? caps_parse(text) : 0;
}

const char *caps_of_file(const char *path)
{
    struct stat status;

    if (stat(path, &status) < 0 || !S_ISREG(status.st_mode))
        return NULL;
    if (status.st_mode & S_ISUID)
        return "setuid";
    /* Without the right to execute, the bit means mandatory locking. */
    if ((status.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP))
        return "setgid";
    return getxattr(path, "security.capability", NULL, 0) > 0 ? "file capabilities" : NULL;
}
