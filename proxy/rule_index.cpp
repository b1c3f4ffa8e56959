#include "proxy/rule_index.hpp"

#include <algorithm>

#include "proxy/config_values.hpp"

namespace gate {
namespace {

using boost::asio::ip::address;

/// So few that asking them is cheaper than another condition.
constexpr std::size_t few = 4;

NameIndex names_of(const std::vector<RuleMatch>& matches) {
  std::vector<NameIndex::Entry> entries;
  entries.reserve(matches.size());
  for (const RuleMatch& match : matches) {
    entries.push_back({match.names(), match.rule().action == Action::block});
  }
  return NameIndex(entries);
}

template <class Bound>
BoundIndex bounds_of(const std::vector<RuleMatch>& matches, Bound bound) {
  std::vector<std::optional<std::int64_t>> bounds;
  bounds.reserve(matches.size());
  for (const RuleMatch& match : matches) bounds.push_back(bound(match.rule()));
  return BoundIndex(bounds);
}

std::int64_t ticks(std::chrono::system_clock::time_point moment) noexcept {
  return moment.time_since_epoch().count();
}

std::optional<std::int64_t> size_bound(const Rule& rule) {
  // Sizes are 64 bit on the wire; a rule cannot ask for more than 2^62.
  if (!rule.max_size) return std::nullopt;
  return static_cast<std::int64_t>(std::min<std::uint64_t>(*rule.max_size, INT64_MAX));
}

std::optional<std::int64_t> end_bound(const Rule& rule) {
  if (!rule.until) return std::nullopt;
  return ticks(*rule.until);
}

}  // namespace

RuleIndex::RuleIndex(const std::vector<Group>& groups, const std::vector<RuleMatch>& matches)
    : count_(matches.size()),
      memberships_(memberships_of(groups)),
      users_(groups, memberships_),
      peers_(groups, memberships_),
      names_(names_of(matches)),
      sizes_(bounds_of(matches, size_bound)),
      ends_(bounds_of(matches, end_bound)) {
  for (std::size_t number = 0; number < matches.size(); ++number) {
    const RuleMatch& match = matches[number];
    const Rule& rule = match.rule();
    const bool blocks = rule.action == Action::block;
    users_.add(number, rule.users, false);
    peers_.add(number, rule.peers, blocks);
    for (std::size_t direction = 0; direction < kinds_.size(); ++direction) {
      if (rule.direction && static_cast<std::size_t>(*rule.direction) != direction) continue;
      for (std::size_t kind = 0; kind < msnp::kind_count; ++kind) {
        if (match.speaks_of(static_cast<msnp::Kind>(kind))) kinds_[direction][kind].add(number);
      }
    }
    if (rule.clients.empty()) any_client_.add(number);
    for (const Rule::Network& network : rule.clients) {
      networks_[key_of(network)].add(number);
      const auto same = [&network](const Rule::Network& other) {
        return network.prefix == other.prefix && network.address.is_v4() == other.address.is_v4();
      };
      if (std::none_of(prefixes_.begin(), prefixes_.end(), same)) prefixes_.push_back(network);
    }
    if (!rule.max_size || blocks) any_size_.add(number);
    add_hours(number, rule.when);
    tells_hours_ = tells_hours_ || !rule.when.empty();
    if (blocks || match.unconditional()) settling_.add(number);
  }
}

RuleIndex::NetworkKey RuleIndex::key_of(const Rule::Network& network) {
  const Rule::Network start = network_start(network);
  NetworkKey key{static_cast<std::uint8_t>(start.address.is_v4() ? 4 : 6), start.prefix};
  const auto write = [&key](const auto& bytes) { std::copy(bytes.begin(), bytes.end(), key.begin() + 2); };
  start.address.is_v4() ? write(start.address.to_v4().to_bytes()) : write(start.address.to_v6().to_bytes());
  return key;
}

/// An hour is one in which the rule may match if a window covers its first minute or begins in it.
void RuleIndex::add_hours(std::size_t number, const std::vector<Rule::Window>& windows) {
  for (std::size_t hour = 0; hour < hours_a_week; ++hour) {
    const auto day = static_cast<std::uint8_t>(hour / 24);
    const auto minute = static_cast<std::uint16_t>(hour % 24 * 60);
    const auto touches = [&](const Rule::Window& window) {
      const bool begins = ((window.days >> day) & 1U) != 0 && window.from / 60 == minute / 60;
      return begins || covers(window, {day, minute});
    };
    if (windows.empty() || std::any_of(windows.begin(), windows.end(), touches)) hours_[hour].add(number);
  }
}

void RuleIndex::add_clients_to(RuleBits& bits, const address& client) const noexcept {
  any_client_.add_to(bits);
  const address plain = unmapped(client);
  for (const Rule::Network& prefix : prefixes_) {
    if (prefix.address.is_v4() != plain.is_v4()) continue;
    const auto found = networks_.find(key_of({plain, prefix.prefix}));
    if (found != networks_.end()) found->second.add_to(bits);
  }
}

void RuleIndex::add_sizes_to(RuleBits& bits, std::optional<std::uint64_t> size) const noexcept {
  if (size) {
    sizes_.add_to(bits, static_cast<std::int64_t>(std::min<std::uint64_t>(*size, INT64_MAX)));
  } else {
    any_size_.add_to(bits);
  }
}

RuleBits RuleIndex::candidates(const Question& question, std::optional<LocalMinute>& now) const noexcept {
  RuleBits left(count_);
  kinds_[static_cast<std::size_t>(question.direction)][static_cast<std::size_t>(question.kind)].add_to(left);
  RuleBits set(count_);
  // False once so few are left that it is time to ask them.
  const auto narrow = [&](bool selects, auto add) {
    if (!selects) return true;
    set.clear();
    add();
    left.keep_only(set);
    return left.count() > few;
  };
  const auto hour = [&]() -> const RuleSet& {
    if (!now) now = local_minute(question.at);
    return hours_[now->day * 24U + now->minute / 60U];
  };
  // As soon as one says no the others are not asked.
  (void)(narrow(users_.selects(), [&] { users_.add_to(set, question.user); }) &&
         narrow(peers_.selects(), [&] { peers_.add_to(set, question.peer); }) &&
         narrow(!networks_.empty(), [&] { add_clients_to(set, question.client); }) &&
         narrow(sizes_.selects(), [&] { add_sizes_to(set, question.size); }) &&
         narrow(ends_.selects(), [&] { ends_.add_to(set, ticks(question.at)); }) &&
         narrow(tells_hours_, [&] { hour().add_to(set); }) &&
         narrow(names_.selects(), [&] { names_.add_to(set, question.names); }));
  return left;
}

RuleBits RuleIndex::settling(std::string_view user, std::string_view peer,
                             const address& client) const noexcept {
  RuleBits left(count_);
  settling_.add_to(left);
  RuleBits set(count_);
  const auto narrow = [&](bool selects, auto add) {
    if (!selects || settling_.empty()) return;
    set.clear();
    add();
    left.keep_only(set);
  };
  narrow(users_.selects(), [&] { users_.add_to(set, user); });
  narrow(peers_.selects(), [&] { peers_.add_to(set, peer); });
  narrow(!networks_.empty(), [&] { add_clients_to(set, client); });
  return left;
}

}  // namespace gate
