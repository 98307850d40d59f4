# WeftTests.cmake - test programs and how ctest runs them.
#
# Every test carries one label for what it is (unit, stress, model) and, in a sanitizer's build, one for that (tsan,
# asan), so that `ctest -L tsan` means something in a folder that holds several.

include(GoogleTest)

set(WEFT_MODE_LABEL "")
set(WEFT_TEST_ENVIRONMENT "")
if(WEFT_SANITIZE MATCHES "thread")
    set(WEFT_MODE_LABEL tsan)
    set(WEFT_TEST_ENVIRONMENT
        "TSAN_OPTIONS=suppressions='${PROJECT_SOURCE_DIR}/tests/tsan.supp' second_deadlock_stack=1 history_size=4 die_after_fork=0 allocator_may_return_null=1")
elseif(WEFT_SANITIZE MATCHES "address")
    set(WEFT_MODE_LABEL asan)
    set(WEFT_TEST_ENVIRONMENT "ASAN_OPTIONS=detect_stack_use_after_return=1 allocator_may_return_null=1" "UBSAN_OPTIONS=print_stacktrace=1")
endif()

# gcc's and older clang's TSan cannot map its shadow when the kernel randomises addresses by more than 28 bits.
set(WEFT_LAUNCHER "")
if(WEFT_SANITIZE MATCHES "thread" AND EXISTS /proc/sys/vm/mmap_rnd_bits)
    file(STRINGS /proc/sys/vm/mmap_rnd_bits weft_random_bits)
    if(weft_random_bits GREATER 28)
        execute_process(COMMAND setarch -R true RESULT_VARIABLE weft_setarch OUTPUT_QUIET ERROR_QUIET)
        if(weft_setarch EQUAL 0)
            set(WEFT_LAUNCHER setarch -R)
        else()
            message(WARNING "vm.mmap_rnd_bits is ${weft_random_bits} and setarch -R is refused: if ThreadSanitizer says "
                            "\"unexpected memory mapping\", run: sysctl vm.mmap_rnd_bits=28")
        endif()
    endif()
endif()

# weft_test_settings(<label> <timeout in seconds> <test>...)
function(weft_test_settings label timeout)
    set_tests_properties(${ARGN} PROPERTIES
        LABELS "${label};${WEFT_MODE_LABEL}" TIMEOUT ${timeout} ENVIRONMENT "${WEFT_TEST_ENVIRONMENT}")
endfunction()

# weft_add_test(<name> <label> <timeout in seconds> <command> [<argument>...]): one program run is one test.
function(weft_add_test name label timeout)
    add_test(NAME ${name} COMMAND ${WEFT_LAUNCHER} ${ARGN})
    weft_test_settings(${label} ${timeout} ${name})
endfunction()

# weft_discover_tests(<program> <prefix> <label> <timeout in seconds> <filter>): each googletest test of the program
# that the filter takes becomes a ctest test. The properties are set in a file of their own, read after the tests are
# listed, because gtest_discover_tests loses lists on the way.
function(weft_discover_tests program prefix label timeout filter)
    set(list ${program}_${label})
    gtest_discover_tests(${program} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
        TEST_PREFIX ${prefix} TEST_FILTER ${filter} TEST_LIST ${list})
    set(file ${CMAKE_CURRENT_BINARY_DIR}/${list}_properties.cmake)
    file(WRITE ${file} "if(${list})
    set_tests_properties(\${${list}} PROPERTIES
        LABELS [==[${label};${WEFT_MODE_LABEL}]==] TIMEOUT ${timeout} ENVIRONMENT [==[${WEFT_TEST_ENVIRONMENT}]==])
endif()
")
    set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${file})
endfunction()
