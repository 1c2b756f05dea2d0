/* SPDX-License-Identifier: MIT */
/* Any bytes as a string of the emitter: jansson, an independent reader, reads them back. */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/buf.h"
#include "wire/json_out.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf line = {0}, bytes = {0};
    struct json_out out;
    const json_t *text;
    const char *encoded;
    json_t *root;

    json_out_init(&out, &line);
    json_open_object(&out, NULL);
    json_put_bytes(&out, "k", (const char *)data, size);
    json_close_object(&out);
    root = json_loadb(buf_data(&line), buf_len(&line), 0, NULL);
    if (!root)
        abort();
    text = json_object_get(root, "k");
    encoded = json_string_value(json_object_get(root, "k_base64"));
    if (text)
        buf_append(&bytes, json_string_value(text), json_string_length(text));
    else if (!encoded || base64_decode(&bytes, encoded, strlen(encoded)) < 0)
        abort();
    if (buf_len(&bytes) != size || (size && memcmp(buf_data(&bytes), data, size) != 0))
        abort();
    json_decref(root);
    buf_fini(&line);
    buf_fini(&bytes);
    return 0;
}
