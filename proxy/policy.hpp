// Who may do what: ordered rules, the first match decides (decisions.md 6). A Policy is immutable:
// a reload makes a new one. Judging is a pure function of its arguments.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/ip/address.hpp>

#include "msnp/judge.hpp"
#include "msnp/kind.hpp"
#include "proxy/grant_table.hpp"
#include "proxy/notice.hpp"
#include "proxy/rule.hpp"
#include "proxy/rule_hits.hpp"
#include "proxy/rule_table.hpp"

namespace gate {

/// Always says which rule decided.
struct Verdict {
  Action action = Action::block;
  /// Name of the rule; "default" when none matched. Lives as long as the policy.
  std::string_view rule;
  /// That of the question, or object_too_big where the size cap decided.
  msnp::Reason reason = msnp::Reason::offer;
  /// The grant that allows it, to be claimed if it is for one transfer. Lives as long as the policy.
  const Grant* grant = nullptr;
};

/// Size caps by kind, in bytes (transfers.md 9): of one MSNObject, or of one piece of handwriting.
struct ObjectCaps {
  std::uint64_t display_picture = 100 * 1024;
  std::uint64_t custom_emoticon = 30 * 1024;
  std::uint64_t wink = 256 * 1024;
  std::uint64_t voice_clip = 256 * 1024;
  std::uint64_t background = 1024 * 1024;
  std::uint64_t ink = 64 * 1024;

  /// The cap of a kind, or nothing for kinds without one.
  [[nodiscard]] std::optional<std::uint64_t> of(msnp::Kind kind) const noexcept;
};

/// `[failure]`: what happens when something is wrong (decisions.md 5).
enum class Cause : std::uint8_t {
  parse_error,
  not_msnp,
  http_ambiguous,
  reassembly_limit,
  memory,
  audit_write_failed,
  unfollowed,
};
inline constexpr std::size_t cause_count = 7;
/// "parse-error", "not-msnp", "http-ambiguous", "reassembly-limit", "memory", "audit-write-failed",
/// "unfollowed".
[[nodiscard]] std::string_view name_of(Cause cause) noexcept;

enum class Reaction : std::uint8_t { close, pass, block };
[[nodiscard]] std::string_view name_of(Reaction reaction) noexcept;

/// "tombstone", "withhold".
[[nodiscard]] std::string_view name_of(msnp::RefusalMode mode) noexcept;

class Policy {
 public:
  struct Source {
    Action fallback = Action::block;  // [policy] default
    std::vector<Group> groups;
    std::vector<Rule> rules;
    ObjectCaps caps;
    Action over_size = Action::block;                               // [objects] over_size
    Action wrong_digest = Action::observe;                          // [objects] wrong_digest
    msnp::RefusalMode refusal_mode = msnp::RefusalMode::tombstone;  // [refusal] p2p_v2
    std::array<Reaction, cause_count> failure{Reaction::close, Reaction::close, Reaction::close,
                                              Reaction::block, Reaction::close, Reaction::block,
                                              Reaction::block};
    NoticeSettings notice;
    /// Identifies this policy in audit records: a digest of its text.
    std::string revision;
  };
  explicit Policy(Source source);
  /// The same policy with these grants in place of those it has.
  [[nodiscard]] std::shared_ptr<const Policy> with_grants(std::vector<Grant> grants) const;
  ~Policy() = default;
  Policy(const Policy&) = delete;
  Policy& operator=(const Policy&) = delete;

  /// The first matching grant, then the first matching rule decides. Without one: `[policy] default` for the
  /// kinds blocked by default (msnp::blocked_by_default) and for what is over its size cap, `[objects]` for
  /// bytes that are not what was announced, allow for the rest.
  ///
  /// A direct connection carries every later offer past the gateway (transfers.md 8.3): it is allowed to
  /// those for whom `allows_everything` holds, or by a rule that names the kind; to nobody else.
  [[nodiscard]] Verdict judge(const Question& question) const noexcept;

  /// True when no transfer between these two could be blocked, whatever its kind, name, size, hour and
  /// direction: then nothing needs to be held or kept off direct connections.
  [[nodiscard]] bool allows_everything(std::string_view user, std::string_view peer,
                                       const boost::asio::ip::address& client) const noexcept;

  [[nodiscard]] const ObjectCaps& caps() const noexcept { return source_.caps; }
  /// What happens without a rule to an MSNObject of more bytes, or of other bytes, than it was announced
  /// with. Where the file says block it is treated as a file: `[policy] default` decides.
  [[nodiscard]] Action over_size() const noexcept { return as_of_a_file(source_.over_size); }
  [[nodiscard]] Action wrong_digest() const noexcept { return as_of_a_file(source_.wrong_digest); }
  [[nodiscard]] Reaction on(Cause cause) const noexcept {
    return source_.failure[static_cast<std::size_t>(cause)];
  }
  [[nodiscard]] msnp::RefusalMode refusal_mode() const noexcept { return source_.refusal_mode; }
  [[nodiscard]] const NoticeSettings& notice() const noexcept { return source_.notice; }
  /// Another number for every policy made in this process.
  [[nodiscard]] std::uint64_t serial() const noexcept { return serial_; }
  [[nodiscard]] std::string_view revision() const noexcept { return source_.revision; }
  [[nodiscard]] const std::vector<Rule>& rules() const noexcept { return rules_->rules(); }
  [[nodiscard]] const std::vector<Group>& groups() const noexcept { return rules_->groups(); }
  /// The rules one by one, for explaining.
  [[nodiscard]] const std::vector<RuleMatch>& matches() const noexcept { return rules_->matches(); }
  /// How often each rule decided. Whoever acts on a verdict counts it.
  [[nodiscard]] const RuleHits& hits() const noexcept { return *hits_; }
  [[nodiscard]] const std::vector<Grant>& grants() const noexcept { return grants_.grants(); }
  [[nodiscard]] Action fallback() const noexcept { return source_.fallback; }

 private:
  [[nodiscard]] Verdict judge_by_default(const Question& question) const noexcept;
  [[nodiscard]] Action as_of_a_file(Action action) const noexcept {
    return action == Action::block ? source_.fallback : action;
  }

  Policy(const Policy& other, std::vector<Grant> grants);

  Source source_;                                 // without groups and rules, which `rules_` has
  const std::shared_ptr<const RuleTable> rules_;  // shared by policies that differ in grants only
  const GrantTable grants_;
  const std::shared_ptr<const RuleHits> hits_;  // shared in the same way
  const std::uint64_t serial_;
};

}  // namespace gate
