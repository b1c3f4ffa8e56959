#include "tests/support/client_traits.hpp"

#include <cstddef>

namespace gate::test::reading {
namespace {

constexpr HeaderReading c_string_headers{.nul = Nul::drops_message};
constexpr HeaderReading miranda_headers{.line_end = LineEnd::crlf_or_lf,
                                        .blank_line_ends = true,
                                        .colon_and_blank = false,
                                        .any_case = true,
                                        .mirrored = true,
                                        .end_optional = true,
                                        .duplicates = Duplicates::first_wins,
                                        .nul = Nul::ends_headers};
constexpr HeaderReading papyon_headers{.blank_line_ends = true, .colon_and_blank = false};
constexpr HeaderReading amsn_headers{.line_end = LineEnd::crlf_or_lf};
constexpr HeaderReading sharp_headers{.line_end = LineEnd::any, .colon_and_blank = false, .folds = true};
constexpr HeaderReading bitlbee_headers{
    .line_end = LineEnd::any, .any_case = true, .needs_colon = false, .duplicates = Duplicates::first_wins};

constexpr V1Reading libpurple_v1{.session = Session::any_but_64,
                                 .flags_of_first_count = true,
                                 .placing = Placing::must_follow,
                                 .complete = Complete::when_end_reaches_total,
                                 .offset_zero = OffsetZero::another_message,
                                 .key = MessageKey::identifier,
                                 .needs_start = true};

ClientTraits libpurple() {
  ClientTraits traits;
  traits.name = "libpurple";
  traits.headers = c_string_headers;
  traits.parts = MessageParts::parts_in_order;
  traits.packages = Packages::by_headers;
  traits.v1 = libpurple_v1;
  traits.slp = {.start_line = StartLine::begins_invite,
                .fields = Fields::found_in_text,
                .shortest_context = 574,
                .checks_context_version = true,
                .ends_at_nul = true};
  return traits;
}

ClientTraits pecan() {
  ClientTraits traits = libpurple();
  traits.name = "pecan";
  traits.parts = MessageParts::not_known;
  traits.v1.session = Session::any;
  traits.v1.placing = Placing::at_offset;
  traits.slp.shortest_context = 20;
  traits.slp.checks_context_version = false;
  return traits;
}

ClientTraits miranda() {
  ClientTraits traits;
  traits.name = "miranda";
  traits.headers = miranda_headers;
  traits.type = TypeMatch::prefix_any_case;
  traits.reads_classic = true;
  traits.classic = {.fields = miranda_headers, .by_fields_only = true};
  traits.packages = Packages::by_headers;
  traits.destination = Destination::must_be_self;
  traits.version = Version::destination_has_endpoint;
  traits.reads_v2 = true;
  traits.v1 = {.length = DataLength::field,
               .flags = Flags::low_word_zero,
               .placing = Placing::at_offset,
               .complete = Complete::when_highest_end_is_total,
               .offset_zero = OffsetZero::starts_again};
  traits.v2 = {.placing = V2Placing::by_remaining, .split_starts_with_text = true};
  traits.slp = {.start_line = StartLine::begins_invite_msnmsgr,
                .headers = miranda_headers,
                .guid = GuidForm::any_case,
                .shortest_context = 540,  // as far as the name goes
                .ends_at_nul = true,
                .application_must_be_2 = true,
                .needs_branch_and_call = true};
  return traits;
}

ClientTraits papyon() {
  ClientTraits traits;
  traits.name = "papyon";
  traits.headers = papyon_headers;
  traits.packages = Packages::by_headers;
  traits.destination = Destination::must_be_there;
  traits.version = Version::both_have_endpoints;
  traits.reads_v2 = true;
  traits.v1 = {
      .flags = Flags::mask_cf_zero, .complete = Complete::when_received_is_total, .key = MessageKey::nothing};
  traits.v2 = {.first_bit_starts = true};
  traits.slp = {.headers = papyon_headers, .session_must_not_be_zero = true};
  traits.reads_notifications = true;
  return traits;
}

ClientTraits amsn() {
  ClientTraits traits;
  traits.name = "amsn";
  traits.headers = amsn_headers;
  traits.parts = MessageParts::parts_merged;
  traits.reads_classic = true;
  traits.classic = {.fields = amsn_headers, .empty_lines_are_skipped = true};
  traits.packages = Packages::by_headers;
  traits.version = Version::destination_has_endpoint;  // and then it reads nothing
  traits.v1 = {.flags = Flags::any};
  traits.slp = {.start_line = StartLine::anything,
                .headers = HeaderReading{},
                .guid = GuidForm::between_braces,
                .photo_sharing = true,
                .sharing_folder = true,
                .base64 = Base64::strict,
                .known_call_is_ignored = true};
  return traits;
}

ClientTraits msnp_sharp() {
  ClientTraits traits;
  traits.name = "msnp-sharp";
  traits.headers = sharp_headers;
  traits.type = TypeMatch::substring;
  traits.packages = Packages::by_headers;
  traits.destination = Destination::must_be_self;
  traits.version = Version::destination_has_endpoint;
  traits.reads_v2 = true;
  traits.v1 = {.length = DataLength::field,
               .placing = Placing::at_offset,
               .complete = Complete::when_end_is_total_again,
               .offset_zero = OffsetZero::starts_again,
               .totals_must_agree = true};
  traits.v2 = {.placing = V2Placing::contiguous, .type_must_be_text = true};
  traits.slp = {.headers = HeaderReading{.colon_and_blank = false},
                .guid = GuidForm::dotnet,
                .photo_sharing = true,
                .base64 = Base64::strict,
                .size_must_be_positive = true,
                .name_without_nuls = true,
                .application_must_be_number = true,
                .to_must_be_self = true,
                .from_must_be_sender = true,
                .known_call_is_ignored = true};
  traits.reads_datagrams = true;
  return traits;
}

ClientTraits msnp11() {
  ClientTraits traits;
  traits.name = "msnp11";
  traits.packages = Packages::as_text_lines;
  traits.slp = {.start_line = StartLine::contains_invite,
                .fields = Fields::of_any_line,
                .headers = HeaderReading{.line_end = LineEnd::crlf_or_lf},
                .base64 = Base64::without_padding};
  return traits;
}

ClientTraits bitlbee() {
  ClientTraits traits;
  traits.name = "bitlbee";
  traits.headers = bitlbee_headers;
  traits.type = TypeMatch::prefix_any_case;
  traits.reads_classic = true;
  traits.classic = {.fields = bitlbee_headers, .command_any_case_prefix = true, .needs_file_name = true};
  return traits;
}

}  // namespace

const ClientTraits& traits_of(Client client) {
  // In the order of the enumeration.
  static const std::array<ClientTraits, all_clients.size()> all{
      libpurple(), pecan(), miranda(), papyon(), amsn(), msnp_sharp(), msnp11(), bitlbee()};
  return all.at(static_cast<std::size_t>(client));
}

}  // namespace gate::test::reading
