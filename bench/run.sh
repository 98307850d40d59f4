#!/bin/sh
# run.sh BUILD_DIR [REPORT_DIR [OPTION...]] - runs the workloads of a finished build on both flavours in turn, prints the
# table, writes results.json and index.html. Options go to weft_report (--rounds, --seconds, --quick).
set -eu

here=$(cd "$(dirname "$0")" && pwd)
build=${1:?usage: run.sh BUILD_DIR [REPORT_DIR [OPTION...]]}
report=${2:-$here/../build/report}
shift
[ $# -eq 0 ] || shift

for program in weft_bench_ft weft_bench_gil weft_report; do
    if [ ! -x "$build/bench/$program" ]; then
        echo "run.sh: $build/bench/$program is missing: build first (cmake --build $build)" >&2
        exit 1
    fi
done
mkdir -p "$report"
report=$(cd "$report" && pwd)
exec "$build/bench/weft_report" --gil "$build/bench/weft_bench_gil" --ft "$build/bench/weft_bench_ft" --out "$report" "$@"
