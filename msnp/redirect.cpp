#include "msnp/redirect.hpp"

#include <algorithm>
#include <optional>

namespace msnp {
namespace {

constexpr std::size_t longest_host = 253;  // of a domain name

constexpr bool is_digit(char letter) noexcept {
  return letter >= '0' && letter <= '9';
}
constexpr bool is_hex(char letter) noexcept {
  return is_digit(letter) || (letter >= 'a' && letter <= 'f') || (letter >= 'A' && letter <= 'F');
}

/// Without percent signs: one client decodes them (Miranda), the others do not.
bool is_name(std::string_view host) noexcept {
  return !host.empty() && host.size() <= longest_host &&
         std::all_of(host.begin(), host.end(), [](char letter) {
           return is_digit(letter) || (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                  letter == '.' || letter == '-' || letter == '_';
         });
}

bool is_bracketed(std::string_view host) noexcept {
  return host.size() > 4 && host.front() == '[' && host.back() == ']' &&
         std::all_of(host.begin() + 1, host.end() - 1,
                     [](char letter) { return is_hex(letter) || letter == ':' || letter == '.'; });
}

/// Canonical digits only: atoi, Tcl and Python disagree on any other spelling, and on what wraps around.
std::optional<std::uint16_t> port_from(std::string_view digits) noexcept {
  if (digits.empty() || digits.size() > 5 || digits.front() == '0') return std::nullopt;
  std::uint32_t value = 0;
  for (const char digit : digits) {
    if (!is_digit(digit)) return std::nullopt;
    value = value * 10 + static_cast<std::uint32_t>(digit - '0');
  }
  if (value > 65'535) return std::nullopt;
  return static_cast<std::uint16_t>(value);
}

}  // namespace

std::variant<NoRedirect, Redirect, UnclearRedirect> read_redirect(const CommandLine& line) noexcept {
  const bool transfer = line.word == word("XFR");
  if (!transfer && line.word != word("RNG")) return NoRedirect{};
  const std::size_t index = transfer ? 2 : 1;
  if (line.token_count() <= index) return NoRedirect{};
  const std::string_view address = line.token(index);
  if (address == "0") return NoRedirect{};

  Redirect found;
  found.to_notification = transfer && line.token(1) != "SB";
  std::string_view host = address;
  const std::size_t colon = address.rfind(':');
  if (colon != std::string_view::npos && !address.ends_with(']')) {
    host = address.substr(0, colon);
    const std::string_view digits = address.substr(colon + 1);
    const std::optional<std::uint16_t> port = port_from(digits);
    if (!port) return UnclearRedirect{address};
    found.port = *port;
    found.port_at = static_cast<std::size_t>(digits.data() - line.text.data());
    found.port_size = digits.size();
  }
  if (is_bracketed(host)) {
    found.host = host.substr(1, host.size() - 2);
  } else if (is_name(host)) {
    found.host = host;
  } else {
    return UnclearRedirect{address};
  }
  return found;
}

std::string with_port(std::string_view text, const Redirect& redirect, std::uint16_t port) {
  std::string changed(text);
  changed.replace(redirect.port_at, redirect.port_size, std::to_string(port));
  return changed;
}

}  // namespace msnp
