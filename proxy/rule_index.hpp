// Finds the few rules that may match a question among thousands, without asking each: every condition leaves
// a set of rules over, and only what is in all of them is asked. A set may hold too many rules, never too
// few; RuleMatch has the last word.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

#include <boost/asio/ip/address.hpp>

#include "proxy/account_index.hpp"
#include "proxy/bound_index.hpp"
#include "proxy/name_index.hpp"
#include "proxy/rule_match.hpp"
#include "proxy/rule_set.hpp"

namespace gate {

class RuleIndex {
 public:
  /// Keeps views into `groups` and the rules of `matches`, at most `most_rules`.
  RuleIndex(const std::vector<Group>& groups, const std::vector<RuleMatch>& matches);
  ~RuleIndex() = default;
  RuleIndex(const RuleIndex&) = delete;
  RuleIndex& operator=(const RuleIndex&) = delete;

  /// The rules that may match. `now` as with RuleMatch.
  [[nodiscard]] RuleBits candidates(const Question& question, std::optional<LocalMinute>& now) const noexcept;

  /// The rules that may settle for all that passes between these two whether it passes: those that block,
  /// and those without a condition.
  [[nodiscard]] RuleBits settling(std::string_view user, std::string_view peer,
                                  const boost::asio::ip::address& client) const noexcept;

 private:
  static constexpr std::size_t hours_a_week = 7 * 24;
  /// A network as a key: family, prefix, address.
  using NetworkKey = std::array<std::uint8_t, 18>;

  [[nodiscard]] static NetworkKey key_of(const Rule::Network& network);
  void add_hours(std::size_t number, const std::vector<Rule::Window>& windows);
  void add_clients_to(RuleBits& bits, const boost::asio::ip::address& client) const noexcept;
  void add_sizes_to(RuleBits& bits, std::optional<std::uint64_t> size) const noexcept;

  std::size_t count_;
  Memberships memberships_;
  AccountIndex users_;
  AccountIndex peers_;
  std::array<std::array<RuleSet, msnp::kind_count>, 2> kinds_;  // by direction
  std::map<NetworkKey, RuleSet> networks_;
  std::vector<Rule::Network> prefixes_;  // one for each family and length in use; addresses mean nothing
  RuleSet any_client_;
  NameIndex names_;
  BoundIndex sizes_;
  RuleSet any_size_;  // also when it is not known
  BoundIndex ends_;
  std::array<RuleSet, hours_a_week> hours_;
  bool tells_hours_ = false;
  RuleSet settling_;
};

}  // namespace gate
