// Conversations with the kernel over netlink(7), by libmnl.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include <libmnl/libmnl.h>
#include <boost/system/error_code.hpp>

namespace gate {

class Netlink {
 public:
  /// `bus` is NETLINK_ROUTE or NETLINK_NETFILTER. Check `error()` before use.
  explicit Netlink(int bus) noexcept;

  [[nodiscard]] const boost::system::error_code& error() const noexcept { return error_; }

  /// Sends messages and reads what the kernel answers, which it does at once. The first error told; an error,
  /// too, when none of the messages was answered: one at least has NLM_F_ACK.
  [[nodiscard]] boost::system::error_code ask(const void* messages, std::size_t size) noexcept;
  [[nodiscard]] boost::system::error_code ask(const nlmsghdr* request) noexcept {
    return ask(request, request->nlmsg_len);
  }

  /// Sends a request with NLM_F_DUMP and calls `each` for every object told.
  using Each = std::function<void(const nlmsghdr*)>;
  [[nodiscard]] boost::system::error_code list(const nlmsghdr* request, const Each& each);

 private:
  struct Closer {
    void operator()(mnl_socket* socket) const noexcept { ::mnl_socket_close(socket); }
  };
  std::unique_ptr<mnl_socket, Closer> socket_;
  boost::system::error_code error_;
};

}  // namespace gate
