#!/usr/bin/env bash
# setup.sh - finds what the build, the tests and the benchmarks need, and installs what is missing.
#
# The system's packages come from apt, the only step that asks for root, and only when something is missing. mimalloc
# must be 3.6 or newer, which Debian 12 does not have: then that one package is taken from a newer Debian suite, from
# the mirror this machine already uses, into build/deps. apt checks the archive's signature as always, but works on a
# private copy of the sources in private folders: the system's package lists stay as they are. Where there is no apt,
# CMake fetches mimalloc's release by tag. Everything there: less than a second, nothing written, no network.
set -u -o pipefail
export LC_ALL=C
root=$(cd "$(dirname "$0")/.." && pwd) || exit 1
deps=${WEFT_DEPS_DIR:-$root/build/deps}
mimalloc_min=30600 # MI_MALLOC_VERSION of 3.6.0
cc=${CC:-cc}
cxx=${CXX:-c++}

say() { printf 'setup: %s\n' "$*" >&2; }
fail() {
    printf 'setup: error: %s\n' "$1" >&2
    shift
    [ $# -eq 0 ] || printf '       %s\n' "$@" >&2
    exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# ---- what is missing --------------------------------------------------------------------------------------------

missing=()  # Debian packages
reasons=()  # what each is for, in words

want() { # want <package> <what it is and is for>
    missing+=("$1")
    reasons+=("$2")
}

has_header() { printf '#include <%s>\n' "$2" | "$1" -E - >/dev/null 2>&1; }
has_cxx_header() { printf '#include <%s>\n' "$2" | "$1" -x c++ -E - >/dev/null 2>&1; }

cmake_is_new_enough() {
    local major minor
    IFS=. read -r major minor _ <<<"$(cmake --version 2>/dev/null | sed -n '1s/[^0-9]*//p')"
    [ "${major:-0}" -gt 3 ] || { [ "${major:-0}" -eq 3 ] && [ "${minor:-0}" -ge 25 ]; }
}

compiler_package() { # compiler_package <command> <default>: the package that brings it
    case ${1##*/} in clang*) echo clang ;; gcc* | g++*) echo "${1##*/}" ;; *) echo "$2" ;; esac
}

find_missing() {
    missing=() reasons=()
    have "$cc" || want "$(compiler_package "$cc" gcc)" "a C compiler ($cc)"
    have "$cxx" || want "$(compiler_package "$cxx" g++)" "a C++ compiler for googletest ($cxx)"
    if ! have "$cc" || ! has_header "$cc" stdlib.h; then want libc6-dev "the C library's headers"; fi
    if ! cmake_is_new_enough; then want cmake "cmake >= 3.25"; fi
    have ninja || want ninja-build "ninja"
    if ! have "$cxx" || ! has_cxx_header "$cxx" gtest/gtest.h; then want libgtest-dev "googletest, which runs the tests"; fi
    if ! have "$cc" || ! has_header "$cc" urcu-qsbr.h; then want liburcu-dev "liburcu, for a comparison in bench/"; fi
    if ! have "$cc" || ! has_header "$cc" yajl/yajl_parse.h; then want libyajl-dev "yajl, the JSON parser of the workloads"; fi
    if ! have "$cc" || ! has_header "$cc" xxhash.h; then want libxxhash-dev "xxHash, which hashes strings"; fi
    have pkg-config || want pkg-config "pkg-config, for the test of the installed library"
    have gnuplot || want gnuplot-nox "gnuplot, which draws the report's charts"
    [ -e /usr/share/iso-codes/json/iso_3166-1.json ] || want iso-codes "iso-codes, the JSON files of a workload"
    have clang || want clang "clang, the second compiler of the tests"
    have clang-format || want clang-format "clang-format, for the check of the format"
    have clang-tidy || want clang-tidy "clang-tidy, for the static checks"
    have spin || want spin "spin, which checks the models in tests/models"
}

# ---- apt --------------------------------------------------------------------------------------------------------

explain_apt_failure() { # explain_apt_failure <log>: why, and what to do; ends the script
    local line
    line=$(grep -m1 -E 'Release file .*(is expired|is not valid yet)' "$1")
    case $line in
    *'is expired'*)
        fail "the package mirror was refused because its Release file has expired:" "$line" \
            "If the mirror is meant to be older than its expiry date (a snapshot, a frozen copy), allow that, as root:" \
            "  echo 'Acquire::Check-Valid-Until \"false\";' > /etc/apt/apt.conf.d/99check-valid-until" \
            "Otherwise the mirror has stopped being updated: choose another one in /etc/apt." ;;
    *'is not valid yet'*)
        fail "the package mirror was refused because its Release file is dated in the future:" "$line" \
            "Set this machine's clock, or allow it, as root:" \
            "  echo 'Acquire::Check-Date \"false\";' > /etc/apt/apt.conf.d/99check-date" ;;
    esac
    line=$(grep -m1 -E 'NO_PUBKEY|not signed|BADSIG|EXPKEYSIG|verification failed|invalid signature' "$1")
    [ -z "$line" ] || fail "the archive's signature could not be checked:" "$line" \
        "Install or update the package debian-archive-keyring."
    line=$(grep -m1 -E 'Could not get lock|Unable to lock|Unable to acquire' "$1")
    [ -z "$line" ] || fail "another package manager is running:" "$line" "Wait for it to end and run this again."
    line=$(grep -m1 -E 'No space left|not have enough free space' "$1")
    [ -z "$line" ] || fail "the disk is full:" "$line"
    line=$(grep -m1 -E 'Could not resolve|Could not connect|Connection (failed|refused|timed out)|Failed to fetch|Unable to locate package' "$1")
    fail "${2:-apt-get failed}:" "${line:-$(tail -n 1 "$1")}" \
        "Check the network, the mirror in /etc/apt and its proxy (Acquire::http::Proxy)." "The whole output is in $1"
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        env DEBIAN_FRONTEND=noninteractive "$@"
    else
        sudo env DEBIAN_FRONTEND=noninteractive LC_ALL=C "$@"
    fi
}

list_missing() {
    local i
    for i in "${!missing[@]}"; do printf '%s (package %s)\n' "${reasons[$i]}" "${missing[$i]}"; done
}

install_missing() {
    local log=$root/build/setup.log i
    mapfile -t lines < <(list_missing)
    have apt-get || fail "these are missing, and there is no apt-get here to install them:" "${lines[@]}" \
        "Install them with this system's package manager (the names are Debian's) and run this again."
    if [ "$(id -u)" -ne 0 ] && ! have sudo; then
        fail "these are missing, and installing needs root, but there is no sudo:" "${lines[@]}" \
            "As root: apt-get update && apt-get install --no-install-recommends ${missing[*]}"
    fi
    say "missing:"
    printf '         %s\n' "${lines[@]}" >&2
    [ "$(id -u)" -eq 0 ] || say "asking for root to install them with apt-get"
    mkdir -p "$root/build" || fail "cannot create $root/build"
    : >"$log"
    say "installing, which can take some minutes (apt's output: $log)"
    # With fresh lists the first try is enough; with old or no lists it fails before anything is changed.
    if ! as_root apt-get install -y -q --no-install-recommends "${missing[@]}" >"$log" 2>&1; then
        say "updating the package lists"
        # A third party's source may be broken without standing in the way: only the next step's failure counts.
        as_root apt-get update -q -o APT::Update::Error-Mode=any 2>&1 | tee "$log" >&2
        if ! as_root apt-get install -y -q --no-install-recommends "${missing[@]}" 2>&1 | tee -a "$log" >&2; then
            explain_apt_failure "$log" "apt-get could not install ${missing[*]}"
        fi
    fi
    hash -r
    find_missing
    mapfile -t lines < <(list_missing)
    [ ${#missing[@]} -eq 0 ] || fail "apt-get reported success, but these are still missing:" "${lines[@]}" \
        "The whole output is in $log"
}

# ---- mimalloc ---------------------------------------------------------------------------------------------------

# mimalloc_version [<include folder>]: MI_MALLOC_VERSION of the header found there or in the system, or 0.
mimalloc_version() {
    local number
    number=$(printf '#include <mimalloc.h>\nMI_MALLOC_VERSION\n' | "$cc" ${1:+-I"$1"} -E -P - 2>/dev/null | tail -n 1)
    case $number in '' | *[!0-9]*) echo 0 ;; *) echo "$number" ;; esac
}

have_mimalloc() {
    { [ -n "${Mimalloc_ROOT:-}" ] && [ "$(mimalloc_version "$Mimalloc_ROOT/include")" -ge $mimalloc_min ]; } ||
        { [ -e "$deps/mimalloc/usr/include/mimalloc.h" ] &&
            [ "$(mimalloc_version "$deps/mimalloc/usr/include")" -ge $mimalloc_min ]; } ||
        [ "$(mimalloc_version)" -ge $mimalloc_min ]
}

# debian_entries <folder>: writes each entry for Debian's main archive that apt uses, as a file of its own with the
# suite's name replaced by @SUITE@: not security, updates, backports, nor anybody else's archive.
debian_entries() {
    local list parts file
    eval "$(apt-config shell list Dir::Etc::sourcelist/f parts Dir::Etc::sourceparts/d)"
    for file in "$list" "${parts%/}"/*; do
        [ -f "$file" ] || continue
        case $file in
        *.sources)
            sed -e '/^#/d' -e 's/^[ \t]*$//' "$file" | awk -v RS='' -v folder="$1" -v start="$(ls "$1" | wc -l)" '
                function value(name,   i, v, on) { # of a field, continuation lines joined
                    v = ""; on = 0
                    for (i = 1; i <= count; i++) {
                        if (line[i] ~ /^[ \t]/) { if (on) v = v " " line[i]; continue }
                        on = tolower(substr(line[i], 1, index(line[i], ":") - 1)) == name
                        if (on) v = substr(line[i], index(line[i], ":") + 1)
                    }
                    return " " v " "
                }
                {
                    count = split($0, line, "\n")
                    uris = value("uris"); suites = value("suites"); signed = value("signed-by")
                    if (value("types") !~ / deb / || value("enabled") ~ / (no|false|off|0) / || uris ~ /security/ ||
                        value("components") !~ / main / || suites !~ / [a-z]+ / ||
                        (signed !~ /debian-archive/ && uris !~ /\/debian\/? /)) next
                    out = folder "/" sprintf("%03d", start + NR) ".sources"
                    skip = 0
                    for (i = 1; i <= count; i++) {
                        if (line[i] !~ /^[ \t]/) {
                            name = tolower(substr(line[i], 1, index(line[i], ":") - 1))
                            skip = 1
                            if (name == "types") print "Types: deb" > out
                            else if (name == "suites") print "Suites: @SUITE@" > out
                            else if (name == "components") print "Components: main" > out
                            else skip = 0
                        }
                        if (!skip) print line[i] > out
                    }
                    close(out)
                }' ;;
        *.list)
            sed -n -E 's/^[ \t]*deb[ \t]+(\[[^]]*\][ \t]+)?([^ \t]+)[ \t]+([a-z]+)[ \t]+(.*)$/\1|\2|\3| \4 /p' "$file" |
                while IFS='|' read -r options uri _ components; do
                    case $components in *[[:space:]]main[[:space:]]*) ;; *) continue ;; esac
                    case $uri in *security*) continue ;; esac
                    case "$options $uri" in *debian-archive*' '* | *' '*/debian | *' '*/debian/) ;; *) continue ;; esac
                    printf 'deb %s%s @SUITE@ main\n' "$options" "$uri" \
                        >"$1/$(printf %03d "$(ls "$1" | wc -l)").list"
                done ;;
        esac
    done
}

