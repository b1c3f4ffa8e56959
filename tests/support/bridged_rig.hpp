// Ends of P2P v2 bridges with a gate between them: what leaves the gate is heard by whom it is for, and what
// they owe goes back. The server acknowledges what reaches it.
#pragma once

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/bridge_end.hpp"
#include "tests/support/filter_rig.hpp"

namespace gate::test {

enum class Carriage { messages, datagrams };

class BridgedRig {
 public:
  explicit BridgedRig(std::shared_ptr<const Policy> policy, Carriage carriage = Carriage::messages,
                      const std::vector<std::string>& others = {"bob@example.org"});

  /// The pair outlives the rig's use. `local` is alice's end.
  void join(BridgeEnd& local, BridgeEnd& remote);

  /// Sends packages of `from`, one in a frame, and lets everybody hear and answer.
  void send_packages(BridgeEnd& from, const std::vector<std::string>& packages);
  void send_package(BridgeEnd& from, const std::string& package) { send_packages(from, {package}); }
  void say(BridgeEnd& from, const Words& words) { send_packages(from, from.packages(words)); }
  /// A frame around packages of `from`, without sending it.
  [[nodiscard]] std::string frame_around(const BridgeEnd& from, const std::vector<std::string>& packages);
  /// Sends bytes as they are.
  void send(msnp::Direction direction, std::string_view bytes);
  void tick(msnp::Moment later);

  /// Whatever does not fit together, in words; empty if all is well.
  [[nodiscard]] std::vector<std::string> complaints() const;

  FilterRig rig;
  /// All frames that left in a direction, in order; replies of the server to MSG are in `replies` instead.
  std::array<std::vector<std::string>, 2> left;
  std::map<std::string, int> replies;  // ACK lines the client got, by transaction
  bool server_acknowledges = true;

 private:
  void settle();
  void hear(msnp::Direction direction, const std::string& frame);
  [[nodiscard]] BridgeEnd* listener(msnp::Direction direction, std::string_view to, std::string_view from);

  Carriage carriage_;
  std::array<std::vector<BridgeEnd*>, 2> ends_;  // by the direction they speak in
  std::map<std::string, int> asked_;             // transactions of the client that wait for a reply
  std::vector<std::string> complaints_;
  int transactions_ = 10;
};

[[nodiscard]] inline std::size_t lane(msnp::Direction direction) {
  return static_cast<std::size_t>(direction);
}

/// The package, or the bare text, in a frame around one.
[[nodiscard]] std::string cargo_of(const std::string& frame);

}  // namespace gate::test
