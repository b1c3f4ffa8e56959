#include "proxy/name_pattern.hpp"

#include <algorithm>
#include <clocale>
#include <cwctype>
#include <utility>

#include "proxy/escape.hpp"

namespace gate {
namespace {

// Bytes that are no UTF-8 become numbers beyond Unicode, so that no letter equals them.
constexpr char32_t stray_byte = 0x110000;

/// Takes one code point off the front of a text that is not empty.
char32_t take_letter(std::string_view& text) noexcept {
  const CodePoint point = first_code_point(text);
  // cppcheck-suppress containerOutOfBounds ; every caller has looked
  const auto lead = static_cast<unsigned char>(text.front());
  text.remove_prefix(point.size);
  return point.valid ? point.value : stray_byte + lead;
}

/// The C library's table of Unicode letters; null where the machine lacks it (then only ASCII folds).
locale_t unicode() noexcept {
  static const locale_t table = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return table;
}

char32_t upper(char32_t letter) noexcept {
  if (letter < 0x80) return letter >= 'a' && letter <= 'z' ? letter - 0x20 : letter;
  if (letter >= stray_byte || unicode() == nullptr) return letter;
  return static_cast<char32_t>(towupper_l(static_cast<wint_t>(letter), unicode()));
}

char32_t lower(char32_t letter) noexcept {
  if (letter < 0x80) return letter >= 'A' && letter <= 'Z' ? letter + 0x20 : letter;
  if (letter >= stray_byte || unicode() == nullptr) return letter;
  return static_cast<char32_t>(towlower_l(static_cast<wint_t>(letter), unicode()));
}

// By way of the capital: two small forms of one capital (σ and ς) are one letter.
char32_t fold(char32_t letter) noexcept {
  return lower(upper(letter));
}

}  // namespace

char32_t take_folded(std::string_view& text) noexcept {
  return fold(take_letter(text));
}

NamePattern::NamePattern(std::string_view pattern) {
  while (!pattern.empty()) {
    Element element;
    if (pattern.front() == '[') {
      if (std::optional<Element> set = read_set(pattern)) {
        elements_.push_back(*std::move(set));
        continue;
      }
    }
    const char32_t letter = take_letter(pattern);
    if (letter == '*') {
      element.part = Part::any_text;
    } else if (letter == '?') {
      element.part = Part::any_letter;
    } else if (letter == '\\' && !pattern.empty()) {
      element.letter = fold(take_letter(pattern));
    } else {
      element.letter = fold(letter);
    }
    elements_.push_back(std::move(element));
  }
}

std::optional<NamePattern::Element> NamePattern::read_set(std::string_view& rest) {
  std::string_view text = rest.substr(1);
  Element element;
  element.part = Part::one_of;
  if (text.starts_with('!') || text.starts_with('^')) {
    element.part = Part::none_of;
    text.remove_prefix(1);
  }
  // A `]` in first place is a member of the set.
  for (bool first = true; !text.empty(); first = false) {
    if (text.front() == ']' && !first) {
      rest = text.substr(1);
      return element;
    }
    const auto member = [&text] {
      char32_t letter = take_letter(text);
      if (letter == '\\' && !text.empty()) letter = take_letter(text);
      return letter;
    };
    Range range{member(), 0};
    range.last = range.first;
    if (text.size() >= 2 && text[0] == '-' && text[1] != ']') {
      text.remove_prefix(1);
      range.last = member();
    }
    element.set.push_back(range);
  }
  return std::nullopt;
}

std::optional<std::string_view> NamePattern::fault_in(std::string_view pattern) {
  if (pattern.empty()) return "is empty and matches nothing";
  if (unicode() == nullptr) return "cannot be compared: this machine lacks the locale C.UTF-8";
  while (!pattern.empty()) {
    if (pattern.front() == '[') {
      const std::optional<Element> set = read_set(pattern);
      if (!set) return "has a [ that is never closed";
      if (std::any_of(set->set.begin(), set->set.end(),
                      [](const Range& range) { return range.last < range.first; })) {
        return "has a range that runs backwards";
      }
    } else if (take_letter(pattern) == '\\') {
      if (pattern.empty()) return "ends in a lone backslash";
      take_letter(pattern);
    }
  }
  return std::nullopt;
}

std::vector<std::u32string> NamePattern::pieces() const {
  std::vector<std::u32string> pieces;
  bool open = false;
  for (const Element& element : elements_) {
    const bool letter = element.part == Part::letter;
    if (letter && !open) pieces.emplace_back();
    if (letter) pieces.back() += element.letter;
    open = letter;
  }
  return pieces;
}

bool NamePattern::accepts(const Element& element, char32_t letter) noexcept {
  if (element.part == Part::any_letter) return true;
  const char32_t folded = fold(letter);
  if (element.part == Part::letter) return element.letter == folded;
  const auto holds = [](const Range& range, char32_t one) { return range.first <= one && one <= range.last; };
  const char32_t capital = upper(letter);
  const bool found = std::any_of(element.set.begin(), element.set.end(), [&](const Range& range) {
    return holds(range, letter) || holds(range, folded) || holds(range, capital);
  });
  return found == (element.part == Part::one_of);
}

bool NamePattern::covers(const Element& outer, const Element& inner) noexcept {
  if (inner.part == Part::any_text) return false;
  if (outer.part == Part::any_letter) return true;
  if (inner.part == Part::letter) return accepts(outer, inner.letter);
  const auto same = [](const Range& one, const Range& other) {
    return one.first == other.first && one.last == other.last;
  };
  return outer.part == inner.part &&
         std::equal(outer.set.begin(), outer.set.end(), inner.set.begin(), inner.set.end(), same);
}

template <class Row, class Take, class Fits>
bool NamePattern::fit(Row row, Take take, Fits fits) const noexcept {
  std::size_t next = 0;
  // Where to go on when a match fails: behind the last `*`, one item later than before. Earlier
  // ones need no second try, which is what bounds the work.
  std::optional<std::size_t> behind_star;
  Row retry;
  while (true) {
    if (next < elements_.size() && elements_[next].part == Part::any_text) {
      behind_star = ++next;
      retry = row;
      continue;
    }
    if (row.empty()) {
      if (next == elements_.size()) return true;
    } else if (next < elements_.size()) {
      Row rest = row;
      if (fits(elements_[next], take(rest))) {
        row = rest;
        ++next;
        continue;
      }
    }
    if (!behind_star || retry.empty()) return false;
    take(retry);
    row = retry;
    next = *behind_star;
  }
}

bool NamePattern::matches(std::string_view name) const noexcept {
  return fit(name, take_letter, accepts);
}

bool NamePattern::holds(const NamePattern& inner) const noexcept {
  const auto take = [](std::span<const Element>& row) -> const Element& {
    const Element& first = row.front();
    row = row.subspan(1);
    return first;
  };
  return fit(std::span<const Element>(inner.elements_), take, covers);
}

}  // namespace gate
