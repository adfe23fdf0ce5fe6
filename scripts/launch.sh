#!/bin/sh
# launch.sh run|all SCRIPT [ARGUMENT…]
# Runs a script of this checkout with the pinned Node, after setting up what is missing: `run` needs what Assay runs on,
# `all` also what tests and checks need. A relative SCRIPT is one of this checkout; the working directory stays the caller's.
set -u
need=$1 script=$2
shift 2
root=$(CDPATH='' cd -P -- "${0%/*}/.." && pwd) || exit 5
platform=$(uname -s)-$(uname -m)
state=$root/node_modules/.assay-setup

# What the last set-up left: state holds the platform, what is installed, and the runtime (`-` is the machine's own node).
is_set_up() {
  cmp -s "$root/package-lock.json" "$state/package-lock.json" || return 1
  { read -r had_platform && read -r had && read -r runtime; } <"$state/state" || return 1
  [ "$had_platform" = "$platform" ] || return 1
  [ "$had" = all ] || [ "$had" = "$need" ] || return 1
  if [ "$runtime" = - ]; then node=$(command -v node) || return 1; else node=$root/$runtime; fi
  [ -x "$node" ]
}

if ! is_set_up 2>/dev/null; then
  sh "$root/scripts/setup.sh" "$need" || exit $?
  is_set_up || { echo "assay: the set-up is not complete; delete $root/node_modules and start again." >&2; exit 5; }
fi

# Compiled code is kept between starts where a cache can be written: it halves the time to the first line.
if [ -z "${NODE_COMPILE_CACHE+set}" ]; then
  cache=${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/assay/compiled
  if mkdir -p "$cache" 2>/dev/null && [ -w "$cache" ]; then export NODE_COMPILE_CACHE="$cache"; fi
fi
case $script in /*) ;; *) script=$root/$script ;; esac
exec "$node" "$script" "$@"
