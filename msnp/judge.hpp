// The question msnp/ asks of whoever knows the policy. The protocol side finds invitations and knows
// how to say no; whether to say no is decided behind this interface.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "msnp/offer.hpp"

namespace msnp {

class Judge {
 public:
  /// May `offer` pass between the local user and every one of `others`? The decision is recorded before
  /// this returns. `answer` says, for the record, what will be sent to whom if it may not.
  [[nodiscard]] virtual bool admits(const Offer& offer, std::span<const std::string> others,
                                    std::string_view answer) = 0;

  /// True if nothing between the local user and these people could be refused: then nothing needs to be
  /// held, and session data needs no invitation that was seen.
  [[nodiscard]] virtual bool admits_everything(std::span<const std::string> others) = 0;

  /// An unfinished message went over the caps or was never finished; what was held of it is dropped.
  virtual void abandoned(Direction direction, std::span<const std::string> others) = 0;

 protected:
  ~Judge() = default;
};

}  // namespace msnp
