#!/usr/bin/env bash
# setup_test.sh - scripts/setup.sh against apt-get, apt-config, sudo and id of our own: what it asks of them, what it
# leaves alone, and what it says when they refuse. Needs no network and no root. Argument: the source folder.
set -u
source_dir=$(cd "${1:-$(dirname "$0")/..}" && pwd)
top=$(mktemp -d) || exit 1
trap 'rm -rf "$top"' EXIT
checks=0 failures=0

check() { # check <sentence> <command>...
    local sentence=$1
    shift
    checks=$((checks + 1))
    "$@" >/dev/null 2>&1 && return
    failures=$((failures + 1))
    printf 'FAILED: %s: %s\n' "$case" "$sentence"
    sed 's/^/    | /' "$top/output"
}
said() { grep -qF -- "$1" "$top/output"; }
not() { ! "$@"; }

# A machine: a PATH of its own, so that what is not linked into it is missing; apt's configuration; a log of calls.
begin() { # begin <case> <tool to leave out>...
    case=$1
    shift
    rm -rf "$top/bin" "$top/etc" "$top/tree" "$top/calls" "$top/deps"
    mkdir -p "$top/bin" "$top/etc/parts" "$top/tree/scripts"
    cp "$source_dir/scripts/setup.sh" "$top/tree/scripts"
    : >"$top/calls"
    local tool
    for tool in bash env sh cat sed awk grep head tail ls mkdir rm mv cp chmod dirname find tee mktemp git \
        cc c++ as ld cmake ninja gnuplot clang clang-format clang-tidy spin pkg-config dpkg-deb tar xz gzip zstd; do
        case " $* " in *" $tool "*) continue ;; esac
        if command -v "$tool" >/dev/null; then ln -s "$(command -v "$tool")" "$top/bin/$tool"; fi
    done
    fake id 'case ${1:-} in -u) echo 1000 ;; *) echo somebody ;; esac'
    fake sudo 'echo "sudo $*" >>"$TOP/calls"; exec "$@"'
    fake apt-config 'case $1 in
        shell) echo "list=\"$TOP/etc/sources.list\"; parts=\"$TOP/etc/parts/\"" ;;
        dump) echo "Acquire::http::Proxy \"http://proxy.example:1\";"; echo "Dir \"/system\";" ;;
        esac'
    fake apt-get 'echo "apt-get $*" >>"$TOP/calls"; exit 0'
}
fake() { # fake <tool> <body>
    rm -f "$top/bin/$1"
    printf '#!/usr/bin/env bash\nTOP=%q\n%s\n' "$top" "$2" >"$top/bin/$1"
    chmod +x "$top/bin/$1"
}
run() { # run [<variable>=<value>]...
    env -i HOME="$top" PATH="$top/bin" WEFT_DEPS_DIR="$top/deps" "$@" bash "$top/tree/scripts/setup.sh" >"$top/output" 2>&1
    status=$?
}
ended() { [ "$status" "$1" 0 ]; }

# A mimalloc of our own: <prefix> <MI_MALLOC_VERSION>
make_mimalloc() {
    mkdir -p "$1/include" "$1/lib"
    printf '#define MI_MALLOC_VERSION %s\nint mi_version(void);\n' "$2" >"$1/include/mimalloc.h"
    printf '#include <mimalloc.h>\nint mi_version(void) { return MI_MALLOC_VERSION; }\n' |
        cc -x c - -I"$1/include" -shared -fPIC -o "$1/lib/libmimalloc.so"
}
make_packages() { # make_packages <MI_MALLOC_VERSION>: what the fake mirror has
    rm -rf "$top/package"
    make_mimalloc "$top/package/usr" "$1"
    mkdir -p "$top/package/DEBIAN"
    printf 'Package: libmimalloc-dev\nVersion: 1\nArchitecture: all\nMaintainer: nobody\nDescription: none\n' \
        >"$top/package/DEBIAN/control"
    dpkg-deb --build "$top/package" "$top/mimalloc.deb" >/dev/null
}
# The mirror: notes the sources and the configuration it was asked with, and serves make_packages' package.
fake_mirror() {
    fake apt-get 'echo "apt-get $*" >>"$TOP/calls"
        conf() { sed -n "s|^$1 \"\(.*\)\";|\1|p" "$APT_CONFIG"; }
        cp "$APT_CONFIG" "$TOP/conf"
        cat "$(conf Dir::Etc::sourcelist)" >>"$TOP/sources"
        case $1 in
        update) echo "Origin: ${FAKE_ORIGIN:-Debian}" >"$(conf Dir::State::lists)/mirror_InRelease" ;;
        download) cp "$TOP/mimalloc.deb" . ;;
        esac'
    : >"$top/sources"
}
debian_sources() {
    cat >"$top/etc/parts/debian.sources" <<'END'
# the main archive
Types: deb deb-src
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By:
 /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: https://packages.example.org/node
Suites: bookworm
Components: main
Signed-By: /usr/share/keyrings/node.gpg
END
}

begin 'everything is there'
make_mimalloc "$top/prefix" 30600
run Mimalloc_ROOT="$top/prefix"
check 'it succeeds' ended -eq
check 'it calls neither apt-get nor sudo' test ! -s "$top/calls"
check 'it writes nothing' test ! -e "$top/deps" -a ! -e "$top/tree/build"

begin 'a tool is missing and there is neither root nor sudo' ninja
rm "$top/bin/sudo"
run
check 'it fails' ended -ne
check 'it names what is missing' said 'ninja (package ninja-build)'
check 'it says what to do' said 'apt-get install --no-install-recommends ninja-build'

