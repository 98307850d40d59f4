#!/usr/bin/env bash
# planted.sh [fault...]: are the tests worth anything? Each tests/planted/*.patch breaks one step of a protocol. The tree is
# copied to a scratch folder; one fault at a time is planted, the library built, and what the patch names is run until
# something fails or does not end. Prints a table; fails if a fault was not found, or a patch no longer applies.
#
# Some faults leave a window of a few instructions: those are planted with a pause in it, as an interrupt might make it. With
# the pause alone, without the fault, everything is still right.
# A patch begins with a line `fault: what is broken` and lines `run: program argument...` (of build/<preset>/tests or stress).
# SECONDS_EACH (200): the longest a run may take. ROUNDS (3): how often the runs are tried. WEFT_DEPS_DIR as for CMake.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
seconds=${SECONDS_EACH:-200}
rounds=${ROUNDS:-3}
scratch=$(mktemp -d "${TMPDIR:-/tmp}/planted.XXXXXX") || exit 1
trap 'rm -rf "$scratch"' EXIT
ulimit -c 0

(cd "$root" && git ls-files -z | xargs -0 cp --parents -t "$scratch") || exit 1
cd "$scratch" || exit 1
cmake --preset release -DWEFT_DEPS_DIR="${WEFT_DEPS_DIR:-$root/build/deps}" >configure.log 2>&1 || {
    tail -n 20 configure.log >&2
    exit 1
}

build() {
    cmake --build build/release --target weft_tests_ft weft_stress_ft fork_stall -- -k 0 >build.log 2>&1 && return
    grep -E 'error|warning' build.log | head -n 10 >&2
    return 1
}

# Says how a run ended: good, failed (its status) or hung.
try() {
    local program=$1
    shift
    [ -x "build/release/tests/$program" ] && program=build/release/tests/$program || program=build/release/stress/$program
    timeout -k 5 "$seconds" "$program" "$@" >run.log 2>&1
    local status=$?
    case $status in
    0) echo good ;;
    124 | 137) echo hung ;;
    *) echo "failed ($status)" ;;
    esac
}

# look <patch file>: runs what it names until something is not good.
look() {
    local round run result
    for ((round = 0; round < rounds; round++)); do
        while read -r run; do
            # shellcheck disable=SC2086
            result=$(set -f && try $run)
            [ "$result" = good ] || {
                echo "$result: $run"
                return
            }
        done < <(sed -n 's/^run: //p' "$1")
    done
    echo good
}

wrong=0
row() { printf '%-26s %-9s %4ss  %s\n' "$@"; }
row fault found after by
names=("$@")
[ ${#names[@]} -gt 0 ] || for file in tests/planted/*.patch; do names+=("$(basename "$file" .patch)"); done

# Without a fault everything must be good, or finding one means nothing.
sed -n 's/^run: //p' tests/planted/*.patch | sort -u | sed 's/^/run: /' >all
build || exit 1
start=$SECONDS
result=$(rounds=1 look all)
row '(none)' "$([ "$result" = good ] && echo no || echo YES)" $((SECONDS - start)) "$result"
[ "$result" = good ] || {
    tail -n 20 run.log >&2
    exit 1
}

for name in "${names[@]}"; do
    patch=tests/planted/$name.patch
    if ! patch -p0 -s -N --dry-run <"$patch" >/dev/null; then
        row "$name" - - 'the patch does not apply'
        wrong=1
        continue
    fi
    patch -p0 -s -N <"$patch"
    start=$SECONDS
    if build; then
        start=$SECONDS
        result=$(look "$patch")
    else
        result='does not build'
    fi
    patch -p0 -s -R <"$patch"
    case $result in
    good | 'does not build')
        row "$name" NO $((SECONDS - start)) "$result"
        wrong=1
        ;;
    *) row "$name" yes $((SECONDS - start)) "$result" ;;
    esac
done
exit $wrong
