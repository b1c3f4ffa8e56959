#include "tests/support/reader_slp.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <functional>
#include <vector>

namespace gate::test::reading {
namespace {

constexpr std::string_view file_transfer = "5D3E02AB-6190-11D3-BBBB-00C04F795683";
constexpr std::string_view photo_sharing = "41D3E74E-04A2-4B37-96F8-08ACDB610874";
constexpr std::string_view sharing_folder = "534142D5-1F2A-431F-A60C-B0CF723FDF7D";
constexpr std::size_t most_calls = 256;
constexpr std::size_t name_at = 20;
constexpr std::size_t name_size = 550;

std::string only_hex_digits(std::string_view text) {
  std::string digits;
  for (const char one : text) {
    if (std::isxdigit(static_cast<unsigned char>(one)) != 0) digits += one;
  }
  return lower(digits);
}

/// `{0x5d3e02ab,0x6190,0x11d3,{0xbb,0xbb,...}}`
bool is_dotnet_hexadecimal(std::string_view text, std::string_view digits) {
  if (!text.starts_with("{0x") || !text.ends_with("}}")) return false;
  std::string found;
  constexpr std::array<std::size_t, 11> widths{8, 4, 4, 2, 2, 2, 2, 2, 2, 2, 2};
  std::size_t part = 0;
  while (!text.empty() && part < widths.size()) {
    const std::size_t start = text.find("0x");
    if (start == std::string_view::npos) return false;
    text.remove_prefix(start + 2);
    const std::size_t end = std::min(text.find_first_of(",}"), text.size());
    const std::string_view number = text.substr(0, end);
    if (number.size() > widths[part]) return false;
    found += std::string(widths[part] - number.size(), '0') + lower(number);
    text.remove_prefix(end);
    ++part;
  }
  return found == digits;
}

bool is_guid(GuidForm form, std::string_view value, std::string_view guid) {
  const std::string braced = "{" + std::string(guid) + "}";
  switch (form) {
    case GuidForm::exact:
      return value == braced;
    case GuidForm::any_case:
      return lower(value) == lower(braced);
    case GuidForm::between_braces: {
      const std::size_t open = value.find('{');
      const std::size_t close = value.find('}');
      return open != std::string_view::npos && close != std::string_view::npos && close > open &&
             value.substr(open + 1, close - open - 1) == guid;
    }
    case GuidForm::dotnet:
      return is_dotnet_guid(value, only_hex_digits(guid));
  }
  return false;
}

int sextet(char one) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const std::size_t at = alphabet.find(one);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

/// Nothing if the client calls it no base64.
std::optional<std::string> decoded(Base64 how, std::string_view text) {
  if (how == Base64::strict) {
    while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) text.remove_suffix(1);
    if (text.size() % 4 != 0) return std::nullopt;
  }
  std::string bytes;
  std::uint32_t bits = 0;
  std::size_t count = 0;
  std::size_t padding = 0;
  for (const char one : text) {
    const int value = sextet(one);
    if (value < 0) {
      if (one == '=') ++padding;
      if (how == Base64::strict && one != '=') return std::nullopt;
      continue;
    }
    if (how == Base64::strict && padding != 0) return std::nullopt;
    bits = (bits << 6U | static_cast<std::uint32_t>(value)) & 0xFFFFFFU;
    ++count;
    const std::size_t in_four = count % 4;
    if (in_four != 1)
      bytes += static_cast<char>(bits >> (in_four == 2 ? 4U : in_four == 3 ? 2U : 0U) & 0xFFU);
  }
  if (how == Base64::strict && padding > 2) return std::nullopt;
  if (how != Base64::lenient && count % 4 == 1) return std::nullopt;
  return bytes;
}

std::uint64_t little(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;) value = value << 8U | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

void append_utf8(std::string& text, std::uint32_t point) {
  const auto byte = [&](std::uint32_t value) { text += static_cast<char>(value); };
  if (point < 0x80) {
    byte(point);
  } else if (point < 0x800) {
    byte(0xC0U | point >> 6U);
    byte(0x80U | (point & 0x3FU));
  } else if (point < 0x10000) {
    byte(0xE0U | point >> 12U);
    byte(0x80U | (point >> 6U & 0x3FU));
    byte(0x80U | (point & 0x3FU));
  } else {
    byte(0xF0U | point >> 18U);
    byte(0x80U | (point >> 12U & 0x3FU));
    byte(0x80U | (point >> 6U & 0x3FU));
    byte(0x80U | (point & 0x3FU));
  }
}

std::string name_in(std::string_view context, bool without_nuls) {
  std::string name;
  const std::size_t end = std::min(context.size(), name_at + name_size);
  for (std::size_t at = name_at; at + 2 <= end; at += 2) {
    auto unit = static_cast<std::uint32_t>(little(context, at, 2));
    if (unit == 0) {
      if (!without_nuls) break;
      continue;
    }
    if (unit >= 0xD800 && unit < 0xDC00 && at + 4 <= end) {
      const auto low = static_cast<std::uint32_t>(little(context, at + 2, 2));
      if (low >= 0xDC00 && low < 0xE000) {
        unit = 0x10000U + ((unit & 0x3FFU) << 10U) + (low & 0x3FFU);
        at += 2;
      }
    }
    append_utf8(name, unit);
  }
  return name;
}

bool is_invitation(StartLine how, std::string_view text, std::string_view line) {
  switch (how) {
    case StartLine::begins_invite:
      return text.starts_with("INVITE");
    case StartLine::begins_invite_msnmsgr:
      return text.starts_with("INVITE MSNMSGR:");
    case StartLine::word_is_invite:
      return line.substr(0, line.find(' ')) == "INVITE";
    case StartLine::contains_invite:
      return text.find("INVITE") != std::string_view::npos;
    case StartLine::anything:
      return true;
  }
  return false;
}

using Field = std::function<std::optional<std::string>(std::string_view name)>;

/// The first `KEY: ` wherever it stands, to the end of its line. A GUID is only seen with its brace.
std::optional<std::string> found_in_text(std::string_view text, std::string_view name) {
  std::string key = std::string(name) + ": ";
  if (name == "EUF-GUID") key += "{";
  const std::size_t start = text.find(key);
  if (start == std::string_view::npos) return std::nullopt;
  const std::string_view value = text.substr(start + name.size() + 2);
  const std::size_t end = value.find(name == "EUF-GUID" ? "}\r\n" : "\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  return std::string(value.substr(0, name == "EUF-GUID" ? end + 1 : end));
}

std::optional<std::string> last_line_with(std::string_view text, std::string_view name) {
  const std::string key = std::string(name) + ": ";
  std::optional<std::string> found;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.starts_with(key)) continue;
    found = std::string(line);
    for (std::size_t at = 0; (at = found->find(key, at)) != std::string::npos;) found->erase(at, key.size());
  }
  return found;
}

