// Bytes from the wire, and a cursor over them that cannot read past the end.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

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
    return integer<Unsigned, false>();
  }

  template <class Unsigned>
  [[nodiscard]] constexpr std::optional<Unsigned> big() noexcept {
    return integer<Unsigned, true>();
  }

  [[nodiscard]] constexpr std::optional<Bytes> take(std::size_t count) noexcept {
    if (count > rest_.size()) return std::nullopt;
    const Bytes taken = rest_.first(count);
    rest_ = rest_.subspan(count);
    return taken;
  }

  [[nodiscard]] constexpr Bytes rest() const noexcept { return rest_; }

 private:
  template <class Unsigned, bool big_endian>
  constexpr std::optional<Unsigned> integer() noexcept {
    const auto raw = take(sizeof(Unsigned));
    if (!raw) return std::nullopt;
    return joined<Unsigned, big_endian>(*raw, std::make_index_sequence<sizeof(Unsigned)>{});
  }

  /// One expression, which compilers make one load of; of a loop they do not.
  template <class Unsigned, bool big_endian, std::size_t... at>
  static constexpr Unsigned joined(Bytes raw, std::index_sequence<at...>) noexcept {
    constexpr std::size_t last = sizeof...(at) - 1;
    return static_cast<Unsigned>(
        ((std::to_integer<std::uint64_t>(raw[at]) << (8 * (big_endian ? last - at : at))) | ...));
  }

  Bytes rest_;
};

}  // namespace msnp
