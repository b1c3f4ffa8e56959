// Typed access to a TOML document. A table is read with a list of fields; a key that is in none of them
// is an error with a suggestion, and so is every value of a wrong type or out of range. Errors are
// collected and name their place; reading goes on behind them.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <toml++/toml.h>

#include "proxy/config.hpp"

namespace gate {

/// The errors of one file, in the list of all files.
class Report {
 public:
  Report(std::filesystem::path file, std::vector<ConfigError>& errors)
      : file_(std::move(file)), errors_(&errors) {}

  /// A place for an error that shows later, when all files are read.
  [[nodiscard]] ConfigError place(const toml::source_region& where, std::string key) const;
  void add(const toml::source_region& where, std::string key, std::string message) const;
  /// An error of a place made by `place`.
  void add(ConfigError place, std::string message) const;

 private:
  std::filesystem::path file_;
  std::vector<ConfigError>* errors_;
};

/// Bytes of a file, made fit for a terminal and cut short.
[[nodiscard]] std::string in_quotes(std::string_view text);

/// A key as part of a path: as it is when it is a bare one, else quoted.
[[nodiscard]] std::string quoted_key(std::string_view key);

/// One value of the document and the key it was found under.
class Value {
 public:
  Value(const toml::node& node, std::string key, const Report& report)
      : node_(&node), key_(std::move(key)), report_(&report) {}

  /// Each reads one type. Anything else is reported, with `expected` as what would be right, and
  /// leaves nothing.
  [[nodiscard]] const toml::table* table(std::string_view expected) const;
  /// True for a table with this key, whatever its value.
  [[nodiscard]] bool contains(std::string_view key) const {
    return node_->is_table() && node_->as_table()->contains(key);
  }
  [[nodiscard]] bool is_list() const noexcept { return node_->is_array(); }
  [[nodiscard]] std::optional<std::string> text(std::string_view expected) const;
  [[nodiscard]] std::optional<bool> boolean() const;
  [[nodiscard]] std::optional<std::uint64_t> count(std::uint64_t least, std::uint64_t most) const;
  [[nodiscard]] std::optional<std::uint64_t> size(std::uint64_t least, std::uint64_t most) const;
  [[nodiscard]] std::optional<std::chrono::milliseconds> duration(std::chrono::milliseconds least,
                                                                  std::chrono::milliseconds most) const;
  [[nodiscard]] std::optional<std::chrono::system_clock::time_point> moment() const;

  /// A network without bits beyond its prefix.
  [[nodiscard]] std::optional<Rule::Network> network() const;

  /// The text turned into something by `parse`, which returns an optional.
  template <class Parse>
  [[nodiscard]] auto parsed(Parse parse, std::string_view expected) const
      -> decltype(parse(std::string_view{})) {
    const std::optional<std::string> found = text(expected);
    if (!found) return std::nullopt;
    auto result = parse(std::string_view(*found));
    if (!result) fault(expected);
    return result;
  }

  /// One of a few words.
  template <class Choice, std::size_t Count>
  [[nodiscard]] std::optional<Choice> choice(
      const std::array<std::pair<std::string_view, Choice>, Count>& choices) const {
    std::array<std::string_view, Count> words;
    for (std::size_t index = 0; index < Count; ++index) words[index] = choices[index].first;
    const std::optional<std::size_t> chosen = word_of(words);
    if (!chosen) return std::nullopt;
    return choices[*chosen].second;
  }
  [[nodiscard]] std::optional<std::size_t> word_of(std::span<const std::string_view> words) const;

  /// Calls `each` with every element of a list. An empty list is an error wherever leaving
  /// the key out means "anybody" or "anything": who empties a list means nobody.
  enum class Empty : std::uint8_t { fault, fine };
  template <class Each>
  void elements(Empty empty, std::string_view expected, Each each) const {
    const toml::array* const list = array(empty, expected);
    if (list == nullptr) return;
    for (const toml::node& element : *list) each(Value(element, key_, *report_));
  }
  /// The same for a list of tables (`[[listener]]`), whose keys are numbered from 1.
  template <class Each>
  void tables(std::string_view expected, Each each) const {
    const toml::array* const list = array(Empty::fine, expected);
    if (list == nullptr) return;
    std::size_t number = 0;
    for (const toml::node& element : *list) {
      const Value entry(element, key_ + '[' + std::to_string(++number) + ']', *report_);
      if (entry.table(expected) != nullptr) each(entry);
    }
  }

  /// "found X; `expected`", at this value.
  void fault(std::string_view expected) const;
  /// Any other complaint about this value.
  void complain(std::string message) const { report_->add(node_->source(), key_, std::move(message)); }

  [[nodiscard]] ConfigError place() const { return report_->place(node_->source(), key_); }
  [[nodiscard]] const std::string& key() const noexcept { return key_; }
  [[nodiscard]] const Report& report() const noexcept { return *report_; }
  /// The value as an error message shows it.
  [[nodiscard]] std::string found() const;

 private:
  [[nodiscard]] const toml::array* array(Empty empty, std::string_view expected) const;

  const toml::node* node_;
  std::string key_;
  const Report* report_;
};

/// One key of a table: its name, and how its value gets into `Target`.
template <class Target>
struct Field {
  std::string_view key;
  void (*read)(const Value& value, Target& target);
};

/// Reports an unknown key. `instead` is empty for the usual suggestion.
void unknown_key(const Report& report, const toml::source_region& where, std::string key,
                 std::string_view found, std::span<const std::string_view> known, std::string_view instead);

/// Reads a table key by key. `instead`, when given, is what to say of unknown keys.
template <class Target, std::size_t Count>
void read_table(const Value& value, const std::array<Field<Target>, Count>& fields, Target& target,
                std::string_view instead = {}) {
  const toml::table* const table = value.table("write a table");
  if (table == nullptr) return;
  for (const auto& [key, node] : *table) {
    std::string path =
        value.key().empty() ? quoted_key(key.str()) : value.key() + '.' + quoted_key(key.str());
    const Field<Target>* chosen = nullptr;
    std::array<std::string_view, Count> known;
    for (std::size_t index = 0; index < Count; ++index) {
      known[index] = fields[index].key;
      if (fields[index].key == key.str()) chosen = &fields[index];
    }
    if (chosen == nullptr) {
      unknown_key(value.report(), key.source(), std::move(path), key.str(), known, instead);
    } else {
      chosen->read(Value(node, std::move(path), value.report()), target);
    }
  }
}

/// The keys of `fields`, each behind `prefix`.
template <class Target, std::size_t Count>
void append_keys(std::string_view prefix, const std::array<Field<Target>, Count>& fields,
                 std::vector<std::string>& keys) {
  for (const Field<Target>& field : fields) keys.push_back(std::string(prefix) + std::string(field.key));
}

/// Stores what was read, if anything was.
template <class Target, class Read>
void store(Target& target, std::optional<Read>&& read) {
  if (read) target = static_cast<Target>(*std::move(read));
}

}  // namespace gate
