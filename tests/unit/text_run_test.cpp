// A run of messages that are alike passes at once. Whatever stands between them must be decided as if every
// frame came alone.
#include "msnp/text_run.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "msnp/mime.hpp"
#include "tests/support/invitations.hpp"
#include "tests/support/message_runs.hpp"

namespace gate::test {
namespace {

using msnp::Direction;

std::string block() {
  return "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\nX-MMS-IM-Format: FN=Arial; EF=; "
         "CO=0; CS=0; PF=0\r\n\r\n";
}

std::string frame(Direction direction, const std::string& payload, const std::string& transaction = "17") {
  return message_in(direction, 'A', payload, transaction);
}

std::string chat(Direction direction, const std::string& text, const std::string& transaction = "17") {
  return frame(direction, block() + text, transaction);
}

std::size_t extent(Direction direction, const std::string& first, const std::string& rest,
                   std::size_t most = 1664) {
  return extent_of_run(direction, first, rest, [&](const msnp::Frame& decoded) {
    const msnp::MimeBlock read = msnp::read_mime(decoded.payload);
    EXPECT_TRUE(read.canonical);
    return msnp::TextRun(direction, decoded, read.bodies().front(), most);
  });
}

TEST(TextRun, GoesOnWhileOnlyTransactionLengthAndTextDiffer) {
  for (const Direction direction : directions) {
    std::string rest;
    for (std::size_t i = 0; i < 200; ++i)
      rest += chat(direction, std::string(i, 'x') + "\r\n\r\nMSG 1 A 5\r\n", std::to_string(5 + i));
    EXPECT_EQ(extent(direction, chat(direction, "hello"), rest), rest.size());
    EXPECT_EQ(extent(direction, chat(direction, ""), rest), rest.size());
  }
}

TEST(TextRun, EndsBeforeAFrameThatIsNotWhole) {
  for (const Direction direction : directions) {
    const std::string one = chat(direction, "hello");
    for (std::size_t size = 0; size < one.size(); ++size) {
      ASSERT_EQ(extent(direction, one, one + one.substr(0, size)), one.size()) << size;
    }
  }
}

TEST(TextRun, EndsAtAnyOtherByteInFrontOfTheText) {
  for (const Direction direction : directions) {
    const std::string one = chat(direction, "hello");
    const std::size_t front = one.size() - 5;
    for (std::size_t at = 0; at < front; ++at) {
      std::string other = one;
      other[at] = static_cast<char>(other[at] ^ 0x15);  // of a digit it makes none
      EXPECT_EQ(extent(direction, one, other + one), 0U) << at;
    }
    for (std::size_t at = front; at < one.size(); ++at) {
      std::string other = one;
      other[at] = static_cast<char>(other[at] ^ 0x15);
      EXPECT_EQ(extent(direction, one, other), one.size()) << at;
    }
  }
}

TEST(TextRun, TakesATransactionAsTheDecoderDoes) {
  const std::string one = chat(Direction::to_server, "hello");
  for (const auto& [transaction, like] :
       {std::pair{"9", true}, std::pair{"4294967295", true}, std::pair{"0000000017", true},
        std::pair{"00000000017", false}, std::pair{"", false}, std::pair{"1x", false},
        std::pair{" 1", false}}) {
    const std::string other = chat(Direction::to_server, "hello", transaction);
    EXPECT_EQ(extent(Direction::to_server, one, other), like ? other.size() : 0) << transaction;
  }
}

TEST(TextRun, TakesALengthAsTheDecoderDoes) {
  for (const Direction direction : directions) {
    const std::string one = chat(direction, "hello");
    const std::string front = direction == Direction::to_server ? "MSG 17 A " : "MSG bob@example.org Bob ";
    const std::string payload = block() + std::string(3000, 'x');
    const std::size_t size = block().size();
    const auto with = [&](const std::string& length) {
      return extent(direction, one, front + length + "\r\n" + payload);
    };
    const std::string usual = std::to_string(size + 5);
    EXPECT_EQ(with(usual), front.size() + usual.size() + 2 + size + 5);
    EXPECT_NE(with(std::to_string(size)), 0U) << "without a text";
    EXPECT_EQ(with(std::to_string(size - 1)), 0U) << "the block is not its own";
    EXPECT_NE(with("1664"), 0U);
    EXPECT_EQ(with("1665"), 0U) << "too long";
    for (const std::string& other : {"0" + usual, "+" + usual, usual + " ", " " + usual, std::string(),
                                     std::string("0"), std::string("00000000") + usual, usual + "\r"}) {
      EXPECT_EQ(with(other), 0U) << other;
    }
    EXPECT_EQ(extent(direction, one, front + usual + "\n" + payload), 0U) << "another line end";
  }
}

struct Between {
  std::string_view what;
  std::string bytes;
  bool stopped;
};

/// What may come between two messages.
std::vector<Between> odd_ones(Direction direction) {
  const bool to_server = direction == Direction::to_server;
  const Call call{.from = std::string(to_server ? me : peer), .to = std::string(to_server ? peer : me)};
  const std::string package = v1_package(whole(99, slp_file_offer(call, u"b.exe")));
  const std::string classic =
      "Application-Name: File Transfer\r\nApplication-GUID: {5D3E02AB-6190-11d3-BBBB-00C04F795683}\r\n"
      "Invitation-Command: INVITE\r\nInvitation-Cookie: 33267\r\nApplication-File: b.exe\r\n"
      "Application-FileSize: 12\r\n";
  std::string invitation = classic_block(classic);
  // As long as the others' block and no longer, so that only what stands in it tells them apart.
  std::string disguised = block();
  disguised.replace(disguised.find("text/plain; charset=UTF-8"), 25, "text/x-msmsgsinvite; a=bc");
  return {
      {"an offer", frame(direction, p2p_block(package)), true},
      {"a classic offer", frame(direction, invitation), true},
      {"a classic offer as long as a message", frame(direction, disguised + classic), true},
      {"an offer behind a block of its own within the text", chat(direction, invitation), false},
      {"typing", frame(direction, mime_block("text/x-msmsgscontrol", "")), false},
      {"another type", frame(direction, mime_block("text/x-msnmsgr-datacast", "ID: 1\r\n\r\n")), false},
      {"another line", to_server ? "BYE alice@example.com\r\n" : "BYE carl@example.net\r\n", false},
  };
}

TEST(TextRun, WhatStandsBetweenIsDecidedAsIfItCameAlone) {
  for (const Direction direction : directions) {
    for (const Between& odd : odd_ones(direction)) {
      const auto together = std::make_unique<FilterRig>(policy_with(Action::block));
      const auto alone = std::make_unique<FilterRig>(policy_with(Action::block));
      for (FilterRig* const rig : {together.get(), alone.get()})
        rig->enter_switchboard(me, {std::string(peer), "carl@example.net"});
      const std::size_t all =
          feed_both(direction,
                    {chat(direction, "one"), chat(direction, "number two", "18"), odd.bytes,
                     chat(direction, "three", "20"), chat(direction, "", "21")},
                    *together, *alone);
      const std::string sent = together->sent(direction);
      EXPECT_EQ(sent, alone->sent(direction)) << odd.what;
      EXPECT_EQ(sent.size(), all - (odd.stopped ? odd.bytes.size() : 0)) << odd.what;
      EXPECT_EQ(together->sent(msnp::opposite(direction)), alone->sent(msnp::opposite(direction)))
          << odd.what;
      EXPECT_EQ(together->audit.events.size(), alone->audit.events.size()) << odd.what;
    }
  }
}

TEST(TextRun, OfABlockThatReadersReadDifferentlyThereIsNone) {
  // For some the header ends at the empty line of the first text, for others it goes on into the next.
  const std::string odd = "MIME-Version: 1.0\nContent-Type: text/plain\n\n";
  const std::string offer =
      "\r\nContent-Type: text/x-msmsgsinvite; charset=UTF-8\r\n\r\n"
      "Invitation-Command: INVITE\r\nInvitation-Cookie: 2\r\nApplication-File: b.exe\r\n"
      "Application-FileSize: 12\r\n";
  for (const Direction direction : directions) {
    FilterRig rig(policy_with(Action::block));
    rig.enter_switchboard(me, {std::string(peer)});
    const std::string harmless = frame(direction, odd + "hello");
    rig.feed(direction, harmless + frame(direction, odd + offer));
    EXPECT_EQ(rig.sent(direction), harmless);
  }
}

TEST(TextRun, OfAnInvitationThereIsNone) {
  // The second is like the first in all but its text, where the file stands.
  for (const Direction direction : directions) {
    FilterRig rig(policy_with(Action::block));
    rig.enter_switchboard(me, {std::string(peer)});
    const std::string harmless = frame(direction, classic_block("Invitation-Command: CANCEL\r\n"
                                                                "Invitation-Cookie: 1\r\n"));
    const std::string offer = frame(
        direction, classic_block("Invitation-Command: INVITE\r\nInvitation-Cookie: 2\r\nApplication-File: "
                                 "b.exe\r\nApplication-FileSize: 12\r\n"));
    rig.feed(direction, harmless + offer);
    EXPECT_EQ(rig.sent(direction), harmless);
  }
}

}  // namespace
}  // namespace gate::test
