# WeftFlavour.cmake - the files and the flags of a flavour.
#
# Sources are collected by folder, so a new file needs no edit here. A file that ends in _ft.c belongs to the
# free-threaded flavour alone, _gil.c to the GIL-style one, every other to both. Two sets hold alternatives of which one
# is taken: heap/heap_{mimalloc,pymalloc,system}*.c and core/platform/{linux,posix}.c.

# weft_flavour_filter(<variable> <ft|gil>): drops the files of the other flavour from the list.
function(weft_flavour_filter variable flavour)
    set(files ${${variable}})
    if(flavour STREQUAL "ft")
        list(FILTER files EXCLUDE REGEX "_gil\\.c$")
    else()
        list(FILTER files EXCLUDE REGEX "_ft\\.c$")
    endif()
    set(${variable} ${files} PARENT_SCOPE)
endfunction()

function(weft_flavour_sources variable flavour)
    file(GLOB files CONFIGURE_DEPENDS
         ${PROJECT_SOURCE_DIR}/core/*.c ${PROJECT_SOURCE_DIR}/core/platform/*.c ${PROJECT_SOURCE_DIR}/core/types/*.c
         ${PROJECT_SOURCE_DIR}/refcount/*.c ${PROJECT_SOURCE_DIR}/heap/*.c ${PROJECT_SOURCE_DIR}/gc/*.c)
    weft_flavour_filter(files ${flavour})

    if(WEFT_HEAP STREQUAL "system")
        set(others "mimalloc|pymalloc")
    elseif(flavour STREQUAL "ft")
        set(others "pymalloc|system")
    else()
        set(others "mimalloc|system")
    endif()
    list(FILTER files EXCLUDE REGEX "/heap/heap_(${others})[a-z_]*\\.c$")

    if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
        list(FILTER files EXCLUDE REGEX "/core/platform/posix\\.c$")
    else()
        list(FILTER files EXCLUDE REGEX "/core/platform/linux\\.c$")
    endif()
    set(${variable} ${files} PARENT_SCOPE)
endfunction()

# weft_add_flavour(<name> <ft|gil>): libraries <name> (shared) and <name>_static, with aliases in weft::. The files are
# compiled once, position independent, for both.
function(weft_add_flavour name flavour)
    weft_flavour_sources(sources ${flavour})
    add_library(${name}_objects OBJECT ${sources})
    weft_own_target(${name}_objects)
    set_target_properties(${name}_objects PROPERTIES POSITION_INDEPENDENT_CODE ON C_VISIBILITY_PRESET hidden)
    target_compile_options(${name}_objects PRIVATE -fno-semantic-interposition)
    target_compile_definitions(${name}_objects PRIVATE WEFT_VERSION="${PROJECT_VERSION}")
    target_include_directories(${name}_objects PRIVATE ${PROJECT_SOURCE_DIR})

    add_library(${name} SHARED $<TARGET_OBJECTS:${name}_objects>)
    set_target_properties(${name} PROPERTIES VERSION ${PROJECT_VERSION}
        SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR} LINKER_LANGUAGE C)
    target_link_options(${name} PRIVATE -Wl,-z,defs -Wl,--exclude-libs,ALL)
    if(WEFT_SANITIZE) # the sanitizer's own symbols come from the executable
        set_target_properties(${name} PROPERTIES LINK_OPTIONS "")
    endif()
    add_library(${name}_static STATIC $<TARGET_OBJECTS:${name}_objects>)
    set_target_properties(${name}_static PROPERTIES OUTPUT_NAME ${name} LINKER_LANGUAGE C)

    foreach(target ${name}_objects ${name} ${name}_static)
        target_include_directories(${target} PUBLIC
            $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
        target_link_libraries(${target} PRIVATE Threads::Threads m)
        if(flavour STREQUAL "gil")
            target_compile_definitions(${target} PUBLIC WEFT_GIL)
        elseif(WEFT_HEAP STREQUAL "default")
            target_link_libraries(${target} PRIVATE ${WEFT_BEFORE_MIMALLOC} mimalloc::mimalloc)
        endif()
    endforeach()
    add_library(weft::${name} ALIAS ${name})
    add_library(weft::${name}_static ALIAS ${name}_static)
endfunction()
