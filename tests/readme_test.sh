#!/usr/bin/env bash
# readme_test.sh - README.md tells the truth: its example is examples/hello.c to the letter, the files it names exist, and
# its commands work. What takes minutes or is running already (make test, run, bench, stress) is checked to be there;
# everything else is run, with a HOME of its own. Arguments: the source folder, the build folder.
set -u
cd "${1:-$(dirname "$0")/..}" || exit 1
build=${2:-$PWD/build/release}
HOME=$(mktemp -d) || exit 1
export HOME
trap 'rm -rf "$HOME"' EXIT
failures=0
failed() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}

block() { awk -v fence="\`\`\`$1" '$0 == "```" { on = 0 } on { print } $0 == fence { on = 1 }' README.md; }

diff <(block c) examples/hello.c || failed "the example in README.md is not examples/hello.c"

for file in $(grep -oE '`(include|core|docs|examples|tests|scripts)/[A-Za-z0-9_./-]+`|`[A-Z]+\.md`' README.md | tr -d '`'); do
    [ -e "$file" ] || failed "README.md names $file, which does not exist"
done

# One shell runs the commands in their order, because one may set what the next uses.
script=set\ -e$'\n'
while read -r line; do
    case $line in
    'make release') ;; # what is being tested was just built
    make*)
        ${line/make/make --no-print-directory -n} >"$HOME/log" || failed "$line: $(cat "$HOME/log")"
        for program in $(grep -oE '(^|[ @])(bench|stress|scripts)/[a-z_]+\.sh' "$HOME/log" | tr -d '@'); do
            [ -x "$program" ] || failed "$line runs $program, which is not there"
        done ;;
    *) script+=${line//build\/release/\"$build\"}$'\n' ;;
    esac
done < <(block sh)
bash -c "$script" >"$HOME/log" 2>&1 || failed "the commands of README.md:" "$(cat "$HOME/log")"
tail -n 1 "$HOME/log" | grep -qx '2000 items' || failed "the example printed: $(tail -n 1 "$HOME/log")"

[ $failures -eq 0 ]
