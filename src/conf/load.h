/* SPDX-License-Identifier: MIT */
/*
 * The state of one conf_load, shared by the walk over a file's tree and the checks across keys.
 */
#ifndef LIFEGUARD_CONF_LOAD_H
#define LIFEGUARD_CONF_LOAD_H

#include <libconfig.h>

#include "conf/conf.h"
#include "conf/schema.h"
#include "conf/text.h"

struct conf_loader {
    struct spec *spec;
    struct conf_result *result;
    const struct conf_text *text;  /* of the file being walked */
    const char *directory;         /* of the file being walked: relative paths begin there */
    const struct conf_key *source; /* what gave the pool being walked its tasks */
    size_t scan_from, scan_to;     /* the errors that the scan of the file's text found */
    bool pools_seen;
};

/* What a group of the tree is read into. */
struct conf_target {
    enum conf_section section;
    void *base; /* struct pool_spec or supervisor_spec */
    enum pool_mode mode;
    int pool;     /* index, -1 = supervisor */
    bool shared;  /* from `defaults`: keys of other modes are passed over */
    bool scratch; /* a trial: origins are not recorded */
};

/* "file:line" of a setting. */
void conf_walk_where(const struct conf_loader *loader, const config_setting_t *setting, char *out,
                     size_t size);
/* Reads a group and the groups in it; errors go to the loader's result. */
void conf_walk_group(struct conf_loader *loader, const struct conf_target *target,
                     const config_setting_t *group, const char *prefix);
/* Checks that need more than one key, after all files are read. */
void conf_verify(struct conf_loader *loader);

#endif
