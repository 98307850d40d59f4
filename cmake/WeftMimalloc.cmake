# WeftMimalloc.cmake - mimalloc >= 3.6 for the free-threaded flavour: what setup.sh unpacked, what the system has, or
# upstream's release by tag, in this order. Gives mimalloc::mimalloc, and in WEFT_BEFORE_MIMALLOC what is linked before it:
# a packaged library replaces malloc of the whole process if it comes before the C library, which nobody asked for, and
# which costs memory: a page of mimalloc's for every size that anybody allocates.

set(WEFT_MIMALLOC_MIN 3.6)
set(WEFT_MIMALLOC_TAG v3.6.0)
set(WEFT_MIMALLOC_URL https://github.com/microsoft/mimalloc.git)

if(NOT DEFINED Mimalloc_ROOT AND NOT DEFINED ENV{Mimalloc_ROOT})
    set(Mimalloc_ROOT "${WEFT_DEPS_DIR}/mimalloc")
endif()
find_package(Mimalloc ${WEFT_MIMALLOC_MIN} MODULE QUIET)
set(WEFT_BEFORE_MIMALLOC "")
if(Mimalloc_FOUND)
    set(WEFT_BEFORE_MIMALLOC "-Wl,-lc") # not "c": g++ and clang++ move that to the end
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
if(NOT FETCHCONTENT_SOURCE_DIR_MIMALLOC_UPSTREAM AND NOT EXISTS "${FETCHCONTENT_BASE_DIR}/mimalloc_upstream-src")
    # FetchContent's own message would say what failed, but not what to do.
    execute_process(COMMAND git ls-remote --exit-code ${WEFT_MIMALLOC_URL} ${WEFT_MIMALLOC_TAG} TIMEOUT 60
                    RESULT_VARIABLE result OUTPUT_QUIET ERROR_VARIABLE error)
    if(NOT result EQUAL 0)
        message(FATAL_ERROR "mimalloc >= ${WEFT_MIMALLOC_MIN}: ${found}, and ${WEFT_MIMALLOC_TAG} cannot be fetched from "
                "${WEFT_MIMALLOC_URL}: ${error}\nCheck the network and https_proxy; or install mimalloc and set "
                "Mimalloc_ROOT to where it is; or build without it: -DWEFT_HEAP=system")
    endif()
endif()
FetchContent_Declare(mimalloc_upstream
    GIT_REPOSITORY ${WEFT_MIMALLOC_URL}
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
