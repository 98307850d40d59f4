#!/usr/bin/env bash
# run.sh BUILD_DIR SECONDS [option...]: the randomised program for so long, in both flavours, with ever new seeds: of four
# runs three are free-threaded, and of those one lets allocations fail. Ends at the first failure; options are passed on.
set -u
build=${1:?usage: run.sh BUILD_DIR SECONDS [option...]}
seconds=${2:?usage: run.sh BUILD_DIR SECONDS [option...]}
shift 2
end=$((SECONDS + seconds)) round=0
while [ $((left = end - SECONDS)) -gt 0 ]; do
    once=$((left < 20 ? left : 20))
    case $((round % 4)) in
    0 | 2) run=(weft_stress_ft) ;;
    1) run=(weft_stress_gil) ;;
    3) run=(weft_stress_ft --fail) ;;
    esac
    "$build/stress/${run[0]}" "--seconds=$once" "${run[@]:1}" "$@" || {
        echo "stress: failed after $round good runs" >&2
        exit 1
    }
    round=$((round + 1))
done
echo "stress: $round runs, all good"
