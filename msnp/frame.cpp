#include "msnp/frame.hpp"

#include <algorithm>

namespace msnp {
namespace {

constexpr std::size_t word_size = 3;

/// What follows the command: empty, or a blank and the tokens. Trailing blanks are gone: aMSN and
/// papyon write `PRP 7 PHH ` for an empty value, and nobody counts that as a token.
std::string_view arguments(std::string_view text) noexcept {
  const std::size_t last = text.find_last_not_of(' ');
  const std::size_t size = last == std::string_view::npos ? 0 : last + 1;
  return size <= word_size ? std::string_view{} : text.substr(word_size, size - word_size);
}

}  // namespace

std::string_view CommandLine::token(std::size_t index) const noexcept {
  std::string_view rest = arguments(text);
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const std::size_t end = std::min(rest.find(' '), rest.size());
    if (index == 0) return rest.substr(0, end);
    --index;
    rest.remove_prefix(end);
  }
  return {};
}

std::size_t CommandLine::token_count() const noexcept {
  const std::string_view rest = arguments(text);
  return static_cast<std::size_t>(std::count(rest.begin(), rest.end(), ' '));
}

}  // namespace msnp