begin 'a tool is missing and there is no apt' ninja
rm "$top/bin/apt-get"
run
check 'it fails' ended -ne
check 'it names the package' said 'ninja (package ninja-build)'

begin 'tools are missing and apt has them' ninja spin
fake apt-get 'echo "apt-get $*" >>"$TOP/calls"; for t in ninja spin; do echo >"$TOP/bin/$t"; chmod +x "$TOP/bin/$t"; done'
make_mimalloc "$top/prefix" 30600
run Mimalloc_ROOT="$top/prefix"
check 'it succeeds' ended -eq
check 'it asks sudo for these packages alone' grep -q 'apt-get install .*--no-install-recommends ninja-build spin$' "$top/calls"

begin 'the compiler asked for is missing'
fake apt-get 'echo "E: Unable to locate package"; exit 100'
run CC=clang-99
check 'it fails' ended -ne
check 'it names it' said 'clang-99'

begin 'the mirror has expired' ninja
fake apt-get 'case "$*" in *update*) echo "E: Release file for http://m/InRelease is expired (invalid since 3d). Updates for this repository will not be applied." ;; esac; exit 100'
run
check 'it fails' ended -ne
check 'it says that it has expired' said 'its Release file has expired'
check 'it names the setting' said 'Acquire::Check-Valid-Until "false";'

begin 'apt says it worked but it did not' ninja
run
check 'it fails' ended -ne
check 'it says what is still missing' said 'still missing'

# mimalloc: only where the system does not have one that is new enough
if [ "$(printf '#include <mimalloc.h>\nMI_MALLOC_VERSION\n' | cc -E -P - 2>/dev/null | tail -n 1 | grep -x '[0-9]*' || echo 0)" -lt 30600 ] &&
    command -v dpkg-deb >/dev/null; then
    begin 'mimalloc comes from a newer suite'
    debian_sources
    cp -r "$top/etc" "$top/etc.before"
    make_packages 30600
    fake_mirror
    run
    check 'it succeeds' ended -eq
    check 'it needs no root' not grep -q sudo "$top/calls"
    check 'the library is there' test -e "$top/deps/mimalloc/usr/lib/libmimalloc.so"
    check 'the suite is replaced' grep -qx 'Suites: sid' "$top/sources"
    check 'it asks for binary packages of main only' grep -qx 'Types: deb' "$top/sources"
    check 'the mirror stays' grep -qx 'URIs: http://mirror.example/debian' "$top/sources"
    check 'the key stays' grep -qx ' /usr/share/keyrings/debian-archive-keyring.gpg' "$top/sources"
    check 'security and third parties are left out' not grep -qE 'security|node' "$top/sources"
    check 'the proxy is taken over' grep -q 'proxy.example' "$top/conf"
    check 'the lists are private' grep -q "^Dir::State::lists \"$top/deps/" "$top/conf"
    check 'other settings of the host are not taken over' not grep -q '"/system"' "$top/conf"
    check 'no check of the signature is switched off' not grep -qiE 'allow.*(insecure|unauth)|trusted=yes' "$top/conf" "$top/sources"
    check "the system's sources are as they were" diff -r "$top/etc" "$top/etc.before"
    : >"$top/calls"
    run
    check 'the second run finds it and calls nothing' test "$status" -eq 0 -a ! -s "$top/calls"

    begin 'sources in the one-line format'
    cat >"$top/etc/sources.list" <<'END'
# deb http://old.example/debian bookworm main
deb-src http://mirror.example/debian bookworm main
deb [arch=amd64 signed-by=/k/debian-archive-keyring.gpg] http://mirror.example/debian/ bookworm contrib main
deb http://mirror.example/debian bookworm-updates main
deb http://security.example/debian-security bookworm-security main
deb https://packages.example.org/debian-tools bookworm main
END
    make_packages 30600
    fake_mirror
    run
    check 'it succeeds' ended -eq
    check 'only the main entry is used, its options kept' test "$(sort -u "$top/sources")" = \
        'deb [arch=amd64 signed-by=/k/debian-archive-keyring.gpg] http://mirror.example/debian/ sid main'

    begin 'the newer suite has expired'
    debian_sources
    fake apt-get 'echo "E: Release file for http://m/sid/InRelease is expired (invalid since 3d)."; exit 100'
    run
    check 'it fails' ended -ne
    check 'it says that it has expired' said 'its Release file has expired'
    check 'it names the setting' said 'Acquire::Check-Valid-Until "false";'

    begin 'the mirror cannot be reached'
    debian_sources
    fake apt-get 'echo "E: Failed to fetch http://m/sid/InRelease  Could not resolve m"; exit 100'
    run
    check 'it fails' ended -ne
    check 'it says so' said 'Could not resolve'
    check 'it names the ways out' said 'WEFT_UPSTREAM_MIMALLOC=1'

    begin 'the signature is not good'
    debian_sources
    fake apt-get 'echo "E: The repository http://m sid InRelease is not signed."; exit 100'
    run
    check 'it fails' ended -ne
    check 'it says so' said 'signature could not be checked'

    begin 'the suite has an old mimalloc'
    debian_sources
    make_packages 209
    fake_mirror
    run
    check 'it fails' ended -ne
    check 'it says that it is too old' said 'too old'
    check 'it leaves no half of it' test ! -e "$top/deps/mimalloc"

    begin 'the archive is not Debian'
    debian_sources
    make_packages 30600
    fake_mirror
    run FAKE_ORIGIN=Other
    check 'it is refused' ended -ne

    begin 'apt has no entry for Debian'
    run
    check 'CMake fetches it' said 'CMake will fetch the release from upstream'
    check 'it succeeds' ended -eq
fi

printf '%d checks, %d failed\n' "$checks" "$failures"
[ "$failures" -eq 0 ]
