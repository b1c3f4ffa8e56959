#include "proxy/policy_store.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace gate {
namespace {

std::shared_ptr<const Policy> policy(std::string revision) {
  Policy::Source source;
  source.revision = std::move(revision);
  return std::make_shared<const Policy>(std::move(source));
}

TEST(PolicyStore, AViewTakesOverWhatWasReplacedAndNothingElse) {
  PolicyStore store(policy("first"));
  PolicyView view(store);
  std::shared_ptr<const Policy> mine;
  view.refresh(mine);
  EXPECT_EQ(mine->revision(), "first");

  const auto kept = mine;
  view.refresh(mine);
  EXPECT_EQ(mine, kept);

  store.replace(policy("second"));
  EXPECT_EQ(mine->revision(), "first") << "nothing changes within an event";
  view.refresh(mine);
  EXPECT_EQ(mine->revision(), "second");
  EXPECT_EQ(kept->revision(), "first") << "whoever still holds the old one can finish with it";
}

TEST(PolicyStore, ThreadsSeeEachReplacementWholeAndInOrder) {
  PolicyStore store(policy("0"));
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&store] {
      PolicyView view(store);
      std::shared_ptr<const Policy> mine;
      int last = -1;
      while (last < 500) {
        view.refresh(mine);
        const int now = std::stoi(std::string(mine->revision()));
        ASSERT_GE(now, last);
        last = now;
      }
    });
  }
  for (int i = 1; i <= 500; ++i) store.replace(policy(std::to_string(i)));
  for (std::thread& reader : readers) reader.join();
}

}  // namespace
}  // namespace gate
