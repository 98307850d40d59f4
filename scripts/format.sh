#!/usr/bin/env bash
# format.sh [--check]: formats the source files of the repository with clang-format, or says which ones are not.
set -u
cd "$(dirname "$0")/.." || exit 1
way=(-i)
[ "${1:-}" != --check ] || way=(--dry-run --Werror)
git ls-files --cached --others --exclude-standard -- '*.c' '*.h' '*.cc' | while read -r file; do
    if [ -e "$file" ]; then echo "$file"; fi
done | xargs -r clang-format "${way[@]}" && exit
[ "${1:-}" != --check ] || echo "format.sh: run make format" >&2
exit 1
