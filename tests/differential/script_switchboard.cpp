// Chat as clients write it: text, typing, nudges, emoticons, winks, ink, capabilities; and words that look
// like an offer but are none.
#include <algorithm>

#include "script.hpp"
#include "tests/support/invitations.hpp"

namespace differential {
namespace {

using gate::test::mime_block;

constexpr std::size_t longest_text = 1200;

std::string any_text(Dice& dice) {
  constexpr std::string_view lookalike =
      "Application-Name: File Transfer, Invitation-Command: INVITE, EUF-GUID: "
      "{5D3E02AB-6190-11D3-BBBB-00C04F795683} application/x-msnmsgrp2p";
  if (dice.chance(4)) return std::string(lookalike);
  std::string text;
  const std::size_t size = dice.chance(80) ? dice.below(80) : dice.below(longest_text);
  while (text.size() < size) {
    text += dice.pick<const char*>({"hello ", "MSG 5 N 20 ", "\xC3\xA9t\xC3\xA9 ", "\xE6\x97\xA5\xE6\x9C\xAC",
                                    ":-) ", "OUT\r\n", "a", "\t", "603 Decline ", "100% ", "%0D%0A",
                                    ";{guid} ", "\r\n\r\n", "BYE b ", "0 0 0 "});
  }
  return text;
}

std::string any_payload(Dice& dice) {
  const std::string font = "\r\nX-MMS-IM-Format: FN=Segoe%20UI; EF=; CO=0; CS=0; PF=0";
  switch (dice.below(12)) {
    case 0:
      return "MIME-Version: 1.0\r\nContent-Type: text/x-msmsgscontrol\r\nTypingUser: "
             "a@example.com\r\n\r\n\r\n";
    case 1:
      return mime_block("text/x-msnmsgr-datacast", "ID: 1\r\n\r\n");
    case 2:
      return mime_block("text/x-msnmsgr-datacast", "ID: 4\r\nData: an action\r\n\r\n");
    case 3:
      return mime_block("text/x-mms-emoticon",
                        ":z\t<msnobj Creator=\"a@example.com\" Size=\"99\" Type=\"2\" Location=\"z.tmp\" "
                        "Friendly=\"AAA=\" SHA1D=\"KNaIkOe5VmPPZ8qbEW/f0E0YAwQ=\"/>\t");
    case 4:
      return mime_block("text/x-clientcaps", "Client-Name: Client/1.0\r\nChat-Logging: Y\r\n\r\n");
    case 5:
      return mime_block("text/plain; charset=UTF-8\r\nMessage-ID: {9A3D6F2C-0000-4000-8000-" +
                            std::to_string(100'000'000'000 + dice.below(999'999)) + "}\r\nChunks: 1",
                        any_text(dice));
    case 6:
      return mime_block("text/x-keepalive", {});
    default:
      return mime_block("text/plain; charset=UTF-8" + (dice.chance(50) ? font : std::string()),
                        any_text(dice));
  }
}

void enter(Script& script, Dice& dice) {
  Round round;
  auto& client = round.acts[index_of(Side::client)];
  auto& server = round.acts[index_of(Side::server)];
  const std::string capabilities = script.dialect < 12   ? ""
                                   : script.dialect < 16 ? " 1342472228"
                                                         : " 2789003324:48";
  const auto& [account, shown, nick] = script.local;
  if (dice.chance(50)) {
    client.push_back({"USR 1 " + shown + " 1234567890.1234567.123456\r\n"});
    client.push_back({"CAL 2 " + script.peer.account + "\r\n"});
    server.push_back({"USR 1 OK " + shown + " " + nick + "\r\n"});
    server.push_back({"CAL 2 RINGING 11752013\r\n"});
    if (script.peer.shown != script.peer.account) {
      server.push_back({"JOI " + script.peer.shown + " " + script.peer.nick + capabilities + "\r\n"});
    }
    server.push_back({"JOI " + script.peer.account + " " + script.peer.nick + capabilities + "\r\n"});
  } else {
    client.push_back({"ANS 1 " + shown + " 1234567890.1234567.123456 11752013\r\n"});
    server.push_back({"IRO 1 1 1 " + script.peer.account + " " + script.peer.nick + capabilities + "\r\n"});
    server.push_back({"ANS 1 OK\r\n"});
  }
  script.rounds.push_back(std::move(round));
}

}  // namespace

void add_switchboard_rounds(Script& script, Dice& dice) {
  enter(script, dice);
  const std::size_t rounds = dice.between(8, 16);
  std::uint64_t transaction = 10;
  for (std::size_t i = 0; i < rounds; ++i) {
    Round round;
    round.together = dice.chance(40);
    for (const Side side : {Side::client, Side::server}) {
      auto& acts = round.acts[index_of(side)];
      const std::size_t count = dice.below(dice.chance(20) ? 60 : 14);
      while (acts.size() < count) {
        const char letter = dice.pick({'U', 'N', 'N', 'A', 'D'});
        acts.push_back({message(script, side, ++transaction, letter, any_payload(dice))});
      }
    }
    script.rounds.push_back(std::move(round));
  }
}

}  // namespace differential
