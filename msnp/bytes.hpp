// Bytes from the wire, and a cursor over them that cannot read past the end.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace msnp {

/// A view of wire bytes. It never owns; it dies with the buffer it points into.
using Bytes = std::span<const std::byte>;

[[nodiscard]] inline std::string_view as_text(Bytes bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

[[nodiscard]] inline Bytes as_bytes(std::string_view text) noexcept {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

/// Reads unsigned integers of either byte order from the front of a view.
/// A read past the end yields nothing and leaves the cursor where it was.
class Cursor {
 public:
  explicit constexpr Cursor(Bytes bytes) noexcept : rest_(bytes) {}

  template <class Unsigned>
  [[nodiscard]] constexpr std::optional<Unsigned> little() noexcept {
    return integer<Unsigned>(false);
  }

  template <class Unsigned>
  [[nodiscard]] constexpr std::optional<Unsigned> big() noexcept {
    return integer<Unsigned>(true);
  }

  [[nodiscard]] constexpr std::optional<Bytes> take(std::size_t count) noexcept {
    if (count > rest_.size()) return std::nullopt;
    const Bytes taken = rest_.first(count);
    rest_ = rest_.subspan(count);
    return taken;
  }

  [[nodiscard]] constexpr Bytes rest() const noexcept { return rest_; }

 private:
  template <class Unsigned>
  constexpr std::optional<Unsigned> integer(bool big_endian) noexcept {
    const auto raw = take(sizeof(Unsigned));
    if (!raw) return std::nullopt;
    Unsigned value = 0;
    for (std::size_t i = 0; i < sizeof(Unsigned); ++i) {
      const std::size_t at = big_endian ? i : sizeof(Unsigned) - 1 - i;
      value =
          static_cast<Unsigned>((std::uint64_t{value} << 8U) | std::to_integer<std::uint64_t>((*raw)[at]));
    }
    return value;
  }

  Bytes rest_;
};

}  // namespace msnp
