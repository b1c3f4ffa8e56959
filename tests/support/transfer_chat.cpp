#include "tests/support/transfer_chat.hpp"

#include <algorithm>

#include "proxy/sha1.hpp"

namespace gate::test {

using msnp::Direction;

std::string up(const Package& package, const std::string& transaction) {
  return message_to_server(transaction, 'D', p2p_block(v1_package(package)));
}

std::string down(const Package& package) {
  return message_to_client(
      "bob@example.org", "Bob",
      mime_block("application/x-msnmsgrp2p\r\nP2P-Dest: alice@example.com", v1_package(package)));
}

Call call_of(const std::string& number) {
  Call call;
  call.call_id = "{10000000-0000-4000-8000-00000000" + number + "}";
  call.session_id = number;
  return call;
}

Call from_bob(Call call) {
  std::swap(call.from, call.to);
  return call;
}

std::string bye(const Call& call) {
  return slp_request(call, "BYE", "application/x-msnmsgr-sessionclosebody",
                     "SessionID: " + call.session_id + "\r\n");
}

std::vector<Package> data(std::uint32_t session, const std::string& bytes, std::size_t most,
                          std::uint32_t flags) {
  static std::uint32_t identifier = 0x5000;
  std::vector<Package> packages = cut(++identifier, bytes, most);
  for (Package& one : packages) {
    one.session = session;
    one.flags = flags;
  }
  return packages;
}

std::string object_request(const Call& call, const std::string& bytes, int type) {
  const auto sha1 = start_sha1();
  sha1->add(msnp::as_bytes(bytes));
  const auto digest = sha1->finish();
  return slp_invite(
      call, object_guid,
      base64("<msnobj Creator=\"bob@example.org\" Size=\"" + std::to_string(bytes.size()) + "\" Type=\"" +
             std::to_string(type) + "\" SHA1D=\"" + base64(msnp::as_text(digest)) + "\"/>"));
}

std::string object_request(const Call& call, std::uint64_t size, int type) {
  return slp_invite(
      call, object_guid,
      base64("<msnobj Size=\"" + std::to_string(size) + "\" Type=\"" + std::to_string(type) + "\"/>"));
}

Rule rule_for(Action action, std::vector<msnp::Kind> kinds) {
  Rule rule;
  rule.name = "the rule";
  rule.action = action;
  rule.kinds = std::move(kinds);
  return rule;
}

std::vector<Said> said_in(std::string_view bytes) {
  std::vector<Said> found;
  for (const std::string& frame : frames_in(bytes)) {
    const std::string body = package_of(frame);
    auto package = msnp::read_p2p_v1(msnp::as_bytes(body));
    if (!package) continue;
    Said& said = found.emplace_back();
    said.text = msnp::as_text(package->data);
    package->data = {};
    said.header = *package;
  }
  return found;
}

std::string shifted(std::string frame, std::uint32_t shift) {
  const std::string body = package_of(frame);
  const auto package = msnp::read_p2p_v2(msnp::as_bytes(body));
  const std::size_t place = frame.size() - body.size() + msnp::base_id_offset;
  const std::uint32_t base_id = package->base_id + shift;
  for (std::size_t i = 0; i < 4; ++i) frame[place + i] = static_cast<char>(base_id >> (24 - 8 * i));
  return frame;
}

std::string emptied(const std::string& frame, std::uint32_t shift) {
  const std::string body = package_of(frame);
  const auto package = msnp::read_p2p_v2(msnp::as_bytes(body));
  std::string empty = shifted(frame, shift);
  const std::size_t place = frame.size() - body.size() + package->data_offset;
  return empty.replace(place, package->data.size(), package->data.size(), '\0');
}

TransferChat::TransferChat() : rig(policy_with(Action::block)) {
  rig.enter_switchboard("alice@example.com", {"bob@example.org"});
}

std::string TransferChat::through(const std::string& bytes, Direction direction) {
  rig.feed(direction, bytes);
  return rig.sent(direction);
}

std::string TransferChat::through(const std::vector<std::string>& frames, Direction direction) {
  std::string arrived;
  for (const std::string& frame : frames) arrived += through(frame, direction);
  return arrived;
}

void TransferChat::expect_passes(const std::string& frame, Direction direction) {
  const std::string arrived = through(frame, direction);
  if (arrived == frame) return;
  const auto at = std::mismatch(arrived.begin(), arrived.end(), frame.begin(), frame.end()).first;
  const auto place = static_cast<std::size_t>(at - arrived.begin());
  const std::size_t begin = place - std::min<std::size_t>(place, 40);
  ADD_FAILURE() << arrived.size() << " bytes, not " << frame.size() << "; at byte " << place << " "
                << testing::PrintToString(arrived.substr(begin, 100)) << ", not "
                << testing::PrintToString(frame.substr(begin, 100));
}

void TransferChat::expect_passes(const std::vector<std::string>& frames, Direction direction) {
  for (const std::string& frame : frames) expect_passes(frame, direction);
}

void TransferChat::expect_passes_up(const std::vector<Package>& packages) {
  for (const Package& one : packages) expect_passes(up(one), Direction::to_server);
}

void TransferChat::expect_passes_down(const std::vector<Package>& packages) {
  for (const Package& one : packages) expect_passes(down(one), Direction::to_client);
}

void TransferChat::open_bridge() {
  const V2Speaker::Data opening{0, 0, 1202, true};
  (void)through(alice.says(slp_invite(call_of("9990"), webcam_guid, base64("x")), opening),
                Direction::to_server);
  (void)through(bob.says(slp_status(call_of("9990"), "200 OK"), opening), Direction::to_client);
}

}  // namespace gate::test
