// One rule and one question put to it (decisions.md 6). What a rule means is written here once;
// RuleMatch (rule_match.hpp) holds it in the form that is fast to ask.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/ip/address.hpp>

#include "msnp/kind.hpp"
#include "msnp/offer.hpp"
#include "msnp/types.hpp"

namespace gate {

/// `observe` lets pass like `allow`; the audit record says so. Where this file says "allow", both are meant.
enum class Action : std::uint8_t { allow, block, observe };

/// "allow", "block", "observe".
[[nodiscard]] std::string_view name_of(Action action) noexcept;
/// `send` or `receive`: as the local user sees it, in configuration, audit and API.
[[nodiscard]] std::string_view name_of(msnp::Direction direction) noexcept;
[[nodiscard]] std::optional<msnp::Direction> direction_named(std::string_view name) noexcept;

/// One question: may this user do this with this peer? Views live as long as the call.
struct Question {
  /// The local account, folded; empty while the server has accepted nobody: then no rule that names
  /// users matches.
  std::string_view user;
  /// One remote account, folded; empty when unknown: then a block rule that names peers matches, an
  /// allow rule does not.
  std::string_view peer;
  boost::asio::ip::address client;
  /// to_server = the local user sends.
  msnp::Direction direction = msnp::Direction::to_server;
  msnp::Kind kind = msnp::Kind::unknown_application;
  /// Rules do not ask for it; what is decided without one may depend on it.
  msnp::Reason reason = msnp::Reason::offer;
  /// Every reading of the file name. A rule with `names` allows only if *all* readings match,
  /// and blocks if *any* does: whoever reads the name differently must not win. No reading at all:
  /// an allow rule with `names` does not match, a block rule does.
  std::span<const std::string> names;
  std::optional<std::uint64_t> size;
  std::chrono::system_clock::time_point at;
  /// What tells one transfer of the user from another, for grants that are good for one; may be empty.
  std::string_view call;
  /// It was let through before, and the question is whether it may go on.
  bool goes_on = false;
};

/// Accounts under one name: `[groups]`.
struct Group {
  std::string name;
  std::vector<std::string> members;  // folded accounts, *@domain or *
};

/// How a rule speaks of a group: "group:NAME".
inline constexpr std::string_view group_mark = "group:";

/// One `[[rule]]`. Empty lists mean "anybody", "anything".
struct Rule {
  std::string name;
  Action action = Action::block;
  std::vector<std::string> users;  // folded accounts, *@domain, * or group:NAME
  std::vector<std::string> peers;
  struct Network {
    boost::asio::ip::address address;  // never an IPv4-mapped one
    std::uint8_t prefix = 0;
    bool operator==(const Network&) const = default;
  };
  std::vector<Network> clients;
  std::optional<msnp::Direction> direction;
  /// Empty: every kind; but an allow rule speaks of direct_connection only if it is named here. Who wrote
  /// "allow pictures up to 1 MiB" did not mean a road on which nobody sees what passes.
  std::vector<msnp::Kind> kinds;
  std::vector<std::string> names;  // shell patterns (* ? [..]), case-blind
  /// The rule speaks of sizes up to this one. An unknown size is outside an allow rule and inside a
  /// block rule: not telling the size never helps the sender.
  std::optional<std::uint64_t> max_size;
  struct Window {              // gateway's local time
    std::uint8_t days = 0x7F;  // bit 0 = Monday
    std::uint16_t from = 0;    // minutes after midnight, included
    /// Minutes after midnight, not included. Not larger than `from`: ends the day after a day in `days`.
    std::uint16_t to = 24 * 60;
  };
  std::vector<Window> when;                                    // any of them; empty: at all times
  std::optional<std::chrono::system_clock::time_point> until;  // from then on the rule never matches
};

}  // namespace gate
