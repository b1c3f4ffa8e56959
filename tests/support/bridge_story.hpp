// The setting of most tests about P2P v2: alice behind the gate, bob outside, one of them offers.
#pragma once

#include <gtest/gtest.h>

#include <ostream>
#include <string>

#include "tests/support/bridged_rig.hpp"
#include "tests/support/invitations.hpp"

namespace gate::test {

inline constexpr std::string_view alice_end = "alice@example.com;{a1a1a1a1-0001-4001-8001-0123456789ab}";
inline constexpr std::string_view bob_end = "bob@example.org;{b2b2b2b2-0002-4002-8002-ba9876543210}";

/// Who offers, and where both begin to count.
struct Setting {
  msnp::Direction offered = {};
  std::uint32_t alice = 0;
  std::uint32_t bob = 0;
};
inline std::ostream& operator<<(std::ostream& out, const Setting& setting) {
  return out << (setting.offered == msnp::Direction::to_server ? "alice from " : "bob, alice from ")
             << setting.alice << ", bob from " << setting.bob;
}

/// Both ways, in the middle of the numbers and where they wrap around or change their sign.
inline auto every_setting() {
  using msnp::Direction;
  return testing::Values(Setting{Direction::to_server, 1'029'053'810, 50'000},
                         Setting{Direction::to_client, 50'000, 1'029'053'810},
                         Setting{Direction::to_server, 0xFFFFFE00, 0xFFFFFF80},
                         Setting{Direction::to_client, 0xFFFFFFFF, 0xFFFFFC18},
                         Setting{Direction::to_server, 0x7FFFFF00, 0},
                         Setting{Direction::to_client, 0xFFFFFFF0, 0x7FFFFF80});
}

inline std::shared_ptr<const Policy> policy_by(msnp::RefusalMode mode) {
  Policy::Source source;
  source.fallback = Action::block;
  source.refusal_mode = mode;
  source.revision = "test";
  return std::make_shared<const Policy>(std::move(source));
}

/// Files called *.txt are allowed, everything else as usual.
inline std::shared_ptr<const Policy> policy_that_allows_texts() {
  Rule rule;
  rule.name = "texts";
  rule.action = Action::allow;
  rule.kinds = {msnp::Kind::file_transfer};
  rule.names = {"*.txt"};
  return policy_with(Action::block, {rule});
}

struct BridgeStory {
  explicit BridgeStory(const Setting& setting, std::shared_ptr<const Policy> policy,
                       Carriage carriage = Carriage::messages)
      : way(setting.offered),
        alice(name(alice_end, carriage), name(bob_end, carriage), setting.alice),
        bob(name(bob_end, carriage), name(alice_end, carriage), setting.bob),
        offerer(way == msnp::Direction::to_server ? alice : bob),
        other(way == msnp::Direction::to_server ? bob : alice),
        rig(std::move(policy), carriage) {
    rig.join(alice, bob);
  }

  static std::string name(std::string_view end, Carriage carriage) {
    std::string named(end);
    if (carriage == Carriage::datagrams) named = "1:" + named.replace(named.find(';'), 1, ";epid=");
    return named;
  }

  /// A call that the end `from` makes.
  [[nodiscard]] Call call(const BridgeEnd& from, int number) const {
    Call call{std::string(alice_end), std::string(bob_end), {}, std::to_string(7000 + number)};
    if (&from == &bob) std::swap(call.from, call.to);
    call.call_id = "{10000000-0000-4000-8000-" + std::to_string(100'000'000'000 + number) + "}";
    return call;
  }
  [[nodiscard]] std::string file(const BridgeEnd& from, int number,
                                 std::u16string_view name = u"a.exe") const {
    return slp_file_offer(call(from, number), name, 3000);
  }
  [[nodiscard]] std::string picture(const BridgeEnd& from, int number, std::size_t padding = 0) const {
    const std::string object = "<msnobj Size=\"3000\" Type=\"3\"/>" + std::string(padding, ' ');
    return slp_invite(call(from, number), object_guid, base64(object));
  }

  /// What a refused call is answered with.
  [[nodiscard]] std::string decline(const BridgeEnd& from, int number) const {
    std::string text = slp_status(call(from, number), "603 Decline");
    return text.replace(text.find("Content-Length: 22"), 18, "Content-Length: 20");
  }

  /// Both have spoken: a picture was asked for and declined.
  void warm_up() {
    rig.say(offerer, {.data = picture(offerer, 1), .opens = true});
    rig.say(other, {.data = decline(offerer, 1), .urgent = true});
    offerer.heard.clear();
    other.heard.clear();
    for (auto& frames : rig.left) frames.clear();
  }
  /// `asking` gets a picture of 3000 bytes.
  void fetch_picture(BridgeEnd& asking, BridgeEnd& giving, int number) {
    const std::string invitation = picture(asking, number, 700);
    const std::string accepted = slp_status(call(asking, number), "200 OK");
    const std::string data(3000, 'p');
    const auto session = static_cast<std::uint32_t>(7000 + number);
    rig.say(asking, {.data = invitation, .urgent = true});
    rig.say(giving, {.data = accepted, .urgent = true});
    rig.say(giving, {.data = std::string(4, '\0'), .session = session});
    rig.say(giving, {.data = data, .session = session, .kind = 4, .urgent = true});
    const std::string bye =
        slp_request(call(asking, number), "BYE", "application/x-msnmsgr-sessionclosebody", "");
    rig.say(asking, {.data = bye, .urgent = true});
    ASSERT_GE(giving.heard.size(), 2U);
    EXPECT_EQ(giving.heard[giving.heard.size() - 2].data, invitation);
    EXPECT_EQ(giving.latest().data, bye);
    ASSERT_GE(asking.heard.size(), 3U);
    EXPECT_EQ(asking.heard[asking.heard.size() - 3].data, accepted);
    EXPECT_EQ(asking.latest().data, data);
  }
  void expect_no_complaints() const {
    for (const std::string& complaint : rig.complaints()) ADD_FAILURE() << complaint;
  }
  [[nodiscard]] std::size_t refusals() const {
    std::size_t refusals = 0;
    for (const AuditEvent& event : rig.rig.audit.events) {
      refusals += event.event == AuditKind::transfer && event.action == Action::block;
    }
    return refusals;
  }

  msnp::Direction way;
  BridgeEnd alice, bob;
  BridgeEnd& offerer;
  BridgeEnd& other;
  BridgedRig rig;
};

/// What takes the place of an offer: words that nobody understands, or none at all.
[[nodiscard]] inline bool says_nothing(std::string_view data) {
  const std::string_view rest =
      data.substr(data.starts_with("NONE MSNMSGR:") ? data.find("\r\n\r\n") + 4 : 0);
  return rest.find_first_not_of('\0') == std::string_view::npos;
}

}  // namespace gate::test