/// `<msnmsgr:bob@example.org;{guid}>` -> `bob@example.org`
std::string account_in(std::string_view address) {
  const std::size_t start = address.find(':');
  if (start != std::string_view::npos) address.remove_prefix(start + 1);
  return lower(address.substr(0, address.find_first_of(";>")));
}

bool application_fits(const SlpReading& reading, const Field& field) {
  const auto value = field("AppID");
  if (!reading.application_must_be_2 && !reading.application_must_be_number) return true;
  if (!value) return !reading.application_must_be_2;
  std::uint32_t number = 0;
  const std::string_view digits = trimmed(*value);
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (result.ec != std::errc()) return false;
  return reading.application_must_be_2 ? number == 2 : result.ptr == digits.data() + digits.size();
}

bool session_fits(const SlpReading& reading, const Field& field) {
  const auto session = field("SessionID");
  if (!session) return false;
  return !reading.session_must_not_be_zero || session->find_first_of("123456789") != std::string::npos;
}

std::optional<FileOffer> offer_in(const SlpReading& reading, const Field& field) {
  const auto guid = field("EUF-GUID");
  if (!guid) return std::nullopt;
  if ((reading.photo_sharing && is_guid(reading.guid, *guid, photo_sharing)) ||
      (reading.sharing_folder && is_guid(reading.guid, *guid, sharing_folder))) {
    return FileOffer{};
  }
  if (!is_guid(reading.guid, *guid, file_transfer) || !application_fits(reading, field)) return std::nullopt;
  const auto text = field("Context");
  if (!text) return std::nullopt;
  const auto context = decoded(reading.base64, *text);
  if (!context || context->size() < std::max(reading.shortest_context, name_at)) return std::nullopt;
  if (reading.checks_context_version && little(*context, 4, 4) == 3 && little(*context, 0, 4) != 637) {
    return std::nullopt;
  }
  if (reading.size_must_be_positive && little(*context, 8, 8) == 0) return std::nullopt;
  return FileOffer{name_in(*context, reading.name_without_nuls)};
}

}  // namespace

