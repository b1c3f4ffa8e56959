#include "proxy/rule_match.hpp"

#include <algorithm>
#include <array>
#include <ctime>

namespace gate {
namespace {

using boost::asio::ip::address;

/// The first `bits` bits are the same.
template <std::size_t Size>
bool same_start(const std::array<unsigned char, Size>& one, const std::array<unsigned char, Size>& other,
                std::size_t bits) noexcept {
  const std::size_t whole = std::min(bits / 8, Size);
  if (!std::equal(one.begin(), one.begin() + static_cast<std::ptrdiff_t>(whole), other.begin())) return false;
  if (whole == Size || bits % 8 == 0) return true;
  return ((one[whole] ^ other[whole]) >> (8 - bits % 8)) == 0;
}

constexpr std::array<std::string_view, 9> condition_names{
    "kinds", "direction", "users", "peers", "clients", "max_size", "until", "when", "names"};

bool holds(const Rule::Network& network, const address& client) noexcept {
  if (network.address.is_v4() != client.is_v4()) return false;
  if (client.is_v4()) {
    return same_start(network.address.to_v4().to_bytes(), client.to_v4().to_bytes(), network.prefix);
  }
  return same_start(network.address.to_v6().to_bytes(), client.to_v6().to_bytes(), network.prefix);
}

/// Windows drops blanks and dots from the end of a name: "run.exe. " is saved as "run.exe".
std::string_view as_saved(std::string_view name) noexcept {
  return name.substr(0, name.find_last_not_of(" .") + 1);
}

}  // namespace

std::string_view name_of(Condition condition) noexcept {
  return condition_names[static_cast<std::size_t>(condition)];
}

address unmapped(const address& client) noexcept {
  if (!client.is_v6() || !client.to_v6().is_v4_mapped()) return client;
  return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, client.to_v6());
}

AccountSet::AccountSet(const std::vector<std::string>& patterns, const GroupSets& groups)
    : unrestricted_(patterns.empty()) {
  for (const std::string_view pattern : patterns) {
    if (pattern == "*") {
      everybody_ = true;
    } else if (pattern.starts_with("*@")) {
      domains_.push_back(pattern.substr(2));
    } else if (!pattern.starts_with(group_mark)) {
      accounts_.push_back(pattern);
    } else if (const auto group = groups.find(pattern.substr(group_mark.size())); group != groups.end()) {
      groups_.push_back(&group->second);
    }
  }
  std::sort(accounts_.begin(), accounts_.end());
  std::sort(domains_.begin(), domains_.end());
}

bool AccountSet::holds(std::string_view account) const noexcept {
  if (everybody_ || std::binary_search(accounts_.begin(), accounts_.end(), account)) return true;
  const std::size_t at = account.rfind('@');
  if (at != std::string_view::npos &&
      std::binary_search(domains_.begin(), domains_.end(), account.substr(at + 1))) {
    return true;
  }
  return std::any_of(groups_.begin(), groups_.end(),
                     [account](const AccountSet* group) { return group->holds(account); });
}

GroupSets group_sets(const std::vector<Group>& groups) {
  GroupSets sets;
  for (const Group& group : groups) sets.emplace(group.name, AccountSet(group.members, {}));
  return sets;
}

LocalMinute local_minute(std::chrono::system_clock::time_point at) noexcept {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(at);
  std::tm local{};
  localtime_r(&seconds, &local);
  return {static_cast<std::uint8_t>((local.tm_wday + 6) % 7),
          static_cast<std::uint16_t>(local.tm_hour * 60 + local.tm_min)};
}

bool covers(const Rule::Window& window, LocalMinute now) noexcept {
  const auto on = [&](unsigned day) { return ((window.days >> day) & 1U) != 0; };
  if (window.from < window.to) return on(now.day) && now.minute >= window.from && now.minute < window.to;
  const unsigned day_before = (now.day + 6U) % 7U;
  return (on(now.day) && now.minute >= window.from) || (on(day_before) && now.minute < window.to);
}

RuleMatch::RuleMatch(const Rule& rule, const GroupSets& groups)
    : rule_(&rule), users_(rule.users, groups), peers_(rule.peers, groups) {
  names_.reserve(rule.names.size());
  for (const std::string& pattern : rule.names) names_.emplace_back(pattern);
  for (const msnp::Kind kind : rule.kinds) kinds_ |= 1U << static_cast<unsigned>(kind);
}

bool RuleMatch::speaks_of(msnp::Kind kind) const noexcept {
  if (kinds_ != 0) return ((kinds_ >> static_cast<unsigned>(kind)) & 1U) != 0;
  return kind != msnp::Kind::direct_connection || rule_->action == Action::block;
}

bool RuleMatch::users_match(std::string_view user) const noexcept {
  return users_.unrestricted() || (!user.empty() && users_.holds(user));
}

bool RuleMatch::peers_match(std::string_view peer) const noexcept {
  if (peers_.unrestricted()) return true;
  return peer.empty() ? rule_->action == Action::block : peers_.holds(peer);
}

bool RuleMatch::clients_match(const address& client) const noexcept {
  return rule_->clients.empty() || std::any_of(rule_->clients.begin(), rule_->clients.end(),
                                               [plain = unmapped(client)](const Rule::Network& network) {
                                                 return holds(network, plain);
                                               });
}

bool RuleMatch::concerns(std::string_view user, std::string_view peer, const address& client) const noexcept {
  return users_match(user) && peers_match(peer) && clients_match(client);
}

bool RuleMatch::unconditional() const noexcept {
  return kinds_ == 0 && names_.empty() && !rule_->max_size && rule_->when.empty() && !rule_->until &&
         !rule_->direction;
}

bool RuleMatch::any_pattern(std::string_view name) const noexcept {
  return std::any_of(names_.begin(), names_.end(),
                     [name](const NamePattern& pattern) { return pattern.matches(name); });
}

bool RuleMatch::names_match(std::span<const std::string> names) const noexcept {
  if (names_.empty()) return true;
  if (rule_->action == Action::block) {
    return names.empty() || std::any_of(names.begin(), names.end(), [this](const std::string& name) {
             return any_pattern(name) || any_pattern(as_saved(name));
           });
  }
  return !names.empty() && std::all_of(names.begin(), names.end(), [this](const std::string& name) {
    return any_pattern(name) && any_pattern(as_saved(name));
  });
}

bool RuleMatch::size_matches(std::optional<std::uint64_t> size) const noexcept {
  if (!rule_->max_size) return true;
  return size ? *size <= *rule_->max_size : rule_->action == Action::block;
}

std::optional<Condition> RuleMatch::mismatch(const Question& question,
                                             std::optional<LocalMinute>& now) const noexcept {
  // The cheap questions first.
  if (!speaks_of(question.kind)) return Condition::kinds;
  if (rule_->direction && *rule_->direction != question.direction) return Condition::direction;
  if (!users_match(question.user)) return Condition::users;
  if (!peers_match(question.peer)) return Condition::peers;
  if (!clients_match(question.client)) return Condition::clients;
  if (!size_matches(question.size)) return Condition::max_size;
  if (rule_->until && question.at >= *rule_->until) return Condition::until;
  if (!rule_->when.empty()) {
    if (!now) now = local_minute(question.at);
    const bool within = std::any_of(rule_->when.begin(), rule_->when.end(),
                                    [&now](const Rule::Window& window) { return covers(window, *now); });
    if (!within) return Condition::when;
  }
  if (!names_match(question.names)) return Condition::names;
  return std::nullopt;
}

}  // namespace gate
