// Ports that stand for others ([intercept] follow = "rewrite"): a client that is sent to a port nobody
// intercepts is told one that is, and the gateway remembers which one was meant. One memory for each worker:
// all connections of a client address live there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include <boost/asio/ip/address.hpp>

#include "msnp/types.hpp"
#include "proxy/config.hpp"

namespace gate {

class Detours {
 public:
  /// Clients that are remembered at once, at most.
  static constexpr std::size_t most_clients = 16'384;

  explicit Detours(const InterceptSettings& intercept)
      : ports_(intercept.follow_ports), lifetime_(intercept.follow_for.count()) {}

  /// The port that stands for `port` for this client: the same one as long as it is remembered. Nothing when
  /// all are in use.
  [[nodiscard]] std::optional<std::uint16_t> port_for(const boost::asio::ip::address& client,
                                                      std::uint16_t port, msnp::Moment now);
  /// What `port` stands for: also longer than it had to be remembered, as long as it stands for nothing else.
  [[nodiscard]] std::optional<std::uint16_t> meant_by(const boost::asio::ip::address& client,
                                                      std::uint16_t port, msnp::Moment now);

 private:
  struct Detour {
    std::uint16_t meant = 0;
    msnp::Moment until = 0;
  };
  void forget_old(msnp::Moment now);

  PortRange ports_;
  msnp::Moment lifetime_;
  /// By client, in the order of the ports that stand for them.
  std::unordered_map<boost::asio::ip::address, std::vector<Detour>> clients_;
};

}  // namespace gate
