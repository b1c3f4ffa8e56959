// What passes costs no memory: of chat, typing and notices every frame, of a session that was let through
// every package. Counted, not timed.
#include "proxy/filter.hpp"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "tests/support/allocations.hpp"
#include "tests/support/filter_rig.hpp"
#include "tests/support/invitations.hpp"

namespace gate::test {
namespace {

using msnp::Direction;

constexpr std::string_view me = "alice@example.com";
constexpr std::string_view peer = "bob@example.org";

std::string mime(std::string_view type, std::string_view body) {
  return "MIME-Version: 1.0\r\nContent-Type: " + std::string(type) + "\r\n\r\n" + std::string(body);
}

/// Allocations while `bytes` pass a second time: the first may make room that is kept.
std::uint64_t taken_by(FilterRig& rig, Direction direction, std::string_view bytes) {
  msnp::Output out;
  std::uint64_t taken = 0;
  for (int time = 0; time < 3; ++time) {
    out.clear();
    const std::uint64_t before = allocations();
    const Filter::Result result = rig.filter->feed(direction, msnp::as_bytes(bytes), out, {});
    taken = allocations() - before;
    EXPECT_EQ(result.consumed, bytes.size());
    EXPECT_EQ(out.size(direction), bytes.size()) << "it passes untouched";
    EXPECT_EQ(out.slices(direction).size(), 1U) << "as one piece";
  }
  return taken;
}

TEST(FilterAllocations, ArePossibleToCount) {
  const std::uint64_t before = allocations();
  const std::string text(100, 'x');
  EXPECT_GT(allocations(), before) << text.size();
}

TEST(FilterAllocations, AreNoneForMessagesThatPass) {
  FilterRig rig(policy_with(Action::block));
  rig.enter_switchboard(me, {std::string(peer)});
  for (const auto& [type, body] :
       {std::pair{"text/plain; charset=UTF-8", "hello"},
        std::pair{"text/plain; charset=UTF-8\r\nX-MMS-IM-Format: FN=Arial; EF=; CO=0",
                  "\xC3\xA4 long message, longer than any string keeps in itself"},
        std::pair{"text/x-msmsgscontrol\r\nTypingUser: alice@example.com", "\r\n"},
        std::pair{"text/x-msnmsgr-datacast", "ID: 1\r\n\r\n"},
        std::pair{"text/x-clientcaps", "Client-Name: Pidgin/2.14.14\r\n"},
        std::pair{"text/x-keepalive", ""}}) {
    const std::string payload = mime(type, body);
    std::string sent;
    std::string received;
    for (int i = 10; i < 30; ++i) {
      sent += message_to_server(std::to_string(i), 'A', payload);
      received += message_to_client(peer, "Bob%20of%20the%20agency%20and%20his%20long%20name", payload);
    }
    EXPECT_EQ(taken_by(rig, Direction::to_server, sent), 0U) << type;
    EXPECT_EQ(taken_by(rig, Direction::to_client, received), 0U) << type;
  }
}

TEST(FilterAllocations, AreNoneForLinesThatPass) {
  FilterRig rig(policy_with(Action::block));
  rig.sign_in(me);
  EXPECT_EQ(taken_by(rig, Direction::to_server, "PNG\r\nCHG 10 NLN 0\r\nUUX 11 3\r\nabc"), 0U);
  EXPECT_EQ(taken_by(rig, Direction::to_client,
                     "QNG 50\r\nNLN NLN bob@example.org Bob%20Builders 2788999228\r\n"
                     "UBX bob@example.org 3\r\nabcFLN bob@example.org\r\n"),
            0U);
}

/// Packages of a file that goes the way of the offer: 20 of a transfer that has begun and does not end here.
std::string file_data(Direction direction, std::uint32_t id) {
  const std::string data(1202, 'x');
  std::string frames;
  for (std::uint32_t i = 10; i < 30; ++i) {
    const Package package{.session = id,
                          .identifier = 856'874'665,
                          .offset = std::uint64_t{i} * data.size(),
                          .total = 10'000'000'000,
                          .length = static_cast<std::uint32_t>(data.size()),
                          .flags = 0x01000030,
                          .ack_session = 0x1289EAE6,
                          .data = data};
    const std::string payload = p2p_block(v1_package(package));
    frames += direction == Direction::to_server ? message_to_server(std::to_string(i), 'D', payload)
                                                : message_to_client(peer, "Bob", payload);
  }
  return frames;
}

TEST(FilterAllocations, AreNoneForPackagesOfAFileThatWasLetThrough) {
  for (const Direction direction : {Direction::to_server, Direction::to_client}) {
    Rule rule;
    rule.name = "files";
    rule.action = Action::allow;
    FilterRig rig(policy_with(Action::block, {rule}));
    rig.enter_switchboard(me, {std::string(peer)});
    const std::string offer = p2p_block(v1_package(whole(7, slp_file_offer({}))));
    rig.feed(direction, direction == Direction::to_server ? message_to_server("9", 'D', offer)
                                                          : message_to_client(peer, "Bob", offer));
    ASSERT_FALSE(rig.sent(direction).empty());
    EXPECT_EQ(taken_by(rig, direction, file_data(direction, 7001)), 0U);
  }
}

TEST(FilterAllocations, AreNoneForPackagesOfAPicture) {
  FilterRig rig(policy_with(Action::block));
  rig.enter_switchboard(me, {std::string(peer)});
  const std::string object =
      R"(<msnobj Creator="alice@example.com" Size="60000" Type="3" Location="a" Friendly="AAA=" )"
      R"(SHA1D="kNgmTjv+Pejh62t/9TpIHdtMRuo="/>)";
  const std::string offer = slp_invite({.from = std::string(peer), .to = std::string(me)}, object_guid,
                                       "AppID: 1\r\nContext: " + base64(object));
  rig.from_server(message_to_client(peer, "Bob", p2p_block(v1_package(whole(7, offer)))));
  const std::string data(1202, 'x');
  msnp::Output out;
  for (std::uint32_t i = 0; i < 40; ++i) {
    const Package package{.session = 7001,
                          .identifier = 856'874'665,
                          .offset = std::uint64_t{i} * data.size(),
                          .total = 60'000,
                          .length = static_cast<std::uint32_t>(data.size()),
                          .flags = 0x20,
                          .ack_session = 0x1289EAE6,
                          .data = data};
    const std::string frame = message_to_server(std::to_string(10 + i), 'D', p2p_block(v1_package(package)));
    out.clear();
    const std::uint64_t before = allocations();
    const Filter::Result result = rig.filter->feed(Direction::to_server, msnp::as_bytes(frame), out, {});
    const std::uint64_t taken = allocations() - before;
    EXPECT_EQ(result.consumed, frame.size());
    EXPECT_EQ(out.size(Direction::to_server), frame.size());
    // The first package finds what watches the object.
    if (i > 0) {
      EXPECT_EQ(taken, 0U) << i;
    }
  }
}

}  // namespace
}  // namespace gate::test
