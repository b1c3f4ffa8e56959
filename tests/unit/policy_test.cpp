#include "proxy/policy.hpp"

#include <cstdlib>
#include <ctime>

#include <gtest/gtest.h>

namespace {

using gate::Action;
using gate::Policy;
using gate::Question;
using gate::Rule;
using msnp::Kind;

boost::asio::ip::address address(const char* text) {
  return boost::asio::ip::make_address(text);
}

/// 2026-11-23 is a Monday. Tests run in the zone they name.
std::chrono::system_clock::time_point local(int month, int day, int hour, int minute, int year = 2026) {
  std::tm when{};
  when.tm_year = year - 1900;
  when.tm_mon = month - 1;
  when.tm_mday = day;
  when.tm_hour = hour;
  when.tm_min = minute;
  when.tm_isdst = -1;
  return std::chrono::system_clock::from_time_t(std::mktime(&when));
}

class Zone {
 public:
  explicit Zone(const char* name) {
    if (const char* const before = std::getenv("TZ")) before_ = before;
    ::setenv("TZ", name, 1);
    ::tzset();
  }
  ~Zone() {
    if (before_) {
      ::setenv("TZ", before_->c_str(), 1);
    } else {
      ::unsetenv("TZ");
    }
    ::tzset();
  }
  Zone(const Zone&) = delete;
  Zone& operator=(const Zone&) = delete;

