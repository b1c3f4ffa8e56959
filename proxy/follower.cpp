#include "proxy/follower.hpp"

#include <netdb.h>
#include <sys/socket.h>

#include <boost/asio/post.hpp>

#include <cstring>
#include <exception>
#include <mutex>
#include <utility>

namespace gate {
namespace {

using boost::asio::ip::address;
using boost::system::error_code;

// Clients remember where they signed in, and come back there without asking again.
constexpr std::chrono::hours notification_lifetime{24};
// A name may have many addresses; a client tries some of them.
constexpr std::size_t most_addresses = 16;
constexpr std::size_t most_clients = 65'536;

msnp::Moment moment_of(std::chrono::steady_clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

/// Empty, or what went wrong.
std::string addresses_of(const std::string& host, std::vector<address>& found) noexcept {
  try {
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    if (const int error = ::getaddrinfo(host.c_str(), nullptr, &wanted, &list)) {
      return "no address of " + host + ": " + ::gai_strerror(error);
    }
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, &::freeaddrinfo);
    for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
      Endpoint endpoint;
      if (one->ai_addrlen > endpoint.capacity()) continue;
      std::memcpy(endpoint.data(), one->ai_addr, one->ai_addrlen);
      found.push_back(endpoint.address());
    }
    return found.empty() ? "no address of " + host : std::string();
  } catch (const std::exception&) {
    return "out of memory";
  }
}

}  // namespace

struct Follower::Lookups {
  std::mutex mutex;
  boost::asio::io_context* io = nullptr;
  std::atomic<std::size_t> running{0};
};

Follower::Follower(const InterceptSettings& intercept)
    : intercept_(intercept), lookups_(std::make_shared<Lookups>()), thread_([this] {
        for (;;) {
          try {
            io_.run();
            return;
          } catch (const std::exception& error) {
            log(Level::error, {"a redirect is not followed: ", error.what()});
          }
        }
      }) {
  lookups_->io = &io_;
}

Follower::~Follower() {
  {
    const std::lock_guard lock(lookups_->mutex);
    lookups_->io = nullptr;
  }
  io_.stop();
  thread_.join();
}

void Follower::learn(Lead lead, Done done) {
  if (waiting_.fetch_add(1, std::memory_order_relaxed) >= most_waiting) {
    waiting_.fetch_sub(1, std::memory_order_relaxed);
    return done("too many redirects at once");
  }
  boost::asio::post(io_, [this, lead = std::move(lead), done = std::move(done)] {
    const Done told = [this, done](std::string fault) {
      waiting_.fetch_sub(1, std::memory_order_relaxed);
      done(std::move(fault));
    };
    try {
      if (!may_learn(lead.client)) return told("too many redirects of one client");
      error_code no_address;
      const address literal = boost::asio::ip::make_address(lead.host, no_address);
      if (!no_address) return told(put(lead, literal));
      look_up(lead, told);
    } catch (const std::exception&) {
      told("no memory or thread to follow it");
    }
  });
}

void Follower::look_up(const Lead& lead, const Done& done) {
  if (lookups_->running.load() >= most_lookups) return done("too many names are looked up at once");
  ++lookups_->running;
  const auto finish = [this, lead, done](const std::string& fault, const Addresses& found) {
    done(fault.empty() ? put(lead, found) : fault);
  };
  try {
    std::thread([lookups = lookups_, host = lead.host, finish] {
      Addresses found;
      std::string fault = addresses_of(host, found);
      --lookups->running;
      const std::lock_guard lock(lookups->mutex);
      if (lookups->io == nullptr) return;  // nobody asks any more
      boost::asio::post(*lookups->io, [finish, fault = std::move(fault), found = std::move(found)] {
        finish(fault, found);
      });
    }).detach();
  } catch (const std::exception&) {
    --lookups_->running;
    throw;
  }
}

std::string Follower::put(const Lead& lead, const Addresses& found) {
  if (found.size() > most_addresses) return lead.host + " has too many addresses";
  for (const address& one : found) {
    if (std::string fault = put(lead, one); !fault.empty()) return fault;
  }
  return {};
}

std::string Follower::put(const Lead& lead, const address& address) {
  const std::chrono::milliseconds lifetime =
      lead.to_notification ? std::chrono::milliseconds(notification_lifetime) : intercept_.follow_for;
  for (const std::uint16_t port : lead.ports) {
    if (port == 0) continue;
    const Endpoint server = unmapped({address, port});
    if (const error_code error = kernel_.learn(server, lifetime)) {
      return text_of(server) + " does not get into the ruleset's set: " + error.message();
    }
  }
  return {};
}

bool Follower::may_learn(const address& client) {
  const auto now = std::chrono::steady_clock::now();
  if (clients_.size() >= most_clients) {
    std::erase_if(clients_,
                  [&](const auto& entry) { return now - entry.second.since > intercept_.follow_for; });
    if (clients_.size() >= most_clients) return false;
  }
  Learned& learned = clients_[client];
  if (learned.count == 0 || now - learned.since > intercept_.follow_for) learned = {.since = now, .count = 0};
  return ++learned.count <= most_of_a_client;
}

void Follower::stay_alive() {
  boost::asio::post(io_, [this] {
    const error_code error = kernel_.stay_alive(intercept_.dead_after);
    if (!error) return;
    if (const auto held_back = trickle_.pass(moment_of(std::chrono::steady_clock::now()))) {
      log(Level::error, "the ruleset is not told that the gateway is alive: " + error.message() +
                            "; it may not be loaded, or connections pass unseen soon");
    }
  });
}

}  // namespace gate