bool is_dotnet_guid(std::string_view text, std::string_view digits) {
  text = trimmed(text);
  if (is_dotnet_hexadecimal(text, digits)) return true;
  if (text.size() >= 2 &&
      ((text.front() == '{' && text.back() == '}') || (text.front() == '(' && text.back() == ')'))) {
    text = text.substr(1, text.size() - 2);
    if (text.size() != 36) return false;
  }
  if (text.size() == 32) return lower(text) == digits;
  if (text.size() != 36) return false;
  for (const std::size_t at : {8U, 13U, 18U, 23U}) {
    if (text[at] != '-') return false;
  }
  return only_hex_digits(text) == digits;
}

bool SlpTexts::concerns_us(const Headers& headers, std::string_view sender) const {
  if (reading_->needs_branch_and_call) {
    const auto via = headers.value("Via");
    if (!via || via->find("branch=") == std::string::npos || !headers.value("Call-ID")) return false;
  }
  if (reading_->to_must_be_self && !account_.empty()) {
    if (account_in(headers.value("To").value_or("")) != lower(account_)) return false;
  }
  if (reading_->from_must_be_sender && !sender.empty()) {
    if (account_in(headers.value("From").value_or("")) != lower(sender)) return false;
  }
  return true;
}

std::optional<FileOffer> SlpTexts::read(std::string_view sender, std::string_view text) {
  if (reading_->ends_at_nul) text = text.substr(0, text.find('\0'));
  const std::string_view line_end = reading_->headers.line_end == LineEnd::crlf ? "\r\n" : "\n";
  const std::size_t first_end = text.find(line_end);
  if (first_end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text.substr(0, first_end);
  const bool is_bye = line.starts_with("BYE");
  if (line.starts_with("MSNSLP/") || (!is_bye && !is_invitation(reading_->start_line, text, line))) {
    return std::nullopt;
  }

  if (reading_->fields != Fields::of_body) {
    if (is_bye && reading_->fields == Fields::found_in_text) return std::nullopt;
    const auto& find = reading_->fields == Fields::found_in_text ? found_in_text : last_line_with;
    const Field field = [&](std::string_view name) { return find(text, name); };
    return session_fits(*reading_, field) ? offer_in(*reading_, field) : std::nullopt;
  }
  const auto headers = read_block(reading_->headers, text.substr(first_end + line_end.size()));
  if (!headers || !concerns_us(headers->headers, sender)) return std::nullopt;
  const std::string call = headers->headers.value("Call-ID").value_or("");
  if (is_bye) {
    calls_.erase(call);
    if (reading_->start_line != StartLine::anything) return std::nullopt;
  }
  HeaderReading to_the_end = reading_->headers;
  to_the_end.end_optional = true;
  const auto body = read_block(to_the_end, headers->rest);
  if (!body) return std::nullopt;
  const Field field = [&](std::string_view name) { return body->headers.value(name); };
  if (!session_fits(*reading_, field)) return std::nullopt;
  if (reading_->known_call_is_ignored && !call.empty() && field("EUF-GUID")) {
    if (calls_.size() == most_calls) calls_.clear();
    if (!calls_.insert(call).second) return std::nullopt;
  }
  return offer_in(*reading_, field);
}

}  // namespace gate::test::reading
