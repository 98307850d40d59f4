#!/usr/bin/env bash
# install_test.sh - installs a build and uses it from another project: with find_package, all four targets, and with
# pkg-config. Arguments: the source folder, the build folder.
set -eu
source_dir=$(cd "${1:-$(dirname "$0")/..}" && pwd)
build=${2:-$source_dir/build/release}
top=$(mktemp -d)
trap 'rm -rf "$top"' EXIT

cmake --install "$build" --prefix "$top/prefix" >/dev/null
cd "$top"
mkdir user
cp "$source_dir/examples/hello.c" user/
cat >user/CMakeLists.txt <<'END'
cmake_minimum_required(VERSION 3.25)
project(user C)
find_package(weft 0.1 REQUIRED)
find_package(Threads REQUIRED)
foreach(library weft weft_static weft_gil weft_gil_static)
    add_executable(hello_${library} hello.c)
    target_link_libraries(hello_${library} PRIVATE weft::${library} Threads::Threads)
endforeach()
END
cmake -G Ninja -S user -B out -DCMAKE_PREFIX_PATH="$top/prefix" >log 2>&1 || { cat log; exit 1; }
cmake --build out >log 2>&1 || { cat log; exit 1; }
for library in weft weft_static weft_gil weft_gil_static; do
    test "$(out/hello_$library)" = '2000 items' || { echo "FAILED: with find_package: $library"; exit 1; }
done

libdir=$(dirname "$(find prefix -name libweft.so)")
export PKG_CONFIG_PATH=$top/$libdir/pkgconfig
for name in weft weft_gil; do
    for static in '' --static; do
        # shellcheck disable=SC2046
        ${CC:-cc} -o hello user/hello.c -pthread $(pkg-config $static --cflags --libs $name) -Wl,-rpath,"$top/$libdir:$top/$libdir/weft"
        test "$(./hello)" = '2000 items' || { echo "FAILED: with pkg-config: $name $static"; exit 1; }
    done
done
# weft.hpp.
for name in weft weft_gil; do
    # shellcheck disable=SC2046
    ${CXX:-c++} -std=c++17 -o words "$source_dir/examples/words.cc" -pthread $(pkg-config --cflags --libs $name) -Wl,-rpath,"$top/$libdir:$top/$libdir/weft"
    test "$(./words)" = '5 words, "the" 4 times' || { echo "FAILED: weft.hpp: $name"; exit 1; }
done

# The GIL flavour needs the C library alone, and only the public names are visible.
readelf -d "$libdir/libweft_gil.so" | grep NEEDED | grep -vE '\[(lib(c|m|pthread)\.so|ld-)' && { echo 'FAILED: weft_gil needs more than libc'; exit 1; }
for name in weft weft_gil; do
    nm -D --defined-only "$libdir/lib$name.so" | awk '{print $3}' | grep -v '^weft_' && { echo "FAILED: lib$name.so exports internal names"; exit 1; }
    readelf -d "$libdir/lib$name.so" | grep -q "SONAME.*\[lib$name.so.0.1\]" || { echo "FAILED: soname of $name"; exit 1; }
done

# A program that mixes the flavours does not link.
# shellcheck disable=SC2046
if ${CC:-cc} -o mixed user/hello.c -pthread $(pkg-config --cflags weft) $(pkg-config --libs weft_gil) 2>/dev/null; then
    echo 'FAILED: a program compiled for one flavour linked with the other'
    exit 1
fi
