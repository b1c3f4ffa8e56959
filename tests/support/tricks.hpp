// What transfers.md 10 is tested with: the same bytes sent past a gate at either end, read there by models of
// the clients; and harmless conversations that can be dressed in the oddity of a trick.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/audit.hpp"
#include "tests/support/client_readers.hpp"
#include "tests/support/filter_rig.hpp"
#include "tests/support/invitations.hpp"
#include "tests/support/transfer_vectors.hpp"

namespace gate::test {

/// A conversation as alice's client sees it; to_server: alice speaks, to_client: bob does.
struct Script {
  std::vector<VectorFrame> frames;
  bool notification = false;        // over the notification server: UUN, UBN, SDG
  std::vector<std::string> guests;  // in the switchboard beside alice and bob
  /// Frames before which so much time passes that whatever is held is given up.
  std::vector<std::size_t> pauses = {};
};

/// Whose client is behind the gate. Bob's gate sees what alice's sees, the other way round.
enum class Gate { of_alice, of_bob };

struct Outcome {
  std::string to_server, to_client;
  std::vector<AuditEvent> events;
  bool closed = false;

  [[nodiscard]] std::vector<AuditEvent> blocks() const;  // of transfers, transports and objects
};

[[nodiscard]] Script from_vector(const std::string& id);
[[nodiscard]] Script joined(Script first, const Script& then);

/// Sends the conversation through a gate; the server answers ACK to what reaches it. At the end so much time
/// passes that nothing is held any more. `piece`: how many bytes arrive at a time.
[[nodiscard]] Outcome through_gate(const Script& script, Gate gate,
                                   std::shared_ptr<const Policy> policy = policy_with(Action::block),
                                   std::size_t piece = std::string::npos);

/// The same as bodies of a session of the HTTP gateway; `piece`: how many bytes to a body.
[[nodiscard]] Outcome over_http(const Script& script, Gate gate,
                                std::shared_ptr<const Policy> policy = policy_with(Action::block),
                                std::size_t piece = std::string::npos);

/// What reaches the ends without a gate.
[[nodiscard]] Outcome without_gate(const Script& script, Gate gate);

/// The clients of `script`'s receiving side that find an offer in `bytes` (complete frames to the receiver).
[[nodiscard]] std::vector<OfferRead> read_by(Client client, const Script& script, Gate gate,
                                             std::string_view bytes);

/// All `believers` find an offer in the conversation as it was sent; past a gate that denies everything no
/// client does, whoever is present; the record has one block, and neither connection is lost.
void expect_stopped(const Script& script, const std::vector<Client>& believers);
/// The second half alone, for what no model believes.
void expect_stopped(const Script& script);
/// The same for an offer that nobody completes at the gate: it is dropped in the end, and that is told.
void expect_dropped(const Script& script, const std::vector<Client>& believers);
/// Past the same gate, every byte of both directions is there, in order, and nothing is recorded as blocked.
void expect_untouched(const Script& script);

/// For what no real client sends: past the same gate it is stopped, and recorded as `disordered`; where a
/// rule lets unknown applications pass, all of it passes.
void expect_disordered(const Script& script);

/// `from` must be there; all of them are replaced.
[[nodiscard]] std::string replaced(std::string text, std::string_view from, std::string_view to);
[[nodiscard]] std::string mirrored(std::string_view text);

// Messages of the switchboard that carry P2P packages.

/// One frame of a switchboard with this payload; `letter` counts only towards the server.
[[nodiscard]] VectorFrame message(msnp::Direction direction, std::string_view payload, char letter = 'D');
[[nodiscard]] std::string payload_of(const VectorFrame& frame);
/// The headers of the first frame of a vector around `package`.
[[nodiscard]] std::string dressed_as(const std::string& vector_id, std::string_view package);

/// The SLP text of the offer in p01, and of the request for a picture in p11; with the closing NUL.
[[nodiscard]] std::string offer_text();
[[nodiscard]] std::string picture_text();
/// `text` of an INVITE that also names the application of pictures, where no client looks for it: cut through
/// the other name, it is harmless for whoever reads the parts alone.
[[nodiscard]] std::string with_decoy(const std::string& text);
/// Where the GUID of files is torn.
struct Cuts {
  explicit Cuts(const std::string& text) : first(text.find(file_guid) + 6), second(first + 10) {}
  std::size_t first, second;
};

/// One frame from alice for each of the packages.
[[nodiscard]] Script sent_as(const std::vector<Package>& packages);
/// `text` as a message of one v1 package.
[[nodiscard]] Script sent_whole(const std::string& text);
/// The session of p11 (a picture is fetched, whole), its INVITE replaced by these packages.
[[nodiscard]] Script picture_session(const std::vector<Package>& invitation);
/// The session of p11 with another text of the INVITE.
[[nodiscard]] Script picture_session(const std::string& invitation);

// P2P v2. Endpoints as in the vectors.

struct V2Message {
  std::uint32_t base_id = 0x11223344;
  std::uint16_t number = 9;
  std::uint8_t first_flags = 1;
  std::string tlvs;  // of the transport header, without padding
  std::string text;
  std::size_t most = 1202;
};
/// The packages of a message: header, data and footer each.
[[nodiscard]] std::vector<std::string> v2_packages(const V2Message& message);
[[nodiscard]] Script sent_as_v2(const std::vector<std::string>& packages);
/// SLP with endpoints: of the offer in q02, of the request for a picture in q09.
[[nodiscard]] std::string offer_text_v2();
[[nodiscard]] std::string picture_text_v2();
/// The session of q09 with another message of the INVITE.
[[nodiscard]] Script picture_session_v2(const V2Message& invitation);

/// A datagram of alice's: the Routing and Reliability blocks of s01 and these lines and content.
[[nodiscard]] Script datagram(std::string_view messaging_lines, std::string_view content);

}  // namespace gate::test
