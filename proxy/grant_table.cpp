#include "proxy/grant_table.hpp"

#include <utility>

namespace gate {

GrantTable::GrantTable(std::vector<Grant> grants) : grants_(std::move(grants)) {
  matches_.reserve(grants_.size());
  for (const Grant& grant : grants_) matches_.emplace_back(grant.rule, GroupSets());
}

const Grant* GrantTable::first_match(const Question& question) const {
  std::optional<LocalMinute> now;
  for (std::size_t number = 0; number < grants_.size(); ++number) {
    const Grant& grant = grants_[number];
    Question asked = question;
    if (question.goes_on && asked.at >= *grant.rule.until) {
      asked.at = *grant.rule.until - std::chrono::system_clock::duration(1);
    }
    if (matches_[number].mismatch(asked, now)) continue;
    if (!grant.once || grant.use->open_to(question.call, question.at, question.goes_on)) return &grant;
  }
  return nullptr;
}

}  // namespace gate
