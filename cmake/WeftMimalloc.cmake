# WeftMimalloc.cmake - mimalloc >= 3.6 for the free-threaded flavour: what setup.sh unpacked, what the system has, or
# upstream's release by tag, in this order. Gives mimalloc::mimalloc.

set(WEFT_MIMALLOC_MIN 3.6)
set(WEFT_MIMALLOC_TAG v3.6.0)

if(NOT DEFINED Mimalloc_ROOT AND NOT DEFINED ENV{Mimalloc_ROOT})
    set(Mimalloc_ROOT "${WEFT_DEPS_DIR}/mimalloc")
endif()
find_package(Mimalloc ${WEFT_MIMALLOC_MIN} MODULE QUIET)
if(Mimalloc_FOUND)
    message(STATUS "mimalloc ${Mimalloc_VERSION}: ${Mimalloc_LIBRARY}")
    return()
endif()

# What a search found too old must not be remembered, or a newer one would never be looked for.
set(found "none found")
if(Mimalloc_VERSION)
    set(found "found ${Mimalloc_VERSION} (${Mimalloc_INCLUDE_DIR})")
endif()
unset(Mimalloc_INCLUDE_DIR CACHE)
unset(Mimalloc_LIBRARY CACHE)
if(NOT WEFT_FETCH_MIMALLOC)
    message(FATAL_ERROR "mimalloc >= ${WEFT_MIMALLOC_MIN}: ${found}. Run scripts/setup.sh, or set Mimalloc_ROOT to where "
                        "it is installed, or build with -DWEFT_FETCH_MIMALLOC=ON, or without it: -DWEFT_HEAP=system")
endif()

message(STATUS "mimalloc >= ${WEFT_MIMALLOC_MIN}: ${found}; fetching ${WEFT_MIMALLOC_TAG} from upstream")
include(FetchContent)
set(MI_BUILD_SHARED OFF CACHE BOOL "" FORCE)
set(MI_BUILD_OBJECT OFF CACHE BOOL "" FORCE)
set(MI_BUILD_TESTS OFF CACHE BOOL "" FORCE)
set(MI_OVERRIDE OFF CACHE BOOL "" FORCE)
FetchContent_Declare(mimalloc_upstream
    GIT_REPOSITORY https://github.com/microsoft/mimalloc.git
    GIT_TAG ${WEFT_MIMALLOC_TAG}
    GIT_SHALLOW ON)
FetchContent_GetProperties(mimalloc_upstream)
if(NOT mimalloc_upstream_POPULATED)
    FetchContent_Populate(mimalloc_upstream)
    add_subdirectory(${mimalloc_upstream_SOURCE_DIR} ${mimalloc_upstream_BINARY_DIR} EXCLUDE_FROM_ALL)
endif()
set_target_properties(mimalloc-static PROPERTIES POSITION_INDEPENDENT_CODE ON)
add_library(mimalloc::mimalloc INTERFACE IMPORTED)
target_link_libraries(mimalloc::mimalloc INTERFACE mimalloc-static)
