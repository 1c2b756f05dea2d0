/* SPDX-License-Identifier: MIT */
/* Any bytes as an sd_notify datagram. */
#include <stdint.h>
#include <stdlib.h>

#include "wire/notify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    struct notify_message message;

    notify_decode(bytes, size, &message);
    if (message.status &&
        (message.status < bytes || message.status + message.status_len > bytes + size))
        abort();
    if (message.extend < 0 || message.watchdog < 0 || message.main_pid < 0 || message.error < 0)
        abort();
    return 0;
}
