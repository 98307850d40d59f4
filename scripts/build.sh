#!/usr/bin/env bash
# build.sh <preset>: configures and builds a preset into build/<preset>. CC and CXX choose the compiler; when they have
# changed since the folder was configured, it is configured afresh. Prints only what went wrong.
set -u
cd "$(dirname "$0")/.." || exit 1
preset=$1
folder=build/$preset
mkdir -p "$folder" || exit 1

fresh=
chosen="CC=${CC:-} CXX=${CXX:-}"
[ "$(cat "$folder/compiler" 2>/dev/null)" = "$chosen" ] || fresh=--fresh

quietly() { # quietly <log> <command>...
    local log=$1
    shift
    "$@" >"$log" 2>&1 && return
    grep -vE '^\[[0-9]+/[0-9]+\] (Building|Linking|Creating|Re-checking)' "$log" | tail -n 200 >&2
    echo "build.sh: $preset: failed: $*" >&2
    return 1
}

if [ -n "$fresh" ] || [ ! -e "$folder/build.ninja" ]; then
    quietly "$folder/configure.log" cmake --preset "$preset" $fresh || exit 1
    echo "$chosen" >"$folder/compiler"
fi
quietly "$folder/build.log" cmake --build "$folder" -- -k 0
