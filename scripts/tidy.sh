#!/usr/bin/env bash
# tidy.sh <build folder>: clang-tidy over every C file of the project that is built, as the folder's
# compile_commands.json builds it. A file is checked again only when it, a header or the configuration has changed.
set -u
cd "$(dirname "$0")/.." || exit 1
build=$1
done_folder=build/tidy
mkdir -p "$done_folder" || exit 1
[ -e "$build/compile_commands.json" ] || { echo "tidy.sh: $build is not configured" >&2; exit 1; }

common=$({ cat .clang-tidy scripts/tidy.sh; git ls-files -z --cached --others --exclude-standard -- '*.h' | xargs -0 cat; } 2>/dev/null | sha1sum)
export build done_folder common

one() { # one <file>
    local key stamp
    key=$( (echo "$common"; cat "$1") | sha1sum | cut -d ' ' -f 1)
    stamp=$done_folder/$(echo "$1" | tr / _).$key
    [ -e "$stamp" ] && return
    # It says "n warnings generated" on stderr of every file, however quiet: show that only when something is wrong.
    local said
    said=$(clang-tidy --quiet -p "$build" "$1" 2>&1) || { printf '%s\n' "$said"; return 1; }
    rm -f "$done_folder/$(echo "$1" | tr / _)".*
    : >"$stamp"
}
export -f one

sed -n 's/^ *"file": "\(.*\)",*$/\1/p' "$build/compile_commands.json" | sed "s|^$PWD/||" | grep -vE '^(/|build/)' | grep '\.c$' | sort -u |
    xargs -r -P "$(nproc)" -I {} bash -c 'one "$1"' _ {}
