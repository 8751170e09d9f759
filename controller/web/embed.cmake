# Writes OUTPUT, the C++ source that holds the FILES as they are. Run by the build: cmake -DOUTPUT=... -DFILES=... -P embed.cmake
set(entries "")
set(arrays "")
set(number 0)
foreach(file ${FILES})
  get_filename_component(name ${file} NAME)
  file(READ ${file} hex HEX)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
  string(APPEND arrays "constexpr unsigned char kFile${number}[] = {${bytes}0};\n")
  string(APPEND entries "    {\"${name}\", {reinterpret_cast<const char*>(kFile${number}), sizeof(kFile${number}) - 1}},\n")
  math(EXPR number "${number} + 1")
endforeach()
file(WRITE ${OUTPUT} "#include \"controller/web/page_files.h\"\n
namespace muster {
namespace {\n
${arrays}
const PageFile kFiles[] = {
${entries}};\n
}  // namespace\n
std::span<const PageFile> PageFiles() { return kFiles; }\n
}  // namespace muster\n")
