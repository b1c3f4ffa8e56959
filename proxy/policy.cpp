#include "proxy/policy.hpp"

#include <atomic>
#include <utility>

namespace gate {
namespace {

constexpr std::array<std::string_view, 3> action_names{"allow", "block", "observe"};
constexpr std::array<std::string_view, cause_count> cause_names{
    "parse-error", "not-msnp",           "http-ambiguous", "reassembly-limit",
    "memory",      "audit-write-failed", "unfollowed"};
constexpr std::array<std::string_view, 3> reaction_names{"close", "pass", "block"};
constexpr std::array<std::string_view, 2> refusal_names{"tombstone", "withhold"};

std::uint64_t next_serial() noexcept {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

}  // namespace

std::string_view name_of(Action action) noexcept {
  return action_names[static_cast<std::size_t>(action)];
}
std::string_view name_of(msnp::Direction direction) noexcept {
  return direction == msnp::Direction::to_server ? "send" : "receive";
}
std::optional<msnp::Direction> direction_named(std::string_view name) noexcept {
  for (const msnp::Direction direction : {msnp::Direction::to_server, msnp::Direction::to_client}) {
    if (name_of(direction) == name) return direction;
  }
  return std::nullopt;
}
std::string_view name_of(Cause cause) noexcept {
  return cause_names[static_cast<std::size_t>(cause)];
}
std::string_view name_of(Reaction reaction) noexcept {
  return reaction_names[static_cast<std::size_t>(reaction)];
}
std::string_view name_of(msnp::RefusalMode mode) noexcept {
  return refusal_names[static_cast<std::size_t>(mode)];
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
    case msnp::Kind::ink:
      return ink;
    default:
      return std::nullopt;
  }
}

Policy::Policy(Source source)
    : source_(std::move(source)),
      rules_(std::make_shared<const RuleTable>(std::move(source_.groups), std::move(source_.rules))),
      grants_({}),
      hits_(std::make_shared<const RuleHits>(rules_->rules())),
      serial_(next_serial()) {
  source_.groups = {};
  source_.rules = {};
}

Policy::Policy(const Policy& other, std::vector<Grant> grants)
    : source_(other.source_),
      rules_(other.rules_),
      grants_(std::move(grants)),
      hits_(other.hits_),
      serial_(next_serial()) {}

std::shared_ptr<const Policy> Policy::with_grants(std::vector<Grant> grants) const {
  return std::shared_ptr<const Policy>(new Policy(*this, std::move(grants)));
}

Verdict Policy::judge(const Question& question) const noexcept {
  if (question.kind == msnp::Kind::direct_connection &&
      allows_everything(question.user, question.peer, question.client)) {
    return {Action::allow, "default", question.reason};
  }
  if (const Grant* const grant = grants_.first_match(question)) {
    return {grant->rule.action, grant->rule.name, question.reason, grant};
  }
  if (const Rule* const rule = rules_->first_match(question)) {
    return {rule->action, rule->name, question.reason};
  }
  return judge_by_default(question);
}

Verdict Policy::judge_by_default(const Question& question) const noexcept {
  if (question.kind == msnp::Kind::direct_connection) return {Action::block, "default", question.reason};
  Verdict verdict{Action::allow, "default", question.reason};
  if (msnp::blocked_by_default(question.kind)) {
    verdict.action = source_.fallback;
  } else if (question.reason == msnp::Reason::object_over_size) {
    verdict.action = over_size();
  } else if (question.reason == msnp::Reason::object_wrong_digest) {
    verdict.action = wrong_digest();
  }
  const auto cap = source_.caps.of(question.kind);
  if (verdict.action != Action::block && cap && question.size.value_or(0) > *cap) {
    verdict = {source_.fallback, "default", msnp::Reason::object_too_big};
  }
  return verdict;
}

bool Policy::allows_everything(std::string_view user, std::string_view peer,
                               const boost::asio::ip::address& client) const noexcept {
  if (const auto settled = rules_->settles_everything(user, peer, client)) return *settled;
  return source_.fallback != Action::block;
}

}  // namespace gate
