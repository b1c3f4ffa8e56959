#include "proxy/policy.hpp"

#include <gtest/gtest.h>

#include "tests/support/policy_questions.hpp"

namespace {

using namespace support;

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
