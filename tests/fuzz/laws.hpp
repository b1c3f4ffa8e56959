// What every fuzz target is built from: a law that must hold, bytes in an allocation of exactly their size,
// and a reader that turns an input into decisions.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "msnp/bytes.hpp"

namespace fuzz {

/// Thrown by nobody else, so that it ends a libFuzzer run (the input is kept) and fails a replay with words.
struct BrokenLaw : std::logic_error {
  using std::logic_error::logic_error;
};

inline void law(bool holds, const char* words) {
  if (!holds) throw BrokenLaw(words);
}

/// A copy in an allocation of its own: a sanitizer sees the first byte read beyond it.
class Exact {
 public:
  explicit Exact(msnp::Bytes bytes) : bytes_(new std::byte[bytes.size()]), size_(bytes.size()) {
    std::copy(bytes.begin(), bytes.end(), bytes_.get());
  }
  explicit Exact(std::string_view text) : Exact(msnp::as_bytes(text)) {}

  [[nodiscard]] msnp::Bytes bytes() const noexcept { return {bytes_.get(), size_}; }
  [[nodiscard]] std::string_view text() const noexcept { return msnp::as_text(bytes()); }

 private:
  std::unique_ptr<std::byte[]> bytes_;
  std::size_t size_;
};

/// Numbers and pieces from the front of an input; zeros and nothing once it is used up.
class Script {
 public:
  Script(const std::uint8_t* data, std::size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}
  explicit Script(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }
  [[nodiscard]] std::string_view rest() const noexcept { return rest_; }

  std::uint8_t byte() { return static_cast<std::uint8_t>(number(1)); }
  std::uint16_t two_bytes() { return static_cast<std::uint16_t>(number(2)); }

  std::string_view take(std::size_t count) {
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(taken.size());
    return taken;
  }

 private:
  std::uint32_t number(std::size_t count) {
    std::uint32_t value = 0;
    for (const char one : take(count)) value = value << 8U | static_cast<unsigned char>(one);
    return value;
  }

  std::string_view rest_;
};

}  // namespace fuzz
