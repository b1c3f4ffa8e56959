// The question msnp/ asks of whoever knows the policy. The protocol side finds invitations and knows
// how to say no; whether to say no is decided behind this interface.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "msnp/bytes.hpp"
#include "msnp/offer.hpp"

namespace msnp {

/// How an offer over P2P v2 or SDG is refused (transfers.md 7.3, block-proof.md 4.4). Setting
/// `[refusal] p2p_v2`.
enum class RefusalMode : std::uint8_t {
  tombstone,  // replaced in place by as many bytes that say nothing; numbers are translated afterwards
  withhold,   // taken out and acknowledged in the other side's name; numbers are not translated
};

/// SHA-1 of bytes that come in pieces: what an MSNObject is announced with.
class Sha1 {
 public:
  Sha1() = default;
  virtual ~Sha1() = default;
  Sha1(const Sha1&) = delete;
  Sha1& operator=(const Sha1&) = delete;

  virtual void add(Bytes bytes) noexcept = 0;
  /// The digest of everything added since it was last asked for; what is added next begins another.
  [[nodiscard]] virtual std::array<std::byte, 20> finish() noexcept = 0;
};

class Judge {
 public:
  /// May `offer` pass between the local user and every one of `others`? The decision is recorded before
  /// this returns. `answer` says, for the record, what will be sent to whom if it may not.
  [[nodiscard]] virtual bool admits(const Offer& offer, std::span<const std::string> others,
                                    std::string_view answer) = 0;

  /// True if nothing between the local user and these people could be refused: then nothing needs to be
  /// held, and session data needs no invitation that was seen.
  [[nodiscard]] virtual bool admits_everything(std::span<const std::string> others) = 0;

  /// May what was admitted before still pass? Asked when `policy_serial` is no longer what it was then.
  /// Only a refusal is recorded.
  [[nodiscard]] virtual bool still_admits(const Offer& offer, std::span<const std::string> others,
                                          std::string_view answer) = 0;
  /// Another number for every policy that comes into force.
  [[nodiscard]] virtual std::uint64_t policy_serial() const noexcept = 0;
  [[nodiscard]] virtual RefusalMode refusal_mode() const noexcept = 0;
  /// Null if none can be had: then the bytes of objects are not compared.
  [[nodiscard]] virtual std::unique_ptr<Sha1> start_sha1() = 0;

  /// An unfinished message went over the caps or was never finished; what was held of it is dropped.
  virtual void abandoned(Direction direction, std::span<const std::string> others) = 0;

 protected:
  ~Judge() = default;
};

}  // namespace msnp
