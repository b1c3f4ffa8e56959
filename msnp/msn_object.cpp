#include "msnp/msn_object.hpp"

#include <algorithm>
#include <limits>
#include <string>

#include "msnp/ascii.hpp"
#include "msnp/base64.hpp"

namespace msnp {
namespace {

/// Longest MSNObject: real ones are about 300 bytes, with Url1 and names up to 2 KB.
constexpr std::size_t object_limit = 8 * 1024;

/// `each` gets the place behind the name.
template <class Each>
void for_each_attribute(std::string_view text, std::string_view name, Each each) {
  for (std::size_t at = 0; (at = text.find(name, at)) != std::string_view::npos;) {
    const bool starts_word = at > 0 && (text[at - 1] == ' ' || text[at - 1] == '\t' || text[at - 1] == '\r' ||
                                        text[at - 1] == '\n');
    at += name.size();
    if (starts_word) each(at);
  }
}

template <class Each>
void for_each_number(std::string_view text, std::string_view name, Each each) {
  for_each_attribute(text, name, [&](std::size_t at) {
    const std::size_t value = text.find_first_not_of(" \t=\"'+", at);
    if (value == std::string_view::npos || text[value] < '0' || text[value] > '9') return;
    // A number that fits nowhere is what the C library makes of it: the largest.
    each(leading_number<std::uint64_t>(text.substr(value))
             .value_or(std::numeric_limits<std::uint64_t>::max()));
  });
}

/// The value of an attribute whose name ends before `at`: in quotes, or up to a blank.
std::string_view value_at(std::string_view text, std::size_t at) {
  at = text.find_first_not_of(" \t\r\n", at);
  if (at == std::string_view::npos || text[at] != '=') return {};
  at = text.find_first_not_of(" \t\r\n", at + 1);
  if (at == std::string_view::npos) return {};
  const std::string_view quote = text.substr(at, 1);
  if (quote != "\"" && quote != "'") return text.substr(at, text.find_first_of(" \t\r\n>", at) - at);
  return text.substr(at + 1, text.find(quote, at + 1) - at - 1);
}

}  // namespace

Kind MsnObject::kind() const noexcept {
  switch (type) {
    case 2:
      return Kind::custom_emoticon;
    case 4:
      return Kind::file_transfer;
    case 5:
    case 10:
      return Kind::background;
    case 8:
      return Kind::wink;
    case 11:
      return Kind::voice_clip;
    default:
      return Kind::display_picture;
  }
}

std::optional<MsnObject> read_msn_object(std::string_view base64) {
  const std::string spelled = decode_base64(base64, object_limit);
  const std::string text = folded(spelled);
  std::optional<MsnObject> object;
  for_each_number(text, "type", [&object](std::uint64_t value) {
    const MsnObject one{
        .type = static_cast<std::uint32_t>(std::min<std::uint64_t>(value, 0xFFFF)), .size = {}, .sha1d = {}};
    if (!object) object = one;
    if (object->is_shared_file()) return;
    object->type = one.is_shared_file() ? one.type : std::max(object->type, one.type);
  });
  if (!object) return std::nullopt;
  for_each_number(text, "size",
                  [&object](std::uint64_t size) { object->size = std::max(object->size.value_or(0), size); });
  for_each_attribute(text, "sha1d", [&object, &spelled](std::size_t at) {
    const std::string_view value = value_at(spelled, at);
    if (value.empty()) return;
    const bool differs = !object->sha1d.empty() && object->sha1d != value;
    object->sha1d = differs ? no_digest : value;
  });
  return object;
}

}  // namespace msnp
