// Follows the data of one object session that was let through: is it as much as was announced, and is it
// what was announced (transfers.md 9, checks 3 and 4)?
//
// The bytes of an object come in order, package by package. What real clients do besides, and what it means:
//   four zero bytes, total 4     data preparation, before the object or (retro-prpl) between its packages:
//                                never object data, whatever the size of the object
//   offset 0 again               the object begins again: retro-prpl sends its first package twice, and an
//                                object may be fetched twice. What came before counts as repeated, unless its
//                                digest was found right
//   any part of it again         counts as repeated and is not looked at
// Repeated bytes may be as many as the object has, once: more would be a way to carry something else.
// Anything else (a hole, a package half repeated) is disorder: bytes are counted, a digest cannot be
// computed, and when some reader would call the object complete its digest counts as wrong. No real client
// does it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "msnp/bytes.hpp"
#include "msnp/judge.hpp"

namespace msnp {

class ObjectWatch {
 public:
  /// Without a size none is checked. The digest is not compared if `sha1d` is not base64 of 20 bytes or
  /// `sha1` is null.
  ObjectWatch(std::optional<std::uint64_t> declared_size, const std::string& sha1d,
              std::unique_ptr<Sha1> sha1);

  enum class Finding : std::uint8_t { fine, over_size, wrong_digest };

  /// The data of one package: `offset` in a message of `total` bytes. Of P2P v2: the bytes of the message
  /// before this package; `total` is what came before, this, and what remains. Every finding is
  /// told once; of two that come together the second is told with the next package.
  [[nodiscard]] Finding add(std::uint64_t offset, std::uint64_t total, Bytes data);

  /// Bytes of memory.
  [[nodiscard]] std::size_t footprint() const noexcept;

 private:
  /// True if some reader has the whole object now.
  [[nodiscard]] bool take(std::uint64_t offset, std::uint64_t total, Bytes data);
  void begin_again();
  [[nodiscard]] bool over_size(std::uint64_t total) const noexcept;
  [[nodiscard]] bool digest_is_right();

  std::optional<std::uint64_t> size_;
  std::unique_ptr<Sha1> sha1_;  // null if no digest is compared
  std::array<std::byte, 20> digest_{};
  std::uint64_t counted_ = 0;   // bytes since the object began, or began again
  std::uint64_t repeated_ = 0;  // bytes that came again, or were begun and not proven
  bool in_order_ = true;
  bool hashed_ = false;  // `sha1_` holds bytes of now
  bool complete_ = false;
  bool proven_ = false;  // complete, and its digest right
  bool wrong_digest_ = false;
  bool told_size_ = false;
  bool told_digest_ = false;
};

}  // namespace msnp
