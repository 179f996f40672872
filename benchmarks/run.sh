#!/usr/bin/env bash
# Measures everything and prints tables: the machine, the C++ core, the package beside its peers, the targets.
#
#   bash benchmarks/run.sh                 ten million rows; leave the machine alone
#   bash benchmarks/run.sh --quick         the answers are checked, no times are printed
#   bash benchmarks/run.sh --suite files   what follows goes to run.py; --quick also to core.py
#
# PYTHON names an interpreter with the package and the peers (polars, duckdb, chdb, pyarrow): by default that of
# the tests, where there is one. CORE=skip leaves the C++ part out; it needs CMake and Eigen.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

python=${PYTHON:-.venv/bin/python}
command -v "$python" >/dev/null || python=python
readonly build=build/benchmarks/core

if [[ ${CORE:-} != skip ]]; then
    where='import sys, sysconfig; print(sys.prefix, sysconfig.get_path("purelib"), sep=";")'
    prefixes=${CMAKE_PREFIX_PATH:-$("$python" -c "$where")}
    cmake -S . -B "$build" --log-level=WARNING -DCMAKE_BUILD_TYPE=Release -DSTAGEFUNNEL_BENCHMARKS=ON \
        -DCMAKE_PREFIX_PATH="$prefixes" >&2
    cmake --build "$build" --target stagefunnel_benchmark >&2
    core_options=()
    [[ " $* " != *" --quick "* ]] || core_options=(--quick)
    "$python" benchmarks/core.py "$build/benchmarks/cpp/stagefunnel_benchmark" "${core_options[@]}"
fi
exec "$python" benchmarks/run.py "$@"
