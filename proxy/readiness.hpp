// When a descriptor can be read or written: the one seam between connections and the reactor. Waits are
// one-shot for whoever asks. The kernel is asked once and tells what changes; that something is left to be
// read is known here, until whoever reads says otherwise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>

#include <boost/intrusive/list.hpp>
#include <boost/system/error_code.hpp>

#include "proxy/descriptor.hpp"

namespace gate {

class EventLoop;

/// A handler that is called once at most, kept without an allocation.
class OneShot {
 public:
  OneShot() = default;
  OneShot(OneShot&& other) noexcept { take(other); }
  OneShot(const OneShot&) = delete;
  OneShot& operator=(const OneShot&) = delete;
  OneShot& operator=(OneShot&&) = delete;
  ~OneShot() { drop(); }

  template <class Handler>
  void set(Handler handler) noexcept {
    static_assert(sizeof(Handler) <= room);
    static_assert(alignof(Handler) <= alignof(void*));  // NOLINT(misc-redundant-expression): of most handlers
    drop();
    new (kept_) Handler(std::move(handler));
    run_ = [](std::byte* kept, Act act, std::byte* target) {
      auto* const held = std::launder(reinterpret_cast<Handler*>(kept));
      Handler own = std::move(*held);
      held->~Handler();
      if (act == Act::call) own(boost::system::error_code{});
      if (act == Act::move) new (target) Handler(std::move(own));
    };
  }
  [[nodiscard]] bool is_set() const noexcept { return run_ != nullptr; }
  /// Forgets the handler, then calls it: it may set another, or end the life of this object.
  void call() { std::exchange(run_, nullptr)(kept_, Act::call, nullptr); }
  void drop() noexcept {
    if (is_set()) std::exchange(run_, nullptr)(kept_, Act::drop, nullptr);
  }

 private:
  static constexpr std::size_t room = 2 * sizeof(void*);
  enum class Act : std::uint8_t { call, drop, move };
  void take(OneShot& other) noexcept {
    if (!other.is_set()) return;
    run_ = std::exchange(other.run_, nullptr);
    run_(other.kept_, Act::move, kept_);
  }

  void (*run_)(std::byte*, Act, std::byte*) = nullptr;
  alignas(void*) std::byte kept_[room]{};
};

struct QueuedTag;
using QueuedHook =
    boost::intrusive::list_base_hook<boost::intrusive::tag<QueuedTag>,
                                     boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

/// One descriptor. Lives at one place from `adopt` on.
class Readiness : public QueuedHook {
 public:
  /// `loop` outlives it.
  explicit Readiness(EventLoop& loop) noexcept : loop_(&loop) {}
  ~Readiness() { close(); }
  Readiness(const Readiness&) = delete;
  Readiness& operator=(const Readiness&) = delete;

  /// Takes the descriptor over. The kernel hears of it when something is armed.
  void adopt(Descriptor owned) noexcept;

  /// Calls the handler once, from the loop, when the descriptor can be read or has failed, with no
  /// error. At most one handler waits for each of reading and writing; what is armed again replaces it.
  template <class Handler>
  void arm_read(Handler handler) {
    read_.set(std::move(handler));
    watch_reading();
  }
  /// Asks the kernel each time: for who was told that nothing more is taken, or connects.
  template <class Handler>
  void arm_write(Handler handler) {
    write_.set(std::move(handler));
    watch_writing();
  }

  // Who reads tells what the read came to; without a word the descriptor can still be read.

  /// It would have blocked.
  void read_nothing() noexcept { readable_ = false; }
  /// It brought less than was asked for: nothing is left, but for the end of the stream, or what stands
  /// behind urgent data.
  void read_short() noexcept { readable_ = marked_; }

  /// The last read was large, so more of the kind is likely: it takes turns with others like it, and each
  /// turn comes after all that is small. One bulk transfer does not hold up anybody's chat.
  void set_bulk(bool bulk) noexcept { bulk_ = bulk; }

  /// Closes the descriptor. Handlers that wait are not called any more.
  void close() noexcept;
  /// The same where another descriptor keeps the socket open: the kernel would go on telling of it.
  void close_shared() noexcept;

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  /// The kernel told of an error: SO_ERROR has it.
  [[nodiscard]] bool failed() const noexcept { return failed_; }

 private:
  friend class EventLoop;

  /// Both throw std::system_error if the kernel refuses.
  void watch_reading();
  void watch_writing();
  /// Puts the descriptor into the kernel's set, or asks again: what it is ready for already is told, too.
  void ask_kernel(std::uint32_t events);
  [[nodiscard]] bool can_tell_read() const noexcept { return readable_ && read_.is_set(); }

  EventLoop* loop_;
  Descriptor fd_;
  // Bits: there are two of these to every session.
  bool watched_ : 1 = false;   // the descriptor is in the kernel's set
  bool readable_ : 1 = false;  // as far as is known
  bool marked_ : 1 = false;    // the stream has an end, or urgent data in it
  bool failed_ : 1 = false;
  bool bulk_ : 1 = false;
  OneShot read_;
  OneShot write_;
};

}  // namespace gate
