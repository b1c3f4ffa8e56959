#include "proxy/policy.hpp"

#include <ctime>
#include <utility>

namespace gate {
namespace {

constexpr std::array<std::string_view, 3> action_names{"allow", "block", "observe"};
constexpr std::array<std::string_view, cause_count> cause_names{"parse-error", "not-msnp", "reassembly-limit",
                                                                "memory", "audit-write-failed"};
constexpr std::array<std::string_view, 3> reaction_names{"close", "pass", "block"};

}  // namespace

std::string_view name_of(Action action) noexcept {
  return action_names[static_cast<std::size_t>(action)];
}
std::string_view name_of(Cause cause) noexcept {
  return cause_names[static_cast<std::size_t>(cause)];
}
std::string_view name_of(Reaction reaction) noexcept {
  return reaction_names[static_cast<std::size_t>(reaction)];
}

std::optional<std::uint64_t> ObjectCaps::of(msnp::Kind kind) const noexcept {
  switch (kind) {
    case msnp::Kind::display_picture:
      return display_picture;
    case msnp::Kind::custom_emoticon:
      return custom_emoticon;
    case msnp::Kind::wink:
      return wink;
    case msnp::Kind::voice_clip:
      return voice_clip;
    case msnp::Kind::background:
      return background;
    default:
      return std::nullopt;
  }
}

Policy::Policy(Source source)
    : source_(std::move(source)), matches_(source_.rules.begin(), source_.rules.end()) {
  tzset();  // localtime_r need not read the time zone by itself
}

Verdict Policy::judge(const Question& question) const noexcept {
  std::optional<LocalMinute> now;
  for (const RuleMatch& match : matches_) {
    if (match.matches(question, now)) return {match.rule().action, match.rule().name};
  }
  return {msnp::blocked_by_default(question.kind) ? source_.fallback : Action::allow, "default"};
}

bool Policy::allows_everything(std::string_view user, std::string_view peer,
                               const boost::asio::ip::address& client) const noexcept {
  for (const RuleMatch& match : matches_) {
    if (!match.concerns(user, peer, client)) continue;
    if (match.rule().action == Action::block) return false;
    if (match.unconditional()) return true;
  }
  return source_.fallback != Action::block;
}

}  // namespace gate
