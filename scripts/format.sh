#!/usr/bin/env bash
# format.sh [--check]: formats the source files of the repository with clang-format, or names those that are not.
set -u -o pipefail
cd "$(dirname "$0")/.." || exit 1

files() {
    git ls-files --cached --others --exclude-standard -- '*.c' '*.h' '*.cc' | while read -r file; do
        if [ -e "$file" ]; then echo "$file"; fi
    done
}

if [ "${1:-}" != --check ]; then
    files | xargs -r clang-format -i
    exit
fi
if ! said=$(files | xargs -r clang-format --dry-run -Werror 2>&1); then
    bad=$(sed -n 's/^\([^:]*\):[0-9]*:[0-9]*: error: code should be .*/\1/p' <<<"$said" | sort -u)
    printf 'not formatted: %s\n' ${bad:-"$said"} >&2
    echo "format.sh: run make format" >&2
    exit 1
fi
