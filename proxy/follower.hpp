// Learns addresses that servers send clients to ([intercept] follow = "set"): looks names up and puts what
// they lead to into the kernel's set, on a thread of its own, so that neither a slow name server nor a busy
// kernel holds up what is relayed. Shows on request, too, that this gateway is alive.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "proxy/config.hpp"
#include "proxy/kernel_sets.hpp"
#include "proxy/log.hpp"

namespace gate {

/// An address to be learned, as the server wrote it.
struct Lead {
  boost::asio::ip::address client;       // who was sent there
  std::string host;                      // a name or an address
  std::array<std::uint16_t, 2> ports{};  // clients take one of them; 0 for none
  bool to_notification = false;
};

class Follower {
 public:
  /// Called on the follower's thread: empty when the address is intercepted from now on, else what went
  /// wrong.
  using Done = std::function<void(std::string fault)>;

  /// At most so many leads wait; and of one client so many addresses are learned in one `follow_for`.
  static constexpr std::size_t most_waiting = 1'024;
  /// Names that are looked up at once; each takes a thread meanwhile.
  static constexpr std::size_t most_lookups = 32;
  static constexpr std::size_t most_of_a_client = 256;

  /// Throws what KernelSets throws.
  explicit Follower(const InterceptSettings& intercept);
  /// Leads that still wait come to nothing; `Done` is not called for them.
  ~Follower();
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;

  /// From any thread.
  void learn(Lead lead, Done done);

  /// From any thread: interception goes on for `dead_after` from now.
  void stay_alive();

 private:
  using Addresses = std::vector<boost::asio::ip::address>;
  /// What lookups know of the follower; they may outlive it, for the C library cannot be told to stop one.
  struct Lookups;
  void look_up(const Lead& lead, const Done& done);
  [[nodiscard]] std::string put(const Lead& lead, const Addresses& found);
  [[nodiscard]] std::string put(const Lead& lead, const boost::asio::ip::address& address);
  [[nodiscard]] bool may_learn(const boost::asio::ip::address& client);

  struct Learned {
    std::chrono::steady_clock::time_point since;
    std::size_t count = 0;
  };

  const InterceptSettings intercept_;
  KernelSets kernel_;
  std::unordered_map<boost::asio::ip::address, Learned> clients_;
  Trickle trickle_;
  std::atomic<std::size_t> waiting_{0};
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> busy_{io_.get_executor()};
  std::shared_ptr<Lookups> lookups_;
  std::thread thread_;
};

}  // namespace gate
