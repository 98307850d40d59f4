#!/bin/bash
# run_models.sh - checks the models of docs/counting.md and docs/reclaim.md with Spin, and the litmus tests (litmus.c).
#
#   run_models.sh             the fast set: every planted error must be found, the small correct ones verified complete
#   run_models.sh --all       the larger correct ones too; some need gigabytes of memory and many minutes
#   run_models.sh NAME ...    only the rows with these names, from either set
#   -j N                      at once; 2 unless told, and 1 for the large ones
#
# Prints one row a run. Exit code: 0 all as expected, 1 not, 77 Spin or the compiler is missing.
set -u
here=$(cd "$(dirname "$0")" && pwd)
jobs=2 all=no names=()
while [ $# -gt 0 ]; do
    case $1 in
    --all) all=yes ;;
    -j) shift; jobs=$1 ;;
    -h | --help) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 0 ;;
    -*) echo "run_models.sh: unknown option $1" >&2; exit 2 ;;
    *) names+=("$1") ;;
    esac
    shift
done
cc=${CC:-cc}
for tool in spin "$cc"; do
    if ! command -v "$tool" >/dev/null; then
        echo "skipped: '$tool' is not installed (Debian: the package 'spin'); the models were not checked"
        exit 77
    fi
done

# set | expected | name | model | flags for spin | compile flags in place of -DSAFETY | pan options
# set: fast, slow. expected: ok (complete, no error) or error (a planted one, which must be found).
rows() { grep -v '^ *\(#\|$\)' "$here/models.txt"; }

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

# run_one ROW: one row of the table; leaves $work/NAME/verdict
run_one()
{
    local level expected name model flags build options
    IFS='|' read -r level expected name model flags build options < <(sed 's/ *| */|/g; s/^ *//; s/ *$//' <<<"$1")
    local dir=$work/$name started verdict=FAILED states=- depth=- what=- optimise=-O0 # most of a small run is compiling
    [ "$level" = slow ] && optimise=-O2
    mkdir -p "$dir"
    cp "$here"/*.pml "$here"/*.inc "$dir" && cd "$dir" || return
    started=$(date +%s.%N)
    build="-w -DCOLLAPSE -DMEMLIM=${MODEL_MEMORY:-9000} ${build:--DSAFETY}"
    # shellcheck disable=SC2086 # lists of options
    if spin -a $flags "$model" >spin.out 2>&1 && "$cc" $optimise $build -o pan pan.c >cc.out 2>&1; then
        # shellcheck disable=SC2086
        ./pan ${options:--m500000} >pan.out 2>&1
        states=$(awk '/states, stored/ { print $1; exit }' pan.out)
        depth=$(sed -n 's/.*depth reached \([0-9]*\).*/\1/p' pan.out)
        what=$(sed -n 's/^pan:[0-9]*: \(.*\) (at depth.*/\1/p' pan.out | tr -s ' ' | cut -c1-60 | head -1)
        if grep -q 'errors: 0$' pan.out && ! grep -q 'Search not completed\|max search depth' pan.out; then
            [ "$expected" = ok ] && verdict=passed
        elif [ -n "$what" ] && ! grep -q 'max search depth' <<<"$what"; then
            [ "$expected" = error ] && verdict=found
        else
            what="not complete: out of memory or depth"
        fi
    else
        what="does not build: $(head -1 spin.out cc.out 2>/dev/null | tr '\n' ' ')"
    fi
    printf '%-7s %-30s %10s %7s %7.1fs  %s\n' "$verdict" "$name" "${states:--}" "${depth:--}" \
        "$(echo "$(date +%s.%N) $started" | awk '{ print $1 - $2 }')" "$what" | tee "$dir/verdict"
    cp "$dir/verdict" "$work/$name.verdict"
    rm -rf "$dir"
}

wanted()
{
    local level=$1 name=$2 n
    if [ ${#names[@]} -gt 0 ]; then
        for n in "${names[@]}"; do [ "$n" = "$name" ] && return 0; done
        return 1
    fi
    [ "$level" = fast ] || [ $all = yes ]
}

printf '%-7s %-30s %10s %7s %8s  %s\n' verdict model states depth time 'what was found'
count=0
for level in fast slow; do
    [ $level = slow ] && jobs=1
    while IFS= read -r row; do
        IFS='|' read -r l _ n _ <<<"${row// /}"
        if [ "$l" != $level ] || ! wanted "$l" "$n"; then continue; fi
        count=$((count + 1))
        while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do wait -n; done
        run_one "$row" &
    done < <(rows)
    wait
done

if [ ${#names[@]} -eq 0 ]; then
    if "$cc" -std=c11 -O1 -o "$work/litmus" "$here/litmus.c"; then
        "$work/litmus" | tee "$work/litmus.verdict"
        count=$((count + $(wc -l <"$work/litmus.verdict")))
    else
        count=$((count + 1))
    fi
fi

passed=$(cat "$work"/*.verdict 2>/dev/null | grep -c '^passed\|^found')
echo "$passed of $count as expected"
[ "$count" -gt 0 ] || echo "run_models.sh: no row of models.txt is called ${names[*]}" >&2
[ "$count" -gt 0 ] && [ "$passed" -eq "$count" ]
