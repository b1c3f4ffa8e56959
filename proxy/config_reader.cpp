#include "proxy/config_reader.hpp"

#include <algorithm>
#include <limits>

#include "proxy/config_values.hpp"
#include "proxy/escape.hpp"
#include "proxy/suggestion.hpp"

namespace gate {
namespace {

using std::chrono::system_clock;

/// Text longer than this is cut in messages.
constexpr std::size_t longest_quote = 60;

std::string range_text(std::string_view what, std::string_view least, std::string_view most) {
  std::string text = "write ";
  text.append(what).append(" from ").append(least).append(" to ").append(most);
  return text;
}

/// Clamped to what the clock can hold (years 1678 to 2261 or so): beyond means never or always.
system_clock::time_point moment_from(const toml::date_time& when) {
  using namespace std::chrono;
  const sys_days day = year(when.date.year) / month(when.date.month) / when.date.day;
  const seconds since = day.time_since_epoch() + hours(when.time.hour) + minutes(when.time.minute) +
                        seconds(when.time.second) - minutes(when.offset->minutes);
  const auto first = duration_cast<seconds>(system_clock::time_point::min().time_since_epoch());
  const auto last = duration_cast<seconds>(system_clock::time_point::max().time_since_epoch());
  return system_clock::time_point(duration_cast<system_clock::duration>(std::clamp(since, first, last)));
}

}  // namespace

std::string in_quotes(std::string_view text) {
  return '"' + showable(text, longest_quote) + '"';
}

std::string quoted_key(std::string_view key) {
  const bool bare =
      !key.empty() && key.size() <= longest_quote && std::all_of(key.begin(), key.end(), [](char letter) {
        return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') ||
               (letter >= 'A' && letter <= 'Z') || letter == '_' || letter == '-';
      });
  return bare ? std::string(key) : in_quotes(key);
}

ConfigError Report::place(const toml::source_region& where, std::string key) const {
  return {file_, where.begin.line, where.begin.column, std::move(key), {}};
}

void Report::add(const toml::source_region& where, std::string key, std::string message) const {
  add(place(where, std::move(key)), std::move(message));
}

void Report::add(ConfigError place, std::string message) const {
  place.message = std::move(message);
  errors_->push_back(std::move(place));
}

std::string Value::found() const {
  switch (node_->type()) {
    case toml::node_type::string:
      return in_quotes(node_->as_string()->get());
    case toml::node_type::integer:
      return std::to_string(node_->as_integer()->get());
    case toml::node_type::floating_point:
      return "a number with a fraction";
    case toml::node_type::boolean:
      return node_->as_boolean()->get() ? "true" : "false";
    case toml::node_type::date:
      return "a date without a time";
    case toml::node_type::time:
      return "a time without a date";
    case toml::node_type::date_time:
      return node_->as_date_time()->get().offset ? "a date and time" : "a date and time without offset";
    case toml::node_type::array:
      return node_->as_array()->empty() ? "an empty list" : "a list";
    case toml::node_type::table:
      return "a table";
    case toml::node_type::none:
      break;
  }
  return "nothing";
}

void Value::fault(std::string_view expected) const {
  complain("found " + found() + "; " + std::string(expected));
}

const toml::table* Value::table(std::string_view expected) const {
  if (!node_->is_table()) fault(expected);
  return node_->as_table();
}

const toml::array* Value::array(Empty empty, std::string_view expected) const {
  const toml::array* const list = node_->as_array();
  if (list == nullptr || (list->empty() && empty == Empty::fault)) {
    fault(expected);
    return nullptr;
  }
  return list;
}

std::optional<std::string> Value::text(std::string_view expected) const {
  if (const auto* const string = node_->as_string()) return string->get();
  fault(expected);
  return std::nullopt;
}

std::optional<bool> Value::boolean() const {
  if (const auto* const boolean = node_->as_boolean()) return boolean->get();
  fault("write true or false");
  return std::nullopt;
}

std::optional<std::uint64_t> Value::count(std::uint64_t least, std::uint64_t most) const {
  if (const auto* const integer = node_->as_integer()) {
    const std::int64_t number = integer->get();
    if (number >= 0 && static_cast<std::uint64_t>(number) >= least &&
        static_cast<std::uint64_t>(number) <= most) {
      return static_cast<std::uint64_t>(number);
    }
  }
  fault(range_text("a whole number", std::to_string(least), std::to_string(most)));
  return std::nullopt;
}

std::optional<std::uint64_t> Value::size(std::uint64_t least, std::uint64_t most) const {
  std::optional<std::uint64_t> bytes;
  if (const auto* const integer = node_->as_integer(); integer != nullptr && integer->get() >= 0) {
    bytes = static_cast<std::uint64_t>(integer->get());
  } else if (const auto* const string = node_->as_string()) {
    bytes = size_from(string->get());
  }
  if (!bytes || *bytes < least || *bytes > most) {
    fault(range_text("a size such as \"10MiB\", \"30KiB\" or 1000,", size_text(least), size_text(most)));
    return std::nullopt;
  }
  return bytes;
}

std::optional<std::chrono::milliseconds> Value::duration(std::chrono::milliseconds least,
                                                         std::chrono::milliseconds most) const {
  std::optional<std::chrono::milliseconds> read;
  if (const auto* const string = node_->as_string()) read = duration_from(string->get());
  if (!read || *read < least || *read > most) {
    fault(range_text("a duration such as \"10s\", \"5m\" or \"500ms\",", duration_text(least),
                     duration_text(most)));
    return std::nullopt;
  }
  return read;
}

std::optional<system_clock::time_point> Value::moment() const {
  const auto* const when = node_->as_date_time();
  if (when != nullptr && when->get().offset) return moment_from(when->get());
  fault("write a date and time with its offset and without quotes, such as 2026-12-31T00:00:00Z");
  return std::nullopt;
}

std::optional<Rule::Network> Value::network() const {
  auto network =
      parsed(network_from, "write a network such as \"10.20.0.0/16\", \"2001:db8::/32\" or \"10.1.2.3\"");
  if (!network) return std::nullopt;
  const Rule::Network start = network_start(*network);
  if (start.address != network->address) {
    fault("the address has bits beyond its prefix; write \"" + network_text(start) + "\"");
    return std::nullopt;
  }
  return network;
}

std::optional<std::size_t> Value::word_of(std::span<const std::string_view> words) const {
  if (const auto* const string = node_->as_string()) {
    const auto word = std::find(words.begin(), words.end(), std::string_view(string->get()));
    if (word != words.end()) return static_cast<std::size_t>(word - words.begin());
    fault(suggest(string->get(), words));
  } else {
    fault(suggest({}, words));
  }
  return std::nullopt;
}

void unknown_key(const Report& report, const toml::source_region& where, std::string key,
                 std::string_view found, std::span<const std::string_view> known, std::string_view instead) {
  report.add(where, std::move(key),
             "found an unknown key; " + (instead.empty() ? suggest(found, known) : std::string(instead)));
}

}  // namespace gate
