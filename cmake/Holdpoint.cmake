# Build rules shared by every folder: one library per folder, its tests beside its sources.

find_package(Threads REQUIRED)
set(OPENSSL_USE_STATIC_LIBS ON)
find_package(OpenSSL REQUIRED)
find_package(fmt REQUIRED)
set(Boost_USE_STATIC_LIBS ON)
find_package(Boost 1.81 REQUIRED COMPONENTS json)

add_library(holdpoint_options INTERFACE)
target_compile_options(holdpoint_options INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)
# Every function in a section of its own, so that what a program does not use stays out of it: 7 % of a durable function.
target_compile_options(holdpoint_options INTERFACE $<$<NOT:$<CONFIG:Debug>>:-ffunction-sections;-fdata-sections>)
target_link_options(holdpoint_options INTERFACE $<$<NOT:$<CONFIG:Debug>>:LINKER:--gc-sections>)
# A test's templates make g++ collect its garbage again and again: a tenth of the time, for 40 MB.
target_compile_options(holdpoint_options INTERFACE $<$<CXX_COMPILER_ID:GNU>:--param=ggc-min-heapsize=1048576>)
target_compile_definitions(holdpoint_options INTERFACE BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_COROUTINE)
target_include_directories(holdpoint_options INTERFACE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include)
target_link_libraries(holdpoint_options INTERFACE Threads::Threads Boost::headers Boost::json)
target_include_directories(holdpoint_options SYSTEM INTERFACE
  $<TARGET_PROPERTY:fmt::fmt,INTERFACE_INCLUDE_DIRECTORIES>)  # not the library: src/base/fmt.cpp

# The headers that cost most to parse, compiled once for every target.
file(WRITE ${PROJECT_BINARY_DIR}/pch.cpp "")
add_library(holdpoint_pch STATIC ${PROJECT_BINARY_DIR}/pch.cpp)
target_link_libraries(holdpoint_pch PUBLIC holdpoint_options)
set(precompiled_headers
  <algorithm> <chrono> <cstdint> <expected> <functional> <map> <memory> <mutex> <optional> <set> <span>
  <string> <string_view> <thread> <unordered_map> <utility> <variant> <vector> <boost/json.hpp> <fmt/format.h>)
target_precompile_headers(holdpoint_pch PRIVATE ${precompiled_headers})

# Six files compiled as one take about half as long, and no file can be compiled again alone. Files that have a name
# in their unnamed namespaces which another of their target has say SKIP_UNITY_BUILD_INCLUSION.
option(HOLDPOINT_UNITY_TESTS "Compile six test files at once; OFF for who works on one" ON)
option(HOLDPOINT_UNITY "Compile six files of a library at once (clang: g++ warns of unnamed types in members then); dev sees whether each includes what it needs" OFF)

# holdpoint_library(NAME DEPENDS target... PRECOMPILES header... TESTS_PRECOMPILE header...): src/NAME/**.cpp as holdpoint_NAME,
# **_test.cpp as holdpoint_NAME_test. The two lists: what most of its files, or of its tests, include besides, and takes seconds to parse.
# A file named *_property_test.cpp goes into holdpoint_NAME_property_test, labelled `property`; the rest is `unit`.
function(holdpoint_library name)
  cmake_parse_arguments(arg "" "" "DEPENDS;PRECOMPILES;TESTS_PRECOMPILE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$|/main\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  set(properties ${tests})
  list(FILTER properties INCLUDE REGEX "_property_test\\.cpp$")
  list(FILTER tests EXCLUDE REGEX "_property_test\\.cpp$")
  if(NOT sources)
    set(sources ${PROJECT_BINARY_DIR}/pch.cpp)  # headers only, so far
  endif()
  add_library(holdpoint_${name} STATIC ${sources})
  set_target_properties(holdpoint_${name} PROPERTIES UNITY_BUILD ${HOLDPOINT_UNITY} UNITY_BUILD_BATCH_SIZE 6)
  target_link_libraries(holdpoint_${name} PUBLIC holdpoint_options ${arg_DEPENDS})
  if(arg_PRECOMPILES)
    target_precompile_headers(holdpoint_${name} PRIVATE ${precompiled_headers} ${arg_PRECOMPILES})
  else()
    target_precompile_headers(holdpoint_${name} REUSE_FROM holdpoint_pch)
  endif()
  if(HOLDPOINT_BUILD_TESTS)
    holdpoint_test(holdpoint_${name}_test unit "${tests}" holdpoint_${name} PRECOMPILES ${arg_TESTS_PRECOMPILE})
    holdpoint_test(holdpoint_${name}_property_test property "${properties}" holdpoint_${name})
  endif()
endfunction()

# holdpoint_test(NAME LABEL "sources" library... PRECOMPILES header...): one GoogleTest program; each test is a ctest of its own.
function(holdpoint_test name label sources)
  cmake_parse_arguments(arg "" "" "PRECOMPILES" ${ARGN})
  if(NOT sources)
    return()
  endif()
  find_package(GTest REQUIRED)
  set(test_headers <gmock/gmock.h> <gtest/gtest.h>)
  if(label STREQUAL property)
    list(APPEND test_headers <rapidcheck.h>)  # a third of a second for each file of all tests, if all had it
  endif()
  set(test_options -O0)  # what tests instantiate takes longer to optimize than to run
  if(NOT TARGET holdpoint_${label}_pch)
    add_library(holdpoint_${label}_pch STATIC ${PROJECT_BINARY_DIR}/pch.cpp)
    target_link_libraries(holdpoint_${label}_pch PUBLIC holdpoint_options GTest::gmock rapidcheck)
    target_compile_options(holdpoint_${label}_pch PRIVATE ${test_options})
    target_precompile_headers(holdpoint_${label}_pch PRIVATE ${precompiled_headers} ${test_headers})
  endif()
  add_executable(${name} ${sources})
  target_link_libraries(${name} PRIVATE ${arg_UNPARSED_ARGUMENTS} GTest::gmock GTest::gtest_main rapidcheck)
  target_compile_options(${name} PRIVATE ${test_options})
  if(arg_PRECOMPILES)
    target_precompile_headers(${name} PRIVATE ${precompiled_headers} ${test_headers} ${arg_PRECOMPILES})
  else()
    target_precompile_headers(${name} REUSE_FROM holdpoint_${label}_pch)
  endif()
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests
    UNITY_BUILD ${HOLDPOINT_UNITY_TESTS} UNITY_BUILD_BATCH_SIZE 6)
  file(APPEND ${PROJECT_BINARY_DIR}/unit_tests.txt "${name}\n")  # for tools/sanitize.sh
  include(GoogleTest)
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST PROPERTIES LABELS ${label} TIMEOUT 600 ENVIRONMENT LOG_LEVEL=FATAL)
endfunction()
