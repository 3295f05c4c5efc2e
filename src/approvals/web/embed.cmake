# cmake -DFOLDER=… -DOUTPUT=… -P embed.cmake: writes a C++ file that holds every file of a folder.
# Each as it is and compressed, by gzip, which every Debian has.
# As bytes, in pieces: a text literal may have no more than 64 KB, and none may hold what ends it.
file(GLOB paths ${FOLDER}/*)
set(arrays "")
set(list "")
set(number 0)
foreach(path ${paths})
  get_filename_component(name ${path} NAME)
  execute_process(COMMAND gzip -9 -n -c ${path} OUTPUT_FILE ${OUTPUT}.gz COMMAND_ERROR_IS_FATAL ANY)
  string(APPEND list "    Asset{\"${name}\"")
  foreach(form asset:${path} gzipped:${OUTPUT}.gz)
    string(REGEX MATCH "^([a-z]+):(.*)$" parts ${form})
    set(array ${CMAKE_MATCH_1}_${number})
    file(READ ${CMAKE_MATCH_2} hex HEX)
    string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
    string(APPEND arrays "constexpr unsigned char ${array}[] = {${bytes}0};\n")
    string(APPEND list ", {reinterpret_cast<const char*>(${array}), sizeof(${array}) - 1}")
  endforeach()
  string(APPEND list "},\n")
  math(EXPR number "${number} + 1")
endforeach()
file(WRITE ${OUTPUT} "// Made by src/approvals/web/embed.cmake.
#include <array>

#include \"approvals/web/assets.hpp\"

namespace holdpoint::approvals {

namespace {

${arrays}
const std::array<Asset, ${number}> kAssets = {
${list}};

}  // namespace

std::span<const Asset> all_assets() {
    return kAssets;
}

}  // namespace holdpoint::approvals
")
file(REMOVE ${OUTPUT}.gz)
