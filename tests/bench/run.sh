#!/bin/bash
# SPDX-License-Identifier: MIT
# The benchmarks beside their peers: run.sh [ROW...] (default: all). Installs the peers, builds a
# release, prints one Markdown table. Figures are medians of interleaved runs; ratios hold from
# machine to machine, absolute figures do not.
#
#   QUICK=1        fewer and smaller runs, for trying the script
#   LONG=1         row 5 with 10,000 workers as well
#   BENCH_DIR=DIR  where files are written (default: /dev/shm, else TMPDIR)
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${BUILD_ROOT:-$root/build}/bench
packages=(gcc cmake ninja-build pkg-config libncurses-dev libconfig-dev libjansson-dev
  libpcre2-dev python3 make parallel supervisor runit daemontools s6 htop)

missing=()
for each in "${packages[@]}"; do
  dpkg-query -W -f '${Status}\n' "$each" 2>/dev/null | grep -q 'ok installed' || missing+=("$each")
done
if [ ${#missing[@]} -gt 0 ]; then
  as_root=()
  [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
    --no-install-recommends "${missing[@]}" >/dev/null
fi
cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DLIFEGUARD_BENCH=ON >/dev/null
cmake --build "$build" >/dev/null
exec /usr/bin/python3 "$root/tests/bench/bench.py" "$build" "$@"
