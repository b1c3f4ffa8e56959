// Objects that were let through and what then flows under their name (transfers.md 9).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/filter_rig.hpp"
#include "tests/support/invitations.hpp"
#include "tests/support/transfer_chat.hpp"
#include "tests/support/transfer_vectors.hpp"
#include "tests/support/v2_speaker.hpp"

namespace {

using namespace gate::test;
using gate::Action;
using gate::AuditKind;
using msnp::Direction;
using msnp::Kind;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::shared_ptr<const gate::Policy> objects(Action over_size, Action wrong_digest) {
  gate::Policy::Source source;
  source.over_size = over_size;
  source.wrong_digest = wrong_digest;
  return std::make_shared<const gate::Policy>(std::move(source));
}
const std::string picture = "GIF89a, and more of a small picture";
const std::string other_picture(picture.rbegin(), picture.rend());

using Objects = TransferChat;

TEST_F(Objects, MoreOfAnObjectThanAnnouncedIsAsThePolicySays) {
  const std::string more = picture + picture;
  std::uint32_t session = 7000;
  for (const Action action : {Action::block, Action::observe, Action::allow}) {
    const Call call = call_of(std::to_string(++session));
    rig.shared.policy = objects(action, Action::allow);
    expect_passes(up(whole(session, object_request(call, picture))), Direction::to_server);
    if (action != Action::block) {
      expect_passes_down(data(session, more, 20));
      EXPECT_EQ(events().size(), action == Action::observe ? 1U : 0U);
      continue;
    }
    for (const Package& one : data(session, more, 20)) {
      EXPECT_THAT(through(down(one), Direction::to_client), Not(HasSubstr("GIF89a")));
    }
    EXPECT_EQ(said_in(rig.to_server()).size(), 1U) << "BYE";
    const auto told = events();
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].event, AuditKind::object);
    EXPECT_EQ(told[0].kind, Kind::display_picture);
    EXPECT_EQ(told[0].reason, "object-over-size");
    EXPECT_EQ(told[0].answer, "BYE to both");
  }
}

TEST_F(Objects, AnObjectThatIsStoppedIsStoppedFromEverybodyWhoWasAskedForIt) {
  rig.from_server("JOI carol@example.org Carol\r\n");
  (void)rig.to_client();
  rig.shared.policy = objects(Action::block, Action::allow);
  const std::uint32_t session = 7050;
  expect_passes(up(whole(session, object_request(call_of("7050"), picture))), Direction::to_server);
  const auto more = data(session, picture + picture, 20);
  for (const Package& one : more) (void)through(down(one), Direction::to_client);
  ASSERT_EQ(events().size(), 1U) << "bob's is over its size";
  for (const Package& one : more) {
    const std::string frame = message_to_client("carol@example.org", "Carol", p2p_block(v1_package(one)));
    EXPECT_EQ(through(frame, Direction::to_client), "") << "one session, whoever speaks in it";
  }
}

TEST_F(Objects, OtherBytesOfAnObjectThanAnnouncedPassAndAreToldUnlessThePolicySaysOtherwise) {
  std::uint32_t session = 7100;
  for (const auto& [policy, told_as] : {std::pair{policy_with(Action::block), Action::observe},
                                        {objects(Action::block, Action::block), Action::block}}) {
    const Call call = call_of(std::to_string(++session));
    rig.shared.policy = policy;
    expect_passes(up(whole(session, object_request(call, picture))), Direction::to_server);
    const auto packages = data(session, other_picture, 20);
    expect_passes_down({packages[0]});
    EXPECT_TRUE(events().empty());
    const std::string last = down(packages[1]);
    const std::string arrived = through(last, Direction::to_client);
    if (told_as == Action::observe) {
      EXPECT_EQ(arrived, last);
      expect_passes_down(data(session, other_picture, 20));
    } else {
      ASSERT_EQ(said_in(arrived).size(), 1U);
      EXPECT_THAT(said_in(arrived)[0].text, StartsWith("BYE "));
    }
    const auto told = events();
    ASSERT_EQ(told.size(), 1U) << "once";
    EXPECT_EQ(told[0].action, told_as);
    EXPECT_EQ(told[0].reason, "object-wrong-digest");
  }
}

TEST_F(Objects, WhoMaySendFilesMaySendMoreThanAnnounced) {
  gate::Policy::Source source;
  source.fallback = Action::allow;
  source.over_size = source.wrong_digest = Action::block;
  rig.shared.policy = std::make_shared<const gate::Policy>(std::move(source));
  expect_passes(up(whole(5, object_request(call_of("7001"), picture))), Direction::to_server);
  expect_passes_down(data(7001, other_picture + picture, 20));
}

