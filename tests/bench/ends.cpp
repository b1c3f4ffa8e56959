#include "ends.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>

#include "machine.hpp"

namespace bench {
namespace {

constexpr std::size_t first_words = 12;  // enough for client_number and Numbered; no first line is shorter

}  // namespace

Client::Client(EventLoop& loop, std::uint16_t port, const Part& part, unsigned number, Tally& tally,
               std::size_t halt)
    : Peer(loop, connect_to(port, part.own_sources ? number + 1 : 0)),
      tally_(tally),
      dialog_(part.dialog(number)),
      number_(number),
      halt_(halt),
      leaves_(part.leaves) {
  if (part.stream) stream_ = part.stream(number);
  if (part.back) back_ = part.back(number);
  say();
}

void Client::say() {
  if (exchange_ < dialog_.size() && exchange_ != halt_) send(dialog_[exchange_].client);
}

void Client::go_on() {
  halt_ = ~std::size_t{0};
  say();
}

void Client::saturate() {
  saturating_ = true;
  want_write(true);
}

void Client::send_frame() {
  owed_ += stream_.frame_size;
  push();
}

void Client::send_bytes(std::size_t size) {
  owed_ += size;
  push();
}

void Client::offer() {
  send(file_offer(number_, ++offers_));
}

void Client::send_message(std::uint32_t number) {
  send(Numbered::message(number));
}

void Client::finish() {
  finishing_ = true;
  saturating_ = false;
  const std::size_t block = stream_.block.size();
  const std::size_t end = position_ + owed_;
  if (block > 0 && end % block != 0) owed_ += block - end % block;
  push();
}

void Client::on_writable() {
  // Both ways no more than a window is under way: what comes back must not pile up without bound.
  constexpr std::uint64_t window = 8 * 1024 * 1024;
  const bool full = !back_.block.empty() && tally_.sent > tally_.arrived + window;
  if (saturating_ && owed_ == 0 && !full) owed_ = stream_.block.size() - position_;
  push();
}

/// One send, or one for every block that is owed: what does not go waits for the socket.
void Client::push() {
  while (owed_ > 0) {
    const std::size_t size = std::min(owed_, stream_.block.size() - position_);
    const std::size_t sent = send_some(std::string_view(stream_.block).substr(position_, size));
    tally_.sent += sent;
    owed_ -= sent;
    position_ = (position_ + sent) % stream_.block.size();
    if (saturating_ || sent < size) break;
  }
  if (finishing_ && owed_ == 0) {
    finishing_ = false;
    want_write(false);
    send(goodbye);
  } else if (!saturating_) {
    want_write(owed_ > 0);
  }
}

void Client::on_readable() {
  bool ended = false;
  received_ += receive(ended);
  if (ended) {
    close();
    if (exchange_ < dialog_.size() || !received_.empty()) give_up("a connection ended early");
    ++tally_.finished;
    return;
  }
  if (exchange_ >= dialog_.size()) {
    if (offers_ > 0) return read_decline();
    return back_.block.empty() ? read_echoes() : read_back();
  }
  const std::string& expected = dialog_[exchange_].server;
  if (received_.size() < expected.size()) return;
  if (received_ != expected) give_up("the server's answer did not arrive as it was sent");
  received_.clear();
  ++exchange_;
  ++tally_.dialogs;
  if (leaves_ && exchange_ == dialog_.size()) return finish();
  say();
}

void Client::read_echoes() {
  std::size_t done = 0;
  const std::string_view all = received_;
  for (;;) {
    const std::string_view rest = all.substr(done);
    if (rest.size() < first_words) break;
    const std::uint32_t number = Numbered::number_of(rest);
    const std::string message = Numbered::message(number);
    const std::string expected = Numbered::acknowledgement(message) + Numbered::echo(message);
    if (rest.size() < expected.size()) break;
    if (!rest.starts_with(expected)) give_up("an echo did not arrive as it was sent");
    tally_.latencies.push_back(now_ns() - tally_.due.at(number));
    done += expected.size();
  }
  received_.erase(0, done);
}

void Client::read_back() {
  for (std::string_view bytes = received_; !bytes.empty();) {
    const std::size_t size = std::min(bytes.size(), back_.block.size() - back_position_);
    if (std::string_view(back_.block).substr(back_position_, size) != bytes.substr(0, size)) {
      give_up("the peer's stream did not arrive as it was sent");
    }
    back_position_ = (back_position_ + size) % back_.block.size();
    tally_.arrived += size;
    bytes.remove_prefix(size);
  }
  received_.clear();
}

void Client::read_decline() {
  // The gate's own words: the acknowledgement of the MSG, then the 603 in the peer's name.
  const std::size_t decline = received_.find("MSNSLP/1.0 603 Decline");
  if (decline == std::string::npos || !received_.ends_with(std::string_view("\0\0\0\0", 4))) return;
  received_.clear();
  ++tally_.refused;
  if (!finishing_) offer();
}

Server::Server(EventLoop& loop, int fd, const Part& part, Tally& tally)
    : Peer(loop, fd), part_(part), tally_(tally) {}

void Server::on_readable() {
  if (tally_.silent && !dialog_.empty() && exchange_ == dialog_.size()) return;
  bool ended = false;
  const std::string_view bytes = receive(ended);
  if (ended) return close();
  if (dialog_.empty() || exchange_ < dialog_.size()) return converse(bytes);
  if (!part_.numbered || !stream_.block.empty()) return take_stream(bytes);
  received_ += bytes;
  answer_messages();
}

void Server::converse(std::string_view bytes) {
  received_ += bytes;
  if (dialog_.empty()) {
    if (received_.size() < first_words) return;
    const unsigned number = client_number(received_);
    dialog_ = part_.dialog(number < most_clients ? number : 0);
    if (part_.stream) stream_ = part_.stream(number);
    if (part_.back) back_ = part_.back(number);
  }
  const Exchange& now = dialog_[exchange_];
  if (received_.size() < now.client.size()) return;
  if (received_ != now.client) give_up("the client's words did not arrive as they were sent");
  received_.clear();
  ++exchange_;
  send(now.server);
}

/// True if these are the last words, or the beginning of them.
bool Server::is_goodbye(std::string_view bytes) {
  if (!goodbye.starts_with(bytes)) return false;
  if (bytes == goodbye) close();
  return true;
}

void Server::take_stream(std::string_view bytes) {
  while (!bytes.empty()) {
    // A cut goodbye is in `received_`.
    if (!received_.empty() || (position_ == 0 && bytes.front() == goodbye.front())) {
      received_ += bytes;
      if (!is_goodbye(received_)) give_up("bytes behind the goodbye");
      return;
    }
    const std::size_t size = std::min(bytes.size(), stream_.block.size() - position_);
    if (size == 0 || std::string_view(stream_.block).substr(position_, size) != bytes.substr(0, size)) {
      give_up("the stream did not arrive as it was sent");
    }
    tally_.arrived += size;
    position_ = (position_ + size) % stream_.block.size();
    bytes.remove_prefix(size);
    for (std::size_t owed = back_.block.empty() ? 0 : size; owed > 0;) {
      const std::size_t part = std::min(owed, back_.block.size() - back_position_);
      send(std::string_view(back_.block).substr(back_position_, part));
      tally_.sent += part;
      back_position_ = (back_position_ + part) % back_.block.size();
      owed -= part;
    }
  }
}

void Server::answer_messages() {
  std::size_t done = 0;
  const std::string_view all = received_;
  while (done < all.size()) {
    const std::string_view rest = all.substr(done);
    if (is_goodbye(rest)) break;
    if (rest.size() < Numbered::message_size) break;
    const std::string_view message = rest.substr(0, Numbered::message_size);
    if (message != Numbered::message(Numbered::number_of(message))) {
      give_up("a message did not arrive as it was sent");
    }
    send(Numbered::acknowledgement(message) + Numbered::echo(message));
    done += message.size();
  }
  received_.erase(0, done);
}

void Acceptor::on_readable() {
  constexpr int most_at_once = 64;
  for (int i = 0; i < most_at_once; ++i) {
    const int accepted = ::accept4(fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted < 0) return;
    const int on = 1;
    ::setsockopt(accepted, SOL_TCP, TCP_NODELAY, &on, sizeof on);
    loop().add<Server>(accepted, part_, tally_);
  }
}

}  // namespace bench
