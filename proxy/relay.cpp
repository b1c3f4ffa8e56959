#include "proxy/relay.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace gate {
namespace {

constexpr std::array<End, 2> both{End::client, End::server};

void free_bytes(std::vector<std::byte>& bytes) noexcept {
  std::vector<std::byte>{}.swap(bytes);
}

}  // namespace

void Relay::start(int client, int server) noexcept {
  side(End::client).fd = client;
  side(End::server).fd = server;
}

Relay::Received Relay::receive(End from, Scratch& scratch) {
  Side& source = side(from);
  std::byte* const area = scratch.read_area();
  const std::size_t most = source.bulk ? Scratch::bulk_read_size : Scratch::read_size;
  const ssize_t count = ::recv(source.fd, area, most, MSG_DONTWAIT);
  if (count < 0 && errno == EINTR) return {};
  if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
    return {.event = Event::nothing, .bytes = {}, .read = Read::nothing};
  if (count <= 0) {
    source.ended = true;
    if (count < 0) {
      source.reset = true;
      break_off(source);
    }
    return {.event = Event::ended, .bytes = {}, .read = Read::full};
  }
  const auto size = static_cast<std::size_t>(count);
  source.received += size;
  source.bulk = size >= Scratch::read_size;
  const Read read = size < most ? Read::less : Read::full;
  if (closing_) return {.event = Event::nothing, .bytes = {}, .read = read};

  const std::size_t before = source.leftover.size();
  if (before == 0) return {.event = Event::bytes, .bytes = {area, size}, .read = read};
  if (before + size < source.wanted) {
    source.leftover.insert(source.leftover.end(), area, area + size);
    return {.event = Event::nothing, .bytes = {}, .read = read};
  }
  std::byte* const front = area - before;
  std::memcpy(front, source.leftover.data(), before);
  free_bytes(source.leftover);
  return {.event = Event::bytes, .bytes = {front, before + size}, .read = read};
}

msnp::Bytes Relay::again(End from, Scratch& scratch) noexcept {
  Side& source = side(from);
  const std::size_t size = source.leftover.size();
  if (size != 0) std::memcpy(scratch.whole(), source.leftover.data(), size);
  free_bytes(source.leftover);
  return {scratch.whole(), size};
}

bool Relay::keep(End from, msnp::Bytes rest, std::size_t wanted, std::size_t most) {
  Side& source = side(from);
  if (rest.size() > most) return false;
  source.wanted = static_cast<std::uint32_t>(std::min(wanted, Scratch::leftover_size));
  // Not reserved: an announced length costs memory only as its bytes come.
  source.leftover.assign(rest.begin(), rest.end());
  return true;
}

void Relay::deliver(msnp::Output& out) {
  for (const End to : both) {
    const msnp::Direction direction = direction_from(opposite(to));
    if (out.empty(direction)) continue;
    Side& target = side(to);
    if (target.broken || target.shut) continue;
    if (target.outbox.send(target.fd, out.slices(direction))) break_off(target);
    // Who takes it slowly shall not make us keep so much.
    if (!target.outbox.empty()) side(opposite(to)).bulk = false;
  }
}

void Relay::flush(End to) noexcept {
  Side& target = side(to);
  if (target.outbox.flush(target.fd)) break_off(target);
}

void Relay::close_after_delivery() noexcept {
  closing_ = true;
  for (Side& one : sides_) free_bytes(one.leftover);
}

void Relay::forward_ends() noexcept {
  for (const End to : both) {
    Side& target = side(to);
    const Side& source = side(opposite(to));
    // A reset is passed on as one, by whoever closes; after an end of stream it would say less.
    const bool over = closing_ || (source.ended && !source.reset);
    if (!over || target.shut || target.broken || !target.outbox.empty()) continue;
    ::shutdown(target.fd, SHUT_WR);
    target.shut = true;
  }
}

bool Relay::wants_read(End from) const noexcept {
  const Side& source = side(from);
  if (source.ended) return false;
  if (closing_) return true;  // read and dropped: a close with bytes unread would take back what we sent
  const Side& target = side(opposite(from));
  return !target.broken && target.outbox.empty() && source.outbox.size() <= answers_pause;
}

bool Relay::delivered(End to) const noexcept {
  const Side& target = side(to);
  return target.broken || (side(opposite(to)).ended && target.outbox.empty());
}

bool Relay::finished() const noexcept {
  return delivered(End::client) && delivered(End::server);
}

bool Relay::overfull() const noexcept {
  return std::any_of(sides_.begin(), sides_.end(),
                     [](const Side& one) { return one.outbox.size() > outbox_limit; });
}

std::size_t Relay::held() const noexcept {
  std::size_t bytes = 0;
  for (const Side& one : sides_) bytes += one.outbox.size() + one.leftover.capacity();
  return bytes;
}

/// What it sent before is still read: a server's last words often come with the reset.
void Relay::break_off(Side& side) noexcept {
  side.broken = true;
  side.outbox.discard();
}

}  // namespace gate
