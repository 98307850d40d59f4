# WeftInstall.cmake - install rules, the package configuration for find_package(weft), and the pkg-config files.

include(CMakePackageConfigHelpers)
set(WEFT_CMAKE_DIR "${CMAKE_INSTALL_LIBDIR}/cmake/weft")

install(TARGETS weft weft_static weft_gil weft_gil_static EXPORT weftTargets
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/weft DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h"
        PATTERN "*.hpp")
install(EXPORT weftTargets NAMESPACE weft:: DESTINATION ${WEFT_CMAKE_DIR})

# A mimalloc from the build tree (unpacked by setup.sh, or fetched) does not stay there: a copy is installed where the
# installed library, or what links it statically, looks for it.
set(WEFT_MIMALLOC_BUNDLED "")
if(TARGET mimalloc-static)
    set(WEFT_MIMALLOC_BUNDLED libmimalloc.a)
    install(FILES $<TARGET_FILE:mimalloc-static> DESTINATION ${CMAKE_INSTALL_LIBDIR}/weft RENAME libmimalloc.a)
    install(FILES ${mimalloc_upstream_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_LIBDIR}/weft
        RENAME libmimalloc.copyright)
elseif(Mimalloc_LIBRARY)
    cmake_path(IS_PREFIX WEFT_DEPS_DIR "${Mimalloc_LIBRARY}" NORMALIZE bundled)
    if(bundled)
        set(WEFT_MIMALLOC_BUNDLED libmimalloc.so)
        cmake_path(GET Mimalloc_LIBRARY PARENT_PATH folder)
        install(DIRECTORY ${folder}/ DESTINATION ${CMAKE_INSTALL_LIBDIR}/weft FILES_MATCHING PATTERN "libmimalloc.so*"
                PATTERN cmake EXCLUDE)
        install(FILES ${WEFT_DEPS_DIR}/mimalloc/usr/share/doc/libmimalloc3/copyright
            DESTINATION ${CMAKE_INSTALL_LIBDIR}/weft RENAME libmimalloc.copyright)
        set_target_properties(weft PROPERTIES INSTALL_RPATH "$ORIGIN/weft")
    endif()
endif()

configure_package_config_file(cmake/weftConfig.cmake.in weftConfig.cmake
    INSTALL_DESTINATION ${WEFT_CMAKE_DIR} PATH_VARS CMAKE_INSTALL_LIBDIR)
write_basic_package_version_file(weftConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/weftConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/weftConfigVersion.cmake
    cmake/FindMimalloc.cmake DESTINATION ${WEFT_CMAKE_DIR})

function(weft_pkg_config name description cflags private)
    set(PC_NAME ${name})
    set(PC_DESCRIPTION "${description}")
    set(PC_CFLAGS "${cflags}")
    set(PC_LIBS_PRIVATE "${private}")
    file(RELATIVE_PATH PC_PREFIX ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
    cmake_path(SET PC_PREFIX NORMALIZE "${PC_PREFIX}")
    configure_file(cmake/weft.pc.in ${name}.pc @ONLY)
    install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()

set(weft_heap_library "")
if(WEFT_HEAP STREQUAL "default")
    set(weft_heap_library "${WEFT_BEFORE_MIMALLOC} -lmimalloc ")
    if(WEFT_MIMALLOC_BUNDLED)
        string(PREPEND weft_heap_library "-L\${libdir}/weft ")
    endif()
endif()
weft_pkg_config(weft "Free-threaded concurrent object runtime" "" "${weft_heap_library}-pthread -lm")
weft_pkg_config(weft_gil "Free-threaded concurrent object runtime, GIL-style build" " -DWEFT_GIL" "-pthread -lm")
