// One epoll set for both ends of everything that is measured, so that no end waits for a scheduler.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

[[noreturn]] void give_up(const std::string& why);

class EventLoop;

/// A socket in the loop, written through a queue that is almost always empty.
class Peer {
 public:
  Peer(EventLoop& loop, int fd);
  virtual ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  void on_event(std::uint32_t events);
  /// True once it may be destroyed.
  [[nodiscard]] bool closed() const noexcept { return fd_ < 0; }
  void close() noexcept;

 protected:
  virtual void on_readable() = 0;
  /// Called while `want_write(true)`, when nothing is queued.
  virtual void on_writable() {}

  void send(std::string_view bytes);
  void want_write(bool wanted);
  [[nodiscard]] EventLoop& loop() noexcept { return loop_; }
  [[nodiscard]] int fd() const noexcept { return fd_; }
  /// One send; how much of it went. 0 if the socket is full.
  [[nodiscard]] std::size_t send_some(std::string_view bytes);
  /// One receive into the loop's buffer: valid until the next one. `ended` tells the end of the stream.
  [[nodiscard]] std::string_view receive(bool& ended);

 private:
  void watch();

  EventLoop& loop_;
  int fd_;
  std::string queue_;
  bool want_write_ = false;
  std::uint32_t watched_ = 0;
};

class EventLoop {
 public:
  EventLoop();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  /// Handles what is ready; waits for it at most `milliseconds`.
  void turn(int milliseconds);
  /// Owned by the loop until closed.
  template <class Kind, class... Arguments>
  Kind& add(Arguments&&... arguments) {
    auto owned = std::make_unique<Kind>(*this, std::forward<Arguments>(arguments)...);
    Kind& kind = *owned;
    peers_.push_back(std::move(owned));
    return kind;
  }
  /// Destroys what is closed.
  void sweep();
  [[nodiscard]] std::size_t size() const noexcept { return peers_.size(); }

 private:
  friend class Peer;
  int epoll_;
  std::vector<std::unique_ptr<Peer>> peers_;
  std::vector<char> buffer_;
};

/// A connection being made to a port of 127.0.0.1, from that address plus `source`; and a socket that listens
/// there.
[[nodiscard]] int connect_to(std::uint16_t port, unsigned source);
[[nodiscard]] int listen_on(std::uint16_t port);

}  // namespace bench
