#!/bin/sh
# One task of a command pool: the SHA-256 checksum of a file, its size, and its size compressed.
set -eu
file=$1
sum=$(sha256sum <"$file")
size=$(wc -c <"$file")
packed=$(gzip -6 -c <"$file" | wc -c)
printf '%s %d -> %d bytes\n' "${sum%% *}" "$size" "$packed"
