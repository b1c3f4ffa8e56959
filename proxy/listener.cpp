#include "proxy/listener.hpp"

#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <exception>
#include <string>
#include <utility>

#include <boost/system/system_error.hpp>

#include "proxy/capabilities.hpp"
#include "proxy/outgoing.hpp"
#include "proxy/worker.hpp"

namespace gate {
namespace {

using boost::system::error_code;

constexpr int backlog = 4096;
// Connections taken for one readiness: enough to keep up, few enough not to hold up the relayed ones.
constexpr int accepts_per_turn = 32;

error_code last_error() {
  return {errno, boost::system::system_category()};
}

bool set(int fd, int level, int option, int value) noexcept {
  return ::setsockopt(fd, level, option, &value, sizeof value) == 0;
}

/// Accepted sockets inherit both. Keep-alive finds ends that vanished; MSNP may be silent for hours.
bool set_for_accepted(int fd) noexcept {
  return set(fd, IPPROTO_TCP, TCP_NODELAY, 1) && set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
}

enum class Port : std::uint8_t { alone, shared };

error_code open_bound(const Endpoint& bind, Port port, Descriptor& opened) {
  Descriptor fd{::socket(bind.protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (!fd) return last_error();
  // A restart must not wait for connections of the old process to fade.
  if (!set(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1)) return last_error();
  if (bind.address().is_v6() && !set(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 0)) return last_error();
  if (port == Port::shared && !set(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1)) return last_error();
  if (!set_for_accepted(fd.get())) return last_error();
  if (::bind(fd.get(), bind.data(), static_cast<socklen_t>(bind.size())) != 0) return last_error();
  opened = std::move(fd);
  return {};
}

constexpr std::uint32_t golden_ratio = 0x9E3779B1;  // spreads neighbouring addresses

/// `worker_of` as classic BPF over the SYN; its result is a socket of the group. All loads are relative to
/// the network header, since an IPv6 listener sees IPv4 packets too.
error_code steer_by_source(int fd, std::size_t workers) {
  constexpr auto net = static_cast<std::uint32_t>(SKF_NET_OFF);
  constexpr std::uint32_t ipv4_source = net + 12;
  constexpr std::uint32_t ipv6_source = net + 8;
  std::array<sock_filter, 19> program{{
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, net),
      BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 4),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 6, 2, 0),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ipv4_source),
      BPF_STMT(BPF_JMP | BPF_JA, 10),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ipv6_source),
      BPF_STMT(BPF_MISC | BPF_TAX, 0),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ipv6_source + 4),
      BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0),
      BPF_STMT(BPF_MISC | BPF_TAX, 0),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ipv6_source + 8),
      BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0),
      BPF_STMT(BPF_MISC | BPF_TAX, 0),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ipv6_source + 12),
      BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0),
      BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, golden_ratio),
      BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 16),
      BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, static_cast<std::uint32_t>(workers)),
      BPF_STMT(BPF_RET | BPF_A, 0),
  }};
  const sock_fprog attached{static_cast<unsigned short>(program.size()), program.data()};
  if (::setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &attached, sizeof attached) != 0) {
    return last_error();
  }
  return {};
}

/// The kernel drops what arrives at this socket with fewer hops left. A listener hands the number down to the
/// connections that it accepts. IPv4 arrives at sockets of both families.
void demand_hops(int fd, int fewest) noexcept {
  set(fd, IPPROTO_IP, IP_MINTTL, fewest);
  set(fd, IPPROTO_IPV6, IPV6_MINHOPCOUNT, fewest);
}

constexpr int most_hops = 255;  // more than hosts begin with, but for a few

}  // namespace

std::size_t worker_of(const boost::asio::ip::address& client, std::size_t workers) noexcept {
  std::uint32_t mixed = 0;
  if (client.is_v4()) {
    mixed = client.to_v4().to_uint();
  } else {
    const auto bytes = client.to_v6().to_bytes();
    for (std::size_t word = 0; word < bytes.size(); word += 4) {
      std::uint32_t value = 0;
      for (std::size_t i = 0; i < 4; ++i) value = value << 8U | bytes[word + i];
      mixed ^= value;
    }
  }
  return (mixed * golden_ratio >> 16U) % workers;
}

error_code prepare_inherited(int fd) noexcept {
  if (::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 || ::fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK) != 0 ||
      !set_for_accepted(fd)) {
    return last_error();
  }
  return {};
}

error_code divert(int fd, std::uint32_t mark) {
  const NetAdmin raised;
  const int family = local_endpoint(fd).protocol().family();
  if (const error_code error = make_transparent(fd, family)) return error;
  return set(fd, SOL_SOCKET, SO_MARK, static_cast<int>(mark)) ? error_code() : last_error();
}

