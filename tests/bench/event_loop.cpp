#include "event_loop.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace bench {
namespace {

constexpr std::size_t buffer_size = 256 * 1024;  // the load must not be what a relay waits for

sockaddr_in local(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int new_socket() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) give_up("no socket");
  return fd;
}

}  // namespace

void give_up(const std::string& why) {
  std::fprintf(stderr, "load: %s (%s)\n", why.c_str(), std::strerror(errno));
  std::exit(1);
}

int connect_to(std::uint16_t port, unsigned source) {
  const int fd = new_socket();
  if (source != 0) {
    sockaddr_in from = local(0);
    from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + source);
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0) give_up("no such source");
  }
  const int on = 1;
  ::setsockopt(fd, SOL_TCP, TCP_NODELAY, &on, sizeof on);
  const sockaddr_in address = local(port);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
      errno != EINPROGRESS) {
    give_up("no connection");
  }
  return fd;
}

int listen_on(std::uint16_t port) {
  const int fd = new_socket();
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const sockaddr_in address = local(port);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(fd, 4096) != 0) {
    give_up("cannot listen on port " + std::to_string(port));
  }
  return fd;
}

Peer::Peer(EventLoop& loop, int fd) : loop_(loop), fd_(fd) {
  epoll_event event{};
  event.events = watched_ = EPOLLIN;
  event.data.ptr = this;
  if (::epoll_ctl(loop_.epoll_, EPOLL_CTL_ADD, fd_, &event) != 0) give_up("epoll_ctl");
}

Peer::~Peer() {
  close();
}

void Peer::close() noexcept {
  if (fd_ < 0) return;
  ::close(fd_);
  fd_ = -1;
}

void Peer::on_event(std::uint32_t events) {
  if (closed()) return;
  if ((events & EPOLLOUT) != 0) {
    if (!queue_.empty()) {
      queue_.erase(0, send_some(queue_));
    } else if (want_write_) {
      on_writable();
    }
    watch();
  }
  if (!closed() && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) on_readable();
}

void Peer::send(std::string_view bytes) {
  if (queue_.empty()) bytes.remove_prefix(send_some(bytes));
  queue_.append(bytes);
  watch();
}

void Peer::want_write(bool wanted) {
  want_write_ = wanted;
  watch();
}

void Peer::watch() {
  const std::uint32_t wanted = EPOLLIN | (want_write_ || !queue_.empty() ? std::uint32_t{EPOLLOUT} : 0U);
  if (wanted == watched_ || closed()) return;
  watched_ = wanted;
  epoll_event event{};
  event.events = wanted;
  event.data.ptr = this;
  if (::epoll_ctl(loop_.epoll_, EPOLL_CTL_MOD, fd_, &event) != 0) give_up("epoll_ctl");
}

std::size_t Peer::send_some(std::string_view bytes) {
  const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent >= 0) return static_cast<std::size_t>(sent);
  if (errno != EAGAIN && errno != ENOTCONN) give_up("a connection broke");
  return 0;
}

std::string_view Peer::receive(bool& ended) {
  ended = false;
  std::vector<char>& buffer = loop_.buffer_;
  const ssize_t count = ::recv(fd_, buffer.data(), buffer.size(), 0);
  if (count > 0) return {buffer.data(), static_cast<std::size_t>(count)};
  if (count == 0) {
    ended = true;
  } else if (errno != EAGAIN) {
    give_up("a connection broke");
  }
  return {};
}

EventLoop::EventLoop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)), buffer_(buffer_size) {
  if (epoll_ < 0) give_up("no epoll");
}

EventLoop::~EventLoop() {
  peers_.clear();
  ::close(epoll_);
}

void EventLoop::turn(int milliseconds) {
  std::array<epoll_event, 256> events;
  const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), milliseconds);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    static_cast<Peer*>(event.data.ptr)->on_event(event.events);
  }
}

void EventLoop::sweep() {
  std::erase_if(peers_, [](const auto& peer) { return peer->closed(); });
}

}  // namespace bench
