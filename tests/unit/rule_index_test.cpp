#include "proxy/rule_index.hpp"

#include <cstdlib>
#include <ctime>
#include <random>

#include <gtest/gtest.h>

#include "proxy/policy.hpp"
#include "proxy/rule_table.hpp"

namespace {

using gate::Action;
using gate::Group;
using gate::Question;
using gate::Rule;

/// Rules and questions out of few words, so that they meet often.
class Chance {
 public:
  explicit Chance(unsigned seed) : engine_(seed) {}

  std::size_t below(std::size_t most) {
    return std::uniform_int_distribution<std::size_t>(0, most - 1)(engine_);
  }
  bool once_in(std::size_t count) { return below(count) == 0; }
  template <class Items>
  auto one_of(const Items& items) {
    return items[below(std::size(items))];
  }
  template <class Items>
  std::vector<std::string> some_of(const Items& items) {
    std::vector<std::string> chosen;
    do {
      chosen.emplace_back(one_of(items));
    } while (!once_in(3));
    return chosen;
  }

 private:
  std::mt19937 engine_;
};

constexpr std::array accounts{"ann@a.example", "ben@a.example", "cat@b.example", "dan@c.example",
                              "eve@a.example"};
constexpr std::array members{"ann@a.example", "ben@a.example", "cat@b.example",
                             "*@b.example",   "*@c.example",   "*"};
constexpr std::array principals{
    "ann@a.example", "ben@a.example", "dan@c.example", "*@a.example",  "*@b.example", "*",
    "group:g0",      "group:g1",      "group:g2",      "group:nobody", "group:g1"};
constexpr std::array patterns{"*.png",        "*.PNG",      "plan*",   "*a*",        "*",
                              "????",         "[a-c]*.exe", "a",       "plan.*",     "*\xC3\x84*",
                              "\xC3\xA4.doc", "*.ex?",      "r*n.e*e", "*report-17*"};
constexpr std::array names{"plan.png", "plan.doc", "a.exe", "run.exe. ",     "\xC3\x84.DOC",
                           "a",        "",         "bbbb",  "report-17.PNG", "\xFFz\xFE.png"};
constexpr std::array networks{"10.0.0.0/8", "10.1.0.0/16",   "10.1.1.1/32",
                              "0.0.0.0/0",  "2001:db8::/32", "::/0"};
constexpr std::array clients{"10.1.1.1",  "10.1.9.9",    "10.9.9.9",
                             "192.0.2.1", "2001:db8::1", "::ffff:10.1.1.1"};

std::chrono::system_clock::time_point moment(std::size_t step) {
  return std::chrono::system_clock::from_time_t(1'790'000'000) + std::chrono::minutes(step * 37);
}

Rule random_rule(Chance& chance, std::size_t number) {
  Rule rule;
  rule.name = std::to_string(number);
  rule.action = chance.one_of(std::array{Action::allow, Action::block, Action::observe});
  if (chance.once_in(2)) rule.users = chance.some_of(principals);
  if (chance.once_in(2)) rule.peers = chance.some_of(principals);
  if (chance.once_in(4)) {
    for (const std::string& text : chance.some_of(networks)) {
      const auto slash = text.find('/');
      rule.clients.push_back({boost::asio::ip::make_address(text.substr(0, slash)),
                              static_cast<std::uint8_t>(std::stoi(text.substr(slash + 1)))});
    }
  }
  if (chance.once_in(4)) rule.direction = static_cast<msnp::Direction>(chance.below(2));
  while (chance.once_in(2)) rule.kinds.push_back(static_cast<msnp::Kind>(chance.below(msnp::kind_count)));
  if (chance.once_in(3)) rule.names = chance.some_of(patterns);
  if (chance.once_in(4)) rule.max_size = chance.below(200);
  if (chance.once_in(4)) rule.until = moment(chance.below(400));
  while (chance.once_in(4)) {
    const auto from = static_cast<std::uint16_t>(chance.below(24 * 60));
    auto to = static_cast<std::uint16_t>(1 + chance.below(24 * 60));
    if (to == from) ++to;
    rule.when.push_back({static_cast<std::uint8_t>(1 + chance.below(127)), from, to});
  }
  return rule;
}

struct Asked {
  Question question;
  std::vector<std::string> names;
};

Asked random_question(Chance& chance) {
  Asked asked;
  Question& question = asked.question;
  if (!chance.once_in(8)) question.user = chance.one_of(accounts);
  if (!chance.once_in(8)) question.peer = chance.one_of(accounts);
  question.client = boost::asio::ip::make_address(chance.one_of(clients));
  question.direction = static_cast<msnp::Direction>(chance.below(2));
  question.kind = static_cast<msnp::Kind>(chance.below(msnp::kind_count));
  if (!chance.once_in(4)) asked.names = chance.some_of(names);
  question.names = asked.names;
  if (!chance.once_in(4)) question.size = chance.below(220);
  if (chance.once_in(20)) question.size = ~std::uint64_t{0};
  question.at = moment(chance.below(420));
  return asked;
}

/// What the index must agree with: every rule asked, in order.
const Rule* plain_scan(const gate::RuleTable& table, const Question& question) {
  std::optional<gate::LocalMinute> now;
  for (const gate::RuleMatch& match : table.matches()) {
    if (!match.mismatch(question, now)) return &match.rule();
  }
  return nullptr;
}

std::optional<bool> plain_settlement(const gate::RuleTable& table, const Question& question) {
  for (const gate::RuleMatch& match : table.matches()) {
    if (!match.concerns(question.user, question.peer, question.client)) continue;
    if (match.rule().action == Action::block) return false;
    if (match.unconditional()) return true;
  }
  return std::nullopt;
}

TEST(RuleIndex, FindsTheSameRuleAsAskingThemAll) {
  std::size_t decided = 0;
  for (unsigned seed = 0; seed < 400; ++seed) {
    Chance chance(seed);
    std::vector<Group> groups;
    for (const char* const name : {"g0", "g1", "g2"}) groups.push_back({name, chance.some_of(members)});
    std::vector<Rule> rules;
    // Few rules, whole blocks of 64, and more than there are steps for bounds.
    const std::size_t count = chance.one_of(std::array<std::size_t, 5>{1, 7, 64, 65, 300});
    for (std::size_t number = 0; number < count; ++number) rules.push_back(random_rule(chance, number));
    const gate::RuleTable table(groups, rules);
    for (int turn = 0; turn < 60; ++turn) {
      const Asked asked = random_question(chance);
      const Rule* const expected = plain_scan(table, asked.question);
      const Rule* const found = table.first_match(asked.question);
      ASSERT_EQ(found, expected) << "seed " << seed << ", rule " << (expected ? expected->name : "none")
                                 << " but " << (found ? found->name : "none");
      decided += expected != nullptr ? 1 : 0;
      ASSERT_EQ(table.settles_everything(asked.question.user, asked.question.peer, asked.question.client),
                plain_settlement(table, asked.question))
          << "seed " << seed;
    }
  }
  EXPECT_GT(decided, 10'000U);  // else the words are chosen badly
}

TEST(RuleIndex, LeavesFewRulesToAskWhateverTellsThemApart) {
  constexpr std::size_t count = 10'000;
  struct Case {
    const char* what;
    void (*make)(Rule& rule, std::size_t number);
  };
  const auto numbered = [](std::size_t number) { return std::to_string(number); };
  static const auto text = numbered;
  const std::array cases{
      Case{"users", [](Rule& rule, std::size_t number) { rule.users = {"u" + text(number) + "@a.example"}; }},
      Case{"peers", [](Rule& rule, std::size_t number) { rule.peers = {"p" + text(number) + "@a.example"}; }},
      Case{"peers' domains",
           [](Rule& rule, std::size_t number) { rule.peers = {"*@p" + text(number) + ".example"}; }},
      Case{"clients",
           [](Rule& rule, std::size_t number) {
             rule.clients = {
                 {boost::asio::ip::address_v4(static_cast<std::uint32_t>(0x0B000000 + number)), 32}};
           }},
      Case{"names", [](Rule& rule, std::size_t number) { rule.names = {"*-" + text(number) + ".exe"}; }},
      Case{"sizes", [](Rule& rule, std::size_t number) { rule.max_size = number; }},
      Case{"ends",
           [](Rule& rule, std::size_t number) { rule.until = moment(number) - std::chrono::hours(9999); }},
  };
  Question question;
  question.user = "ann@a.example";
  question.peer = "ben@b.example";
  question.client = boost::asio::ip::make_address("10.0.0.1");
  const std::vector<std::string> readings{"holiday.exe"};
  question.names = readings;
  question.size = 9'990;
  question.at = moment(0) + std::chrono::hours(9999);
  for (const Case& one : cases) {
    std::vector<Rule> rules(count);
    for (std::size_t number = 0; number < count; ++number) one.make(rules[number], number);
    const gate::GroupSets none;
    std::vector<gate::RuleMatch> matches;
    for (const Rule& rule : rules) matches.emplace_back(rule, none);
    const std::vector<Group> groups;
    const gate::RuleIndex index(groups, matches);
    std::optional<gate::LocalMinute> now;
    EXPECT_LE(index.candidates(question, now).count(), count / 64 + 1) << one.what;
  }
}

TEST(RuleIndex, TellsHoursApart) {
  std::vector<Rule> rules(7 * 24);
  for (std::size_t hour = 0; hour < rules.size(); ++hour) {
    const auto from = static_cast<std::uint16_t>(hour % 24 * 60);
    rules[hour].when = {
        {static_cast<std::uint8_t>(1U << (hour / 24)), from, static_cast<std::uint16_t>(from + 60)}};
  }
  const gate::GroupSets none;
  std::vector<gate::RuleMatch> matches;
  for (const Rule& rule : rules) matches.emplace_back(rule, none);
  const std::vector<Group> groups;
  const gate::RuleIndex index(groups, matches);
  Question question;
  question.user = "ann@a.example";
  std::optional<gate::LocalMinute> now = gate::LocalMinute{3, 610};
  const gate::RuleBits left = index.candidates(question, now);
  EXPECT_EQ(left.count(), 1U);
  left.each([](std::size_t number) {
    EXPECT_EQ(number, 3U * 24 + 10);
    return false;
  });
}

}  // namespace