TEST_F(Objects, EveryKindOfObjectHasItsOwnCap) {
  const gate::ObjectCaps caps;
  const std::tuple<int, Kind, std::uint64_t> kinds[] = {{3, Kind::display_picture, caps.display_picture},
                                                        {2, Kind::custom_emoticon, caps.custom_emoticon},
                                                        {8, Kind::wink, caps.wink},
                                                        {11, Kind::voice_clip, caps.voice_clip},
                                                        {5, Kind::background, caps.background}};
  std::uint32_t session = 7200;
  for (const auto& [type, kind, cap] : kinds) {
    const Call at_cap = call_of(std::to_string(++session));
    expect_passes(up(whole(session, object_request(at_cap, cap, type))), Direction::to_server);
    const Call over = call_of(std::to_string(++session));
    EXPECT_EQ(through(up(whole(session, object_request(over, cap + 1, type)))), "");
    EXPECT_THAT(rig.to_client(), HasSubstr("603 Decline"));
    EXPECT_EQ(
        through(down(whole(session, object_request(from_bob(over), cap + 1, type))), Direction::to_client),
        "");
    (void)rig.to_server();
    const auto told = events();
    ASSERT_EQ(told.size(), 2U) << msnp::name_of(kind);
    EXPECT_EQ(told[0].kind, kind);
    EXPECT_EQ(told[0].reason, "object-too-big");
    EXPECT_EQ(told[0].event, AuditKind::object);
  }
  EXPECT_EQ(through(up(whole(1, object_request(call_of("7301"), 10, 4)))), "");
  EXPECT_EQ(events().at(0).reason, "object-type");
}

TEST_F(Objects, InkOverItsCapIsToldOnceAndLaterInkPassesAgain) {
  const std::string large(gate::ObjectCaps{}.ink + 1, 'i'), small(3'000, 'i');
  expect_passes_up(data(64, small));
  for (const Package& one : data(64, large)) EXPECT_EQ(through(up(one)), "");
  const auto told = events();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].event, AuditKind::object);
  EXPECT_EQ(told[0].kind, Kind::ink);
  EXPECT_EQ(told[0].reason, "object-too-big");
  EXPECT_EQ(told[0].file->size, large.size());
  expect_passes_up(data(64, small));
  EXPECT_TRUE(events().empty());
}

TEST_F(Objects, InkOverItsCapIsToldOnceWhatTheOtherSideDraws) {
  const std::string large(gate::ObjectCaps{}.ink + 1, 'i'), small(3'000, 'i');
  expect_passes_up(data(64, small));
  for (const Package& one : data(64, large)) EXPECT_EQ(through(down(one), Direction::to_client), "");
  EXPECT_EQ(events().size(), 1U);
  expect_passes_up(data(64, small));
  expect_passes_down(data(64, small));
}

TEST_F(Objects, PicturesOfTheVectorsAreAsAnnounced) {
  for (const char* const id :
       {"p11-display-picture", "p12-display-picture-serve", "p13-emoticon", "q09-display-picture"}) {
    rig.shared.policy = objects(Action::block, Action::block);
    for (const auto& frame : transfer_vector(id).frames) expect_passes(frame.bytes, frame.direction);
    EXPECT_TRUE(events().empty()) << id;
  }
}

TEST_F(Objects, TwoEmoticonsOverOneBridgeAreWatchedApart) {
  rig.shared.policy = objects(Action::block, Action::block);
  open_bridge();
  expect_passes(alice.says(object_request(call_of("7001"), picture, 2)), Direction::to_server);
  expect_passes(alice.says(object_request(call_of("7002"), other_picture + "x", 2)), Direction::to_server);
  for (const bool right : {true, false}) {
    const auto one = bob.says(picture, {7001, object_type, 10, false});
    const auto two = bob.says(right ? other_picture + "x" : picture + "x", {7002, object_type, 10, false});
    std::string arrived, sent;
    for (std::size_t i = 0; i < one.size(); ++i) {
      for (const std::string& frame : {one[i], two[i]}) {
        arrived += through(frame, Direction::to_client);
        sent += frame;
      }
    }
    if (right) {
      EXPECT_EQ(arrived, sent);
      EXPECT_TRUE(events().empty());
      continue;
    }
    EXPECT_THAT(arrived, HasSubstr("BYE MSNMSGR:alice@example.com"));
    const auto told = events();
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].reason, "object-wrong-digest");
    EXPECT_EQ(told[0].call->session_id, "7002");
  }
}

/// Unseeded clients give both users the same SessionIDs: alice fetches bob's picture, and bob hers.
class SameSession : public TransferChat, public testing::WithParamInterface<bool> {};

TEST_P(SameSession, OnBothSidesIsWatchedForEach) {
  rig.shared.policy = objects(Action::block, Action::block);
  const std::string bobs = picture + picture, alices = other_picture;
  Call bob_asks = from_bob(call_of("7002"));
  bob_asks.session_id = "7001";
  const auto alice_asks_now = [&] {
    expect_passes(up(whole(5, object_request(call_of("7001"), bobs))), Direction::to_server);
  };
  if (GetParam()) alice_asks_now();
  expect_passes(down(whole(6, object_request(bob_asks, alices))), Direction::to_client);
  if (!GetParam()) alice_asks_now();
  expect_passes_down(data(7001, bobs, 20));
  expect_passes_up(data(7001, alices, 20));
  EXPECT_EQ(events().size(), 0U);
}

INSTANTIATE_TEST_SUITE_P(Pictures, SameSession, testing::Bool(),
                         [](const auto& one) { return one.param ? "AliceAsksFirst" : "BobAsksFirst"; });

}  // namespace
