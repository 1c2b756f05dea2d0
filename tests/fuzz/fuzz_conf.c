/* SPDX-License-Identifier: MIT */
/* Any bytes as a config file: read, refused or accepted; what is accepted can be dumped and read
 * again. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "conf/conf.h"
#include "pool/spec.h"

static int load(int fd, const void *bytes, size_t len, struct buf *dump)
{
    char path[64];
    const char *paths[] = {path};
    struct conf_result result;
    struct spec spec;
    int rc;

    if (ftruncate(fd, 0) < 0 || pwrite(fd, bytes, len, 0) != (ssize_t)len)
        abort();
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    rc = conf_load(&spec, paths, 1, &result);
    if (rc == 0 && conf_dump(&spec, &result, dump) < 0)
        abort();
    if ((rc == 0) != (result.error_count == 0))
        abort();
    spec_fini(&spec);
    conf_result_fini(&result);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int fd = -1;
    struct buf dump = {0}, again = {0};

    if (fd < 0) {
        fd = memfd_create("fuzz.cfg", MFD_CLOEXEC);
        fchmod(fd, 0600); /* it is born 0777, which root would be refused */
    }
    if (load(fd, data, size, &dump) == 0 && load(fd, buf_data(&dump), buf_len(&dump), &again) < 0) {
        fprintf(stderr, "a dump can't be read:\n%s\n", buf_string(&dump));
        abort();
    }
    buf_fini(&dump);
    buf_fini(&again);
    return 0;
}
