// The bytes of a connection as an end reads them: command lines and payloads, MSG blocks, packages. Written
// apart from msnp/, so that a mistake there is not repeated here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace differential {

/// Who is at an end of a connection.
enum class Side : std::uint8_t { client, server };
[[nodiscard]] constexpr Side other(Side side) noexcept {
  return side == Side::client ? Side::server : Side::client;
}
[[nodiscard]] constexpr std::size_t index_of(Side side) noexcept {
  return static_cast<std::size_t>(side);
}

[[nodiscard]] std::string with_payload(std::string_view words, std::string_view payload);

/// Bytes in, whole frames out.
class Frames {
 public:
  /// `speaker` says who sends.
  explicit Frames(Side speaker) noexcept : speaker_(speaker) {}
  void feed(std::string_view bytes) { held_ += bytes; }
  /// The next frame if it is whole.
  [[nodiscard]] std::optional<std::string> next();
  [[nodiscard]] const std::string& unread() const noexcept { return held_; }

 private:
  Side speaker_;
  std::string held_;
};

[[nodiscard]] std::string_view line_of(std::string_view frame) noexcept;
[[nodiscard]] std::vector<std::string_view> words_of(std::string_view line);
[[nodiscard]] std::string_view payload_of(std::string_view frame) noexcept;
/// The value of `name: value` in a text; empty if there is none.
[[nodiscard]] std::string_view field(std::string_view text, std::string_view name) noexcept;

/// A P2P package of version 1 (transfers.md 2.1) in the payload of a MSG.
struct PackageV1 {
  std::uint32_t session = 0, identifier = 0, length = 0, flags = 0, ack_session = 0;
  std::uint64_t offset = 0, total = 0;
  std::string_view data;
};
[[nodiscard]] std::optional<PackageV1> package_v1(std::string_view bytes) noexcept;

/// A P2P package of version 2 (transfers.md 3.1).
struct PackageV2 {
  std::size_t header = 0;    // bytes of the transport header
  std::string_view message;  // data header and data
  std::string_view data;
};
[[nodiscard]] std::optional<PackageV2> package_v2(std::string_view bytes) noexcept;
/// `frame` holds a package of version 2, `package`. `keep_tlvs`: only its numbers are made 0; else its whole
/// transport header is left out, and the length in the line.
[[nodiscard]] std::string without_numbers(std::string_view frame, std::string_view package, bool keep_tlvs);

}  // namespace differential
