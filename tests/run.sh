#!/usr/bin/env bash
# Checks everything, or only the steps that are named:
#
#   bash tests/run.sh                            all steps, as CI runs them
#   bash tests/run.sh lint types                 these two
#   bash tests/run.sh python -- -k funnel -x     what follows -- goes to pytest
#   bash tests/run.sh night                      the step python with many more random logs
#   bash tests/run.sh stubs                      rewrites the stubs in python/stagefunnel/_core
#   bash tests/run.sh sanitizers                 the C++ tests under the sanitizers, `asan` and `tsan` in turn
#   bash tests/run.sh asan_module tsan_module    the tests of the binding, and those under stress, likewise
#   bash tests/run.sh hostile                    hostile input over every way in; -- -k bomb runs some of it
#   bash tests/run.sh spark                      questions about DataFrames of Spark, and the notebook about it
#   bash tests/run.sh fuzz -- -runs=10000        libFuzzer with sanitizers; what follows -- goes to it. Needs clang
#   bash tests/run.sh fuzz_million               the same without sanitizers, a million inputs on all processors
#   bash tests/run.sh fuzz_kernels               streams, sequences and statistics likewise, half a million inputs
#   bash tests/run.sh fuzz_readers               atheris on files of every format, ten minutes
#
# Steps: setup lint types cpp docs notebooks hostile spark python. What a step needs is installed by that step. All
# steps together run side by side where they can, and what a step says is shown when it ends. Needs a C++20 compiler
# and Python >= 3.11 with venv and headers; everything else goes into .venv, and PYTHON=python3.13 chooses the
# interpreter.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly all_steps=(setup lint types cpp docs notebooks hostile spark python)
# What runs side by side when all steps do: compilers, tools that mostly have one processor, and Spark, which mostly
# waits. The step python has the machine to itself then, because some of its tests measure.
readonly lanes=("setup cpp" "lint types docs notebooks hostile" "spark")
readonly venv=$PWD/.venv
readonly oldest_java=17
readonly tests_failed=1  # what pytest returns then
readonly stubs=python/stagefunnel/_core
readonly seconds=$PWD/build/seconds.txt  # the steps of this run, and when each began and ended
readonly logs=$PWD/build/steps  # what each step said that ran beside others
readonly packages="On Debian and Ubuntu: apt-get install g++ python3-venv python3-dev"
jobs=$(nproc)
readonly jobs

# Tests are about the installed package, never about the sources that a path may lead to.
unset PYTHONPATH PYTHONHOME
export PATH=$venv/bin:$PATH CMAKE_BUILD_PARALLEL_LEVEL=$jobs

