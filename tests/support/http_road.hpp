// The HTTP gateway as a road for a conversation: used like a FilterRig, but what is fed travels as bodies of
// one session, and what has left is what a server and a client find in the bodies they get.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/http_readings.hpp"
#include "tests/support/http_rig.hpp"

namespace gate::test {

class HttpRoad {
 public:
  explicit HttpRoad(std::shared_ptr<const Policy> policy, const HttpHabits& habits = {});

  /// One body: of a request, which is answered with an empty one, or of the answer to a poll.
  void feed(msnp::Direction direction, std::string_view bytes);
  void from_client(std::string_view bytes) { feed(msnp::Direction::to_server, bytes); }
  void from_server(std::string_view bytes) { feed(msnp::Direction::to_client, bytes); }
  void tick(msnp::Moment later);
  void enter_switchboard(std::string_view user, const std::vector<std::string>& peers);
  void sign_in(std::string_view user);

  /// What has left in a direction since the last call; the client polls once, so that nothing waits any more.
  [[nodiscard]] std::string sent(msnp::Direction direction);
  [[nodiscard]] std::string to_server() { return sent(msnp::Direction::to_server); }
  [[nodiscard]] std::string to_client() { return sent(msnp::Direction::to_client); }

 private:
  void open(std::string_view query, std::string_view asked, std::string_view answered);
  void exchange(std::string_view query, std::string_view asked, std::string_view answered);
  void carry(msnp::Direction direction, const std::string& message);

  HttpRig rig_;
  std::unique_ptr<HttpRig::Connection> connection_;
  HttpReading reading_;
  std::array<std::string, 2> sent_;

 public:
  RememberingSink& audit = rig_.audit;
  bool closed = false;
};

}  // namespace gate::test