# fetch_mimalloc <entry> <suite> <folder>: unpacks the packages from that suite into <folder>/root. What apt said is in
# <folder>/log.
fetch_mimalloc() {
    local work=$3 entry
    entry=$work/source.${1##*.}
    rm -rf "$work"
    mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/packages" "$work/root" || return 1
    sed "s/@SUITE@/$2/" "$1" >"$entry"
    # Of the host's configuration only how to download is taken over (proxy, checks): not its hooks and pins.
    {
        apt-config dump | grep '^Acquire'
        printf '%s "%s";\n' Dir::Etc::main /dev/null Dir::Etc::parts /dev/null Dir::Etc::preferences /dev/null \
            Dir::Etc::preferencesparts /dev/null Dir::Etc::sourceparts /dev/null Dir::Etc::sourcelist "$entry" \
            Dir::State::lists "$work/lists" Dir::Cache "$work/cache" APT::Update::Error-Mode any \
            APT::Sandbox::User "$(id -un)" Acquire::Languages none
    } >"$work/apt.conf"
    : >"$work/log"
    APT_CONFIG=$work/apt.conf apt-get update -q >>"$work/log" 2>&1 || return 1
    grep -qsx 'Origin: Debian' "$work"/lists/*Release || {
        echo "the archive does not say it is Debian's" >>"$work/log"
        return 1
    }
    (cd "$work/packages" && APT_CONFIG=$work/apt.conf apt-get download -q libmimalloc3 libmimalloc-dev) \
        >>"$work/log" 2>&1 || return 1
    local package
    for package in "$work"/packages/*.deb; do
        dpkg-deb -x "$package" "$work/root" >>"$work/log" 2>&1 || return 1
    done
    local found
    found=$(mimalloc_version "$work/root/usr/include")
    if [ "$found" -lt $mimalloc_min ]; then
        echo "its mimalloc is too old: MI_MALLOC_VERSION is $found, $mimalloc_min is needed" >>"$work/log"
        return 1
    fi
    mimalloc_runs "$work/root/usr" >>"$work/log" 2>&1
}

# The package may have been built for a newer C library than this machine's.
mimalloc_runs() {
    local library
    library=$(dirname "$(find "$1/lib" -name libmimalloc.so | head -n 1)")
    printf '#include <mimalloc.h>\nint main(void) { return mi_version() < %d; }\n' $mimalloc_min |
        "$cc" -x c - -I"$1/include" -L"$library" -Wl,-rpath,"$library" -lmimalloc -o "$1/try" && "$1/try" && rm "$1/try"
}

install_mimalloc() {
    local work=$deps/apt entries=$deps/entries log=$deps/apt.log entry suite
    rm -rf "$entries" "$log"
    mkdir -p "$entries" || fail "cannot create $entries"
    debian_entries "$entries"
    if [ -z "$(ls "$entries")" ]; then
        rm -rf "$entries"
        mimalloc_from_upstream "apt has no entry for Debian's main archive"
        return
    fi
    for entry in "$entries"/*; do
        for suite in sid forky; do
            say "mimalloc >= 3.6: taking libmimalloc3 and libmimalloc-dev from Debian $suite, into $deps/mimalloc"
            if fetch_mimalloc "$entry" "$suite" "$work"; then
                rm -rf "$deps/mimalloc"
                mv "$work/root" "$deps/mimalloc" || fail "cannot write $deps/mimalloc"
                rm -rf "$work" "$entries" "$log"
                return
            fi
            say "that did not work: $({ grep -E '^E:' "$work/log" || tail -n 1 "$work/log"; } | head -n 1)"
            cat "$work/log" >>"$log"
        done
    done
    rm -rf "$work" "$entries"
    say "mimalloc >= 3.6 is missing, for the free-threaded library. Instead of the mirror you can use an own build" \
        "(Mimalloc_ROOT=<its prefix>) or upstream's release (WEFT_UPSTREAM_MIMALLOC=1)."
    explain_apt_failure "$log" "no newer Debian suite of this machine's mirror gave mimalloc >= 3.6"
}

mimalloc_from_upstream() {
    have git || fail "mimalloc >= 3.6 is missing ($1), and fetching it from upstream needs git" "Install git."
    say "mimalloc >= 3.6 is missing ($1): CMake will fetch the release from upstream"
}

# -----------------------------------------------------------------------------------------------------------------

[ "${BASH_SOURCE[0]}" = "$0" ] || return 0 # tests/fresh_root.sh uses debian_entries

find_missing
[ ${#missing[@]} -eq 0 ] || install_missing
if ! have_mimalloc; then
    if [ -n "${WEFT_UPSTREAM_MIMALLOC:-}" ]; then
        mimalloc_from_upstream "WEFT_UPSTREAM_MIMALLOC is set"
    elif have apt-get && have dpkg-deb; then
        install_mimalloc
    else
        mimalloc_from_upstream "the system has none that is new enough"
    fi
fi
