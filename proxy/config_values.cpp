#include "proxy/config_values.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <sstream>

#include "msnp/ascii.hpp"

namespace gate {
namespace {

namespace ip = boost::asio::ip;

constexpr std::array<std::string_view, 7> day_names{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
constexpr unsigned minutes_of_day = 24 * 60;

/// A whole number without sign, in decimal, all of `text`.
template <class Number>
std::optional<Number> number_from(std::string_view text) {
  Number number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (text.empty() || text.front() == '-' || error != std::errc{} || stop != end) return std::nullopt;
  return number;
}

struct Unit {
  std::string_view name;
  std::uint64_t worth;
};
// The largest first, for writing.
constexpr std::array<Unit, 4> size_units{
    {{"GiB", 1ULL << 30U}, {"MiB", 1ULL << 20U}, {"KiB", 1ULL << 10U}, {"", 1}}};
constexpr std::array<Unit, 5> duration_units{
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};

template <std::size_t Count>
std::optional<std::uint64_t> amount_from(std::string_view text, const std::array<Unit, Count>& units) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = number_from<std::uint64_t>(text.substr(0, digits));
  const auto* const unit = std::find_if(
      units.begin(), units.end(), [name = text.substr(digits)](const Unit& one) { return one.name == name; });
  if (!number || unit == units.end()) return std::nullopt;
  // TOML integers, and clocks, end at 2^63.
  constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (*number > most / unit->worth) return std::nullopt;
  return *number * unit->worth;
}

template <std::size_t Count>
std::string amount_text(std::uint64_t amount, const std::array<Unit, Count>& units) {
  const auto* const unit = std::find_if(units.begin(), units.end(), [amount](const Unit& one) {
    return amount != 0 && amount % one.worth == 0;
  });
  if (unit == units.end()) return "0" + std::string(units.back().name);
  return std::to_string(amount / unit->worth) + std::string(unit->name);
}

std::optional<ip::address> address_from(std::string_view text) {
  boost::system::error_code error;
  const ip::address address = ip::make_address(text, error);
  if (error) return std::nullopt;
  return address;
}

std::optional<unsigned> day_from(std::string_view text) {
  const auto* const day = std::find_if(day_names.begin(), day_names.end(), [text](std::string_view name) {
    return msnp::equal_folded(name, text);
  });
  if (day == day_names.end()) return std::nullopt;
  return static_cast<unsigned>(day - day_names.begin());
}

/// "Mon-Fri", "Sat,Sun", "Fri-Mon".
std::optional<std::uint8_t> days_from(std::string_view text) {
  unsigned days = 0;
  while (true) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view part = text.substr(0, comma);
    const std::size_t dash = std::min(part.find('-'), part.size());
    const auto first = day_from(part.substr(0, dash));
    const auto last = dash == part.size() ? first : day_from(part.substr(dash + 1));
    if (!first || !last) return std::nullopt;
    for (unsigned day = *first;; day = (day + 1) % 7) {
      days |= 1U << day;
      if (day == *last) break;
    }
    if (comma == text.size()) return static_cast<std::uint8_t>(days);
    text.remove_prefix(comma + 1);
  }
}

/// "08:00" as minutes after midnight; "24:00" is the end of the day.
std::optional<std::uint16_t> clock_from(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const auto hour = number_from<std::uint16_t>(text.substr(0, 2));
  const auto minute = number_from<std::uint16_t>(text.substr(3));
  if (!hour || !minute || *minute > 59 || *hour * 60U + *minute > minutes_of_day) return std::nullopt;
  return static_cast<std::uint16_t>(*hour * 60 + *minute);
}

std::string clock_text(unsigned minutes) {
  const auto two = [](unsigned number) { return (number < 10 ? "0" : "") + std::to_string(number); };
  return two(minutes / 60) + ":" + two(minutes % 60);
}

/// A name of letters, digits and signs that occur in addresses; separators of the protocol do not.
bool plain_name(std::string_view text) {
  return !text.empty() && std::none_of(text.begin(), text.end(), [](char letter) {
    return static_cast<unsigned char>(letter) <= 0x20 || letter == 0x7F ||
           std::string_view("@*?,;:\"<>()[]%\\").find(letter) != std::string_view::npos;
  });
}

}  // namespace

std::optional<std::uint64_t> size_from(std::string_view text) {
  return amount_from(text, size_units);
}

std::optional<std::chrono::milliseconds> duration_from(std::string_view text) {
  const auto amount = amount_from(text, duration_units);
  if (!amount) return std::nullopt;
  return std::chrono::milliseconds(static_cast<std::int64_t>(*amount));
}