 private:
  std::optional<std::string> before_;
};

Question file_from_ann() {
  Question question;
  question.user = "ann@corp.example";
  question.peer = "ben@agency.example";
  question.client = address("10.20.1.5");
  question.kind = Kind::file_transfer;
  question.size = 1000;
  question.at = std::chrono::system_clock::from_time_t(1'800'000'000);
  return question;
}

Rule rule(Action action, std::string name = "the rule") {
  Rule one;
  one.name = std::move(name);
  one.action = action;
  return one;
}

Policy::Source source(std::vector<Rule> rules, Action fallback = Action::block) {
  Policy::Source one;
  one.rules = std::move(rules);
  one.fallback = fallback;
  return one;
}

/// True when the rule decides, and not the default.
bool decides(const Rule& one, const Question& question) {
  const Policy policy(source({one}));
  return policy.judge(question).rule != "default";
}

TEST(Policy, WithoutRulesTheDefaultGovernsTheKindsBlockedByDefaultAndTheOthersPass) {
  for (const Action fallback : {Action::block, Action::allow, Action::observe}) {
    const Policy policy(source({}, fallback));
    Question question = file_from_ann();
    for (std::size_t index = 0; index < msnp::kind_count; ++index) {
      question.kind = static_cast<Kind>(index);
      const gate::Verdict verdict = policy.judge(question);
      // Who may not transfer everything has no direct connections.
      const bool governed = msnp::blocked_by_default(question.kind) ||
                            (question.kind == Kind::direct_connection && fallback == Action::block);
      EXPECT_EQ(verdict.action, governed ? fallback : Action::allow) << name_of(question.kind);
      EXPECT_EQ(verdict.rule, "default");
    }
  }
}

TEST(Policy, TheFirstRuleThatMatchesDecides) {
  Rule other = rule(Action::block, "other");
  other.users = {"eve@corp.example"};
  const Policy policy(source({other, rule(Action::observe, "first"), rule(Action::block, "second")}));
  const gate::Verdict verdict = policy.judge(file_from_ann());
  EXPECT_EQ(verdict.action, Action::observe);
  EXPECT_EQ(verdict.rule, "first");
}

TEST(Policy, ARuleBlocksAKindThatPassesByDefault) {
  Rule one = rule(Action::block);
  one.kinds = {Kind::display_picture, Kind::unknown_application};
  Question question = file_from_ann();
  question.kind = Kind::display_picture;
  EXPECT_TRUE(decides(one, question));
  question.kind = Kind::unknown_application;
  EXPECT_TRUE(decides(one, question));
  question.kind = Kind::wink;
  EXPECT_FALSE(decides(one, question));
}

TEST(Policy, UsersAndPeersAreExactAccountsWholeDomainsOrAnybodyKnown) {
  struct Case {
    std::vector<std::string> patterns;
    const char* account;
    bool matches;
  };
  const std::vector<Case> cases{
      {{"ann@corp.example"}, "ann@corp.example", true},
      {{"ann@corp.example"}, "joann@corp.example", false},
      {{"ann@corp.example"}, "ann@corp.example.org", false},
      {{"*@corp.example"}, "ann@corp.example", true},
      {{"*@corp.example"}, "ann@sub.corp.example", false},
      {{"*@corp.example"}, "ann@evilcorp.example", false},
      {{"*@corp.example"}, "corp.example", false},
      {{"*"}, "whoever@any.example", true},
      {{"zoe@corp.example", "*@b.example", "ann@corp.example", "*@a.example"}, "ann@corp.example", true},
      {{"zoe@corp.example", "*@b.example", "ann@corp.example", "*@a.example"}, "x@a.example", true},
      {{"zoe@corp.example", "*@b.example", "ann@corp.example", "*@a.example"}, "x@c.example", false},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.patterns.front() + " and " + one.account);
    Question question = file_from_ann();
    Rule users = rule(Action::allow);
    users.users = one.patterns;
    question.user = one.account;
    EXPECT_EQ(decides(users, question), one.matches);
    Rule peers = rule(Action::allow);
    peers.peers = one.patterns;
    question.user = "ann@corp.example";
    question.peer = one.account;
    EXPECT_EQ(decides(peers, question), one.matches);
  }
}

TEST(Policy, AnEmptyUserNeverMatchesARuleThatNamesUsers) {
  Question question = file_from_ann();
  question.user = {};
  for (const Action action : {Action::allow, Action::block, Action::observe}) {
    for (const char* const pattern : {"*", "*@corp.example", "ann@corp.example"}) {
      Rule one = rule(action);
      one.users = {pattern};
      EXPECT_FALSE(decides(one, question)) << pattern;
    }
    EXPECT_TRUE(decides(rule(action), question));
  }
}

TEST(Policy, AnUnknownPeerIsBlockedByARuleThatNamesPeersAndAllowedByNone) {
  Question question = file_from_ann();
  question.peer = {};
  Rule one = rule(Action::block);
  one.peers = {"eve@agency.example"};
  EXPECT_TRUE(decides(one, question));
  one.action = Action::allow;
  one.peers = {"*"};
  EXPECT_FALSE(decides(one, question));
}

TEST(Policy, ClientsAreNetworksOfEitherFamilyAndMappedAddressesAreIpv4) {
  struct Case {
    const char* network;
    std::uint8_t prefix;
    const char* client;
    bool matches;
  };
  for (const Case& one : std::vector<Case>{{"10.20.0.0", 16, "10.20.255.1", true},
                                           {"10.20.0.0", 16, "10.21.0.1", false},
                                           {"10.20.0.0", 15, "10.21.0.1", true},
                                           {"10.20.1.5", 32, "10.20.1.5", true},
                                           {"10.20.1.5", 32, "10.20.1.4", false},
                                           {"0.0.0.0", 0, "203.0.113.9", true},
                                           {"0.0.0.0", 0, "2001:db8::1", false},
                                           {"10.20.0.0", 16, "::ffff:10.20.3.4", true},
                                           {"2001:db8::", 33, "2001:db8:7fff::1", true},
                                           {"2001:db8::", 33, "2001:db8:8000::1", false},
                                           {"::", 0, "2001:db8::1", true},
                                           {"::", 0, "::ffff:10.0.0.1", false}}) {
    Rule networked = rule(Action::allow);
    networked.clients = {{address(one.network), one.prefix}};
    Question question = file_from_ann();
    question.client = address(one.client);
    EXPECT_EQ(decides(networked, question), one.matches)
        << one.network << '/' << +one.prefix << ' ' << one.client;
  }
}

TEST(Policy, DirectionIsSeenFromTheLocalUser) {
  Rule sending = rule(Action::allow);
  sending.direction = msnp::Direction::to_server;
  Question question = file_from_ann();
  EXPECT_TRUE(decides(sending, question));
  question.direction = msnp::Direction::to_client;
  EXPECT_FALSE(decides(sending, question));
}

TEST(Policy, AllowNeedsEveryReadingOfTheNameToMatchAndBlockNeedsOne) {
  Rule allow = rule(Action::allow);
  allow.names = {"*.png", "*.jpg"};
  Rule observe = allow;
  observe.action = Action::observe;
  Rule block = allow;
  block.action = Action::block;
  struct Case {
    std::vector<std::string> readings;
    bool allowed;
    bool blocked;
  };
  for (const Case& one : std::vector<Case>{{{"a.png"}, true, true},
                                           {{"a.png", "b.jpg"}, true, true},
                                           {{"a.png", "a.exe"}, false, true},
                                           {{"a.exe", "a.png"}, false, true},
                                           {{"a.exe"}, false, false},
                                           {{}, false, true},
                                           {{""}, false, false}}) {
    Question question = file_from_ann();
    question.names = one.readings;
    EXPECT_EQ(decides(allow, question), one.allowed);
    EXPECT_EQ(decides(observe, question), one.allowed);
    EXPECT_EQ(decides(block, question), one.blocked);
  }
}

TEST(Policy, ANameCountsAsWindowsSavesItToo) {
  Rule block = rule(Action::block);
  block.names = {"*.exe"};
  Rule allow = rule(Action::allow);
  allow.names = {"*.txt", "*.txt. "};
  Question question = file_from_ann();
  for (const char* const spelled : {"run.exe", "run.exe.", "run.exe ", "run.exe. . ."}) {
    const std::vector<std::string> names{spelled};
    question.names = names;
    EXPECT_TRUE(decides(block, question)) << spelled;
  }
  const std::vector<std::string> plain{"a.txt. "};
  question.names = plain;
  EXPECT_TRUE(decides(allow, question));
  allow.names = {"* "};
  const std::vector<std::string> hidden{"run.exe "};
  question.names = hidden;
  EXPECT_FALSE(decides(allow, question));
}

TEST(Policy, MaxSizeBoundsTheRuleAndAnUnknownSizeNeverHelpsTheSender) {
  Rule allow = rule(Action::allow);
  allow.max_size = 100;
  Rule block = allow;
  block.action = Action::block;
  Question question = file_from_ann();
  question.size = 100;
  EXPECT_TRUE(decides(allow, question));
  EXPECT_TRUE(decides(block, question));
  question.size = 101;
  EXPECT_FALSE(decides(allow, question));
  EXPECT_FALSE(decides(block, question));
  question.size = ~std::uint64_t{0};
  EXPECT_FALSE(decides(allow, question));
  question.size = std::nullopt;
  EXPECT_FALSE(decides(allow, question));
  EXPECT_TRUE(decides(block, question));
}

TEST(Policy, WhenIsTheGatewaysLocalTimeFromIncludedToExcluded) {
  const Zone zone("Europe/Berlin");
  Rule office = rule(Action::allow);
  office.when = {Rule::Window{0x1F, 8 * 60, 18 * 60}};
  Question question = file_from_ann();
  const auto at = [&](int day, int hour, int minute) {
    question.at = local(11, day, hour, minute);
    return decides(office, question);
  };
  EXPECT_FALSE(at(23, 7, 59));
  EXPECT_TRUE(at(23, 8, 0));
  EXPECT_TRUE(at(27, 17, 59));
  EXPECT_FALSE(at(27, 18, 0));
  EXPECT_FALSE(at(28, 12, 0));
  EXPECT_FALSE(at(29, 12, 0));
  // 07:30 UTC is 08:30 in a Berlin winter and 09:30 in its summer.
  question.at = std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + std::chrono::minutes(7 * 60 + 30);
  EXPECT_TRUE(decides(office, question));
  question.at = std::chrono::sys_days(std::chrono::year(2026) / 7 / 20) + std::chrono::minutes(6 * 60 + 30);
  EXPECT_TRUE(decides(office, question));
  question.at -= std::chrono::minutes(31);
  EXPECT_FALSE(decides(office, question));
}

TEST(Policy, AWindowOverMidnightBelongsToTheDayItBeginsOn) {
  const Zone zone("Europe/Berlin");
  Rule night = rule(Action::allow);
  night.when = {Rule::Window{1U << 4U, 22 * 60, 6 * 60}};  // Friday
  Question question = file_from_ann();
  const auto at = [&](int day, int hour) {
    question.at = local(11, day, hour, 0);
    return decides(night, question);
  };
  EXPECT_FALSE(at(27, 5));
  EXPECT_FALSE(at(27, 21));
  EXPECT_TRUE(at(27, 22));
  EXPECT_TRUE(at(28, 5));
  EXPECT_FALSE(at(28, 6));
  EXPECT_FALSE(at(28, 22));
  night.when = {Rule::Window{1U << 6U, 22 * 60, 6 * 60}};  // Sunday night ends on a Monday
  EXPECT_TRUE(at(23, 3));
  EXPECT_FALSE(at(24, 3));
}

/// Whole UTC minutes, told apart from local ones.
std::chrono::system_clock::time_point utc(int month, int day, int hour, int minute) {
  return std::chrono::sys_days(std::chrono::year(2026) / month / day) +
         std::chrono::minutes(hour * 60 + minute);
}

TEST(Policy, InTheNightAnHourIsSkippedAWindowLosesItAndEndsByTheClock) {
  const Zone zone("Europe/Berlin");  // 2026-03-29: 02:00 becomes 03:00 at 01:00 UTC
  Rule night = rule(Action::allow);
  night.when = {Rule::Window{1U << 5U, 22 * 60, 6 * 60}};  // Saturday
  Rule skipped = rule(Action::allow);
  skipped.when = {Rule::Window{0x7F, 2 * 60, 3 * 60}};
  Rule sunday = rule(Action::allow);
  sunday.when = {Rule::Window{1U << 6U, 3 * 60, 4 * 60}};
  Question question = file_from_ann();
  question.at = utc(3, 29, 0, 59);  // 01:59
  EXPECT_TRUE(decides(night, question));
  EXPECT_FALSE(decides(sunday, question));
  question.at = utc(3, 29, 1, 0);  // 03:00
  EXPECT_TRUE(decides(night, question));
  EXPECT_TRUE(decides(sunday, question));
  question.at = utc(3, 29, 3, 59);  // 05:59
  EXPECT_TRUE(decides(night, question));
  question.at = utc(3, 29, 4, 0);  // 06:00: seven hours after it began
  EXPECT_FALSE(decides(night, question));
  for (int minute = 0; minute < 180; ++minute) {  // 00:00 to 03:59: there is no 02:xx
    question.at = utc(3, 28, 23, 0) + std::chrono::minutes(minute);
    EXPECT_FALSE(decides(skipped, question)) << minute;
  }
}

TEST(Policy, InTheNightAnHourComesTwiceAWindowHoldsBothTimes) {
  const Zone zone("Europe/Berlin");  // 2026-10-25: 03:00 becomes 02:00 at 01:00 UTC
  Rule night = rule(Action::allow);
  night.when = {Rule::Window{1U << 5U, 22 * 60, 6 * 60}};  // Saturday
  Rule twice = rule(Action::allow);
  twice.when = {Rule::Window{1U << 6U, 2 * 60 + 15, 2 * 60 + 45}};
  Question question = file_from_ann();
  int minutes = 0;
  for (int minute = 0; minute < 240; ++minute) {  // 01:00 to 03:59, with 02:xx twice
    question.at = utc(10, 24, 23, 0) + std::chrono::minutes(minute);
    minutes += decides(twice, question) ? 1 : 0;
    EXPECT_TRUE(decides(night, question)) << minute;
  }
  EXPECT_EQ(minutes, 60);
  question.at = utc(10, 25, 4, 59);  // 05:59
  EXPECT_TRUE(decides(night, question));
  question.at = utc(10, 25, 5, 0);  // 06:00: nine hours after it began
  EXPECT_FALSE(decides(night, question));
}

TEST(Policy, OneOfSeveralWindowsIsEnough) {
  const Zone zone("Europe/Berlin");
  Rule hours = rule(Action::allow);
  hours.when = {Rule::Window{0x1F, 8 * 60, 12 * 60}, Rule::Window{0x1F, 13 * 60, 17 * 60}};
  Question question = file_from_ann();
  const auto at = [&](int hour) {
    question.at = local(11, 23, hour, 0);
    return decides(hours, question);
  };
  EXPECT_TRUE(at(8));
  EXPECT_FALSE(at(12));
  EXPECT_TRUE(at(13));
  EXPECT_FALSE(at(17));
}

TEST(Policy, FromUntilOnARuleNeverMatches) {
  Rule one = rule(Action::allow);
  Question question = file_from_ann();
  one.until = question.at + std::chrono::seconds(1);
  EXPECT_TRUE(decides(one, question));
  one.until = question.at;
  EXPECT_FALSE(decides(one, question));
}

bool everything(const Policy::Source& from) {
  const Policy policy(from);
  return policy.allows_everything("ann@corp.example", "ben@agency.example", address("10.20.1.5"));
}

TEST(Policy, AllowsEverythingOnlyWhenNoRuleAndNoDefaultCouldBlock) {
  EXPECT_FALSE(everything(source({})));
  EXPECT_TRUE(everything(source({}, Action::allow)));
  EXPECT_TRUE(everything(source({}, Action::observe)));
  EXPECT_TRUE(everything(source({rule(Action::allow)})));
  EXPECT_TRUE(everything(source({rule(Action::allow), rule(Action::block, "late")})));
  EXPECT_FALSE(everything(source({rule(Action::block), rule(Action::allow, "late")}, Action::allow)));

  Rule others = rule(Action::block, "others");
  others.users = {"eve@corp.example"};
  EXPECT_TRUE(everything(source({others}, Action::allow)));
  Rule elsewhere = rule(Action::block, "elsewhere");
  elsewhere.clients = {{address("10.30.0.0"), 16}};
  EXPECT_TRUE(everything(source({elsewhere}, Action::allow)));
}

TEST(Policy, AnyConditionKeepsARuleFromAllowingEverythingAndABlockWithAnyConditionPreventsIt) {
  std::vector<Rule> conditional(8, rule(Action::allow));
  conditional[7].kinds = {Kind::direct_connection};
  conditional[0].kinds = {Kind::file_transfer};
  conditional[1].names = {"*"};
  conditional[2].max_size = 1;
  conditional[3].when = {Rule::Window{}};
  conditional[4].until = std::chrono::system_clock::time_point::max();
  conditional[5].direction = msnp::Direction::to_server;
  conditional[6].peers = {"eve@agency.example"};
  for (std::size_t index = 0; index < conditional.size(); ++index) {
    SCOPED_TRACE(index);
    Rule one = conditional[index];
    EXPECT_FALSE(everything(source({one})));
    EXPECT_TRUE(everything(source({one, rule(Action::allow, "late")})));
    one.action = Action::block;
    if (one.peers.empty()) {
      EXPECT_FALSE(everything(source({one}, Action::allow)));
    }
  }
}

TEST(Policy, NobodyKnownIsNeverAllowedEverythingByARuleThatNamesUsersOrPeers) {
  Rule one = rule(Action::allow);
  one.users = {"*"};
  const Policy users(source({one}));
  EXPECT_FALSE(users.allows_everything({}, "ben@agency.example", address("10.20.1.5")));
  one.users.clear();
  one.peers = {"*"};
  const Policy peers(source({one}));
  EXPECT_FALSE(peers.allows_everything("ann@corp.example", {}, address("10.20.1.5")));
  one.action = Action::block;
  one.peers = {"eve@agency.example"};
  const Policy blocking(source({one}, Action::allow));
  EXPECT_FALSE(blocking.allows_everything("ann@corp.example", {}, address("10.20.1.5")));
}

TEST(Policy, AllowsEverythingNeverContradictsJudge) {
  // Every combination of a few rules and a few questions.
  std::vector<Rule> stock(5, rule(Action::allow));
  stock[1].kinds = {Kind::file_transfer};
  stock[2].users = {"ann@corp.example"};
  stock[3].names = {"*.png"};
  stock[4].direction = msnp::Direction::to_client;
  const std::vector<std::string> names{"a.png"};
  for (std::size_t code = 0; code < 15 * 15 * 3; ++code) {
    Rule first = stock[code % 5];
    first.action = static_cast<Action>(code / 5 % 3);
    Rule second = stock[code / 15 % 5];
    second.action = static_cast<Action>(code / 75 % 3);
    const Policy policy(source({first, second}, static_cast<Action>(code / 225)));
    for (const char* const user : {"", "ann@corp.example", "eve@corp.example"}) {
      if (!policy.allows_everything(user, "ben@agency.example", address("10.20.1.5"))) continue;
      for (std::size_t way = 0; way < 2 * 2 * msnp::kind_count; ++way) {
        Question question = file_from_ann();
        question.user = user;
        question.direction = static_cast<msnp::Direction>(way % 2);
        if (way / 2 % 2 != 0) question.names = names;
        question.kind = static_cast<Kind>(way / 4);
        EXPECT_NE(policy.judge(question).action, Action::block) << code;
      }
    }
  }
}

Question direct_connection_of_ann() {
  Question question = file_from_ann();
  question.kind = Kind::direct_connection;
  question.reason = msnp::Reason::transport;
  question.size.reset();
  return question;
}

TEST(Policy, ADirectConnectionIsForThoseWhoMayTransferEverything) {
  EXPECT_EQ(Policy(source({})).judge(direct_connection_of_ann()).action, Action::block);
  for (const Action action : {Action::allow, Action::observe}) {
    for (const Policy::Source& open : {source({}, action), source({rule(action)})}) {
      const Policy policy(open);
      const gate::Verdict verdict = policy.judge(direct_connection_of_ann());
      EXPECT_EQ(verdict.action, Action::allow);
      EXPECT_EQ(verdict.rule, "default");
      EXPECT_EQ(verdict.reason, msnp::Reason::transport);
    }
  }
}

TEST(Policy, OneThingThatMayBeBlockedClosesDirectConnections) {
  Rule one = rule(Action::block);
  one.kinds = {Kind::voice};
  const Policy policy(source({one}, Action::allow));
  const gate::Verdict verdict = policy.judge(direct_connection_of_ann());
  EXPECT_EQ(verdict.action, Action::block);
  EXPECT_EQ(verdict.rule, "default");
}

TEST(Policy, OnlyARuleThatNamesDirectConnectionsOpensThem) {
  for (const Action action : {Action::allow, Action::observe}) {
    // Neither of these speaks of everything, and neither of direct connections.
    Rule sending = rule(action, "sending");
    sending.direction = msnp::Direction::to_server;
    Rule files = rule(action, "files");
    files.kinds = {Kind::file_transfer};
    EXPECT_EQ(Policy(source({sending, files})).judge(direct_connection_of_ann()).action, Action::block);

    Rule direct = rule(action, "direct");
    direct.kinds = {Kind::file_transfer, Kind::direct_connection};
    const Policy policy(source({sending, files, direct}));
    const gate::Verdict verdict = policy.judge(direct_connection_of_ann());
    EXPECT_EQ(verdict.action, action);
    EXPECT_EQ(verdict.rule, "direct");
    Question from_another = direct_connection_of_ann();
    direct.users = {"eve@corp.example"};
    EXPECT_EQ(Policy(source({direct})).judge(from_another).action, Action::block);
  }
}

TEST(Policy, ARuleBlocksDirectConnectionsNamedOrNot) {
  Rule one = rule(Action::block);
  one.direction = msnp::Direction::to_server;
  Rule direct = rule(Action::allow, "direct");
  direct.kinds = {Kind::direct_connection};
  for (const std::vector<Kind>& kinds : {std::vector<Kind>{}, {Kind::direct_connection}}) {
    one.kinds = kinds;
    const Policy policy(source({one, direct}, Action::allow));
    EXPECT_EQ(policy.judge(direct_connection_of_ann()).rule, "the rule");
    EXPECT_EQ(policy.judge(direct_connection_of_ann()).action, Action::block);
    EXPECT_FALSE(policy.allows_everything("ann@corp.example", "ben@agency.example", address("10.20.1.5")));
  }
}

Question picture_of_ann(msnp::Reason reason) {
  Question question = file_from_ann();
  question.kind = Kind::display_picture;
  question.reason = reason;
  return question;
}

TEST(Policy, BytesThatAreNotWhatWasAnnouncedAreDecidedByTheirSettings) {
  for (const Action setting : {Action::allow, Action::block, Action::observe}) {
    for (const Action fallback : {Action::allow, Action::block, Action::observe}) {
      Policy::Source one = source({}, fallback);
      one.over_size = setting;
      one.wrong_digest = Action::allow;
      const Action expected = setting == Action::block ? fallback : setting;
      const auto over_size = Policy(one).judge(picture_of_ann(msnp::Reason::object_over_size));
      EXPECT_EQ(over_size.action, expected);
      EXPECT_EQ(over_size.reason, msnp::Reason::object_over_size);
      std::swap(one.over_size, one.wrong_digest);
      EXPECT_EQ(Policy(one).judge(picture_of_ann(msnp::Reason::object_wrong_digest)).action, expected);
      EXPECT_EQ(Policy(one).judge(picture_of_ann(msnp::Reason::object_over_size)).action, Action::allow);
      EXPECT_EQ(Policy(one).judge(picture_of_ann(msnp::Reason::offer)).action, Action::allow);
    }
  }
}

TEST(Policy, ARuleDecidesBeforeTheSettingsForObjects) {
  for (const msnp::Reason reason : {msnp::Reason::object_over_size, msnp::Reason::object_wrong_digest}) {
    Rule one = rule(Action::allow);
    one.kinds = {Kind::display_picture};
    Policy::Source open = source({one});
    open.wrong_digest = Action::block;
    EXPECT_EQ(Policy(open).judge(picture_of_ann(reason)).action, Action::allow);
    EXPECT_EQ(Policy(open).judge(picture_of_ann(reason)).rule, "the rule");
    one.action = Action::block;
    Policy::Source closed = source({one});
    closed.over_size = Action::allow;
    EXPECT_EQ(Policy(closed).judge(picture_of_ann(reason)).action, Action::block);
    one.kinds = {Kind::wink};
    EXPECT_EQ(Policy(source({one})).judge(picture_of_ann(reason)).rule, "default");
  }
}

TEST(Policy, NoSettingForObjectsLiftsTheCap) {
  Policy::Source one = source({});
  one.over_size = Action::allow;
  Question question = picture_of_ann(msnp::Reason::object_over_size);
  question.size = one.caps.display_picture + 1;
  const gate::Verdict verdict = Policy(one).judge(question);
  EXPECT_EQ(verdict.action, Action::block);
  EXPECT_EQ(verdict.reason, msnp::Reason::object_too_big);
}

TEST(Policy, HandwritingHasACapLikeAPicture) {
  const Policy policy(source({}));
  Question question = file_from_ann();
  question.kind = Kind::ink;
  question.size = 64 * 1024;
  EXPECT_EQ(policy.judge(question).action, Action::allow);
  ++*question.size;
  EXPECT_EQ(policy.judge(question).action, Action::block);
  EXPECT_EQ(policy.judge(question).reason, msnp::Reason::object_too_big);
  EXPECT_EQ(Policy(source({}, Action::observe)).judge(question).action, Action::observe);
}

TEST(Policy, EveryPolicyHasASerialOfItsOwn) {
  const Policy one(source({}));
  const Policy other(source({}));
  EXPECT_NE(one.serial(), other.serial());
}

TEST(ObjectCaps, OnlyMsnObjectsAndHandwritingHaveOne) {
  const gate::ObjectCaps caps;
  EXPECT_EQ(caps.of(Kind::ink), 64U * 1024);
  EXPECT_EQ(caps.of(Kind::display_picture), 100U * 1024);
  EXPECT_EQ(caps.of(Kind::custom_emoticon), 30U * 1024);
  EXPECT_EQ(caps.of(Kind::wink), 256U * 1024);
  EXPECT_EQ(caps.of(Kind::voice_clip), 256U * 1024);
  EXPECT_EQ(caps.of(Kind::background), 1024U * 1024);
  EXPECT_EQ(caps.of(Kind::file_transfer), std::nullopt);
}

}  // namespace