error_code open_listeners(const ListenerSettings& listener, std::uint32_t mark, std::size_t workers,
                          Beside beside, std::vector<Descriptor>& sockets) {
  Endpoint address = listener.bind;
  std::vector<Descriptor> opened;
  if (beside == Beside::nobody) {
    // Sockets that share a port would let a second gateway of the same user take half of the
    // connections. A socket that does not share finds out whether the port is free.
    Descriptor probe;
    if (const error_code error = open_bound(address, Port::alone, probe)) return error;
    if (address.port() == 0) address.port(local_endpoint(probe.get()).port());
  }
  // Also for one worker: a reload may open 0.0.0.0 before it closes [::].
  for (std::size_t i = 0; i < workers; ++i) {
    Descriptor fd;
    if (const error_code error = open_bound(address, Port::shared, fd)) return error;
    if (listener.mode == ListenerMode::tproxy) {
      if (const error_code error = divert(fd.get(), mark)) return error;
    }
    opened.push_back(std::move(fd));
  }
  // The program counts sockets in this order. It goes on before the first connection can arrive; but the
  // kernel lets no group that has one listen beside another address on the same port. There it goes on a
  // moment later, and until then a client may meet another worker.
  const bool early = beside == Beside::nobody;
  if (early && workers > 1) {
    if (const error_code error = steer_by_source(opened.front().get(), workers)) return error;
  }
  for (const Descriptor& fd : opened) {
    if (::listen(fd.get(), backlog) != 0) return last_error();
  }
  if (!early && workers > 1) {
    if (const error_code error = steer_by_source(opened.front().get(), workers)) return error;
  }
  sockets = std::move(opened);
  return {};
}

Listener::Listener(Worker& worker, Descriptor listening, std::shared_ptr<const ListenerSettings> settings,
                   Sharing sharing)
    : worker_(worker), settings_(std::move(settings)), sharing_(sharing), listening_(worker.loop()) {
  listening_.adopt(std::move(listening));
}

void Listener::start() noexcept {
  wait();
}

void Listener::change(std::shared_ptr<const ListenerSettings> settings) noexcept {
  settings_ = std::move(settings);
}

void Listener::turn_away() noexcept {
  if (sharing_ == Sharing::dealt) close();
  if (closed_) return;
  // A filter on the socket would say it better (SO_ATTACH_FILTER), but some kernels want a capability for it.
  demand_hops(listening_.fd(), most_hops);
  turned_away_ = true;
}

void Listener::retire() noexcept {
  try {
    while (!closed_ && accept(accepts_per_turn) == Turn::full) {
    }
  } catch (...) {
    log(Level::error, "out of memory: connections that wait at a closing listener are refused");
  }
  close();
}

void Listener::close() noexcept {
  closed_ = true;
  sharing_ == Sharing::dealt ? listening_.close_shared() : listening_.close();
}

void Listener::tick() noexcept {
  if (!std::exchange(paused_, false)) return;
  accept_some();
}

void Listener::wait() noexcept {
  try {
    listening_.arm_read([self = shared_from_this()](const error_code&) { self->accept_some(); });
  } catch (const boost::system::system_error& error) {
    pause(error.code().value());
  } catch (...) {
    pause(ENOMEM);
  }
}

Listener::Turn Listener::accept(int most) {
  for (int i = 0; i < most; ++i) {
    Endpoint source;
    auto size = static_cast<socklen_t>(source.capacity());
    Descriptor client{::accept4(listening_.fd(), source.data(), &size, SOCK_NONBLOCK | SOCK_CLOEXEC)};
    if (client) {
      if (turned_away_) demand_hops(client.get(), 0);
      if (sharing_ == Sharing::own) {
        worker_.take(std::move(client), unmapped(source), *settings_);
      } else {
        worker_.deal(std::move(client), unmapped(source), settings_);
      }
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      listening_.read_nothing();
      return Turn::idle;
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      return Turn::out_of_resources;
    }
    // Any other error belongs to a connection that is gone already (accept(2)).
  }
  return Turn::full;
}

void Listener::accept_some() noexcept {
  if (closed_) return;
  try {
    if (accept(accepts_per_turn) == Turn::out_of_resources) return pause(errno);
  } catch (...) {
    return pause(ENOMEM);
  }
  wait();
}

void Listener::pause(int error) noexcept {
  if (closed_) return;
  paused_ = true;
  worker_.arm_tick();
  try {
    if (trickle_.pass(worker_.now().monotonic)) {
      const error_code reason{error, boost::system::system_category()};
      log(Level::warning, "cannot accept: " + reason.message() + "; new connections wait");
    }
  } catch (...) {
    log(Level::error, "cannot accept: out of memory; new connections wait");
  }
}

}  // namespace gate
