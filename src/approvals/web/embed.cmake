# cmake -DFOLDER=… -DOUTPUT=… -P embed.cmake: writes a C++ file that holds every file of a folder.
# As bytes, in pieces: a text literal may have no more than 64 KB, and none may hold what ends it.
file(GLOB paths ${FOLDER}/*)
set(arrays "")
set(list "")
set(number 0)
foreach(path ${paths})
  get_filename_component(name ${path} NAME)
  file(READ ${path} hex HEX)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
  string(APPEND arrays "constexpr unsigned char kAsset${number}[] = {${bytes}0};\n")
  string(APPEND list "    Asset{\"${name}\", {reinterpret_cast<const char*>(kAsset${number}), sizeof(kAsset${number}) - 1}},\n")
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
