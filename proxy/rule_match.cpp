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

/// A listener for both families reports IPv4 clients as mapped IPv6 addresses.
address unmapped(const address& client) noexcept {
  if (!client.is_v6() || !client.to_v6().is_v4_mapped()) return client;
  return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, client.to_v6());
}

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

AccountSet::AccountSet(const std::vector<std::string>& patterns) {
  for (const std::string_view pattern : patterns) {
    if (pattern == "*") {
      everybody_ = true;
    } else if (pattern.starts_with("*@")) {
      domains_.push_back(pattern.substr(2));
    } else {
      accounts_.push_back(pattern);
    }
  }
  std::sort(accounts_.begin(), accounts_.end());
  std::sort(domains_.begin(), domains_.end());
}

bool AccountSet::holds(std::string_view account) const noexcept {
  if (everybody_ || std::binary_search(accounts_.begin(), accounts_.end(), account)) return true;
  const std::size_t at = account.rfind('@');
  return at != std::string_view::npos &&
         std::binary_search(domains_.begin(), domains_.end(), account.substr(at + 1));
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

RuleMatch::RuleMatch(const Rule& rule) : rule_(&rule), users_(rule.users), peers_(rule.peers) {
  names_.reserve(rule.names.size());
  for (const std::string& pattern : rule.names) names_.emplace_back(pattern);
  for (const msnp::Kind kind : rule.kinds) kinds_ |= 1U << static_cast<unsigned>(kind);
}

bool RuleMatch::concerns(std::string_view user, std::string_view peer, const address& client) const noexcept {
  if (!users_.unrestricted() && (user.empty() || !users_.holds(user))) return false;
  if (!peers_.unrestricted()) {
    if (peer.empty() ? rule_->action != Action::block : !peers_.holds(peer)) return false;
  }
  if (rule_->clients.empty()) return true;
  return std::any_of(
      rule_->clients.begin(), rule_->clients.end(),
      [plain = unmapped(client)](const Rule::Network& network) { return holds(network, plain); });
}

bool RuleMatch::unconditional() const noexcept {
  return kinds_ == 0 && names_.empty() && !rule_->max_size && !rule_->when && !rule_->until &&
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

bool RuleMatch::matches(const Question& question, std::optional<LocalMinute>& now) const noexcept {
  // The cheap questions first: most rules are left behind by the first three.
  if (kinds_ != 0 && ((kinds_ >> static_cast<unsigned>(question.kind)) & 1U) == 0) return false;
  if (kinds_ == 0 && question.kind == msnp::Kind::direct_connection && rule_->action != Action::block) {
    return false;
  }
  if (rule_->direction && *rule_->direction != question.direction) return false;
  if (!concerns(question.user, question.peer, question.client)) return false;
  if (!size_matches(question.size) || (rule_->until && question.at >= *rule_->until)) return false;
  if (rule_->when) {
    if (!now) now = local_minute(question.at);
    if (!covers(*rule_->when, *now)) return false;
  }
  return names_match(question.names);
}

}  // namespace gate
