// The two ends of what is measured: a client of the relay, and the server behind it. Both know the whole
// conversation beforehand, so every byte that arrives is compared with the one that was sent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "event_loop.hpp"
#include "scenario.hpp"

namespace bench {

/// What one test lets its clients do.
struct Part {
  std::function<Dialog(unsigned client)> dialog;
  std::function<Stream(unsigned client)> stream = {};
  std::function<Stream(unsigned client)> back = {};  // the server answers a stream with as much of this
  bool refused = false;      // after the dialog: one file offer after the other, each refused by the gate
  bool silent = false;       // the server reads nothing of a stream until it is told to
  bool numbered = false;     // after the dialog: numbered messages, echoed
  bool own_sources = false;  // every client has an address of its own
  bool leaves = false;       // after the dialog: goodbye
};

/// What all connections of a run have done so far.
struct Tally {
  std::size_t dialogs = 0;   // exchanges that were answered
  std::size_t finished = 0;  // clients that said goodbye and saw the end
  std::uint64_t sent = 0;    // bytes of streams
  std::uint64_t arrived = 0;
  std::uint64_t refused = 0;      // offers that were declined
  bool silent = false;            // servers do not read
  std::vector<std::int64_t> due;  // when message k should have been sent
  std::vector<std::int64_t> latencies;
};

class Client final : public Peer {
 public:
  /// Begins the dialog at once, and halts before exchange `halt`.
  Client(EventLoop& loop, std::uint16_t port, const Part& part, unsigned number, Tally& tally,
         std::size_t halt = ~std::size_t{0});

  /// The exchange it halted before.
  void go_on();
  /// Sends the stream as fast as it goes: one block a send.
  void saturate();
  /// Sends the next frame of the stream alone.
  void send_frame();
  /// Sends the next `size` bytes of the stream alone.
  void send_bytes(std::size_t size);
  /// Offers a file; the next one when it is declined.
  void offer();
  void send_message(std::uint32_t number);
  /// Ends a begun block, says goodbye and waits for the end.
  void finish();

 private:
  void on_readable() override;
  void on_writable() override;
  void say();
  void read_echoes();
  void read_back();
  void read_decline();
  void push();

  Tally& tally_;
  Dialog dialog_;
  Stream stream_;
  Stream back_;
  std::string received_;
  std::size_t exchange_ = 0;
  std::size_t back_position_ = 0;
  unsigned number_;
  unsigned offers_ = 0;
  std::size_t halt_;
  bool leaves_;
  std::size_t position_ = 0;  // in the block
  std::size_t owed_ = 0;      // bytes of the block to send; may pass its end
  bool saturating_ = false;
  bool finishing_ = false;
};

class Server final : public Peer {
 public:
  Server(EventLoop& loop, int fd, const Part& part, Tally& tally);

 private:
  void on_readable() override;
  void converse(std::string_view bytes);
  void take_stream(std::string_view bytes);
  void answer_messages();
  [[nodiscard]] bool is_goodbye(std::string_view bytes);

  const Part& part_;
  Tally& tally_;
  Dialog dialog_;
  Stream stream_;
  Stream back_;
  std::string received_;
  std::size_t exchange_ = 0;
  std::size_t position_ = 0;
  std::size_t back_position_ = 0;
};

class Acceptor final : public Peer {
 public:
  Acceptor(EventLoop& loop, std::uint16_t port, const Part& part, Tally& tally)
      : Peer(loop, listen_on(port)), part_(part), tally_(tally) {}

 private:
  void on_readable() override;

  const Part& part_;
  Tally& tally_;
};

}  // namespace bench
