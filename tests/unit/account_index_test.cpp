#include "proxy/account_index.hpp"

#include <deque>

#include <gtest/gtest.h>

namespace {

using gate::AccountIndex;
using gate::Group;
using Numbers = std::vector<std::size_t>;

class Accounts : public testing::Test {
 protected:
  Numbers found(std::string_view account) const {
    gate::RuleBits bits(100);
    index.add_to(bits, account);
    Numbers numbers;
    bits.each([&](std::size_t number) {
      numbers.push_back(number);
      return false;
    });
    return numbers;
  }

  /// The index keeps views into the patterns.
  void add(std::size_t rule, std::vector<std::string> patterns, bool if_unknown = false) {
    index.add(rule, kept.emplace_back(std::move(patterns)), if_unknown);
  }

  std::deque<std::vector<std::string>> kept;
  std::vector<Group> groups{{"staff", {"ann@a.example", "*@b.example"}}, {"all", {"*"}}};
  gate::Memberships memberships = gate::memberships_of(groups);
  AccountIndex index{groups, memberships};
};

TEST_F(Accounts, AreFoundByThemselvesByDomainByGroupAndAsAnybody) {
  add(0, {"ann@a.example"});
  add(1, {"*@a.example"});
  add(2, {"group:staff"});
  add(3, {"*"});
  add(4, {});
  add(5, {"group:all"});
  add(70, {"eve@a.example", "ann@a.example"});
  EXPECT_EQ(found("ann@a.example"), (Numbers{0, 1, 2, 3, 4, 5, 70}));
  EXPECT_EQ(found("ben@a.example"), (Numbers{1, 3, 4, 5}));
  EXPECT_EQ(found("ben@b.example"), (Numbers{2, 3, 4, 5}));
  EXPECT_EQ(found("no address"), (Numbers{3, 4, 5}));
}

TEST_F(Accounts, ThatAreNotKnownFitRulesThatNameNobodyAndThoseThatSaySo) {
  add(0, {"*"});
  add(1, {"ann@a.example"}, true);
  add(2, {});
  EXPECT_EQ(found(""), (Numbers{1, 2}));
}

TEST_F(Accounts, SelectNothingWhileNoRuleNamesAny) {
  add(0, {});
  EXPECT_FALSE(index.selects());
  add(1, {"*"});
  EXPECT_TRUE(index.selects());
}

TEST_F(Accounts, OfAGroupThatIsNotThereAreNone) {
  add(0, {"group:nobody"});
  EXPECT_EQ(found("ann@a.example"), Numbers{});
}

}  // namespace