std::optional<ip::tcp::endpoint> endpoint_from(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  const auto address = address_from(host);
  const auto port = number_from<std::uint16_t>(text.substr(colon + 1));
  if (!address || address->is_v6() != bracketed || port.value_or(0) == 0) return std::nullopt;
  return ip::tcp::endpoint(*address, *port);
}

std::optional<Rule::Network> network_from(std::string_view text) {
  const std::size_t slash = std::min(text.find('/'), text.size());
  auto address = address_from(text.substr(0, slash));
  if (!address || (address->is_v6() && address->to_v6().scope_id() != 0)) return std::nullopt;
  const unsigned widest = address->is_v4() ? 32 : 128;
  const auto prefix = slash == text.size() ? std::optional<std::uint8_t>(static_cast<std::uint8_t>(widest))
                                           : number_from<std::uint8_t>(text.substr(slash + 1));
  if (!prefix || *prefix > widest) return std::nullopt;
  if (address->is_v6() && address->to_v6().is_v4_mapped() && *prefix >= 96) {
    return Rule::Network{ip::make_address_v4(ip::v4_mapped, address->to_v6()),
                         static_cast<std::uint8_t>(*prefix - 96)};
  }
  return Rule::Network{*address, *prefix};
}

Rule::Network network_start(const Rule::Network& network) {
  const auto cut = [&network](auto bytes) {
    for (std::size_t index = 0; index < bytes.size(); ++index) {
      const std::size_t kept =
          std::min<std::size_t>(8, network.prefix - std::min<std::size_t>(index * 8, network.prefix));
      bytes[index] = static_cast<unsigned char>(bytes[index] & (0xFF00U >> kept));
    }
    return bytes;
  };
  if (network.address.is_v4())
    return {ip::address_v4(cut(network.address.to_v4().to_bytes())), network.prefix};
  return {ip::address_v6(cut(network.address.to_v6().to_bytes())), network.prefix};
}

bool network_holds(const Rule::Network& network, const boost::asio::ip::address& address) {
  return address.is_v4() == network.address.is_v4() &&
         network_start({address, network.prefix}).address == network.address;
}

std::optional<Rule::Window> window_from(std::string_view text) {
  Rule::Window window;
  const std::size_t blank = std::min(text.find(' '), text.size());
  const std::string_view hours = blank == text.size() ? text : text.substr(blank + 1);
  const bool has_hours = hours.find(':') != std::string_view::npos;
  if (blank != text.size() || !has_hours) {
    const auto days = days_from(text.substr(0, blank));
    if (!days || (blank != text.size() && !has_hours)) return std::nullopt;
    window.days = *days;
  }
  if (has_hours) {
    const std::size_t dash = hours.find('-');
    if (dash == std::string_view::npos) return std::nullopt;
    const auto from = clock_from(hours.substr(0, dash));
    const auto to = clock_from(hours.substr(dash + 1));
    if (!from || !to || *from == *to || *from == minutes_of_day) return std::nullopt;
    window.from = *from;
    window.to = *to;
  }
  return window;
}

std::optional<std::string> account_pattern_from(std::string_view text) {
  if (text == "*") return std::string(text);
  const std::size_t at = text.find('@');
  // 129 characters is what the service allowed; the double leaves room for other servers.
  if (at == std::string_view::npos || text.size() > 258) return std::nullopt;
  const std::string_view name = text.substr(0, at);
  if ((name != "*" && !plain_name(name)) || !plain_name(text.substr(at + 1))) return std::nullopt;
  return msnp::folded(text);
}

std::optional<std::string> file_name_from(std::string_view text) {
  const bool usable = !text.empty() && text.size() < 4096 && text.find('\0') == std::string_view::npos;
  return usable ? std::optional<std::string>(text) : std::nullopt;
}

std::string size_text(std::uint64_t bytes) {
  return amount_text(bytes, size_units);
}

std::string duration_text(std::chrono::milliseconds duration) {
  return amount_text(static_cast<std::uint64_t>(duration.count()), duration_units);
}

std::string endpoint_text(const ip::tcp::endpoint& endpoint) {
  std::ostringstream text;
  text << endpoint;
  return text.str();
}

std::string network_text(const Rule::Network& network) {
  const bool single = network.prefix == (network.address.is_v4() ? 32 : 128);
  return network.address.to_string() + (single ? "" : "/" + std::to_string(network.prefix));
}

std::string window_text(const Rule::Window& window) {
  std::string text;
  for (unsigned day = 0; day < day_names.size() && window.days != 0x7F; ++day) {
    if (((window.days >> day) & 1U) == 0) continue;
    if (!text.empty()) text += ',';
    text += day_names[day];
  }
  if (window.from == 0 && window.to == minutes_of_day) return text.empty() ? "every day" : text;
  return text + (text.empty() ? "" : " ") + clock_text(window.from) + "-" + clock_text(window.to);
}

}  // namespace gate
