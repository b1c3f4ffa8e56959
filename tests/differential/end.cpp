#include "end.hpp"

#include <algorithm>
#include <charconv>

#include "tests/support/invitations.hpp"

namespace differential {
namespace {

using gate::test::BridgeEnd;
using gate::test::Words;

constexpr std::uint32_t ack_flag = 2;
constexpr std::uint32_t file_flags = 0x01000030;
constexpr std::uint32_t object_flags = 0x20;
constexpr std::uint32_t ack_identifiers =
    0x20000000;  // of acknowledgements: the Identifier they are for, and this
constexpr std::uint64_t call_transactions = 100'000;
constexpr std::uint64_t control_transactions = 50'000'000;
// The numbers of v1 texts and v2 messages tell the call.
constexpr std::uint32_t numbers_of_a_call = 64;

/// How an end is named in its packages, and in datagrams.
std::string bridge_name(const Script& script, Side side) {
  std::string name = script.person(side).shown;
  if (script.switchboard) return name;
  const std::size_t end = name.find(';');
  return end == std::string::npos ? "1:" + name
                                  : "1:" + name.substr(0, end) + ";epid=" + name.substr(end + 1);
}

std::uint32_t first_base_id(const Script& script, Side side) {
  // Where they wrap around, too.
  const auto spread = static_cast<std::uint32_t>(script.number * 2654435761U + index_of(side) * 97);
  return spread % 4 == 0 ? 0xFFFFFFFFU - spread % 3000 : spread;
}

}  // namespace

std::string_view name_of(Road road) noexcept {
  switch (road) {
    case Road::direct:
      return "direct";
    case Road::allowing:
      return "allowing";
    case Road::replacing:
      return "replacing";
    case Road::withholding:
      return "withholding";
  }
  return "?";
}

End::End(Side side, const Script& script, Road road)
    : seen(script.calls.size()),
      side_(side),
      script_(&script),
      road_(road),
      frames_(other(side)),
      bridge_(bridge_name(script, side), bridge_name(script, other(side)), first_base_id(script, side)),
      steps_(script.calls.size()),
      texts_(script.calls.size()) {
  bridge_.strict = road != Road::withholding;  // it leaves gaps
}

bool End::owns(int call) const {
  return script_->calls[static_cast<std::size_t>(call)].from == side_;
}

bool End::gone(int call) const {
  return call >= 0 && blocks(road_) && script_->calls[static_cast<std::size_t>(call)].blocked;
}

int End::call_with(std::string_view id) const {
  for (std::size_t i = 0; i < script_->calls.size(); ++i) {
    if (!id.empty() && script_->calls[i].id == id) return static_cast<int>(i);
  }
  return -1;
}

int End::call_with_session(std::uint32_t session) const {
  for (std::size_t i = 0; i < script_->calls.size(); ++i) {
    if (script_->calls[i].session == session) return static_cast<int>(i);
  }
  return -1;
}

std::uint64_t End::transaction_for(int call) {
  return call_transactions + static_cast<std::uint64_t>(call) * 1000 +
         ++steps_[static_cast<std::size_t>(call)];
}

// --- saying --------------------------------------------------------------------------------------------

std::string End::turn(std::size_t round) {
  for (const std::string& package : bridge_.owed()) say_package(-1, package, true, {});
  for (const Act& act : script_->rounds[round].acts[index_of(side_)]) {
    if (act.call >= 0) {
      begin(act.call);
    } else {
      queue({act.frame, -1, false, 0, {}});
    }
  }
  queue({script_->fence(side_, round), -1, false, 0, {}});
  std::string bytes;
  for (Frame& frame : queued_) {
    bytes += frame.bytes;
    said.push_back(std::move(frame));
  }
  queued_.clear();
  return bytes;
}

void End::say_message(int call, char letter, std::string_view payload) {
  queue({message(*script_, side_, transaction_for(call), letter, payload), call, false, 0, {}});
}

void End::say_classic(int call, char letter, std::string_view fields) {
  say_message(call, letter, gate::test::classic_block(fields));
}

std::string End::around_package(std::string_view package, std::uint64_t transaction) const {
  const std::string& to = bridge_.other();
  const std::string& from = bridge_.self();
  if (script_->switchboard) {
    return message(*script_, side_, transaction, 'D',
                   gate::test::mime_block(
                       "application/x-msnmsgrp2p\r\nP2P-Dest: " + to + "\r\nP2P-Src: " + from, package));
  }
  std::string payload =
      "Routing: 1.0\r\nTo: " + to + "\r\nFrom: " + from +
      "\r\nService-Channel: PE\r\nOptions: 0\r\n\r\nReliability: 1.0\r\n\r\nMessaging: 2.0\r\n"
      "Message-Type: Data\r\nContent-Type: application/x-msnmsgrp2p\r\nContent-Transfer-Encoding: "
      "binary\r\nBridging-Offsets: 0\r\nContent-Length: " +
      std::to_string(package.size()) + "\r\n\r\n";
  payload += package;
  return with_payload("SDG " + std::to_string(side_ == Side::client ? transaction : 0), payload);
}

void End::say_package(int call, std::string_view package, bool aside, std::string_view edited) {
  const std::uint64_t transaction = aside ? control_transactions + ++controls_ : transaction_for(call);
  bridge_.said(package);
  Frame frame{around_package(package, transaction), call, aside, 0, {}};
  frame.package = frame.bytes.size() - package.size();
  if (!edited.empty()) frame.edited = around_package(edited, transaction);
  queue(std::move(frame));
}

void End::say_v2(int call, const Words& words, const std::string& edited) {
  std::vector<std::string> others;
  if (!edited.empty()) {
    Words changed = words;
    changed.data = edited;
    others = BridgeEnd(bridge_).packages(changed);
  }
  const auto packages = bridge_.packages(words);
  for (std::size_t i = 0; i < packages.size(); ++i) {
    say_package(call, packages[i], false, edited.empty() ? std::string_view() : others[i]);
  }
}

void End::say_v1(int call, std::uint32_t identifier, const std::string& bytes, std::uint32_t session,
                 std::uint32_t flags, const std::string& edited) {
  const std::size_t most = script_->calls[static_cast<std::size_t>(call)].most;
  const auto payload_of_package = [&](gate::test::Package package) {
    package.session = session;
    package.flags = flags;
    package.ack_session = identifier ^ 0x5A5A5A5AU;
    return gate::test::mime_block(
        "application/x-msnmsgrp2p\r\nP2P-Dest: " + script_->person(other(side_)).account,
        gate::test::v1_package(package));
  };
  const auto packages = gate::test::cut(identifier, bytes, most);
  const auto others = gate::test::cut(identifier, edited, most);
  for (std::size_t i = 0; i < packages.size(); ++i) {
    const std::uint64_t transaction = transaction_for(call);
    Frame frame{
        message(*script_, side_, transaction, 'D', payload_of_package(packages[i])), call, false, 0, {}};
    if (!edited.empty())
      frame.edited = message(*script_, side_, transaction, 'D', payload_of_package(others[i]));
    queue(std::move(frame));
  }
}

void End::acknowledge_v1(int call, std::uint32_t identifier, std::uint32_t ack_session, std::uint64_t total) {
  gate::test::Package ack;
  ack.identifier = ack_identifiers + identifier;
  ack.total = total;
  ack.flags = ack_flag;
  ack.ack_session = identifier;
  std::string bytes = gate::test::v1_package(ack);
  // AckUID and AckSize; no builder writes them.
  for (std::size_t i = 0; i < 4; ++i) bytes[36 + i] = static_cast<char>(ack_session >> (8 * i));
  for (std::size_t i = 0; i < 8; ++i) bytes[40 + i] = static_cast<char>(total >> (8 * i));
  say_message(call, 'D',
              gate::test::mime_block(
                  "application/x-msnmsgrp2p\r\nP2P-Dest: " + script_->person(other(side_)).account, bytes));
}

void End::say_text(int call, const std::string& text, const std::string& edited) {
  const Call& about = script_->calls[static_cast<std::size_t>(call)];
  const std::uint32_t number = (static_cast<std::uint32_t>(call) + 1) * numbers_of_a_call +
                               static_cast<std::uint32_t>(index_of(side_)) * (numbers_of_a_call / 2) +
                               ++texts_[static_cast<std::size_t>(call)];
  if (about.form == Form::p2p_v1) return say_v1(call, number, text, 0, 0, edited);
  Words words;
  words.data = text;
  words.most = about.most;
  words.opens = !bridge_.opened;
  words.urgent = true;
  words.number = static_cast<std::uint16_t>(number);
  say_v2(call, words, edited);
}

void End::say_data(int call) {
  const Call& about = script_->calls[static_cast<std::size_t>(call)];
  const bool file = about.what == What::file || about.what == What::unknown_application;
  const std::uint32_t number = (static_cast<std::uint32_t>(call) + 1) * numbers_of_a_call +
                               static_cast<std::uint32_t>(index_of(side_)) * (numbers_of_a_call / 2) +
                               ++texts_[static_cast<std::size_t>(call)];
  if (about.form == Form::p2p_v1) {
    if (!file) say_v1(call, number + 8, std::string(4, '\0'), about.session, 0, {});
    return say_v1(call, number + 16, about.data, about.session, file ? file_flags : object_flags, {});
  }
  Words words;
  words.session = about.session;
  words.most = about.most;
  if (!file) {
    words.data = std::string(4, '\0');
    words.number = static_cast<std::uint16_t>(number + 8);
    say_v2(call, words, {});
  }
  words.data = about.data;
  words.kind = file ? 6 : 4;
  words.urgent = true;
  words.number = static_cast<std::uint16_t>(number + 16);
  say_v2(call, words, {});
}

}  // namespace differential
