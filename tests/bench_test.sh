#!/bin/sh
# bench_test.sh SOURCE_DIR BUILD_DIR - the bench's programs as a user meets them: command lines, input that cannot be read
# or is malformed, answers compared with other tools, and the files of the report.
set -u

source=${1:?usage: bench_test.sh SOURCE_DIR BUILD_DIR}
build=${2:?usage: bench_test.sh SOURCE_DIR BUILD_DIR}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

fail() {
    echo "FAILED: $*" >&2
    failures=$((failures + 1))
}

# expect STATUS PATTERN COMMAND...: the exit status, and an extended regular expression that stderr matches; if that is
# empty, so must stderr be.
expect() {
    wanted=$1 pattern=$2
    shift 2
    "$@" >"$work/out" 2>"$work/err"
    status=$?
    [ $status -eq "$wanted" ] || fail "$*: status $status instead of $wanted: $(cat "$work/err")"
    if [ -n "$pattern" ]; then
        grep -Eq -- "$pattern" "$work/err" || fail "$*: stderr does not match '$pattern': $(cat "$work/err")"
    else
        [ ! -s "$work/err" ] || fail "$*: $(cat "$work/err")"
    fi
    ! grep -q 'after it: leaked' "$work/err" || fail "$*: $(cat "$work/err")"
}

# bad NAME PATTERN FORMAT: a file with what printf makes of FORMAT must be refused with FILE: offset N: PATTERN, alone and
# behind a good one, on one thread and on two.
bad() {
    file=$work/$1.json
    # shellcheck disable=SC2059 # the format is the content
    printf "$3" >"$file"
    expect 1 "$1\.json: offset $2" "$bench" json_load --repeat 1 "$file"
    expect 1 "$1\.json: offset $2" "$bench" json_load --threads 2 --repeat 1 "$work/good.json" "$file"
}

# A round trip of what JSON allows but no file of a package happens to hold.
cat >"$work/good.json" <<'END'
{
  "empty name": {
    "": ""
  },
  "numbers": [
    0,
    -1,
    9223372036854775807,
    -9223372036854775808,
    0.5,
    1e+300,
    -2.25
  ],
  "words": [
    null,
    true,
    false,
    "a \"quoted\" \\ line\nand a tab\t",
    "\u0001 and é, ‰, 😀"
  ]
}
END

