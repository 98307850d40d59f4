#!/usr/bin/env bash
# test.sh - every test in every mode: the format, the static checks, then for each preset the build and ctest.
#
# Goes on after a failure. A build that fails and each of the checks count as one test; the rest is counted from ctest's
# JUnit files. The last line is "N passed, N failed". Needs what setup.sh installs, and runs it first.
#
# Usage: test.sh [mode...]   modes: format release clang tsan asan tidy (default: all)
set -u
cd "$(dirname "$0")/.." || exit 1
mkdir -p build || exit 1
passed=0 failed=0 skipped=0
rows=()

finish() {
    echo
    [ ${#rows[@]} -eq 0 ] || printf '%s\n' "${rows[@]}"
    [ "$skipped" -eq 0 ] || echo "$skipped skipped"
    echo "$passed passed, $failed failed" | tee build/summary
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
    exit
}

count() { # count <what> <passed> <failed> <seconds>
    passed=$((passed + $2)) failed=$((failed + $3))
    rows+=("$(printf '%-10s %5d passed  %3d failed  %4d s' "$1" "$2" "$3" "$4")")
}

# One check that has no parts: passed or failed.
check() { # check <what> <command>...
    local what=$1 start=$SECONDS
    shift
    echo "== $what"
    if "$@"; then count "$what" 1 0 $((SECONDS - start)); else count "$what" 0 1 $((SECONDS - start)); fi
}

attribute() { # attribute <name> <file>: of the JUnit file's testsuite element
    local value
    value=$(grep -m1 -oE "^[[:space:]]*$1=\"[0-9]+\"" "$2" | grep -oE '[0-9]+')
    echo "${value:-0}"
}

mode() { # mode <preset>
    local preset=$1 start=$SECONDS junit=$PWD/build/$1/junit.xml tests bad skip
    echo "== $preset"
    if ! scripts/build.sh "$preset"; then
        count "$preset" 0 1 $((SECONDS - start))
        return
    fi
    rm -f "$junit"
    # At most one test a core: many of them start threads of their own and measure time.
    ctest --preset "$preset" -j "$(nproc)" --output-junit "$junit" --progress
    local ended=$?
    if [ ! -s "$junit" ]; then
        echo "$preset: ctest ran no tests" >&2
        count "$preset" 0 1 $((SECONDS - start))
        return
    fi
    tests=$(attribute tests "$junit") bad=$(attribute failures "$junit")
    skip=$(($(attribute skipped "$junit") + $(attribute disabled "$junit")))
    # What ctest could not even start is "skipped" in the file, and is a failure here.
    if [ $ended -ne 0 ] && [ "$bad" -eq 0 ]; then
        bad=$((skip > 0 ? skip : 1))
        skip=0
    fi
    skipped=$((skipped + skip))
    count "$preset" $((tests - bad - skip)) "$bad" $((SECONDS - start))
}

if ! scripts/setup.sh; then
    count set-up 0 1 $SECONDS
    finish
fi
for name in "${@:-format release clang tsan asan tidy}"; do
    for one in $name; do
        case $one in
        format) check format scripts/format.sh --check ;;
        tidy) check clang-tidy scripts/tidy.sh build/clang ;;
        *) mode "$one" ;;
        esac
    done
done
finish
