#include "tests/support/tricks.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <stdexcept>

#include "tests/support/http_road.hpp"

namespace gate::test {
namespace {

using msnp::Direction;
using msnp::opposite;

constexpr std::string_view alice = "alice@example.com";
constexpr std::string_view bob = "bob@example.org";
constexpr std::string_view alice_endpoint = "{a1a1a1a1-0001-4001-8001-0123456789ab}";
constexpr std::string_view bob_endpoint = "{b2b2b2b2-0002-4002-8002-ba9876543210}";
constexpr std::string_view guest_endpoint = "{c3c3c3c3-0003-4003-8003-001122334455}";

/// What no frame beyond the gate may hold: the file-transfer GUID both ways, fields and names of the vectors.
constexpr std::string_view words_of_offers[] = {"5d3e02ab",   "ba20e3d5",   "application-file",
                                                "report.txt", "txt.troper", "UAcABvAHIAdAAuAHQAeAB0"};

std::vector<std::string> tokens_of(std::string_view line) {
  std::vector<std::string> tokens;
  while (!line.empty()) {
    const std::size_t end = std::min(line.find(' '), line.size());
    tokens.emplace_back(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return tokens;
}

std::string line_of(const VectorFrame& frame) {
  return frame.bytes.substr(0, frame.bytes.find("\r\n"));
}

/// The frame as the other end of the conversation sees it.
VectorFrame turned(const VectorFrame& frame) {
  const bool was_alices = frame.direction == Direction::to_server;
  const std::string sender(was_alices ? alice : bob);
  const std::string payload = payload_of(frame);
  const std::string size = " " + std::to_string(payload.size()) + "\r\n";
  const std::vector<std::string> tokens = tokens_of(line_of(frame));
  std::string line;
  if (tokens[0] == "MSG") {
    const bool p2p = payload.find("msnmsgrp2p") != std::string::npos;
    line = was_alices ? "MSG " + sender + " Alice" : std::string("MSG 0 ") + (p2p ? "D" : "N");
  } else if (tokens[0] == "UUN") {
    line = "UBN " + sender + ";" + std::string(alice_endpoint) + " " + tokens[3];
  } else if (tokens[0] == "UBN") {
    line = "UUN 0 " + std::string(alice) + " " + tokens[2];
  } else if (tokens[0] == "SDG") {
    line = "SDG 0";
  } else {
    throw std::invalid_argument(line_of(frame));
  }
  return {opposite(frame.direction), line + size + payload};
}

/// The frames as they pass this gate, transactions in order.
std::vector<VectorFrame> frames_at(const Script& script, Gate gate) {
  std::vector<VectorFrame> frames;
  int transaction = 11;
  for (const VectorFrame& original : script.frames) {
    VectorFrame& frame = frames.emplace_back(gate == Gate::of_alice ? original : turned(original));
    if (frame.direction == Direction::to_client) continue;
    const std::size_t begin = frame.bytes.find(' ') + 1;
    frame.bytes.replace(begin, frame.bytes.find(' ', begin) - begin, std::to_string(transaction++));
  }
  return frames;
}

/// The server's replies to these frames.
std::string replies_to(std::string_view bytes) {
  std::string replies;
  while (!bytes.empty()) {
    const std::string_view line = bytes.substr(0, bytes.find("\r\n"));
    const auto tokens = tokens_of(line);
    bytes.remove_prefix(std::min(line.size() + 2 + std::stoul(tokens.back()), bytes.size()));
    const bool wants_reply = tokens[0] == "MSG" && (tokens[2] == "A" || tokens[2] == "D");
    if (wants_reply) replies += "ACK " + tokens[1] + "\r\n";
    if (tokens[0] == "UUN") replies += "UUN " + tokens[1] + " OK\r\n";
  }
  return replies;
}

Direction way_of_offer(const Script& script, Gate gate) {
  const Direction seen_by_alice = script.frames.front().direction;
  return gate == Gate::of_alice ? seen_by_alice : opposite(seen_by_alice);
}

std::vector<Reader> readers_of(Client client, const Script& script, Gate gate) {
  const bool alice_offers = script.frames.front().direction == Direction::to_server;
  std::vector<Reader> readers;
  readers.push_back(alice_offers ? Reader{client, std::string(bob), std::string(bob_endpoint)}
                                 : Reader{client, std::string(alice), std::string(alice_endpoint)});
  if (alice_offers && gate == Gate::of_alice) {
    for (const std::string& guest : script.guests) {
      readers.push_back({client, guest, std::string(guest_endpoint)});
    }
  }
  return readers;
}

std::string folded(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return text;
}

std::string bytes_in(const Outcome& outcome, Direction direction) {
  return direction == Direction::to_server ? outcome.to_server : outcome.to_client;
}

std::string told(const std::vector<AuditEvent>& events) {
  std::string text;
  for (const AuditEvent& event : events) {
    text += event.reason + " " + (event.kind ? std::string(msnp::name_of(*event.kind)) : "-") + " " +
            event.answer + event.detail + "; ";
  }
  return text;
}

std::string_view name_of(Gate gate) {
  return gate == Gate::of_alice ? "gate of alice" : "gate of bob";
}

void expect_believed(const Script& script, const std::vector<Client>& believers) {
  for (const Gate gate : {Gate::of_alice, Gate::of_bob}) {
    const std::string bytes = bytes_in(without_gate(script, gate), way_of_offer(script, gate));
    for (const Client client : believers) {
      EXPECT_FALSE(read_by(client, script, gate, bytes).empty())
          << gate::test::name_of(client) << " sees no offer where there is no gate; " << name_of(gate);
    }
  }
}

void expect_nothing_read(const Script& script, Gate gate, const Outcome& outcome) {
  const Direction way = way_of_offer(script, gate);
  for (const Client client : all_clients) {
    EXPECT_TRUE(read_by(client, script, gate, bytes_in(outcome, way)).empty())
        << gate::test::name_of(client) << " is still offered something";
    const Reader offerer{client, std::string(alice), std::string(alice_endpoint)};
    EXPECT_TRUE(offers_read(offerer, opposite(way), bytes_in(outcome, opposite(way))).empty())
        << gate::test::name_of(client) << " of the offerer is offered something";
  }
}

/// Over HTTP the detail names the form.
std::vector<std::string> verdicts_of(const Outcome& outcome) {
  std::vector<std::string> verdicts;
  for (const AuditEvent& event : outcome.blocks()) {
    verdicts.push_back(event.reason + " " + (event.kind ? std::string(msnp::name_of(*event.kind)) : "-") +
                       " " + event.answer);
  }
  return verdicts;
}

/// The same verdicts, and the same bytes for both, whole and cut anywhere.
void expect_same_over_http(const Script& script, Gate gate, const Outcome& outcome) {
  for (const std::size_t piece : {std::string::npos, std::size_t{11}}) {
    SCOPED_TRACE(piece == 11 ? "over HTTP, in small bodies" : "over HTTP");
    const Outcome web = over_http(script, gate, policy_with(Action::block), piece);
    EXPECT_EQ(web.closed, outcome.closed);
    EXPECT_EQ(verdicts_of(web), verdicts_of(outcome));
    expect_nothing_read(script, gate, web);
    const Direction way = way_of_offer(script, gate);
    EXPECT_EQ(bytes_in(web, way), bytes_in(outcome, way));
  }
}

void expect_stopped_at(const Script& script, Gate gate) {
  const Outcome outcome = through_gate(script, gate);
  EXPECT_FALSE(outcome.closed);
  EXPECT_FALSE(outcome.blocks().empty()) << told(outcome.events);
  expect_nothing_read(script, gate, outcome);
  const Direction way = way_of_offer(script, gate);
  for (const std::string_view word : words_of_offers) {
    EXPECT_EQ(folded(bytes_in(outcome, way)).find(folded(std::string(word))), std::string::npos) << word;
  }
  const Outcome bytewise = through_gate(script, gate, policy_with(Action::block), 1);
  EXPECT_EQ(bytewise.blocks().size(), outcome.blocks().size()) << "byte by byte";
  EXPECT_EQ(bytes_in(bytewise, way), bytes_in(outcome, way)) << "byte by byte";
  expect_same_over_http(script, gate, outcome);
}

/// Tells where they part, not all of both.
void expect_same(const std::string& bytes, const std::string& wanted, std::string_view where) {
  if (bytes == wanted) return;
  const auto first = std::mismatch(bytes.begin(), bytes.end(), wanted.begin(), wanted.end());
  const auto offset = static_cast<std::size_t>(first.first - bytes.begin());
  const std::size_t begin = offset - std::min<std::size_t>(offset, 30);
  ADD_FAILURE() << bytes.size() << " bytes " << where << ", not " << wanted.size() << "; at byte " << offset
                << " " << testing::PrintToString(bytes.substr(begin, 80)) << ", not "
                << testing::PrintToString(wanted.substr(begin, 80));
}

constexpr std::string_view alice_to_bob =
    "P2P-Dest: bob@example.org;{b2b2b2b2-0002-4002-8002-ba9876543210}\r\n"
    "P2P-Src: alice@example.com;{a1a1a1a1-0001-4001-8001-0123456789ab}";

void big(std::string& to, std::uint64_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) to.push_back(static_cast<char>((value >> (8 * i)) & 0xFFU));
}

/// The MIME block in front of a package that holds the beginning of an INVITE.
std::string headers_of(const VectorFrame& frame) {
  const std::string payload = payload_of(frame);
  return payload.substr(0, payload.find("INVITE MSNMSGR:") - 48);
}

/// The data of a package that is all of its message; footer not included.
std::string text_behind(const VectorFrame& frame, std::size_t header) {
  const std::string payload = payload_of(frame);
  const std::string package = payload.substr(payload.find("\r\n\r\n") + 4);
  return package.substr(header, package.size() - header - 4);
}

}  // namespace

std::vector<AuditEvent> Outcome::blocks() const {
  std::vector<AuditEvent> found;
  for (const AuditEvent& event : events) {
    const bool decision = event.event == AuditKind::transfer || event.event == AuditKind::transport ||
                          event.event == AuditKind::object;
    if (decision && event.action == Action::block) found.push_back(event);
  }
  return found;
}

Script from_vector(const std::string& id) {
  const TransferVector& vector = transfer_vector(id);
  return {vector.frames, vector.transport != "SB", {}};
}

Script joined(Script first, const Script& then) {
  for (const std::size_t pause : then.pauses) first.pauses.push_back(first.frames.size() + pause);
  first.frames.insert(first.frames.end(), then.frames.begin(), then.frames.end());
  return first;
}

namespace {

template <class Rig>
Outcome through(Rig& rig, const Script& script, Gate gate, std::size_t piece) {
  const bool alices = gate == Gate::of_alice;
  if (script.notification) {
    rig.sign_in(alices ? alice : bob);
  } else {
    std::vector<std::string> others{std::string(alices ? bob : alice)};
    others.insert(others.end(), script.guests.begin(), script.guests.end());
    rig.enter_switchboard(alices ? alice : bob, others);
  }
  Outcome outcome;
  const auto collect = [&] {
    for (std::string arrived = rig.to_server(); !arrived.empty(); arrived = rig.to_server()) {
      outcome.to_server += arrived;
      rig.from_server(replies_to(arrived));
    }
    outcome.to_client += rig.to_client();
  };
  std::size_t number = 0;
  for (const VectorFrame& frame : frames_at(script, gate)) {
    if (std::count(script.pauses.begin(), script.pauses.end(), number++) > 0) rig.tick(61'000);
    for (std::size_t at = 0; at < frame.bytes.size(); at += std::min(piece, frame.bytes.size())) {
      rig.feed(frame.direction, std::string_view(frame.bytes).substr(at, piece));
    }
    collect();
  }
  for (const msnp::Moment later : {600, 1'000, 60'000, 5'000}) {
    rig.tick(later);
    collect();
  }
  outcome.events = rig.audit.events;
  outcome.closed = rig.closed;
  return outcome;
}

}  // namespace

Outcome through_gate(const Script& script, Gate gate, std::shared_ptr<const Policy> policy,
                     std::size_t piece) {
  FilterRig rig(std::move(policy));
  return through(rig, script, gate, piece);
}

Outcome over_http(const Script& script, Gate gate, std::shared_ptr<const Policy> policy, std::size_t piece) {
  HttpRoad road(std::move(policy));
  return through(road, script, gate, piece);
}

Outcome without_gate(const Script& script, Gate gate) {
  Outcome outcome;
  for (const VectorFrame& frame : frames_at(script, gate)) {
    if (frame.direction == Direction::to_client) {
      outcome.to_client += frame.bytes;
    } else {
      outcome.to_server += frame.bytes;
      outcome.to_client += replies_to(frame.bytes);
    }
  }
  return outcome;
}

std::vector<OfferRead> read_by(Client client, const Script& script, Gate gate, std::string_view bytes) {
  std::vector<OfferRead> all;
  for (const Reader& reader : readers_of(client, script, gate)) {
    const auto found = offers_read(reader, way_of_offer(script, gate), bytes);
    all.insert(all.end(), found.begin(), found.end());
  }
  return all;
}

void expect_stopped(const Script& script, const std::vector<Client>& believers) {
  expect_believed(script, believers);
  expect_stopped(script);
}

void expect_dropped(const Script& script, const std::vector<Client>& believers) {
  expect_believed(script, believers);
  for (const Gate gate : {Gate::of_alice, Gate::of_bob}) {
    SCOPED_TRACE(name_of(gate));
    const Outcome outcome = through_gate(script, gate);
    EXPECT_FALSE(outcome.closed);
    expect_nothing_read(script, gate, outcome);
    EXPECT_FALSE(outcome.events.empty()) << "what was dropped is told";
    expect_same_over_http(script, gate, outcome);
  }
}

void expect_stopped(const Script& script) {
  for (const Gate gate : {Gate::of_alice, Gate::of_bob}) {
    SCOPED_TRACE(name_of(gate));
    expect_stopped_at(script, gate);
  }
}

void expect_untouched(const Script& script) {
  for (const Gate gate : {Gate::of_alice, Gate::of_bob}) {
    for (const std::size_t piece : {std::string::npos, std::size_t{1}}) {
      SCOPED_TRACE(std::string(name_of(gate)) + (piece == 1 ? ", byte by byte" : ""));
      const Outcome outcome = through_gate(script, gate, policy_with(Action::block), piece);
      const Outcome wanted = without_gate(script, gate);
      EXPECT_FALSE(outcome.closed);
      expect_same(outcome.to_server, wanted.to_server, "to the server");
      expect_same(outcome.to_client, wanted.to_client, "to the client");
      std::vector<AuditEvent> blocked;
      std::copy_if(outcome.events.begin(), outcome.events.end(), std::back_inserter(blocked),
                   [](const AuditEvent& event) { return event.action == Action::block; });
      EXPECT_TRUE(blocked.empty()) << told(blocked);
      const Outcome web =
          over_http(script, gate, policy_with(Action::block), piece == 1 ? std::size_t{11} : piece);
      expect_same(web.to_server, wanted.to_server, "to the server, over HTTP");
      expect_same(web.to_client, wanted.to_client, "to the client, over HTTP");
      EXPECT_TRUE(web.blocks().empty()) << told(web.blocks());
    }
  }
}

void expect_disordered(const Script& script) {
  Rule rule;
  rule.name = "unknown";
  rule.action = Action::allow;
  rule.kinds = {msnp::Kind::unknown_application};
  for (const Gate gate : {Gate::of_alice, Gate::of_bob}) {
    SCOPED_TRACE(name_of(gate));
    const Outcome outcome = through_gate(script, gate);
    const auto blocks = outcome.blocks();
    ASSERT_FALSE(blocks.empty()) << told(outcome.events);
    EXPECT_EQ(blocks.front().reason, "disordered");
    EXPECT_EQ(blocks.front().kind, msnp::Kind::unknown_application);
    for (const auto& policy : {policy_with(Action::block, {rule}), policy_with(Action::allow)}) {
      const Outcome allowed = through_gate(script, gate, policy);
      const Outcome wanted = without_gate(script, gate);
      expect_same(allowed.to_server, wanted.to_server, "to the server");
      expect_same(allowed.to_client, wanted.to_client, "to the client");
    }
  }
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  std::size_t at = text.find(from);
  if (at == std::string::npos) throw std::invalid_argument(std::string(from));
  for (; at != std::string::npos; at = text.find(from, at + to.size())) text.replace(at, from.size(), to);
  return text;
}

std::string mirrored(std::string_view text) {
  return {text.rbegin(), text.rend()};
}

VectorFrame message(Direction direction, std::string_view payload, char letter) {
  return {direction, direction == Direction::to_server ? message_to_server("0", letter, payload)
                                                       : message_to_client(bob, "Bob", payload)};
}

std::string payload_of(const VectorFrame& frame) {
  return frame.bytes.substr(frame.bytes.find("\r\n") + 2);
}

std::string dressed_as(const std::string& vector_id, std::string_view package) {
  return headers_of(transfer_vector(vector_id).frames.front()) + std::string(package);
}

std::string offer_text() {
  return text_behind(transfer_vector("p01-offer-single").frames.front(), 48);
}

std::string picture_text() {
  return text_behind(transfer_vector("p11-display-picture").frames.front(), 48);
}

std::string with_decoy(const std::string& text) {
  return replaced(text, "EUF-GUID: ", "X-Comment: " + std::string(object_guid) + "\r\nEUF-GUID: ");
}

Script sent_as(const std::vector<Package>& packages) {
  Script script;
  for (const Package& package : packages) {
    script.frames.push_back(message(Direction::to_server, p2p_block(v1_package(package))));
  }
  return script;
}

Script sent_whole(const std::string& text) {
  return sent_as({whole(474'788'307, text)});
}

Script picture_session(const std::vector<Package>& invitation) {
  Script rest = from_vector("p11-display-picture");
  rest.frames.erase(rest.frames.begin());
  return joined(sent_as(invitation), rest);
}

Script picture_session(const std::string& invitation) {
  return picture_session(std::vector{whole(940'017'483, invitation)});
}

std::vector<std::string> v2_packages(const V2Message& message) {
  std::vector<std::string> packages;
  std::uint32_t base_id = message.base_id;
  for (std::size_t at = 0; at < message.text.size(); at += message.most) {
    const std::string data = message.text.substr(at, message.most);
    const std::size_t left = message.text.size() - at - data.size();
    std::string transport = at == 0 ? message.tlvs : std::string();
    transport.resize((transport.size() + 3) / 4 * 4, '\0');
    std::string header;
    header.push_back(static_cast<char>(left > 0 ? 20 : 8));
    header.push_back(static_cast<char>(at == 0 ? message.first_flags : 0));
    big(header, message.number, 2);
    big(header, 0, 4);
    if (left > 0) {
      header.append("\x01\x08", 2);
      big(header, left, 8);
      header.append(2, '\0');
    }
    std::string& package = packages.emplace_back();
    package.push_back(static_cast<char>(8 + transport.size()));
    package.push_back(left > 0 ? '\0' : '\2');
    big(package, header.size() + data.size(), 2);
    big(package, base_id, 4);
    package.append(transport).append(header).append(data).append(4, '\0');
    base_id += static_cast<std::uint32_t>(header.size() + data.size());
  }
  return packages;
}

Script sent_as_v2(const std::vector<std::string>& packages) {
  Script script;
  const std::string type = "application/x-msnmsgrp2p\r\n" + std::string(alice_to_bob);
  for (const std::string& package : packages) {
    script.frames.push_back(message(Direction::to_server, mime_block(type, package)));
  }
  return script;
}

std::string offer_text_v2() {
  return text_behind(transfer_vector("q02-offer-single").frames.front(), 16);
}

std::string picture_text_v2() {
  return text_behind(transfer_vector("q09-display-picture").frames.front(), 24 + 8);
}

Script picture_session_v2(const V2Message& invitation) {
  Script rest = from_vector("q09-display-picture");
  rest.frames.erase(rest.frames.begin());
  return joined(sent_as_v2(v2_packages(invitation)), rest);
}

Script datagram(std::string_view messaging_lines, std::string_view content) {
  const std::string example = payload_of(transfer_vector("s01-sdg-offer").frames.front());
  const std::string payload =
      example.substr(0, example.find("Messaging:")) + "Messaging: 2.0\r\n" + std::string(messaging_lines) +
      "\r\nContent-Length: " + std::to_string(content.size()) + "\r\n\r\n" + std::string(content);
  const std::string bytes = "SDG 0 " + std::to_string(payload.size()) + "\r\n" + payload;
  return {{{Direction::to_server, bytes}}, true, {}};
}

}  // namespace gate::test
