#include "proxy/reload_scope.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(ReloadScope, WhatAReloadPutsInForceIsNotWarnedOf) {
  Boot file;
  file.listeners.emplace_back();
  file.limits.sessions = 7;
  file.service.watch = true;
  EXPECT_THAT(beyond_reload(Boot{}, file), IsEmpty());
  const Boot next = after_reload(Boot{}, file);
  EXPECT_EQ(next.listeners.size(), 1U);
  EXPECT_EQ(next.limits.sessions, 7U);
  EXPECT_TRUE(next.service.watch);
}

TEST(ReloadScope, WhatTakesMoreIsNamedAndStaysAsItRuns) {
  Boot file;
  file.threads = 4;
  file.audit.path = "elsewhere";
  file.intercept.interfaces = {"eth1"};
  EXPECT_THAT(beyond_reload(Boot{}, file),
              ElementsAre(HasSubstr("threads"), HasSubstr("[audit]"), HasSubstr("rules load")));
  const Boot next = after_reload(Boot{}, file);
  EXPECT_EQ(next.threads, 1U);
  EXPECT_THAT(beyond_reload(next, file), ElementsAre(testing::_, testing::_, testing::_))
      << "it is told of at every reload until the restart";
}

}  // namespace
}  // namespace gate