main() {
    local steps=()
    while (($#)) && [[ $1 != -- ]]; do
        steps+=("$1")
        shift
    done
    options=("${@:2}")
    ((${#steps[@]})) || steps=("${all_steps[@]}")

    local known=" ${all_steps[*]} night stubs asan tsan sanitizers asan_module tsan_module fuzz fuzz_million fuzz_kernels fuzz_readers "
    for step in "${steps[@]}"; do
        [[ $known == *" $step "* ]] || fail "unknown step '$step'; the steps are:$known"
    done

    mkdir -p build
    : >"$seconds"
    trap end_of_run EXIT
    if [[ ${steps[*]} == "${all_steps[*]}" ]]; then
        run_lanes
        steps=(python)
    fi
    for step in "${steps[@]}"; do
        printf '\n== %s\n' "$step" >&2
        timed "$step"
    done
    # pytest's closing line has to stay the last one, so tests/conftest.py shows the table before it.
    [[ $step == @(python|night|notebooks|spark|*_module) ]] || show_seconds
}

timed() {
    local start=$SECONDS
    "step_$1"
    printf '%s %d %d\n' "$1" "$start" "$SECONDS" >>"$seconds"
}

# The first lane that fails ends the others.
run_lanes() {
    make_environment
    rm -rf "$logs"
    mkdir -p "$logs"
    set -m  # each lane is a group of processes, which can be ended with all that it began
    local lane
    for lane in "${lanes[@]}"; do run_lane $lane & done
    set +m
    for lane in "${lanes[@]}"; do
        wait -n || {
            read -r step <"$logs/failed"
            exit 1
        }
    done
}

run_lane() {
    trap - EXIT
    set +m
    local step status
    for step in "$@"; do
        printf '== %s begins\n' "$step" >&2
        # In a process that is waited for, a failure ends the step; behind || the step would go on.
        timed "$step" >"$logs/$step.txt" 2>&1 &
        status=0
        wait $! || status=$?
        printf '\n== %s\n%s\n' "$step" "$(<"$logs/$step.txt")" >&2
        ((status == 0)) || {
            printf '%s\n' "$step" >>"$logs/failed"
            exit "$status"
        }
    done
}

show_seconds() {
    printf '\n== seconds: each step, when it began and ended\n' >&2
    awk '{ printf "%-10s %5d %5d %5d\n", $1, $3 - $2, $2, $3; end = $3 > end ? $3 : end }
        END { printf "%-10s %5d\n", "all", end }' "$seconds" >&2
}

step_setup() { install_package; }

step_lint() {
    install_tools lint
    ruff check .
    ruff format --check .
    find cpp tests/cpp tests/fuzz benchmarks/cpp -name '*.[ch]pp' -print0 | xargs -0 clang-format --dry-run -Werror
    codespell
}

step_types() {
    install_tools lint
    install_tools test
    install_package
    mypy --num-workers auto
    write_stub build/stubs
    diff -ru "$stubs" build/stubs/stagefunnel/_core ||
        fail "$stubs is not what the module says; rewrite it with: bash tests/run.sh stubs"
}

step_stubs() {
    install_tools lint
    install_package
    write_stub python
}

# The tests are linked to the core of the module that is installed.
step_cpp() {
    install_package
    cmake --build "$(build_directory)"
    ctest --test-dir "$(build_directory)" --parallel "$jobs" --no-tests=error --output-on-failure
}

step_asan() { build_and_test asan; }

step_tsan() { build_and_test tsan; }

step_sanitizers() {
    step_asan
    step_tsan
}

step_asan_module() {
    # The interpreter itself never frees all it has; without its own allocator each object is watched.
    export ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1 PYTHONMALLOC=malloc
    test_module_under asan_module libasan.so libubsan.so
}

step_tsan_module() {
    # Of the process only the module is built for this sanitizer; what others do looks like races to it.
    export TSAN_OPTIONS=ignore_noninstrumented_modules=1:halt_on_error=1
    test_module_under tsan_module libtsan.so
}

# A bounded run that starts from what earlier ones found, some minutes long.
step_fuzz() { fuzz fuzz -max_len=1000 -runs=20000; }

# Without sanitizers, and with smaller logs, an input takes a tenth of the time. Each process has its share.
step_fuzz_million() { fuzz fuzz_plain -max_len=200 -runs=$((1000000 / jobs)) -jobs="$jobs" -workers="$jobs"; }

# Python that knows which lines an input reaches; what follows -- goes to libFuzzer.
step_fuzz_readers() {
    install_tools test
    install_package
    python -m pip install --quiet atheris
    mkdir -p build
    (cd build && python ../tests/fuzz/fuzz_readers.py fuzz_readers_corpus -max_total_time=600 "${options[@]}")
}

step_fuzz_kernels() { fuzzed=kernel fuzz fuzz_plain -max_len=200 -runs=500000; }

# Memory that a thread keeps for its next log looks like a leak to libFuzzer, which would then search all memory
# after every input; the step asan finds leaks. To weigh inputs by how rare their paths are (-entropic) takes longer
# than to run them.
fuzz() {
    local preset=$1 clang
    shift
    clang=$(find_clang)
    CXX=$clang build "$preset"
    local name=fuzz${fuzzed:+_$fuzzed}
    mkdir -p "build/${name}_corpus"
    (cd "build/$preset" && "tests/fuzz/stagefunnel_$name" -detect_leaks=0 -entropic=0 -len_control=0 "$@" \
        "${options[@]}" "../${name}_corpus")
}

find_clang() {
    local name
    for name in clang++-{20..16} clang++; do
        if command -v "$name" >/dev/null && (($("$name" -dumpversion | cut -d. -f1) >= 16)); then
            printf '%s\n' "$name"
            return
        fi
    done
    fail "no clang++ 16 or newer; on Debian and Ubuntu: apt-get install clang-16 libclang-rt-16-dev"
}

build_and_test() {
    build "$1"
    ctest --preset "$1" --parallel "$jobs" --no-tests=error
}

build() {
    install_tools compile
    local prefixes
    prefixes=$(python -c 'import sys, sysconfig
pure = sysconfig.get_path("purelib")
print(sys.prefix, pure, f"{pure}/pybind11", sep=";")')
    cmake --preset "$1" -DCMAKE_PREFIX_PATH="$prefixes"
    cmake --build --preset "$1"
}

# Lays the package with the module of a preset before the installed one.
test_module_under() {
    local preset=$1 library runtime=()
    shift
    install_tools test
    install_package
    build "$preset"
    for library in "$@" libstdc++.so; do runtime+=("$("${CXX:-c++}" -print-file-name="$library")"); done
    rm -rf "build/$preset/python"
    cp -r python "build/$preset/python"
    rm -f "build/$preset"/python/stagefunnel/_core*.so
    cp "build/$preset"/_core*.so "build/$preset/python/stagefunnel"
    PYTHONPATH=$PWD/build/$preset/python LD_PRELOAD=${runtime[*]} \
        python -m pytest tests/bindings tests/python/package/test_stress*.py "${options[@]}"
}

# The pages, in build/docs; what does not resolve is an error.
step_docs() {
    install_tools docs
    install_package
    python -m sphinx -q -W --keep-going -b html docs build/docs
}

step_notebooks() {
    install_tools test
    install_package
    printf 'without %s, which needs Spark: bash tests/run.sh spark runs it\n' notebooks/*spark*.ipynb >&2
    run_notebooks notebooks "${options[@]}"
}

# A notebook with Spark in its name is run by the step that installs Spark, all others by the step notebooks.
run_notebooks() {
    local step=$1 of_spark=(-name '*spark*.ipynb')
    shift
    local run=build/notebooks/$step  # steps may run side by side
    rm -rf "$run"
    mkdir -p build/notebooks build/ipython
    cp -r notebooks "$run"
    [[ $step != spark ]] || of_spark=(-name '*.ipynb' -not "${of_spark[@]}")
    find "$run" -maxdepth 1 "${of_spark[@]}" -delete
    # A home of its own: settings of the user's IPython are none of the notebooks' business.
    IPYTHONDIR=$PWD/build/ipython/$step PYTHONPATH=$PWD/tests/python/support python -m pytest -p no_width \
        --numprocesses "$jobs" --nbmake --overwrite "$run"/*.ipynb "$@"
    python tests/notebooks.py "$run" --step "$step"
}

# Each case has limits of time and memory; one that ends its process does not end the others.
step_hostile() {
    install_tools test
    install_package
    python tests/hostile/run.py "${options[@]}"
}

# Spark runs in this process and two of its workers; it is large, and only this step needs it. A session begins on
# one processor alone, so the notebook runs beside the tests, and what it says is shown where it fails.
step_spark() {
    install_java
    install_tools test
    install_tools test_spark
    install_package
    export SPARK_LOCAL_IP=127.0.0.1  # the name of this machine may resolve to nothing
    export SPARK_SUBMIT_OPTS="-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"  # few rows pay for no compiler of much effort
    mkdir -p build
    local said=build/notebook_of_spark.txt status=0
    run_notebooks spark --numprocesses 0 >"$said" 2>&1 &
    local of_notebook=$!
    printf 'the notebook runs beside the tests: %s\n' "$said" >&2
    STAGEFUNNEL_SPARK=1 python -m pytest tests/spark "${options[@]}" || status=$?
    wait "$of_notebook" || { status=$? && cat "$said" >&2; }
    return "$status"
}

# One run, so that its closing line counts the tests and the examples in docstrings and pages. Tests of one file
# stay in one process, which makes what they share once. To rewrite all assertions, so that they show their values,
# takes each worker as long as all else of collecting: those that failed are run again with it.
step_python() {
    install_tools test
    install_package
    install_browser
    install_postgresql
    # In the order of the folders: by number of tests, the few charts in a browser would come last and run alone.
    local tests=(--numprocesses "$jobs" --dist loadfile --no-loadscope-reorder --doctest-modules '--doctest-glob=*.md' --pyargs
        tests stagefunnel README.md docs)
    python -m pytest --assert=plain --durations=10 "${tests[@]}" "${options[@]}" && return
    local status=$?
    if ((status == tests_failed)); then
        printf '\n== those that failed, with the values in their assertions\n' >&2
        python -m pytest --last-failed --last-failed-no-failures none "${tests[@]}" "${options[@]}" || true
    fi
    return "$status"
}

# The same with all examples of the random tests, new ones each time.
step_night() { HYPOTHESIS_PROFILE=night step_python; }

write_stub() {
    rm -rf "$1/stagefunnel/_core"
    pybind11-stubgen stagefunnel._core --output-dir "$1" --exit-code
    # The home of the capsules' type changes with the version of Python; here they are only passed on.
    sed -i -E -e '/^import (types|typing_extensions)$/d' \
        -e 's/(types|typing_extensions)\.CapsuleType/object/g' "$1"/stagefunnel/_core/*.pyi
}

# The report is opened in a real browser. Where it is missing, whoever may install it does.
install_browser() {
    command -v chromium >/dev/null && command -v chromedriver >/dev/null && return
    if command -v apt-get >/dev/null && ((EUID == 0)); then
        printf 'installing chromium and chromium-driver\n' >&2
        apt-get update -qq >/dev/null
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium chromium-driver >/dev/null
        return
    fi
    fail "no chromium and chromedriver; on Debian: apt-get install chromium chromium-driver"
}

# Databases are read from and written to a real server, which the tests start on a socket of their own.
install_postgresql() {
    compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null && return
    if command -v apt-get >/dev/null && ((EUID == 0)); then
        printf 'installing postgresql\n' >&2
        apt-get update -qq >/dev/null
        # The package would make and start a server for everybody.
        mkdir -p /etc/postgresql-common
        [[ -e /etc/postgresql-common/createcluster.conf ]] ||
            printf 'create_main_cluster = false\n' >/etc/postgresql-common/createcluster.conf
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql >/dev/null
        return
    fi
    fail "no server of PostgreSQL; on Debian: apt-get install postgresql"
}

# Spark takes the Java of JAVA_HOME, or else of PATH.
install_java() {
    local advice="which Spark runs on; on Debian and Ubuntu: apt-get install default-jre-headless"
    (($(version_of_java) >= oldest_java)) && return
    [[ -z ${JAVA_HOME:-} ]] ||
        fail "JAVA_HOME=$JAVA_HOME has no Java $oldest_java or newer, $advice, and unset JAVA_HOME"
    if command -v apt-get >/dev/null && ((EUID == 0)); then
        printf 'installing default-jre-headless\n' >&2
        apt-get update -qq >/dev/null &&
            DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends default-jre-headless >/dev/null
        hash -r
        (($(version_of_java) >= oldest_java)) && return
    fi
    fail "no Java $oldest_java or newer, $advice; another one is chosen by JAVA_HOME"
}

# 0 where there is none.
version_of_java() {
    local java=${JAVA_HOME:+$JAVA_HOME/bin/}java said
    said=$("$java" -version 2>&1) || said=
    [[ $said =~ version\ \"([0-9]+) ]] && printf '%s\n' "${BASH_REMATCH[1]}" || printf '0\n'
}

# Installs what a group of pyproject.toml names, once. The tools come apart from the package, so that lint works
# while the module does not compile.
install_tools() {
    make_environment
    one_at_a_time tools install_tools_now "$1"
}

install_tools_now() {
    local wanted stamp=$venv/$1.txt
    wanted=$(requirements "$1")
    [[ $wanted != "$(cat "$stamp" 2>/dev/null)" ]] || return 0
    python -m pip install --quiet --no-compile --requirement /dev/stdin <<<"$wanted"
    compile_libraries
    printf '%s\n' "$wanted" >"$stamp"
}

# Steps side by side need the same things: the first one makes them, and the others wait for it.
one_at_a_time() {
    local of=$1 lock
    shift
    exec {lock}>"$venv/$of.lock"
    flock "$lock"
    "$@"
    exec {lock}>&-
}

# On all processors, where pip takes one, and without the tests of libraries, which nobody imports. As with pip, a
# file that is no Python yet, such as a template, stays as it is.
compile_libraries() {
    local libraries
    libraries=$(python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    python -m compileall -qq -j "$jobs" -x 'site-packages/.*/tests/' "$libraries" || true
}

build_directory() { printf 'build/python%s' "$(version python)"; }

install_package() {
    install_tools compile
    one_at_a_time package install_package_now
}

install_package_now() {
    local sources installed
    sources=$(checksum)
    installed=$(python -c 'import sysconfig; print(sysconfig.get_path("platlib"))')/stagefunnel/__init__.py
    if [[ ! -e $installed || $sources != "$(cat "$venv/sources.sha256" 2>/dev/null)" ]]; then
        # Without isolation CMake finds the same paths again and compiles only what changed. The
        # directory is its own: an isolated build leaves paths that are gone when it ends.
        python -m pip install --quiet --no-deps --force-reinstall --no-build-isolation \
            --config-settings=build-dir="$(build_directory)" --config-settings=build.targets=_core \
            --config-settings=cmake.define.STAGEFUNNEL_WERROR=ON \
            --config-settings=cmake.define.STAGEFUNNEL_TESTS=ON .
        printf '%s\n' "$sources" >"$venv/sources.sha256"
    fi
}

make_environment() {
    local python=${PYTHON:-python3}
    if "$venv/bin/python" -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        [[ -z ${PYTHON:-} || $(version "$PYTHON") == "$(version "$venv/bin/python")" ]] ||
            fail ".venv holds Python $(version "$venv/bin/python"), not $PYTHON; remove .venv to change"
        return
    fi
    require_machine "$python"
    "$python" -m venv --clear "$venv"
}

require_machine() {
    command -v "$1" >/dev/null || fail "no $1; Python >= 3.11 is needed. $packages"
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        fail "$1 is Python $(version "$1"); 3.11 or newer is needed: PYTHON=python3.11 bash tests/run.sh"
    "$1" -c 'import ensurepip' 2>/dev/null || fail "$1 has no venv. $packages"
    "$1" -c 'import os, sysconfig; os.stat(sysconfig.get_path("include") + "/Python.h")' 2>/dev/null ||
        fail "$1 has no headers (Python.h). $packages"
    command -v "${CXX:-c++}" >/dev/null || fail "no C++ compiler (${CXX:-c++}). $packages"
}

version() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])'; }

# The requirements of an optional group. The group `compile` is what the module and the C++ tests are built with,
# and what the package needs.
requirements() {
    python - "$1" <<'PYTHON'
import sys
import tomllib

with open("pyproject.toml", "rb") as file:
    settings = tomllib.load(file)
project = settings["project"]
extras = project["optional-dependencies"]
groups = [extras[sys.argv[1]]]
if sys.argv[1] == "compile":
    groups += [settings["build-system"]["requires"], project["dependencies"]]
if sys.argv[1] == "test":
    groups += [extras[name] for name in ("arrow", "excel", "holidays", "json", "languages", "plots", "report", "sql", "stats")]
for group in groups:
    for requirement in group:
        if not requirement.startswith(project["name"]):
            print(requirement)
PYTHON
}

checksum() {
    find CMakeLists.txt LICENSE README.md pyproject.toml cmake cpp python \
        -type f -not -name '*.pyc' -not -name '*.so' -print0 | sort -z | xargs -0 sha256sum | sha256sum
}

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

end_of_run() {
    local status=$? lane
    for lane in $(jobs -p); do kill -- "-$lane" 2>/dev/null || true; done
    rm -f "$seconds"
    ((status == 0)) || printf '== %s failed; alone: bash tests/run.sh %s\n' "$step" "$step" >&2
    exit "$status"
}

main "$@"
