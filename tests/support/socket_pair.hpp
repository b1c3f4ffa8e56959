// Two connected stream sockets: ours is used by the code under test, theirs by the test.
#pragma once

#include <sys/socket.h>

#include <array>
#include <stdexcept>
#include <string>
#include <string_view>

#include "proxy/descriptor.hpp"

namespace gate {

class SocketPair {
 public:
  explicit SocketPair(int type = SOCK_STREAM) {
    std::array<int, 2> made{};
    if (::socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, made.data()) != 0) {
      throw std::runtime_error("socketpair");
    }
    ours_ = Descriptor{made[0]};
    theirs_ = Descriptor{made[1]};
  }

  [[nodiscard]] int ours() const noexcept { return ours_.get(); }

  /// One read; empty when nothing is there.
  [[nodiscard]] std::string read_once() {
    std::string buffer(1U << 16U, '\0');
    const ssize_t count = ::recv(theirs_.get(), buffer.data(), buffer.size(), 0);
    buffer.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return buffer;
  }

  /// All that is there.
  [[nodiscard]] std::string read() {
    std::string all;
    for (std::string more = read_once(); !more.empty(); more = read_once()) all += more;
    return all;
  }

  void write(std::string_view bytes) {
    if (::send(theirs_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(bytes.size())) {
      throw std::runtime_error("the test wrote more than the socket takes");
    }
  }

  /// True when the code under test has said that no more comes.
  [[nodiscard]] bool at_end() {
    char byte = 0;
    return ::recv(theirs_.get(), &byte, 1, MSG_PEEK) == 0;
  }

  void finish_theirs() { ::shutdown(theirs_.get(), SHUT_WR); }
  void close_theirs() { Descriptor{std::move(theirs_)}; }

 private:
  Descriptor ours_;
  Descriptor theirs_;
};

}  // namespace gate
