#include "proxy/name_index.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

namespace gate {
namespace {

constexpr unsigned letter_bits = 21;  // Unicode, and the stray bytes beyond it
constexpr std::uint64_t gram_bits = (std::uint64_t{1} << (3 * letter_bits)) - 1;

/// Grams of several lengths may be the same number: then a rule is asked in vain.
std::uint64_t appended(std::uint64_t gram, char32_t letter) noexcept {
  return ((gram << letter_bits) | letter) & gram_bits;
}

std::uint64_t last_letters(std::uint64_t gram, std::size_t count) noexcept {
  return gram & ((std::uint64_t{1} << (count * letter_bits)) - 1);
}

/// Calls `visit` with every gram of `length` letters in a folded text.
template <class Visit>
void each_gram(std::u32string_view text, std::size_t length, Visit visit) {
  std::uint64_t gram = 0;
  for (std::size_t index = 0; index < text.size(); ++index) {
    gram = appended(gram, text[index]);
    if (index + 1 >= length) visit(last_letters(gram, length));
  }
}

/// The letters that any name matching the pattern has in a row: the longest such piece.
std::size_t gram_length(const std::vector<std::u32string>& pieces, std::size_t longest) {
  std::size_t length = 0;
  for (const std::u32string& piece : pieces) length = std::max(length, std::min(longest, piece.size()));
  return length;
}

}  // namespace

NameIndex::NameIndex(std::span<const Entry> rules) {
  std::unordered_map<std::uint64_t, std::size_t> uses;
  for (const Entry& rule : rules) {
    for (const NamePattern& pattern : rule.patterns) {
      const std::vector<std::u32string> pieces = pattern.pieces();
      const std::size_t length = gram_length(pieces, longest_gram);
      if (length == 0) continue;
      for (const std::u32string& piece : pieces) {
        each_gram(piece, length, [&uses](std::uint64_t gram) { ++uses[gram]; });
      }
    }
  }
  for (std::size_t number = 0; number < rules.size(); ++number) {
    const Entry& rule = rules[number];
    if (rule.patterns.empty()) any_name_.add(number);
    if (rule.patterns.empty() || rule.if_nameless) nameless_.add(number);
    selects_ = selects_ || !rule.patterns.empty();
    for (const NamePattern& pattern : rule.patterns) {
      const std::vector<std::u32string> pieces = pattern.pieces();
      const std::size_t length = gram_length(pieces, longest_gram);
      if (length == 0) {
        any_name_.add(number);
        continue;
      }
      std::optional<std::uint64_t> rarest;
      for (const std::u32string& piece : pieces) {
        each_gram(piece, length, [&](std::uint64_t gram) {
          if (!rarest || uses[gram] < uses[*rarest]) rarest = gram;
        });
      }
      by_gram_[*rarest].add(number);
      in_use_[length] = true;
    }
  }
}

void NameIndex::add_to(RuleBits& bits, std::span<const std::string> names) const noexcept {
  if (names.empty()) {
    nameless_.add_to(bits);
    return;
  }
  any_name_.add_to(bits);
  for (const std::string_view name : names) {
    std::uint64_t gram = 0;
    std::size_t letters = 0;
    for (std::string_view rest = name; !rest.empty();) {
      gram = appended(gram, take_folded(rest));
      ++letters;
      for (std::size_t length = 1; length <= std::min(letters, longest_gram); ++length) {
        if (!in_use_[length]) continue;
        const auto found = by_gram_.find(last_letters(gram, length));
        if (found != by_gram_.end()) found->second.add_to(bits);
      }
    }
  }
}

}  // namespace gate
