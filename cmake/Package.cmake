# What others link and install: Durable::durable, one archive that holds all of the SDK, and Durable::testing.
#
# One archive rather than one for each folder: which folders there are is this repository's own business, and the order
# in which archives must be named cannot be got wrong. It is made of the folders' own object files, so nothing is
# compiled twice, and what is linked here is what is installed.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# durable_archive(NAME OUTPUT target FOLDERS folder... LINKS PUBLIC|PRIVATE library...): Durable::NAME, which is `target`:
# the object files of these folders in one archive.
function(durable_archive name)
  cmake_parse_arguments(arg "" "OUTPUT" "FOLDERS;LINKS" ${ARGN})
  list(TRANSFORM arg_FOLDERS REPLACE "(.+)" "$<TARGET_OBJECTS:holdpoint_\\1>" OUTPUT_VARIABLE objects)
  add_library(${arg_OUTPUT} STATIC ${objects})
  add_library(Durable::${name} ALIAS ${arg_OUTPUT})
  set_target_properties(${arg_OUTPUT} PROPERTIES LINKER_LANGUAGE CXX EXPORT_NAME ${name})
  # It gives the public headers and C++20, and keeps to itself how this repository is compiled.
  target_compile_features(${arg_OUTPUT} INTERFACE cxx_std_20)
  target_include_directories(${arg_OUTPUT} INTERFACE
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(${arg_OUTPUT} ${arg_LINKS})
endfunction()

durable_archive(durable OUTPUT durable FOLDERS base wire identity net aws sdk
  LINKS PUBLIC Boost::headers PRIVATE Boost::json OpenSSL::SSL OpenSSL::Crypto Threads::Threads)
# Every function in the archive has a section of its own (holdpoint_options): what a program does not use stays out of it.
target_link_options(durable INTERFACE LINKER:--gc-sections)

# The testing library runs a function in process, on the state machine that the server uses.
if(TARGET holdpoint_testing AND EXISTS ${PROJECT_SOURCE_DIR}/include/durable/testing.hpp)
  durable_archive(testing OUTPUT durable_testing FOLDERS core functions testing LINKS PUBLIC durable)
  if(NOT PROJECT_IS_TOP_LEVEL)
    set_target_properties(durable_testing PROPERTIES EXCLUDE_FROM_ALL ON)
  endif()
endif()

option(HOLDPOINT_INSTALL "Install the SDK, the testing library and the server" ${PROJECT_IS_TOP_LEVEL})
if(NOT HOLDPOINT_INSTALL)
  return()
endif()

# Components: sdk, testing, server. `cmake --install BUILD --component sdk` wants only the target `durable` built.
set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/Durable)
set(package_files ${PROJECT_BINARY_DIR}/package)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/durable DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT sdk
  FILES_MATCHING PATTERN *.hpp PATTERN testing* EXCLUDE)
install(TARGETS durable EXPORT DurableTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT sdk)
install(EXPORT DurableTargets NAMESPACE Durable:: DESTINATION ${package_folder} COMPONENT sdk)
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/DurableConfig.cmake.in ${package_files}/DurableConfig.cmake
  INSTALL_DESTINATION ${package_folder} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${package_files}/DurableConfigVersion.cmake COMPATIBILITY SameMajorVersion)
install(FILES ${package_files}/DurableConfig.cmake ${package_files}/DurableConfigVersion.cmake
  DESTINATION ${package_folder} COMPONENT sdk)

if(TARGET durable_testing)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/durable DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT testing
    FILES_MATCHING PATTERN testing*.hpp)
  install(TARGETS durable_testing EXPORT DurableTestingTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT testing)
  install(EXPORT DurableTestingTargets NAMESPACE Durable:: DESTINATION ${package_folder} COMPONENT testing)
endif()

if(TARGET holdpoint)
  install(TARGETS holdpoint RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT server)
endif()

# pkg-config. An archive is named as what it is: -lssl would take the shared library, which costs a function its start-up time.
function(pkg_config_flag out location)
  get_filename_component(folder ${location} DIRECTORY)
  get_filename_component(file ${location} NAME)
  if(NOT folder IN_LIST CMAKE_CXX_IMPLICIT_LINK_DIRECTORIES)
    set(${out} ${location} PARENT_SCOPE)
  elseif(file MATCHES "\\.a$")
    set(${out} -l:${file} PARENT_SCOPE)
  else()
    string(REGEX REPLACE "^lib|\\.so.*$" "" bare ${file})
    set(${out} -l${bare} PARENT_SCOPE)
  endif()
endfunction()

set(pc_libraries "")
foreach(library Boost::json Boost::container OpenSSL::SSL OpenSSL::Crypto)
  foreach(property IMPORTED_LOCATION IMPORTED_LOCATION_RELEASE IMPORTED_LOCATION_NONE)
    get_target_property(location ${library} ${property})
    if(location)
      pkg_config_flag(flag ${location})
      string(APPEND pc_libraries " ${flag}")
      break()
    endif()
  endforeach()
endforeach()
get_target_property(boost_headers Boost::headers INTERFACE_INCLUDE_DIRECTORIES)
set(pc_cflags "")
if(boost_headers AND NOT boost_headers IN_LIST CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES)
  set(pc_cflags " -isystem ${boost_headers}")
endif()
file(RELATIVE_PATH pc_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(${PROJECT_SOURCE_DIR}/cmake/durable.pc.in ${package_files}/durable.pc @ONLY)
install(FILES ${package_files}/durable.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT sdk)
