// MSNSLP invitations as each client matches them (transfers.md 5.3, 5.4).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "tests/support/reader_mime.hpp"

namespace gate::test::reading {

enum class StartLine { begins_invite, begins_invite_msnmsgr, word_is_invite, contains_invite, anything };
enum class Fields {
  of_body,        // the header block behind the headers
  found_in_text,  // first "KEY: " anywhere, up to CRLF
  of_any_line,    // last line that begins with the key; the key repeated in the value is cut out
};
enum class GuidForm { exact, any_case, between_braces, dotnet };
enum class Base64 { lenient, without_padding, strict };

struct SlpReading {
  StartLine start_line = StartLine::word_is_invite;
  Fields fields = Fields::of_body;
  HeaderReading headers = {};
  GuidForm guid = GuidForm::exact;
  bool photo_sharing = false;
  bool sharing_folder = false;
  Base64 base64 = Base64::lenient;
  std::size_t shortest_context = 20;
  bool checks_context_version = false;  // version 3 only with length 637
  bool size_must_be_positive = false;
  bool name_without_nuls = false;  // else the name ends at the first
  bool ends_at_nul = false;
  bool session_must_not_be_zero = false;
  bool application_must_be_2 = false;
  bool application_must_be_number = false;
  bool needs_branch_and_call = false;
  bool to_must_be_self = false;
  bool from_must_be_sender = false;
  bool known_call_is_ignored = false;  // an INVITE of a call that it has says nothing to it
};

struct FileOffer {
  std::string name;
};

/// One client's reading of the texts of one conversation.
class SlpTexts {
 public:
  /// `reading` outlives it. An empty account takes everything for its own.
  SlpTexts(const SlpReading& reading, std::string account)
      : reading_(&reading), account_(std::move(account)) {}

  [[nodiscard]] std::optional<FileOffer> read(std::string_view sender, std::string_view text);

 private:
  [[nodiscard]] bool concerns_us(const Headers& headers, std::string_view sender) const;

  const SlpReading* reading_;
  std::string account_;
  std::set<std::string> calls_;
};

/// Exposed for its test: is `text` the .NET spelling of a GUID given as 32 lower-case hex digits?
[[nodiscard]] bool is_dotnet_guid(std::string_view text, std::string_view digits);

}  // namespace gate::test::reading
