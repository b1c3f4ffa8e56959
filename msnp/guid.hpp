// The application identifiers of invitations (transfers.md 1.3, 5.6), found in every spelling that
// some client accepts: any case, with or without braces and hyphens, text around them, backwards.
#pragma once

#include <string_view>
#include <vector>

#include "msnp/kind.hpp"

namespace msnp {

struct ApplicationsFound {
  /// What the text names, the most restricted first, each once.
  std::vector<Kind> kinds;
  /// An MSNObject session (A4268EEC-...): the object's Type tells the kind.
  bool object = false;
};

/// Looks through a whole text: an SLP message or the body of a classic invitation.
[[nodiscard]] ApplicationsFound applications_in(std::string_view text);

}  // namespace msnp
