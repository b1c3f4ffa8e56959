// Who may do what: ordered rules, the first match decides (decisions.md 6). A Policy is immutable:
// a reload makes a new one. Judging is a pure function of its arguments.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/ip/address.hpp>

#include "msnp/kind.hpp"
#include "proxy/rule.hpp"
#include "proxy/rule_match.hpp"

namespace gate {

/// Always says which rule decided.
struct Verdict {
  Action action = Action::block;
  /// Name of the rule; "default" when none matched. Lives as long as the policy.
  std::string_view rule;
};

/// Size caps of MSNObjects by kind, in bytes (transfers.md 9).
struct ObjectCaps {
  std::uint64_t display_picture = 100 * 1024;
  std::uint64_t custom_emoticon = 30 * 1024;
  std::uint64_t wink = 256 * 1024;
  std::uint64_t voice_clip = 256 * 1024;
  std::uint64_t background = 1024 * 1024;

  /// The cap of a kind, or nothing for kinds without one.
  [[nodiscard]] std::optional<std::uint64_t> of(msnp::Kind kind) const noexcept;
};

/// `[failure]`: what happens when something is wrong (decisions.md 5).
enum class Cause : std::uint8_t { parse_error, not_msnp, reassembly_limit, memory, audit_write_failed };
inline constexpr std::size_t cause_count = 5;
/// "parse-error", "not-msnp", "reassembly-limit", "memory", "audit-write-failed".
[[nodiscard]] std::string_view name_of(Cause cause) noexcept;

enum class Reaction : std::uint8_t { close, pass, block };
[[nodiscard]] std::string_view name_of(Reaction reaction) noexcept;

class Policy {
 public:
  struct Source {
    Action fallback = Action::block;  // [policy] default
    std::vector<Rule> rules;
    ObjectCaps caps;
    std::array<Reaction, cause_count> failure{Reaction::close, Reaction::close, Reaction::block,
                                              Reaction::close, Reaction::block};
    /// Identifies this policy in audit records: a digest of its text.
    std::string revision;
  };
  explicit Policy(Source source);
  ~Policy() = default;
  Policy(const Policy&) = delete;
  Policy& operator=(const Policy&) = delete;

  /// The first matching rule decides. Without one: `[policy] default` for the kinds blocked by default
  /// (msnp::blocked_by_default), allow for the others.
  [[nodiscard]] Verdict judge(const Question& question) const noexcept;

  /// True when no transfer between these two could be blocked, whatever its kind, name, size, hour and
  /// direction: then nothing needs to be held or kept off direct connections.
  [[nodiscard]] bool allows_everything(std::string_view user, std::string_view peer,
                                       const boost::asio::ip::address& client) const noexcept;

  [[nodiscard]] const ObjectCaps& caps() const noexcept { return source_.caps; }
  [[nodiscard]] Reaction on(Cause cause) const noexcept {
    return source_.failure[static_cast<std::size_t>(cause)];
  }
  [[nodiscard]] std::string_view revision() const noexcept { return source_.revision; }
  [[nodiscard]] const std::vector<Rule>& rules() const noexcept { return source_.rules; }
  [[nodiscard]] Action fallback() const noexcept { return source_.fallback; }

 private:
  const Source source_;                   // `matches_` keeps views into it
  const std::vector<RuleMatch> matches_;  // one for each rule, in order
};

}  // namespace gate
