#!/bin/bash
# SPDX-License-Identifier: MIT
# The whole test command: installs the tools, builds with gcc (Release, warnings are errors) and
# with clang (address, undefined-behaviour and leak sanitizers), and runs everything in both.
#
#   BUILD_ROOT=DIR  keep the builds there (default: build/)
#   JOBS=N          compile and test so many at once (default: the CPUs)
#   NO_INSTALL=1    install nothing
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
builds=${BUILD_ROOT:-$root/build}
jobs=${JOBS:-$(nproc)}
packages=(gcc libc6-dev clang llvm cmake ninja-build pkg-config git ccache
  libncurses-dev libconfig-dev libjansson-dev libpcre2-dev libcmocka-dev libvterm-dev
  clang-tidy clang-format-14 cppcheck scdoc python3 perl procps strace parallel tmux make util-linux
  python3-sdnotify)
# Supervised in integration.real. Nothing of them runs unless a test starts it.
servers=(redis-server nginx-light postgresql)
server_units=(redis-server nginx postgresql)
policy=/usr/sbin/policy-rc.d

step() {
  printf '\n== %s (after %d:%02d)\n' "$*" $((SECONDS / 60)) $((SECONDS % 60))
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# Those of the packages that are not installed.
missing_of() {
  local each
  for each in "$@"; do
    dpkg-query -W -f '${Status}\n' "$each" 2>/dev/null | grep -q 'ok installed' || echo "$each"
  done
}

install_missing() {
  local missing
  mapfile -t missing < <(missing_of "$@")
  [ ${#missing[@]} -gt 0 ] || return 0
  echo "installing: ${missing[*]}"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
    --no-install-recommends "${missing[@]}" >/dev/null
}

# By its program: it may have come with another package.
have_server() {
  case $1 in
    postgresql) compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null ;;
    nginx-light) [ -x /usr/sbin/nginx ] ;;
    *) command -v "$1" >/dev/null ;;
  esac
}

# Debian starts a service as it is installed, and at each boot after that. The ones that come by
# this are kept from both; one that was there before is left as it is.
install_servers() {
  local i missing=() ours=
  for i in "${!servers[@]}"; do
    have_server "${servers[i]}" || missing+=("$i")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ ! -e "$policy" ]; then
    ours=1
    trap 'as_root rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
  fi
  for i in "${missing[@]}"; do
    install_missing "${servers[i]}"
    ! command -v systemctl >/dev/null ||
      as_root systemctl disable "${server_units[i]}" >/dev/null 2>&1 || true
  done
  trap - EXIT
  [ -z "$ours" ] || as_root rm -f "$policy"
}

# build NAME COMPILER TYPE
build() {
  local launcher=()
  ! command -v ccache >/dev/null || launcher=(-DCMAKE_C_COMPILER_LAUNCHER=ccache)
  cmake -S "$root" -B "$builds/$1" -G Ninja -DCMAKE_C_COMPILER="$2" -DCMAKE_BUILD_TYPE="$3" \
    -DLIFEGUARD_TESTS=ON -DLIFEGUARD_WERROR=ON "${launcher[@]}" >"$builds/$1.log" ||
    { cat "$builds/$1.log"; exit 1; }
  # Quiet when all is well, the whole output when it is not.
  cmake --build "$builds/$1" -j "$jobs" >"$builds/$1.log" 2>&1 ||
    { cat "$builds/$1.log"; exit 1; }
}

# run NAME [CTEST OPTION]...; the last lines are kept for the end.
run() {
  local name=$1 status=0
  shift
  (cd "$builds/$name" && ctest --output-on-failure -j "$jobs" "$@") 2>&1 |
    tee "$builds/$name.log" || status=1
  return $status
}

export LSAN_OPTIONS="print_suppressions=0:suppressions=$root/tests/lsan.supp"
export ASAN_OPTIONS="abort_on_error=0:detect_stack_use_after_return=1"
export UBSAN_OPTIONS="print_stacktrace=1"

mkdir -p "$builds"
if [ -z "${NO_INSTALL:-}" ]; then
  step "tools"
  install_missing "${packages[@]}"
  install_servers
  # The sanitizers' runtime is a package of the compiler's own version.
  install_missing "libclang-rt-$(clang -dumpversion | cut -d. -f1)-dev"
fi
step "build: gcc, Release"
build test-release gcc Release
step "build: clang, sanitizers"
build test-sanitize clang Sanitize
failed=0
step "tests: Release"
run test-release || failed=1
step "tests: sanitizers"
run test-sanitize -LE lint || failed=1

step "result"
for name in test-release test-sanitize; do
  echo "$name:"
  sed -n '/tests passed, .* tests failed out of/,$p' "$builds/$name.log"
done
exit $failed
