// The sequence numbers of one direction of a P2P v2 bridge, once packages of ours travel among those of the
// true sender (transfers.md 7.3, block-proof.md 4.2, 4.3).
//
//   true sender:    ... n            n+k ...            BaseID of the next package = BaseID + ML
//   receiver sees:  ... n | ours: m | n+m  n+m+k ...    everything from n on is m higher,
//                                                       and what the receiver acknowledges m lower again
//
// All numbers count modulo 2^32.
#pragma once

#include <cstdint>
#include <vector>

namespace msnp {

class Numbering {
 public:
  /// A package of `length` (ML) bytes of the true sender came; its numbers begin with the first one. True if
  /// it follows on what came before.
  bool arrived(std::uint32_t base_id, std::uint32_t length = 0) noexcept;
  /// The true sender begins anew with a package that came: its client was started again.
  void restart(std::uint32_t base_id, std::uint32_t length) noexcept;
  /// A package of `length` (ML) bytes of the true sender was sent on.
  void went_on(std::uint32_t base_id, std::uint32_t length) noexcept;
  /// The true sender has sent something.
  [[nodiscard]] bool began() const noexcept { return began_; }

  /// Makes room for a package of ours, `length` bytes, after what was sent on so far; its BaseID as the
  /// receiver sees it. Before the true sender began (the cold rule) ours start at `seed`.
  [[nodiscard]] std::uint32_t insert(std::uint32_t length, std::uint32_t seed);
  /// A BaseID for a package of ours that nobody is to count: the true sender will use the number again.
  [[nodiscard]] std::uint32_t borrow(std::uint32_t length, std::uint32_t seed);

  /// A true BaseID as the receiver has to see it. Numbers from before an insertion, as in a package sent
  /// again, keep the shift they had.
  [[nodiscard]] std::uint32_t to_receiver(std::uint32_t base_id) const noexcept;
  /// An ACK or NAK value of the receiver as the true sender has to see it; one that points into a package
  /// of ours becomes the number where that was inserted.
  [[nodiscard]] std::uint32_t to_sender(std::uint32_t value) const noexcept;
  /// The value acknowledges packages of ours to a sender who has not spoken yet and must not see it.
  [[nodiscard]] bool is_ours_alone(std::uint32_t value) const noexcept;

 private:
  struct Insertion {
    std::uint32_t from;   // true number that the next true package had
    std::uint32_t shift;  // of this and all later numbers
  };
  [[nodiscard]] std::uint32_t insert_cold(std::uint32_t length, std::uint32_t seed) noexcept;
  [[nodiscard]] std::uint32_t shift() const noexcept {
    return insertions_.empty() ? first_shift_ : insertions_.back().shift;
  }

  std::vector<Insertion> insertions_;  // the oldest first
  std::uint32_t first_shift_ = 0;      // of numbers before the first insertion
  std::uint32_t next_ = 0;
  std::uint32_t expected_ = 0;    // the number that follows on what came
  std::uint32_t first_ = 0;       // the first true number, while it is remembered
  std::uint32_t cold_begin_ = 0;  // ours before the true sender began: [cold_begin_, cold_end_)
  std::uint32_t cold_end_ = 0;
  bool cold_ = false;
  bool counted_ = false;  // those are, and shift what follows
  bool began_ = false;
};

}  // namespace msnp
