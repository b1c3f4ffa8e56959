// HTTP connections of one worker, driven with text: each has a filter of its own, all share sessions, policy
// and audit.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "proxy/http_session.hpp"
#include "tests/support/filter_rig.hpp"

namespace gate::test {

class HttpRig {
 public:
  explicit HttpRig(std::shared_ptr<const Policy> policy = policy_with(Action::block));

  /// A TCP connection from `client` to a web server.
  class Connection {
   public:
    Connection(HttpRig& rig, std::string_view client, std::uint16_t port);

    void from_client(std::string_view bytes) { feed(msnp::Direction::to_server, bytes); }
    void from_server(std::string_view bytes) { feed(msnp::Direction::to_client, bytes); }
    void feed(msnp::Direction direction, std::string_view bytes);
    void tick();
    /// The address of the line that waits was learned, or not.
    void followed(const std::string& fault);
    /// What has left in a direction since the last call.
    [[nodiscard]] std::string to_server() { return std::exchange(sent_[0], {}); }
    [[nodiscard]] std::string to_client() { return std::exchange(sent_[1], {}); }
    [[nodiscard]] bool closed() const noexcept { return closed_; }
    [[nodiscard]] const Filter& filter() const noexcept { return filter_; }
    /// Bytes presented again and again.
    [[nodiscard]] std::size_t leftover() const noexcept { return leftover_[0].size() + leftover_[1].size(); }

   private:
    void collect();

    HttpRig& rig_;
    Filter filter_;
    msnp::Output output_;
    std::array<std::string, 2> leftover_;
    std::array<std::string, 2> sent_;
    bool closed_ = false;
  };
  [[nodiscard]] std::unique_ptr<Connection> connect(std::string_view client = "10.77.1.2");

  /// Time passes; sessions get their tick.
  void tick(msnp::Moment later);

  RememberingSink audit;  // before `shared`, whose sessions tell their end
  FilterShared shared;
  Now now;

 private:
  std::uint16_t next_port_ = 40'000;
};

/// A request to the gateway as libpurple writes it.
[[nodiscard]] std::string gateway_request(std::string_view query, std::string_view body);
/// An answer of Escargot's gateway.
[[nodiscard]] std::string gateway_answer(std::string_view session, std::string_view body,
                                         std::string_view more = {});

/// Opens a switchboard session and lets `peers` join; what was sent for it is forgotten.
void enter_gateway(HttpRig::Connection& connection, std::string_view session, std::string_view user,
                   const std::vector<std::string>& peers);

}  // namespace gate::test
