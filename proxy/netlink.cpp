#include "proxy/netlink.hpp"

#include <linux/netlink.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace gate {
namespace {

using boost::system::error_code;

error_code last_error() noexcept {
  return {errno, boost::system::system_category()};
}

// As libmnl advises: the kernel fills at most this much with parts of a dump.
constexpr std::size_t buffer_size = 8192;
using Buffer = std::array<char, buffer_size>;

}  // namespace

Netlink::Netlink(int bus) noexcept : socket_(::mnl_socket_open2(bus, SOCK_CLOEXEC)) {
  if (socket_ == nullptr || ::mnl_socket_bind(socket_.get(), 0, MNL_SOCKET_AUTOPID) < 0)
    error_ = last_error();
}

error_code Netlink::ask(const void* messages, std::size_t size) noexcept {
  if (error_) return error_;
  if (::mnl_socket_sendto(socket_.get(), messages, size) < 0) return last_error();
  error_code first = make_error_code(boost::system::errc::no_message);
  bool answered = false;
  alignas(nlmsghdr) Buffer buffer;
  // To the last one: what stayed would be taken for an answer to what is asked next.
  for (;;) {
    const ssize_t received =
        ::recv(::mnl_socket_get_fd(socket_.get()), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (received < 0 && errno == EINTR) continue;
    if (received < 0) return answered || errno != EAGAIN ? first : last_error();
    int left = static_cast<int>(received);
    for (const auto* message = reinterpret_cast<const nlmsghdr*>(buffer.data());
         ::mnl_nlmsg_ok(message, left); message = ::mnl_nlmsg_next(message, &left)) {
      if (message->nlmsg_type != NLMSG_ERROR) continue;
      const auto* told = static_cast<const nlmsgerr*>(::mnl_nlmsg_get_payload(message));
      if (!answered) first = {};
      answered = true;
      if (told->error != 0 && !first) first = {-told->error, boost::system::system_category()};
    }
  }
}

error_code Netlink::list(const nlmsghdr* request, const Each& each) {
  if (error_) return error_;
  if (::mnl_socket_sendto(socket_.get(), request, request->nlmsg_len) < 0) return last_error();
  alignas(nlmsghdr) Buffer buffer;
  for (;;) {
    const auto received = ::mnl_socket_recvfrom(socket_.get(), buffer.data(), buffer.size());
    if (received < 0) return last_error();
    int left = static_cast<int>(received);
    for (const auto* message = reinterpret_cast<const nlmsghdr*>(buffer.data());
         ::mnl_nlmsg_ok(message, left); message = ::mnl_nlmsg_next(message, &left)) {
      if (message->nlmsg_type == NLMSG_DONE) return {};
      if (message->nlmsg_type == NLMSG_ERROR) {
        const auto* told = static_cast<const nlmsgerr*>(::mnl_nlmsg_get_payload(message));
        return {-told->error, boost::system::system_category()};
      }
      each(message);
    }
  }
}

}  // namespace gate
