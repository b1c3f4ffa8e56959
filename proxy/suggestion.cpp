#include "proxy/suggestion.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace gate {
namespace {

/// No word of ours is near something longer, and the work stays small.
constexpr std::size_t longest_guess = 64;

/// Insertions, deletions, replacements and swaps of neighbours, each counting one.
std::size_t distance(std::string_view one, std::string_view other) {
  std::vector<std::size_t> before_last;
  std::vector<std::size_t> last(other.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t row = 1; row <= one.size(); ++row) {
    std::vector<std::size_t> now(other.size() + 1);
    now[0] = row;
    for (std::size_t column = 1; column <= other.size(); ++column) {
      const bool same = one[row - 1] == other[column - 1];
      now[column] = std::min({last[column] + 1, now[column - 1] + 1, last[column - 1] + (same ? 0U : 1U)});
      if (row > 1 && column > 1 && one[row - 1] == other[column - 2] && one[row - 2] == other[column - 1]) {
        now[column] = std::min(now[column], before_last[column - 2] + 1);
      }
    }
    before_last = std::move(last);
    last = std::move(now);
  }
  return last.back();
}

}  // namespace

std::optional<std::string_view> nearest(std::string_view found, std::span<const std::string_view> words) {
  if (found.size() > longest_guess) return std::nullopt;
  std::optional<std::string_view> best;
  std::size_t least = std::max<std::size_t>(2, found.size() / 3) + 1;
  for (const std::string_view word : words) {
    const std::size_t edits = distance(found, word);
    if (edits < least && edits < word.size()) {
      least = edits;
      best = word;
    }
  }
  return best;
}

std::string suggest(std::string_view found, std::span<const std::string_view> words) {
  if (const auto near = nearest(found, words)) return "did you mean \"" + std::string(*near) + "\"?";
  std::string text = "write ";
  for (std::size_t index = 0; index < words.size(); ++index) {
    if (index > 0) text += index + 1 == words.size() ? " or " : ", ";
    text += '"';
    text += words[index];
    text += '"';
  }
  return text;
}

}  // namespace gate
