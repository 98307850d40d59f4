# WeftInstall.cmake - install rules, the package configuration for find_package(weft), and the pkg-config files.

include(CMakePackageConfigHelpers)
set(WEFT_CMAKE_DIR "${CMAKE_INSTALL_LIBDIR}/cmake/weft")

install(TARGETS weft weft_static weft_gil weft_gil_static EXPORT weftTargets
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/weft DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(EXPORT weftTargets NAMESPACE weft:: DESTINATION ${WEFT_CMAKE_DIR})

configure_package_config_file(cmake/weftConfig.cmake.in weftConfig.cmake INSTALL_DESTINATION ${WEFT_CMAKE_DIR})
write_basic_package_version_file(weftConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/weftConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/weftConfigVersion.cmake
    cmake/FindMimalloc.cmake DESTINATION ${WEFT_CMAKE_DIR})

function(weft_pkg_config name description cflags private)
    set(PC_NAME ${name})
    set(PC_DESCRIPTION "${description}")
    set(PC_CFLAGS "${cflags}")
    set(PC_LIBS_PRIVATE "${private}")
    configure_file(cmake/weft.pc.in ${name}.pc @ONLY)
    install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()

set(weft_heap_library "")
if(WEFT_HEAP STREQUAL "default")
    set(weft_heap_library "-lmimalloc ")
endif()
weft_pkg_config(weft "Free-threaded concurrent object runtime" "" "${weft_heap_library}-pthread -lm")
weft_pkg_config(weft_gil "Free-threaded concurrent object runtime, GIL-style build" " -DWEFT_GIL" "-pthread -lm")
