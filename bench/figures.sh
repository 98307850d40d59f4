#!/bin/sh
# figures.sh BUILD_DIR [REPORT_DIR [OPTION...]] - prints the figures that Weft promises beside their goals and writes
# figures.json. Options go to weft_figures (--rounds, --only, --quick). After them, as context, comparisons with liburcu and CPython.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
build=${1:?usage: figures.sh BUILD_DIR [REPORT_DIR [OPTION...]]}
report=${2:-$here/../build/report}
shift
[ $# -eq 0 ] || shift

for program in weft_bench_ft weft_bench_gil weft_figures; do
    if [ ! -x "$build/bench/$program" ]; then
        echo "figures.sh: $build/bench/$program is missing: build first (cmake --build $build)" >&2
        exit 1
    fi
done
mkdir -p "$report"
report=$(cd "$report" && pwd)
status=0
"$build/bench/weft_figures" --gil "$build/bench/weft_bench_gil" --ft "$build/bench/weft_bench_ft" --out "$report" "$@" ||
    status=$?

for probe in raw_48 counted_hot; do
    for flavour in ft gil; do
        "$build/bench/weft_bench_$flavour" probe "$probe" || status=$?
    done
done
if [ -x "$build/bench/weft_reclaim_compare" ]; then
    "$build/bench/weft_reclaim_compare" || status=$?
else
    echo "no comparison with liburcu: it was not found when the build was configured"
fi
if command -v python3 > /dev/null 2>&1 && python3 -c 'import json, sys; sys.exit(sys.version_info < (3, 7))' 2> /dev/null; then
    python3 "$here/cpython.py" || status=$?
else
    echo "no comparison with CPython: there is no python3"
fi
exit $status
