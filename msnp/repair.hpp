// The repairs of framing.md 1.3 and 2.5: how a line that some client cannot read is mended.
#pragma once

#include <string>

#include "msnp/frame.hpp"

namespace msnp {

/// Appends the frame as it must be sent on: the mended line, CRLF, and the gathered payload.
/// Only for frames with `repair != Repair::none`; the others go on as `frame.raw`.
void append_repaired(const Frame& frame, std::string& to);

}  // namespace msnp