for flavour in ft gil; do
    bench=$build/bench/weft_bench_$flavour

    expect 2 "^usage" "$bench"
    expect 2 "no workload 'nothing'" "$bench" nothing
    expect 2 "threads wants a number" "$bench" nbody --threads 0
    expect 2 "threads wants a number" "$bench" nbody --threads 100000
    expect 2 "size wants a number" "$bench" nbody --size -1
    expect 2 "repeat wants a number" "$bench" nbody --repeat 1x
    expect 2 "unrecognized option" "$bench" nbody --colour
    expect 2 "no probe 'nothing'" "$bench" probe nothing
    expect 1 "depth of the tree" "$bench" binary_trees --size 60
    expect 1 "loads of a file" "$bench" json_load --size 1001
    expect 1 "nothing to --dump" "$bench" nbody --dump

    # JSON: what cannot be read
    expect 1 "missing\.json: cannot open: No such file" "$bench" json_load "$work/missing.json"
    expect 1 "offset 0: cannot read: Is a directory" "$bench" json_load "$work"
    expect 1 "missing\.txt: cannot open: No such file" "$bench" word_count "$work/missing.txt"
    if [ "$(id -u)" -ne 0 ]; then
        echo '{}' >"$work/secret.json"
        chmod 000 "$work/secret.json"
        expect 1 "secret\.json: cannot open: Permission denied" "$bench" json_load "$work/secret.json"
    fi

    # JSON: what is malformed, or more than the objects can hold
    bad empty '0: parse error: premature EOF' ''
    bad blank '3: parse error: premature EOF' '  \n'
    bad cut_object '8: parse error: premature EOF' '{"a": 1,'
    bad cut_string '4: parse error: premature EOF' '["ab'
    bad pending_key '..: lexical error: ' '{"a long key": tru}'
    bad cut_word '.: lexical error: invalid string in json text' '[tru]'
    bad comma '.: parse error: ' '[1,]'
    bad colon '.: parse error: ' '{"a" 1}'
    bad bare_key '.: lexical error: ' '{a: 1}'
    bad number_key '.: parse error: ' '{1: 1}'
    bad wrong_end '.: parse error: ' '[1}'
    bad two_values '.: parse error: trailing garbage' '{} {}'
    bad lone_minus '.: lexical error: malformed number' '[-]'
    bad escape '.: lexical error: inside a string' '["\\q"]'
    bad short_escape '.: lexical error: ' '["\\u12"]'
    bad newline '.: lexical error: invalid character inside string' '["a\nb"]'
    bad utf8 '.: lexical error: invalid bytes in UTF8 string' '["\377"]'
    bad overlong '.+: ' '["\300\257"]'
    bad nul '.: lexical error: ' '[\000]'
    bad big_integer '.+: the number 9223372036854775808 does not fit 64 bits' '[9223372036854775808]'
    bad big_real '.+: the number 1e999 does not fit a double' '[1e999]'
    bad same_key '.+: the key "a" comes twice' '{"a": 1, "a": 2}'
    bad deep '128: more than 127 arrays' "$(printf '%0200d' 0 | tr 0 '[')"

    # JSON: what is good comes back as it was
    expect 0 "" "$bench" json_load --dump "$work/good.json"
    cmp -s "$work/out" "$work/good.json" || fail "$bench json_load did not reproduce: $(diff "$work/out" "$work/good.json")"
    expect 0 "" "$bench" json_load --threads 3 --repeat 20 "$work/good.json" "$work/good.json"
    grep -q '"files":2,"identical":2,"canonical":0' "$work/out" || fail "$bench json_load: $(cat "$work/out")"
    printf '[ 1,2 , {} ]' >"$work/loose.json"
    expect 0 "" "$bench" json_load --repeat 1 "$work/loose.json"
    grep -q '"identical":0,"canonical":1' "$work/out" || fail "$bench json_load: $(cat "$work/out")"

    # words: against the tools everybody has
    text=$source/LICENSE
    [ -r "$text" ] || text=/usr/share/common-licenses/GPL-3
    LC_ALL=C tr -cs 'A-Za-z' '\n' <"$text" | LC_ALL=C tr A-Z a-z | grep . | LC_ALL=C sort | uniq -c |
        awk '{print $1, $2}' >"$work/words"
    for threads in 1 3; do
        expect 0 "" "$bench" word_count --threads $threads --size 100 --repeat 1 --dump "$text"
        awk '{print $1, $2}' "$work/out" | LC_ALL=C sort -k2 >"$work/counted"
        cmp -s "$work/counted" "$work/words" || fail "$bench word_count differs from uniq -c"
    done
    printf 'no' >"$work/short.txt"
    expect 0 "" "$bench" word_count --repeat 3 --dump "$work/short.txt"
    [ "$(cat "$work/out")" = "      3 no" ] || fail "$bench word_count of one word: $(cat "$work/out")"
    : >"$work/empty.txt"
    expect 0 "" "$bench" word_count --repeat 1 "$work/empty.txt"
done

# the report, on a fraction of the work
"$source/bench/run.sh" "$build" "$work/report" --rounds 3 --seconds 0 --quick >"$work/out" 2>"$work/err" ||
    fail "run.sh: $(cat "$work/err")"
grep -q '^geometric mean' "$work/out" || fail "run.sh prints no geometric mean: $(cat "$work/out")"
grep -q '</html>' "$work/report/index.html" || fail "index.html is not complete"
[ "$(grep -o '<svg' "$work/report/index.html" | wc -l)" -eq 3 ] || fail "index.html has not three charts"
! grep -Eq '(src|href)="?https?:' "$work/report/index.html" || fail "index.html loads something from elsewhere"
# figures.sh does not take the means of a trial run: two figures are there, but not measured
expect 1 "results\.json is from a trial run" "$source/bench/figures.sh" "$build" "$work/report" --rounds 1 --quick
[ "$(grep -c 'NOT MEASURED' "$work/out")" -eq 2 ] || fail "figures.sh: $(cat "$work/out")"
for figure in count_pair_owner_ratio alloc_free_48_ratio alloc_free_48_ns private_work_2_threads_speedup \
    sharded_hot_2_threads_speedup attach_detach_us; do
    grep -q "\"$figure\"" "$work/report/figures.json" || fail "figures.json has no $figure"
done
"$build/bench/weft_report_check" "$work/report/results.json" "$work/report/figures.json" || fail "the report's shape"
expect 1 "is missing: build first" "$source/bench/run.sh" "$work"
expect 2 "usage" "$build/bench/weft_report"

[ $failures -eq 0 ] || exit 1
echo "bench: all good"
