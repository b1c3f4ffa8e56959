// Shell patterns for file names: `*`, `?`, `[a-z]`, `[!a-z]`, `\` before a character that means itself.
// Matched on code points, without regard to case: ſ and S, σ and ς are the same letter too. Letters written
// as a base and a combining mark differ from those written as one code point.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gate {

/// Takes one letter off the front of a text that is not empty, as patterns compare it: without case.
[[nodiscard]] char32_t take_folded(std::string_view& text) noexcept;

class NamePattern {
 public:
  /// `pattern` is UTF-8. A `[` that is never closed stands for itself, as in the shell.
  explicit NamePattern(std::string_view pattern);

  /// `name` should be UTF-8; a byte that is not matches `?` and `*` only. Work is bounded by
  /// the length of the name times the length of the pattern.
  [[nodiscard]] bool matches(std::string_view name) const noexcept;

  /// Every name that `inner` matches is matched by this one. May say no where it is so, never yes where it is
  /// not.
  [[nodiscard]] bool holds(const NamePattern& inner) const noexcept;

  /// The letters that every name which matches has in a row, folded; as many pieces as there are.
  [[nodiscard]] std::vector<std::u32string> pieces() const;

  /// What is wrong with a pattern an operator wrote, as a short sentence; nothing when it is good.
  [[nodiscard]] static std::optional<std::string_view> fault_in(std::string_view pattern);

 private:
  struct Range {
    char32_t first;
    char32_t last;
  };
  enum class Part : std::uint8_t { letter, any_letter, any_text, one_of, none_of };
  struct Element {
    Part part = Part::letter;
    char32_t letter = 0;     // folded
    std::vector<Range> set;  // as written
  };
  [[nodiscard]] static bool accepts(const Element& element, char32_t letter) noexcept;
  /// Every letter that `inner` accepts is accepted by `outer`.
  [[nodiscard]] static bool covers(const Element& outer, const Element& inner) noexcept;
  /// Whether the pattern fits a whole row: `take` takes its first item off, `fits` asks an element for it.
  template <class Row, class Take, class Fits>
  [[nodiscard]] bool fit(Row row, Take take, Fits fits) const noexcept;
  [[nodiscard]] static std::optional<Element> read_set(std::string_view& rest);

  std::vector<Element> elements_;
};

}  // namespace gate
