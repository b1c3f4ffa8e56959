#include "proxy/listener.hpp"

#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <exception>
#include <string>

#include "proxy/capabilities.hpp"
#include "proxy/outgoing.hpp"
#include "proxy/worker.hpp"

namespace gate {
namespace {

using boost::system::error_code;

constexpr int backlog = 4096;
// Connections taken for one readiness: enough to keep up, few enough not to hold up the relayed ones.
constexpr int accepts_per_turn = 32;
constexpr std::chrono::milliseconds pause_without_resources{100};

error_code last_error() {
  return {errno, boost::system::system_category()};
}

bool set(int fd, int level, int option, int value) noexcept {
  return ::setsockopt(fd, level, option, &value, sizeof value) == 0;
}

enum class Sharing : std::uint8_t { alone, reuse_port };

/// Accepted sockets inherit both.
error_code divert(int fd, int family, std::uint32_t mark) {
  const NetAdmin raised;
  if (const error_code error = make_transparent(fd, family)) return error;
  return set(fd, SOL_SOCKET, SO_MARK, static_cast<int>(mark)) ? error_code() : last_error();
}

error_code open_bound(const Endpoint& bind, Sharing sharing, Descriptor& opened) {
  Descriptor fd{::socket(bind.protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (!fd) return last_error();
  // A restart must not wait for connections of the old process to fade.
  if (!set(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1)) return last_error();
  if (bind.address().is_v6() && !set(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 0)) return last_error();
  if (sharing == Sharing::reuse_port && !set(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1)) return last_error();
  // Accepted sockets inherit both. Keep-alive finds ends that vanished; MSNP may be silent for hours.
  if (!set(fd.get(), IPPROTO_TCP, TCP_NODELAY, 1)) return last_error();
  if (!set(fd.get(), SOL_SOCKET, SO_KEEPALIVE, 1)) return last_error();
  if (::bind(fd.get(), bind.data(), static_cast<socklen_t>(bind.size())) != 0) return last_error();
  opened = std::move(fd);
  return {};
}

/// Classic BPF over the SYN: a hash of the source address, modulo the sockets of the group. All loads
/// are relative to the network header, since an IPv6 listener sees IPv4 packets too.
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
      BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, 0x9E3779B1),  // golden ratio: spreads neighbouring addresses
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

}  // namespace

error_code open_listeners(const ListenerSettings& listener, std::uint32_t mark, std::size_t workers,
                          std::vector<Descriptor>& sockets) {
  Endpoint address = listener.bind;
  std::vector<Descriptor> opened;
  if (workers > 1) {
    // Sockets that share a port would let a second gateway of the same user take half of the
    // connections. A socket that does not share finds out whether the port is free.
    Descriptor probe;
    if (const error_code error = open_bound(address, Sharing::alone, probe)) return error;
    address.port(local_endpoint(probe.get()).port());
  }
  const Sharing sharing = workers > 1 ? Sharing::reuse_port : Sharing::alone;
  for (std::size_t i = 0; i < workers; ++i) {
    Descriptor fd;
    if (const error_code error = open_bound(address, sharing, fd)) return error;
    if (listener.mode == ListenerMode::tproxy) {
      if (const error_code error = divert(fd.get(), address.protocol().family(), mark)) return error;
    }
    opened.push_back(std::move(fd));
  }
  // The program goes on before the first connection can arrive, and counts sockets in this order.
  if (workers > 1) {
    if (const error_code error = steer_by_source(opened.front().get(), workers)) return error;
  }
  for (const Descriptor& fd : opened) {
    if (::listen(fd.get(), backlog) != 0) return last_error();
  }
  sockets = std::move(opened);
  return {};
}

Listener::Listener(Worker& worker, Descriptor listening, const ListenerSettings& settings)
    : worker_(worker), settings_(settings), listening_(worker.ready_set()), pause_(worker.io()) {
  if (const error_code error = listening_.adopt(std::move(listening))) {
    throw boost::system::system_error(error, "listener");
  }
}

void Listener::start() {
  wait();
}

void Listener::close() noexcept {
  closed_ = true;
  listening_.close();
  try {
    pause_.cancel();
  } catch (...) {
    // The handler sees closed_ when the pause is over.
  }
}

void Listener::wait() {
  listening_.arm_read([this](const error_code&) { accept_some(); });
}

void Listener::accept_some() noexcept {
  try {
    for (int i = 0; i < accepts_per_turn && !closed_; ++i) {
      Endpoint source;
      auto size = static_cast<socklen_t>(source.capacity());
      Descriptor client{::accept4(listening_.fd(), source.data(), &size, SOCK_NONBLOCK | SOCK_CLOEXEC)};
      if (client) {
        worker_.take(std::move(client), unmapped(source), settings_);
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        break;
      } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        return back_off(errno);
      }
      // Any other error belongs to a connection that is gone already (accept(2)).
    }
    if (!closed_) wait();
  } catch (...) {
    back_off(ENOMEM);
  }
}

void Listener::back_off(int error) noexcept {
  if (closed_) return;
  try {
    if (trickle_.pass(worker_.now().monotonic)) {
      const error_code reason{error, boost::system::system_category()};
      log(Level::warning, "cannot accept: " + reason.message() + "; new connections wait");
    }
    pause_.expires_after(pause_without_resources);
    pause_.async_wait([this](const error_code&) {
      if (!closed_) accept_some();
    });
    return;
  } catch (...) {
    log(Level::error, "no memory for a pause of the listener");
  }
  try {
    wait();  // the next connection tries again at once
  } catch (...) {
    log(Level::error, "the listener is given up: out of memory");
  }
}

}  // namespace gate
