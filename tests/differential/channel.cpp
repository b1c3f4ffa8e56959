#include "channel.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <thread>

namespace differential {
namespace {

// After this long without a byte something hangs. A shared machine may be slow, so it is generous.
constexpr int patience_ms = 60'000;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

[[noreturn]] void fail(const char* what) {
  throw std::runtime_error(std::string(what) + ": errno " + std::to_string(errno));
}

/// How the bytes of a turn are cut: as they are, into segments, or into crumbs.
struct Knife {
  std::size_t most;
  unsigned pauses;  // percent of the pieces that a pause follows
};

Knife any_knife(Dice& dice) {
  if (dice.chance(55)) return {std::size_t{1} << 20U, 1};
  if (dice.chance(60)) return {dice.between(100, 1500), 2};
  return {dice.between(1, 50), 1};
}

struct Speaker {
  End* end;
  int fd;
  std::string waiting;
  std::size_t gone = 0;
  Knife knife;
  bool ended = false;  // its peer says no more
};

/// Sends the next piece if there is one. False if the socket is full.
bool speak(Speaker& speaker, Dice& dice) {
  if (speaker.gone == speaker.waiting.size()) return true;
  const std::size_t size =
      std::min(dice.between(1, speaker.knife.most), speaker.waiting.size() - speaker.gone);
  const ssize_t sent =
      ::send(speaker.fd, speaker.waiting.data() + speaker.gone, size, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0 && errno == EAGAIN) return false;
  if (sent < 0) fail("send");
  speaker.gone += static_cast<std::size_t>(sent);
  if (dice.chance(speaker.knife.pauses)) {
    std::this_thread::sleep_for(
        std::chrono::microseconds(dice.chance(98) ? dice.below(300) : dice.below(20'000)));
  }
  return true;
}

void listen_to(Speaker& speaker) {
  std::array<char, 65536> bytes;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  const ssize_t count = ::recv(speaker.fd, bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (count < 0 && errno == EAGAIN) return;
  if (count < 0) fail("recv");
  if (count == 0) speaker.ended = true;
  speaker.end->hear({bytes.data(), static_cast<std::size_t>(count)});
}

/// Lets both speak and hear until `done`.
template <class Done>
bool until(std::array<Speaker, 2>& speakers, Dice& dice, Done done) {
  while (!done()) {
    bool full = false;
    bool busy = false;
    for (Speaker& speaker : speakers) {
      if (!speak(speaker, dice)) full = true;
      busy = busy || speaker.gone < speaker.waiting.size();
    }
    std::array<pollfd, 2> ready{};
    for (std::size_t i = 0; i < 2; ++i) {
      const bool stuck = full && speakers[i].gone < speakers[i].waiting.size();
      ready[i] = {speakers[i].ended ? -1 : speakers[i].fd,
                  static_cast<short>(stuck ? POLLIN | POLLOUT : POLLIN), 0};
    }
    const int count = ::poll(ready.data(), ready.size(), busy && !full ? 0 : patience_ms);
    if (count < 0 && errno != EINTR) fail("poll");
    if (count == 0 && !(busy && !full)) return false;
    for (std::size_t i = 0; i < 2; ++i) {
      if ((ready[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0) listen_to(speakers[i]);
    }
  }
  return true;
}

void say(Speaker& speaker, std::string bytes, Dice& dice) {
  speaker.waiting = std::move(bytes);
  speaker.gone = 0;
  speaker.knife = any_knife(dice);
}

bool play_rounds(const Script& script, std::array<Speaker, 2>& speakers, Dice& dice) {
  for (std::size_t round = 0; round < script.rounds.size(); ++round) {
    const auto caught_up = [&](std::size_t i) { return speakers[i].end->caught_up(round); };
    if (script.rounds[round].together) {
      for (Speaker& speaker : speakers) say(speaker, speaker.end->turn(round), dice);
      if (!until(speakers, dice, [&] { return caught_up(0) && caught_up(1); })) return false;
      continue;
    }
    for (std::size_t i = 0; i < 2; ++i) {
      say(speakers[i], speakers[i].end->turn(round), dice);
      if (!until(speakers, dice, [&] { return caught_up(1 - i); })) return false;
    }
  }
  return true;
}

}  // namespace

Ground::Ground(std::uint16_t server_port) : listening_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const int on = 1;
  const sockaddr_in address = loopback(server_port);
  ::setsockopt(listening_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(listening_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail("bind");
  if (::listen(listening_, 128) != 0) fail("listen");
}

Ground::~Ground() {
  ::close(listening_);
}

Ground::Pair Ground::connect(std::uint16_t port) {
  const std::lock_guard lock(one_at_a_time_);
  const sockaddr_in address = loopback(port);
  Pair pair;
  pair.client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::connect(pair.client, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    fail("connect");
  pollfd waiting{listening_, POLLIN, 0};
  if (::poll(&waiting, 1, patience_ms) != 1) throw std::runtime_error("the gateway did not connect");
  pair.server = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
  if (pair.server < 0) fail("accept");
  const int on = 1;
  for (const int fd : {pair.client, pair.server}) ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return pair;
}

bool play(const Script& script, End& client, End& server, const Ground::Pair& pair, Dice& dice) {
  std::array speakers{Speaker{&client, pair.client, {}, 0, {}}, Speaker{&server, pair.server, {}, 0, {}}};
  bool done = false;
  try {
    done = play_rounds(script, speakers, dice);
    if (done) {
      // The client leaves; then nothing may be on its way any more.
      client.said.push_back({"OUT\r\n", -1, false, 0, {}});
      say(speakers[0], "OUT\r\n", dice);
      done = until(speakers, dice, [&] { return server.heard_goodbye(); });
      ::shutdown(pair.server, SHUT_WR);
      done = done && until(speakers, dice, [&] { return speakers[0].ended; });
      ::shutdown(pair.client, SHUT_WR);
      done = done && until(speakers, dice, [&] { return speakers[1].ended; });
    }
    if (!done) client.complaints.emplace_back("it came to no end");
  } catch (const std::exception& error) {
    client.complaints.emplace_back(error.what());
    done = false;
  }
  ::close(pair.client);
  ::close(pair.server);
  return done;
}

}  // namespace differential
