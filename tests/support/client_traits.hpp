// What makes one client's reader differ from another's, as one table
// (transfers.md 1.5, 2.4, 3.3, 3.4, 4.2, 5.3, 5.4; framing.md 6.5, 7.2). The document is the source of every
// value; nothing is known better here.
#pragma once

#include <string_view>

#include "tests/support/client_readers.hpp"
#include "tests/support/reader_classic.hpp"
#include "tests/support/reader_mime.hpp"
#include "tests/support/reader_p2p_v1.hpp"
#include "tests/support/reader_p2p_v2.hpp"
#include "tests/support/reader_slp.hpp"

namespace gate::test::reading {

enum class TypeMatch { up_to_semicolon, prefix_any_case, substring };
/// parts_in_order: libpurple puts any message together; parts_merged: aMSN puts the fields of invitations
/// together, and takes the last part of a P2P message for the whole.
enum class MessageParts { not_known, parts_in_order, parts_merged };
enum class Destination { not_read, must_be_there, must_be_self };
/// What tells a client that a package is of version 2.
enum class Version { always_1, destination_has_endpoint, both_have_endpoints };
/// as_text_lines: msnp11 looks through lines and text, whatever the header block says.
enum class Packages { none, by_headers, as_text_lines };

struct ClientTraits {
  std::string_view name = {};
  HeaderReading headers = {};
  TypeMatch type = TypeMatch::up_to_semicolon;
  MessageParts parts = MessageParts::not_known;
  bool reads_classic = false;
  ClassicReading classic = {};
  Packages packages = Packages::none;
  Destination destination = Destination::not_read;
  Version version = Version::always_1;
  bool reads_v2 = false;
  V1Reading v1 = {};
  V2Reading v2 = {};
  SlpReading slp = {};
  bool reads_notifications = false;  // UUN and UBN of types 3 and 10
  bool reads_datagrams = false;      // SDG
};

[[nodiscard]] const ClientTraits& traits_of(Client client);

}  // namespace gate::test::reading
