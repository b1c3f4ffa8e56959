// Redirects: a server sends the client elsewhere, and the gateway must be on that way too (framing.md 5).
#include "proxy/filter.hpp"

#include <algorithm>
#include <atomic>
#include <utility>

#include "msnp/redirect.hpp"
#include "proxy/config_values.hpp"
#include "proxy/escape.hpp"
#include "proxy/http_connection.hpp"

namespace gate {
namespace {

using msnp::Direction;

// Where no port is written some clients take this one, some the port they are on.
constexpr std::uint16_t usual_port = 1863;
// A client that asked waits longer than this for its answer.
constexpr msnp::Moment longest_wait = 4'000;

std::uint64_t next_number() noexcept {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

std::string_view line_of(std::string_view wire) {
  while (!wire.empty() && (wire.back() == '\n' || wire.back() == '\r')) wire.remove_suffix(1);
  while (!wire.empty() && wire.back() == ' ') wire.remove_suffix(1);
  return wire;
}

}  // namespace

bool Following::settled(std::string_view host, std::uint16_t port) const {
  if (std::find(ports.begin(), ports.end(), port) != ports.end()) return true;
  boost::system::error_code no_address;
  const auto address = boost::asio::ip::make_address(host, no_address);
  if (no_address) return false;
  return std::any_of(exempt.begin(), exempt.end(),
                     [&](const Rule::Network& network) { return network_holds(network, address); });
}

void Filter::redirect(const msnp::Frame& frame, msnp::Bytes wire, msnp::Output& out) {
  const Following& following = *shared_->following;
  const std::string_view text = line_of(msnp::as_text(wire));  // repaired, if it had to be
  const auto found = msnp::read_redirect({text, frame.line.word});
  if (const auto* unclear = std::get_if<msnp::UnclearRedirect>(&found)) {
    return unfollowed("an address that clients read in different ways: " +
                          std::string(safe_excerpt(msnp::as_bytes(unclear->address))),
                      wire, out);
  }
  const auto* redirect = std::get_if<msnp::Redirect>(&found);
  if (redirect == nullptr) return out.write(Direction::to_client, wire);
  std::array<std::uint16_t, 2> ports{redirect->port, 0};
  if (redirect->port == 0) ports = {usual_port, ends_.server.port()};
  for (std::uint16_t& port : ports) {
    if (port != 0 && following.settled(redirect->host, port)) port = 0;
  }
  if (ports[0] == 0 && ports[1] == 0) return out.write(Direction::to_client, wire);

  if (following.mode == FollowMode::rewrite) {
    if (redirect->port == 0) return unfollowed("an address without a port", wire, out);
    const auto detour = shared_->detours->port_for(ends_.client.address(), redirect->port, now_.monotonic);
    if (!detour) return unfollowed("no port is left that could stand for another", wire, out);
    const std::string changed = msnp::with_port(text, *redirect, *detour) + "\r\n";
    return out.write(Direction::to_client, msnp::as_bytes(changed));
  }
  held_redirect_ =
      std::make_unique<HeldRedirect>(HeldRedirect{.number = next_number(),
                                                  .wire = std::string(msnp::as_text(wire)),
                                                  .lead = {.client = ends_.client.address(),
                                                           .host = std::string(redirect->host),
                                                           .ports = ports,
                                                           .to_notification = redirect->to_notification},
                                                  .since = now_.monotonic});
}

Close Filter::followed(std::uint64_t number, const std::string& fault, msnp::Output& out, const Now& now) {
  now_ = now;
  if (http_ != nullptr) {
    if (http_->followed(number, fault, out, now) != Close::no) state_ = State::closed;
    charge_http();
    return close();
  }
  if (held_redirect_ == nullptr || held_redirect_->number != number) return close();
  const std::unique_ptr<HeldRedirect> held = std::move(held_redirect_);
  const msnp::Bytes wire = msnp::as_bytes(held->wire);
  if (fault.empty()) {
    out.write(Direction::to_client, wire);
  } else {
    unfollowed(fault, wire, out);
  }
  return close();
}

const HeldRedirect* Filter::held_redirect() const noexcept {
  return http_ == nullptr ? held_redirect_.get() : http_->held_redirect();
}

void Filter::give_up_redirect(msnp::Output& out) {
  if (held_redirect_ == nullptr || now_.monotonic - held_redirect_->since < longest_wait) return;
  const std::unique_ptr<HeldRedirect> held = std::move(held_redirect_);
  unfollowed("it took too long to learn " + held->lead.host, msnp::as_bytes(held->wire), out);
}

void Filter::unfollowed(std::string detail, msnp::Bytes wire, msnp::Output& out) {
  const Reaction reaction = shared_->policy->on(Cause::unfollowed);
  if (passes(Cause::unfollowed, reaction, std::move(detail))) {
    out.write(Direction::to_client, wire);
  } else if (reaction == Reaction::close) {
    state_ = State::closed;
  }
}

}  // namespace gate
