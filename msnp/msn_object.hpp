// An MSNObject: the XML that names a picture, emoticon, wink ... in the Context of an object session
// (transfers.md 9).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "msnp/kind.hpp"

namespace msnp {

struct MsnObject {
  std::uint32_t type = 0;
  std::optional<std::uint64_t> size;
  /// Base64 of the SHA-1 of the data, as announced; empty if it is not. Written twice and not the same, it is
  /// the digest that no data has (`no_digest`): readers differ in which they take, and nobody gains by that.
  std::string sha1d;

  /// Type 4, a shared file, is a file transfer in disguise; types without a kind of their own are
  /// pictures to those who fetch them.
  [[nodiscard]] Kind kind() const noexcept;
  [[nodiscard]] bool is_shared_file() const noexcept { return type == 4; }
};

/// Twenty zero bytes.
inline constexpr std::string_view no_digest = "AAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// Reads the base64 value of a Context header. Nothing if it holds no Type.
/// Of an attribute written twice the larger value counts, and a shared file wins over any other type:
/// readers differ in which they take.
[[nodiscard]] std::optional<MsnObject> read_msn_object(std::string_view base64);

}  // namespace msnp
