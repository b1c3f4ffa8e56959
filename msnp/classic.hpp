// Classic invitations, `text/x-msmsgsinvite` (transfers.md 1), read as the union of what aMSN, Miranda,
// bitlbee and libpurple would make of the body: any line end, any case, names spelt backwards, fields
// after an empty line, no command and no GUID needed.
#pragma once

#include <string>
#include <string_view>

#include "msnp/offer.hpp"
#include "msnp/types.hpp"

namespace msnp {

struct ClassicMessage {
  /// It invites to something; `offer` says to what.
  bool invites = false;
  bool accepts = false;
  bool cancels = false;
  /// It tells an address or port: the message that makes a direct transfer possible (1.2).
  bool reveals_address = false;
  Offer offer;  // cookie, names and size are filled in for every command that carries them
};

/// `text` is the whole payload: some readers find the fields without a blank line before them.
[[nodiscard]] ClassicMessage read_classic(std::string_view text);

}  // namespace msnp
