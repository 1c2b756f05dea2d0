/* SPDX-License-Identifier: MIT */
/*
 * Paths of a config file: made absolute, and the places that are defaults.
 */
#ifndef LIFEGUARD_CONF_PATHS_H
#define LIFEGUARD_CONF_PATHS_H

/* `path` from `directory` ("~/" is the home directory); malloc'ed. */
char *conf_path_absolute(const char *directory, const char *path);
/* The absolute directory of a file; malloc'ed. */
char *conf_path_directory(const char *file);
/* Where the supervisor of this name keeps its state (config.md, Rules); malloc'ed. */
char *conf_path_state(const char *name);
/* The file's name without directory and ".cfg", as a valid supervisor's name; malloc'ed. */
char *conf_path_name(const char *file);

#endif
