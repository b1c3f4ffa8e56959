// When a descriptor can be read or written: the one seam between connections and the reactor. Asio's
// is behind it now (one-shot waits); another readiness source can take its place without a change above.
#pragma once

#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "proxy/descriptor.hpp"

namespace gate {

class Readiness {
 public:
  explicit Readiness(boost::asio::io_context& io) : descriptor_(io) {}

  /// Takes the descriptor over and registers it; on an error it is closed.
  [[nodiscard]] boost::system::error_code adopt(Descriptor owned) {
    boost::system::error_code error;
    descriptor_.assign(owned.get(), error);
    if (!error) (void)owned.release();
    return error;
  }

  /// Calls the handler once: when the descriptor can be read, or with an error after `close`. At most
  /// one handler waits for each of reading and writing.
  template <class Handler>
  void arm_read(Handler handler) {
    descriptor_.async_wait(Stream::wait_read, std::move(handler));
  }
  template <class Handler>
  void arm_write(Handler handler) {
    descriptor_.async_wait(Stream::wait_write, std::move(handler));
  }

  /// Closes the descriptor. Handlers that wait are still called, later, with an error.
  void close() noexcept {
    boost::system::error_code ignored;
    descriptor_.close(ignored);
  }

  [[nodiscard]] int fd() { return descriptor_.native_handle(); }

 private:
  // The plain executor, not the type-erased one: 40 bytes less in every end of every connection.
  using Stream = boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type>;

  Stream descriptor_;
};

}  // namespace gate
