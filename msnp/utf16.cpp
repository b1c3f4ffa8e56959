#include "msnp/utf16.hpp"

#include <cstdint>

namespace msnp {
namespace {

void append(std::string& to, std::uint32_t point) {
  const auto tail = [&to](std::uint32_t bits) { to.push_back(static_cast<char>(0x80U | (bits & 0x3FU))); };
  if (point < 0x80) {
    to.push_back(static_cast<char>(point));
  } else if (point < 0x800) {
    to.push_back(static_cast<char>(0xC0U | (point >> 6U)));
    tail(point);
  } else if (point < 0x10000) {
    to.push_back(static_cast<char>(0xE0U | (point >> 12U)));
    tail(point >> 6U);
    tail(point);
  } else {
    to.push_back(static_cast<char>(0xF0U | (point >> 18U)));
    tail(point >> 12U);
    tail(point >> 6U);
    tail(point);
  }
}

}  // namespace

std::string to_utf8(std::u16string_view text) {
  std::string utf8;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::uint32_t unit = text[i];
    if (unit < 0xD800 || unit > 0xDFFF) {
      append(utf8, unit);
    } else if (unit < 0xDC00 && i + 1 < text.size() && text[i + 1] >= 0xDC00 && text[i + 1] <= 0xDFFF) {
      append(utf8, 0x10000U + ((unit - 0xD800U) << 10U) + (text[i + 1] - 0xDC00U));
      ++i;
    } else {
      append(utf8, 0xFFFD);
    }
  }
  return utf8;
}

}  // namespace msnp
