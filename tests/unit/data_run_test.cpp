// A run of packages that are alike passes at once. Whatever stands between them must be decided as if every
// frame came alone.
#include "msnp/data_run.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/invitations.hpp"
#include "tests/support/message_runs.hpp"

namespace gate::test {
namespace {

using msnp::Direction;

constexpr std::uint32_t allowed = 7001;
constexpr std::uint32_t refused = 7002;

Package data_package(std::uint64_t offset, std::uint32_t session = allowed) {
  const std::string data(1202, 'x');
  return {.session = session,
          .identifier = 856'874'665,
          .offset = offset,
          .total = 10'000'000'000,
          .length = static_cast<std::uint32_t>(data.size()),
          .flags = 0x01000030,
          .ack_session = 0x1289EAE6,
          .data = data};
}

std::string frame(Direction direction, const std::string& payload, const std::string& transaction = "17") {
  return message_in(direction, 'D', payload, transaction);
}

std::string data_frame(Direction direction, std::uint64_t offset, std::uint32_t session = allowed) {
  return frame(direction, p2p_block(v1_package(data_package(offset, session))),
               std::to_string(9 + offset / 1202));
}

std::size_t extent(Direction direction, const std::string& first, const std::string& rest) {
  return extent_of_run(direction, first, rest, [&](const msnp::Frame& decoded) {
    const std::size_t header = msnp::as_text(decoded.payload).find("\r\n\r\n") + 4;
    return msnp::DataRun(direction, decoded, header);
  });
}

TEST(DataRun, GoesOnWhileOnlyTransactionAndOffsetDiffer) {
  for (const Direction direction : directions) {
    std::string rest;
    for (std::uint64_t i = 0; i < 200; ++i) rest += data_frame(direction, i * 1202);
    EXPECT_EQ(extent(direction, data_frame(direction, 0), rest), rest.size());
  }
}

TEST(DataRun, EndsBeforeAFrameThatIsNotWhole) {
  for (const Direction direction : directions) {
    const std::string one = data_frame(direction, 0);
    for (std::size_t size = 0; size < one.size(); ++size) {
      ASSERT_EQ(extent(direction, one, one + one.substr(0, size)), one.size()) << size;
    }
  }
}

TEST(DataRun, EndsAtAnyOtherByteInFrontOfTheData) {
  const auto data = static_cast<std::ptrdiff_t>(1202 + 4);
  for (const Direction direction : directions) {
    const std::string one = data_frame(direction, 1202);
    const auto front = static_cast<std::size_t>(static_cast<std::ptrdiff_t>(one.size()) - data);
    const std::size_t offset = front - 48 + 8;
    for (std::size_t at = 0; at < front; ++at) {
      std::string other = one;
      other[at] = static_cast<char>(other[at] ^ 0x15);  // of a digit it makes none
      const bool free = at >= offset && at < offset + 8;
      EXPECT_EQ(extent(direction, one, other), free ? one.size() : 0) << at;
    }
  }
}

TEST(DataRun, TakesATransactionAsTheDecoderDoes) {
  const std::string payload = p2p_block(v1_package(data_package(0)));
  const std::string one = message_to_server("17", 'D', payload);
  for (const auto& [transaction, like] :
       {std::pair{"9", true}, std::pair{"4294967295", true}, std::pair{"0000000017", true},
        std::pair{"00000000017", false}, std::pair{"", false}, std::pair{"1x", false},
        std::pair{" 1", false}}) {
    const std::string other = message_to_server(transaction, 'D', payload);
    EXPECT_EQ(extent(Direction::to_server, one, other), like ? other.size() : 0) << transaction;
  }
  const std::string from_peer = message_to_client("1:bob@example.org", "Bob", payload);
  const std::string from_other = message_to_client("2:bob@example.org", "Bob", payload);
  EXPECT_EQ(extent(Direction::to_client, from_peer, from_other), 0U) << "digits of a name are no transaction";
}

struct Between {
  std::string_view what;
  std::string bytes;
  bool stopped;
};

/// What may come between two packages of a file that was let through.
std::vector<Between> odd_ones(Direction direction) {
  const auto with = [&](auto change) {
    Package package = data_package(2404);
    change(package);
    return frame(direction, p2p_block(v1_package(package)));
  };
  const bool to_server = direction == Direction::to_server;
  const Call other{.from = std::string(to_server ? me : peer),
                   .to = std::string(to_server ? peer : me),
                   .call_id = "{20000000-0000-4000-8000-000000000002}",
                   .session_id = "7003"};
  const std::string offer = slp_file_offer(other, u"b.exe");
  return {
      {"data of a refused session", data_frame(direction, 2404, refused), true},
      {"data of a session that nobody knows", data_frame(direction, 2404, 7999), true},
      {"an offer", frame(direction, p2p_block(v1_package(whole(99, offer)))), true},
      {"the beginning of an offer",
       frame(direction, p2p_block(v1_package(cut(99, offer, offer.size() / 2).front()))), true},
      {"an offer inside the session", with([&](Package& package) {
         package.identifier = 77;
         package.flags = 0;
         package.total = package.length = static_cast<std::uint32_t>(offer.size());
         package.offset = 0;
         package.data = offer;
       }),
       true},
      {"a classic offer",
       frame(direction,
             classic_block("Application-Name: File Transfer\r\nApplication-GUID: "
                           "{5D3E02AB-6190-11d3-BBBB-00C04F795683}\r\nInvitation-Command: INVITE\r\n"
                           "Invitation-Cookie: 33267\r\nApplication-File: b.exe\r\n"
                           "Application-FileSize: 12\r\n")),
       true},
      {"a last package, shorter", with([](Package& package) {
         package.data.resize(100);
         package.length = 100;
       }),
       false},
      {"another number", with([](Package& package) { ++package.identifier; }), false},
      {"chat", frame(direction, mime_block("text/plain; charset=UTF-8", "hello")), false},
      {"an acknowledgement", with([](Package& package) {
         package.data.clear();
         package.flags = 2;
         package.length = 0;
       }),
       false},
  };
}

std::unique_ptr<FilterRig> switchboard_with_a_file(Direction direction, bool also_refused = false) {
  Rule rule;
  rule.name = "texts";
  rule.action = Action::allow;
  rule.kinds = {msnp::Kind::file_transfer};
  rule.names = {"*.txt"};
  auto rig = std::make_unique<FilterRig>(policy_with(Action::block, {rule}));
  rig->enter_switchboard(me, {std::string(peer)});
  const bool to_server = direction == Direction::to_server;
  Call call{.from = std::string(to_server ? me : peer), .to = std::string(to_server ? peer : me)};
  rig->feed(direction, frame(direction, p2p_block(v1_package(whole(7, slp_file_offer(call))))));
  EXPECT_FALSE(rig->sent(direction).empty()) << "the text may pass";
  if (also_refused) {
    call.call_id = "{30000000-0000-4000-8000-000000000003}";
    call.session_id = std::to_string(refused);
    rig->feed(direction, frame(direction, p2p_block(v1_package(whole(8, slp_file_offer(call, u"c.exe"))))));
    EXPECT_TRUE(rig->sent(direction).empty()) << "the program may not";
    (void)rig->sent(msnp::opposite(direction));
  }
  return rig;
}

TEST(DataRun, WhatStandsBetweenIsDecidedAsIfItCameAlone) {
  for (const Direction direction : directions) {
    for (const Between& odd : odd_ones(direction)) {
      std::vector<std::string> frames;
      for (const std::uint64_t i : {0U, 1U, 2U}) frames.push_back(data_frame(direction, i * 1202));
      frames.push_back(odd.bytes);
      for (const std::uint64_t i : {3U, 4U, 5U}) frames.push_back(data_frame(direction, i * 1202));
      const auto together = switchboard_with_a_file(direction, true);
      const auto alone = switchboard_with_a_file(direction, true);
      const std::size_t all = feed_both(direction, frames, *together, *alone);
      const std::string sent = together->sent(direction);
      EXPECT_EQ(sent, alone->sent(direction)) << odd.what;
      EXPECT_EQ(sent.size(), all - (odd.stopped ? odd.bytes.size() : 0)) << odd.what;
      EXPECT_EQ(together->audit.events.size(), alone->audit.events.size()) << odd.what;
    }
  }
}

/// Fed at once and one by one: the same leaves, and it is not all.
void expect_stopped_alike(const std::vector<std::string>& frames) {
  const auto together = switchboard_with_a_file(Direction::to_server);
  const auto alone = switchboard_with_a_file(Direction::to_server);
  const std::size_t all = feed_both(Direction::to_server, frames, *together, *alone);
  const std::string sent = together->to_server();
  EXPECT_EQ(sent, alone->to_server());
  EXPECT_LT(sent.size(), all);
}

TEST(DataRun, IsNoneOfTexts) {
  // msnp11 reads what is no data of a session as a text, and each package alone.
  const std::string offer = slp_file_offer({.session_id = "7003"}, u"b.exe");
  std::vector<std::string> frames;
  for (const std::string& text : {std::string(offer.size(), 'x'), offer}) {
    Package package = whole(77, text);
    package.session = allowed;
    frames.push_back(frame(Direction::to_server, p2p_block(v1_package(package))));
  }
  expect_stopped_alike(frames);
}

TEST(DataRun, IsNoneOfATextThatDataGoesOnWith) {
  // For libpurple the flags of the first package count.
  std::string offer = slp_file_offer({.session_id = "7003"}, u"b.exe");
  constexpr std::size_t pieces = 30;
  offer.resize((offer.size() / pieces + 1) * pieces, '\0');
  std::vector<std::string> frames;
  for (Package& package : cut(78, offer, offer.size() / pieces)) {
    package.session = allowed;
    package.flags = frames.empty() ? 0 : 0x01000030;
    frames.push_back(frame(Direction::to_server, p2p_block(v1_package(package))));
  }
  expect_stopped_alike(frames);
}

}  // namespace
}  // namespace gate::test
