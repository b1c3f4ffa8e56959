#include "tests/support/bridged_rig.hpp"

#include <algorithm>

#include "tests/support/invitations.hpp"
#include "tests/support/v2_speaker.hpp"

namespace gate::test {
namespace {

using msnp::Direction;

std::string header_in(std::string_view frame, std::string_view name) {
  const std::string wanted = "\r\n" + std::string(name) + ": ";
  const std::size_t at = frame.find(wanted);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = frame.substr(at + wanted.size());
  return std::string(rest.substr(0, rest.find("\r\n")));
}

std::string account_in(std::string_view end) {
  return std::string(end.substr(0, end.find(';')));
}

}  // namespace

std::string cargo_of(const std::string& frame) {
  std::size_t at = frame.find("\r\n\r\n") + 4;
  if (frame.starts_with("SDG ")) {
    for (int block = 0; block < 2; ++block) at = frame.find("\r\n\r\n", at) + 4;
  }
  return frame.substr(at);
}

BridgedRig::BridgedRig(std::shared_ptr<const Policy> policy, Carriage carriage,
                       const std::vector<std::string>& others)
    : rig(std::move(policy)), carriage_(carriage) {
  if (carriage == Carriage::messages) {
    rig.enter_switchboard("alice@example.com", others);
  } else {
    rig.sign_in("alice@example.com");
  }
}

void BridgedRig::join(BridgeEnd& local, BridgeEnd& remote) {
  ends_[lane(Direction::to_server)].push_back(&local);
  ends_[lane(Direction::to_client)].push_back(&remote);
}

std::string BridgedRig::frame_around(const BridgeEnd& from, const std::vector<std::string>& packages) {
  const auto& local = ends_[lane(Direction::to_server)];
  const bool to_server = std::find(local.begin(), local.end(), &from) != local.end();
  const std::string transaction = to_server ? std::to_string(++transactions_) : "0";
  std::string content;
  std::string offsets;
  for (const std::string& package : packages) {
    offsets += (offsets.empty() ? "" : ",") + std::to_string(content.size());
    content += package;
  }
  if (carriage_ == Carriage::datagrams) {
    const std::string payload = "Routing: 1.0\r\nTo: " + from.other() + "\r\nFrom: " + from.self() +
                                "\r\nService-Channel: PE\r\nOptions: 0\r\n\r\nReliability: 1.0\r\n\r\n"
                                "Messaging: 2.0\r\nMessage-Type: Data\r\nContent-Type: "
                                "application/x-msnmsgrp2p\r\nContent-Transfer-Encoding: binary\r\n"
                                "Bridging-Offsets: " +
                                offsets + "\r\nContent-Length: " + std::to_string(content.size()) +
                                "\r\n\r\n" + content;
    return "SDG " + transaction + " " + std::to_string(payload.size()) + "\r\n" + payload;
  }
  const std::string payload = mime_block(
      "application/x-msnmsgrp2p\r\nP2P-Dest: " + from.other() + "\r\nP2P-Src: " + from.self(), content);
  if (!to_server) return message_to_client(account_in(from.self()), "Somebody", payload);
  ++asked_[transaction];
  return message_to_server(transaction, 'D', payload);
}

void BridgedRig::send_packages(BridgeEnd& from, const std::vector<std::string>& packages) {
  const auto& local = ends_[lane(Direction::to_server)];
  const bool to_server = std::find(local.begin(), local.end(), &from) != local.end();
  for (const std::string& package : packages) {
    from.said(package);
    send(to_server ? Direction::to_server : Direction::to_client, frame_around(from, {package}));
  }
}

void BridgedRig::send(Direction direction, std::string_view bytes) {
  rig.feed(direction, bytes);
  settle();
}

void BridgedRig::tick(msnp::Moment later) {
  rig.tick(later);
  settle();
}

void BridgedRig::settle() {
  const std::array<std::string, 2> bytes{rig.sent(Direction::to_server), rig.sent(Direction::to_client)};
  for (const Direction direction : {Direction::to_server, Direction::to_client}) {
    for (const std::string& frame : frames_in(bytes[lane(direction)])) hear(direction, frame);
  }
  for (const Direction direction : {Direction::to_server, Direction::to_client}) {
    for (BridgeEnd* const end : ends_[lane(direction)]) {
      if (!end->answers) continue;
      for (const std::string& package : end->owed()) send_package(*end, package);
    }
  }
}

void BridgedRig::hear(Direction direction, const std::string& frame) {
  const std::string line = frame.substr(0, frame.find("\r\n"));
  if (direction == Direction::to_client && line.starts_with("ACK ")) {
    ++replies[line.substr(4)];
    return;
  }
  left[lane(direction)].push_back(frame);
  const bool message = line.starts_with("MSG ");
  if (message && direction == Direction::to_server && server_acknowledges) {
    const std::string transaction = line.substr(4, line.find(' ', 4) - 4);
    rig.from_server("ACK " + transaction + "\r\n");
    const std::string reply = rig.to_client();
    if (reply == "ACK " + transaction + "\r\n") {
      ++replies[transaction];
    } else if (!reply.empty()) {
      complaints_.push_back("the server's ACK became " + reply);
    }
  }
  const bool datagram = line.starts_with("SDG ");
  if (!message && !datagram) return;
  const std::string to = header_in(frame, message ? "P2P-Dest" : "To");
  const std::string from = header_in(frame, message ? "P2P-Src" : "From");
  BridgeEnd* const end = listener(direction, to, from);
  const std::string cargo = cargo_of(frame);
  if (end == nullptr) {
    complaints_.push_back("nobody is " + to + " to " + from);
    return;
  }
  if (direction == Direction::to_client && message &&
      line.substr(4, line.find(' ', 4) - 4) != account_in(from)) {
    complaints_.push_back("not the words of " + from + ": " + line);
  }
  if (message) {
    end->hear(cargo);
    return;
  }
  std::string list = header_in(frame, "Bridging-Offsets") + ",";
  for (std::size_t at = 0; at < list.size();) {
    const std::size_t comma = list.find(',', at);
    const std::size_t next = list.find(',', comma + 1);
    const std::size_t begin = std::stoul(list.substr(at, comma - at));
    const std::size_t stop =
        next == std::string::npos ? cargo.size() : std::stoul(list.substr(comma + 1, next - comma - 1));
    end->hear(std::string_view(cargo).substr(begin, stop - begin));
    at = comma + 1;
  }
}

BridgeEnd* BridgedRig::listener(Direction direction, std::string_view to, std::string_view from) {
  const auto& ends = ends_[lane(opposite(direction))];
  const auto found = std::find_if(ends.begin(), ends.end(), [&](const BridgeEnd* end) {
    return end->self() == to && end->other() == from;
  });
  return found == ends.end() ? nullptr : *found;
}

std::vector<std::string> BridgedRig::complaints() const {
  std::vector<std::string> all = complaints_;
  for (const auto& ends : ends_) {
    for (const BridgeEnd* const end : ends) {
      all.insert(all.end(), end->complaints.begin(), end->complaints.end());
    }
  }
  for (const auto& [transaction, times] : asked_) {
    const auto found = replies.find(transaction);
    const int got = found == replies.end() ? 0 : found->second;
    if (server_acknowledges && got != times) {
      all.push_back("transaction " + transaction + " got " + std::to_string(got) + " ACKs");
    }
  }
  for (const auto& [transaction, times] : replies) {
    if (asked_.count(transaction) == 0) all.push_back("ACK of a stranger: " + transaction);
  }
  return all;
}

}  // namespace gate::test
