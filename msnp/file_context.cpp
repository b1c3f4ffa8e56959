#include "msnp/file_context.hpp"

#include <algorithm>

#include "msnp/base64.hpp"
#include "msnp/bytes.hpp"
#include "msnp/utf16.hpp"

namespace msnp {
namespace {

constexpr std::size_t name_offset = 20;
constexpr std::size_t name_bytes = 550;
constexpr std::size_t official_letters = 260;

}  // namespace

std::optional<FileContext> read_file_context(std::string_view base64) {
  const std::string record = decode_base64(base64, name_offset + name_bytes);
  if (record.size() < name_offset + 2) return std::nullopt;
  Cursor cursor{as_bytes(record).subspan(8)};
  FileContext context;
  context.size = *cursor.little<std::uint64_t>();

  std::u16string name;
  Cursor letters{as_bytes(record).subspan(name_offset)};
  while (const auto unit = letters.little<std::uint16_t>()) name.push_back(static_cast<char16_t>(*unit));

  const std::u16string cut = name.substr(0, name.find(u'\0'));
  // What follows a terminated name in the 30 bytes behind the official area is other data, no letters
  // of msnp-sharp's reading.
  name.resize(std::min(name.size(), official_letters));
  std::erase(name, u'\0');
  if (!cut.empty()) context.names.push_back(to_utf8(cut));
  if (name != cut && !name.empty()) context.names.push_back(to_utf8(name));
  if (context.names.empty()) return std::nullopt;
  return context;
}

}  // namespace msnp
