/* SPDX-License-Identifier: MIT */
/*
 * The parts of verify.c that have files of their own. Each reports what it finds to the loader's
 * result.
 */
#ifndef LIFEGUARD_CONF_VERIFY_H
#define LIFEGUARD_CONF_VERIFY_H

struct conf_loader;
struct spec;

/* Where the key was set; else where the pool was named; else the files. */
const char *conf_verify_where(const struct conf_loader *loader, int pool, const char *path);
/* Index of the pool, -1 when there is none. */
int conf_verify_find_pool(const struct spec *spec, const char *name);
/* Of all pools. */
void conf_verify_after(struct conf_loader *loader);
void conf_verify_health(struct conf_loader *loader, int at);

#endif
