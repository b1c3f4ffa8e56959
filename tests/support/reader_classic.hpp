// Classic invitations (`text/x-msmsgsinvite`) as the three clients that know them read them
// (transfers.md 1.5).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tests/support/reader_mime.hpp"

namespace gate::test::reading {

struct ClassicReading {
  HeaderReading fields = {};
  bool empty_lines_are_skipped = false;
  bool command_any_case_prefix = false;  // else exactly INVITE
  bool needs_file_name = false;
  bool by_fields_only = false;  // neither command nor GUID, but name, file and size of the file
};

/// The name of the file that the body of a message offers.
[[nodiscard]] std::optional<std::string> classic_offer_in(const ClassicReading& reading,
                                                          std::string_view body);

}  // namespace gate::test::reading
