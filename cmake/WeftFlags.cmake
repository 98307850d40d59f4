# WeftFlags.cmake - how everything in this tree is compiled.

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)

if(WEFT_SANITIZE)
    add_compile_options(-fsanitize=${WEFT_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${WEFT_SANITIZE})
endif()

set(WEFT_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wundef -Wvla -Wpointer-arith -Wwrite-strings
    -Wimplicit-fallthrough $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes> $<$<COMPILE_LANGUAGE:C>:-Wmissing-prototypes>)
if(WEFT_SANITIZE AND CMAKE_C_COMPILER_ID STREQUAL "GNU")
    # gcc's warnings that follow the flow of values see the instrumentation; the release build has them.
    list(APPEND WEFT_WARNINGS -Wno-format-truncation -Wno-format-overflow -Wno-maybe-uninitialized -Wno-array-bounds
         -Wno-stringop-overflow -Wno-stringop-overread)
endif()
if(WEFT_WERROR)
    list(APPEND WEFT_WARNINGS -Werror)
endif()

# weft_own_target(<target>): what every target written in this project gets. -std=c11 hides POSIX, so ask for it.
function(weft_own_target target)
    target_compile_options(${target} PRIVATE ${WEFT_WARNINGS})
    target_compile_definitions(${target} PRIVATE _GNU_SOURCE)
endfunction()
