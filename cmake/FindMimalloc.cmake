# FindMimalloc.cmake - mimalloc as an imported target mimalloc::mimalloc, from Mimalloc_ROOT or the system.
#
# Sets Mimalloc_FOUND and Mimalloc_VERSION. The version is read from the header, which says it in one number: 30600 is
# 3.6.0; releases before 3 used three digits, 209 for 2.0.9.

find_path(Mimalloc_INCLUDE_DIR mimalloc.h HINTS ${Mimalloc_ROOT} PATH_SUFFIXES include usr/include)
find_library(Mimalloc_LIBRARY NAMES mimalloc HINTS ${Mimalloc_ROOT}
             PATH_SUFFIXES lib lib/${CMAKE_LIBRARY_ARCHITECTURE} usr/lib usr/lib/${CMAKE_LIBRARY_ARCHITECTURE})
mark_as_advanced(Mimalloc_INCLUDE_DIR Mimalloc_LIBRARY)

set(Mimalloc_VERSION "")
if(Mimalloc_INCLUDE_DIR)
    file(STRINGS "${Mimalloc_INCLUDE_DIR}/mimalloc.h" line REGEX "^#define[ \t]+MI_MALLOC_VERSION[ \t]+[0-9]+")
    string(REGEX MATCH "[0-9]+" number "${line}")
    if(number GREATER_EQUAL 10000)
        math(EXPR major "${number} / 10000")
        math(EXPR minor "${number} / 100 % 100")
        math(EXPR patch "${number} % 100")
        set(Mimalloc_VERSION ${major}.${minor}.${patch})
    elseif(number)
        math(EXPR major "${number} / 100")
        math(EXPR minor "${number} / 10 % 10")
        math(EXPR patch "${number} % 10")
        set(Mimalloc_VERSION ${major}.${minor}.${patch})
    endif()
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Mimalloc REQUIRED_VARS Mimalloc_LIBRARY Mimalloc_INCLUDE_DIR
                                  VERSION_VAR Mimalloc_VERSION)

if(Mimalloc_FOUND AND NOT TARGET mimalloc::mimalloc)
    add_library(mimalloc::mimalloc UNKNOWN IMPORTED)
    set_target_properties(mimalloc::mimalloc PROPERTIES
        IMPORTED_LOCATION "${Mimalloc_LIBRARY}" INTERFACE_INCLUDE_DIRECTORIES "${Mimalloc_INCLUDE_DIR}")
endif()
