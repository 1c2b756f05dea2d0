#!/bin/sh
# SPDX-License-Identifier: MIT
# From a fresh clone to the screen: installs what is missing, builds, runs CONFIG (the demo when
# none is given). Further arguments go to `lifeguard run`. When all is there it only runs.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
build=$root/build
packages="gcc libc6-dev cmake ninja-build pkg-config libncurses-dev libconfig-dev libjansson-dev
  libpcre2-dev"

say() {
  printf 'start.sh: %s\n' "$*" >&2
}

is_complete() {
  for tool in cc cmake ninja pkg-config; do
    command -v "$tool" >/dev/null 2>&1 || return 1
  done
  pkg-config --exists ncursesw libconfig jansson libpcre2-8
}

install() {
  if ! command -v apt-get >/dev/null 2>&1; then
    say "this machine has no apt-get. Install these by its own means (names as in Debian), then"
    say "start again:" $packages
    exit 1
  fi
  as_root=
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null 2>&1; then
      say "some packages are missing. Install them as root, then start again:"
      say "apt-get install" $packages
      exit 1
    fi
    as_root=sudo
  fi
  say "installing what is missing:" $packages
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
  # shellcheck disable=SC2086 # a list of words
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    $packages >/dev/null
}

# Runs a step quietly; when it fails its output is shown.
quietly() {
  if ! "$@" >"$build/start.log" 2>&1; then
    cat "$build/start.log" >&2
    say "this failed: $*"
    exit 1
  fi
}

is_complete || install
mkdir -p "$build"
if [ ! -f "$build/build.ninja" ]; then
  say "building lifeguard (this once; about half a minute)"
  quietly cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release
fi
quietly cmake --build "$build" --target product

if [ $# -eq 0 ]; then
  set -- "$root/config/demo.cfg"
  status=0
  "$build/lifeguard" status demo >/dev/null 2>&1 || status=$?
  # 0 and 3: it runs already, healthy or degraded.
  if [ $status -eq 0 ] || [ $status -eq 3 ]; then
    say "the demo runs already; \`lifeguard shutdown demo\` ends it"
    exec "$build/lifeguard" attach demo
  fi
fi
exec "$build/lifeguard" run "$@"
