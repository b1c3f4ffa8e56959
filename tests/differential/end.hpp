// One end of a conversation: says what the script has for it, answers calls as a client does, and keeps what
// it said and heard. It is the same whether the other end is reached directly or through a gateway: what it
// says depends on the script and on what it heard, on nothing else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "script.hpp"
#include "tests/support/bridge_end.hpp"

namespace differential {

/// How the other end is reached.
enum class Road : std::uint8_t {
  direct,
  allowing,     // a gateway with [policy] default = "allow"
  replacing,    // default = "block"; refused P2P v2 offers are replaced in place
  withholding,  // default = "block"; they are taken out
};
[[nodiscard]] constexpr bool blocks(Road road) noexcept {
  return road == Road::replacing || road == Road::withholding;
}
[[nodiscard]] std::string_view name_of(Road road) noexcept;

struct Frame {
  std::string bytes;
  int call = -1;
  /// A reply of the server (ACK), or a package without data: when it comes depends on what is held back,
  /// and its numbers on what is said instead. Counted by those who ask for it.
  bool aside = false;
  std::size_t package = 0;  // where a package of version 2 begins; 0: there is none
  std::string edited;       // what a gateway that blocks makes of it, if that differs
};

/// What an end saw of a call.
struct Seen {
  int declined = 0;
  int acknowledged = 0;  // texts of a blocked call, in the other side's name
  bool accepted = false;
  std::string data;  // that came, whole
};

class End {
 public:
  /// `script` outlives the end.
  End(Side side, const Script& script, Road road);

  /// What it says in this round.
  [[nodiscard]] std::string turn(std::size_t round);
  void hear(std::string_view bytes);
  /// It has all that was said before this round's end.
  [[nodiscard]] bool caught_up(std::size_t round) const noexcept { return fences_ > round; }
  [[nodiscard]] bool heard_goodbye() const noexcept { return goodbye_; }

  std::vector<Frame> said, heard;
  std::vector<Seen> seen;  // by call
  std::vector<std::string> complaints;
  int notices = 0;  // of the gateway, in the chat window

 private:
  struct Text {
    std::string bytes;
    std::uint64_t total = 0;
  };
  void hear_frame(std::string frame);
  void hear_classic(std::string_view body, Frame& frame);
  void hear_v1(std::string_view bytes, Frame& frame);
  void hear_v2(std::string_view bytes, Frame& frame);
  void hear_text(std::string_view text, int call);
  void begin(int call);
  void answer_invitation(int call);
  void say_text(int call, const std::string& text, const std::string& edited = {});
  void say_data(int call);
  void say_v1(int call, std::uint32_t identifier, const std::string& bytes, std::uint32_t session,
              std::uint32_t flags, const std::string& edited);
  void acknowledge_v1(int call, std::uint32_t identifier, std::uint32_t ack_session, std::uint64_t total);
  void say_v2(int call, const gate::test::Words& words, const std::string& edited);
  void say_classic(int call, char letter, std::string_view fields);
  void say_message(int call, char letter, std::string_view payload);
  void say_package(int call, std::string_view package, bool aside, std::string_view edited);
  void queue(Frame frame) { queued_.push_back(std::move(frame)); }
  [[nodiscard]] std::string around_package(std::string_view package, std::uint64_t transaction) const;
  [[nodiscard]] std::uint64_t transaction_for(int call);
  [[nodiscard]] bool owns(int call) const;
  [[nodiscard]] bool gone(int call) const;  // blocked by this road
  [[nodiscard]] int call_with(std::string_view id) const;
  [[nodiscard]] int call_with_session(std::uint32_t session) const;

  Side side_;
  const Script* script_;
  Road road_;
  Frames frames_;
  gate::test::BridgeEnd bridge_;
  std::vector<Frame> queued_;
  std::vector<std::uint64_t> steps_;          // frames said, by call
  std::vector<std::uint32_t> texts_;          // texts said, by call
  std::map<std::uint32_t, Text> unfinished_;  // v1 texts and data, by Identifier
  std::uint64_t controls_ = 0;
  std::size_t fences_ = 0;
  bool goodbye_ = false;
};

}  // namespace differential
