/* SPDX-License-Identifier: MIT */
/*
 * Sections about what a process uses: memory with its largest mappings, and its limits.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "evidence/sections.h"

enum { MAPS_BYTES = 4 << 20, KINDS_MOST = 256, KINDS_SAID = 8, TEXT_BYTES = 8192 };

/* Mappings of one file or one purpose, added up. */
struct mapping {
    char name[160];
    uint64_t bytes;
    int parts;
};

static const char *const status_keys[] = {"VmPeak:", "VmSize:",  "VmHWM:",  "VmRSS:",  "RssAnon:",
                                          "VmSwap:", "Threads:", "SigBlk:", "SigIgn:", "SigCgt:"};

static void mapping_add(struct mapping *all, size_t *count, const char *name, uint64_t bytes)
{
    size_t i = 0;

    while (i < *count && strcmp(all[i].name, name) != 0)
        i++;
    if (i == *count) {
        if (*count == KINDS_MOST)
            return;
        snprintf(all[(*count)++].name, sizeof(all[0].name), "%s", name);
    }
    all[i].bytes += bytes;
    all[i].parts++;
}

static int larger_first(const void *a, const void *b)
{
    const struct mapping *x = a, *y = b;

    return x->bytes < y->bytes ? 1 : x->bytes > y->bytes ? -1 : 0;
}

/* "7f00-7f10 rw-p 00000000 00:00 0    [heap]" */
static void read_maps(pid_t pid, struct mapping *all, size_t *count)
{
    char *text = mem_new(MAPS_BYTES);
    char *save = NULL;

    if (procfs_read_file(pid, "maps", text, MAPS_BYTES) > 0)
        for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
            uint64_t from, to;
            int name = 0;

            if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %*s %*s %*s %n", &from, &to, &name) < 2)
                continue;
            line[strlen(line) < 160 + (size_t)name ? strlen(line) : 159 + (size_t)name] = '\0';
            mapping_add(all, count, name && line[name] ? line + name : "(anonymous)", to - from);
        }
    free(text);
}

void section_memory(pid_t pid, struct report *report)
{
    struct mapping *all = mem_new_array(KINDS_MOST, sizeof(*all));
    char text[TEXT_BYTES], size[16];
    size_t count = 0;

    report_section(report, "Memory and signals");
    if (procfs_read_file(pid, "status", text, sizeof(text)) > 0)
        for (size_t i = 0; i < ARRAY_LEN(status_keys); i++) {
            const char *line = strstr(text, status_keys[i]);

            if (line)
                report_line(report, "%-9s %.*s", status_keys[i],
                            (int)strcspn(line + strlen(status_keys[i]) + 1, "\n"),
                            line + strlen(status_keys[i]) + 1);
        }
    read_maps(pid, all, &count);
    qsort(all, count, sizeof(*all), larger_first);
    for (size_t i = 0; i < count && i < KINDS_SAID; i++) {
        str_format_size(size, (double)all[i].bytes);
        report_line(report, "%8s in %d mapping%s  %s", size, all[i].parts,
                    all[i].parts == 1 ? "" : "s", all[i].name);
    }
    free(all);
}

void section_limits(pid_t pid, struct report *report)
{
    char text[TEXT_BYTES];
    ssize_t len = procfs_read_file(pid, "limits", text, sizeof(text));

    report_section(report, "Limits and I/O");
    if (len > 0)
        report_text(report, "", text, (size_t)len);
    len = procfs_read_file(pid, "io", text, sizeof(text));
    if (len > 0)
        report_text(report, "", text, (size_t)len);
}
