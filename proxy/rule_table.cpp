#include "proxy/rule_table.hpp"

#include <ctime>
#include <utility>

namespace gate {
namespace {

std::vector<RuleMatch> compiled(const std::vector<Rule>& rules, const GroupSets& groups) {
  std::vector<RuleMatch> matches;
  matches.reserve(rules.size());
  for (const Rule& rule : rules) matches.emplace_back(rule, groups);
  return matches;
}

}  // namespace

RuleTable::RuleTable(std::vector<Group> groups, std::vector<Rule> rules)
    : groups_(std::move(groups)),
      rules_(std::move(rules)),
      group_sets_(group_sets(groups_)),
      matches_(compiled(rules_, group_sets_)),
      index_(groups_, matches_) {
  tzset();  // localtime_r need not read the time zone by itself
}

const Rule* RuleTable::first_match(const Question& question) const noexcept {
  if (rules_.empty()) return nullptr;
  const Rule* first = nullptr;
  std::optional<LocalMinute> now;
  index_.candidates(question, now).each([&](std::size_t number) {
    if (!matches_[number].mismatch(question, now)) first = &rules_[number];
    return first != nullptr;
  });
  return first;
}

std::optional<bool> RuleTable::settles_everything(std::string_view user, std::string_view peer,
                                                  const boost::asio::ip::address& client) const noexcept {
  if (rules_.empty()) return std::nullopt;
  std::optional<bool> settled;
  index_.settling(user, peer, client).each([&](std::size_t number) {
    const RuleMatch& match = matches_[number];
    if (match.concerns(user, peer, client)) settled = match.rule().action != Action::block;
    return settled.has_value();
  });
  return settled;
}

}  // namespace gate
