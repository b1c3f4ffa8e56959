// A notification server as the dialects have it: login, lists, presence, notices.
#include "script.hpp"
#include "tests/support/invitations.hpp"

namespace differential {
namespace {

void log_in(Script& script) {
  const unsigned dialect = script.dialect;
  const std::string& account = script.local.account;
  const std::string method = dialect <= 7 ? "MD5" : dialect <= 14 ? "TWN" : "SSO";
  const std::string version = "MSNP" + std::to_string(dialect);
  const auto exchange = [&](std::string client, std::string server) {
    Round round;
    round.acts[index_of(Side::client)].push_back({std::move(client)});
    round.acts[index_of(Side::server)].push_back({std::move(server)});
    script.rounds.push_back(std::move(round));
  };
  exchange("VER 1 " + version + " CVR0\r\n", "VER 1 " + version + "\r\n");
  if (dialect <= 7) {
    exchange("INF 2\r\n", "INF 2 MD5\r\n");
  } else {
    exchange("CVR 2 0x0409 winnt 5.1 i386 MSNMSGR 7.5.0324 msmsgs " + account + "\r\n",
             "CVR 2 8.5.1302 8.5.1302 1.0.0000 http://example.com/ http://example.com/\r\n");
  }
  exchange("USR 3 " + method + " I " + account + "\r\n", "USR 3 " + method + " S 1013928519.693957190\r\n");
  const std::string tail = dialect <= 5   ? script.local.nick
                           : dialect <= 9 ? script.local.nick + " 1 0"
                                          : "1 0";
  exchange("USR 4 " + method + " S 23e54a439a6a17d15025f4c6cbd0f6b5\r\n",
           "USR 4 OK " + account + " " + tail + "\r\n");
}

std::string address(const Script& script) {
  if (script.dialect >= 18) return "1:" + script.peer.account;
  return script.dialect >= 14 ? script.peer.account + " 1" : script.peer.account;
}

std::string from_client(const Script& script, Dice& dice, std::uint64_t transaction) {
  const std::string number = " " + std::to_string(transaction) + " ";
  const std::string lists = R"(<ml l="1"><d n="example.org"><c n="b" l="3" t="1"/></d></ml>)";
  const std::string status =
      "<Data><PSM>" + std::string(dice.below(60), 'x') + "</PSM><CurrentMedia></CurrentMedia></Data>";
  switch (dice.below(8)) {
    case 0:
      return "CHG" + number + "NLN" + (script.dialect >= 8 ? " 1342472228" : "") + "\r\n";
    case 1:
      return "CHG" + number + "AWY 0\r\n";
    case 2:
      return script.dialect >= 11 ? with_payload("UUX" + number.substr(0, number.size() - 1), status)
                                  : "REA" + number + script.peer.account + " Nick%20name\r\n";
    case 3:
      return script.dialect >= 13
                 ? with_payload("ADL" + number.substr(0, number.size() - 1), lists)
                 : "ADD" + number + "FL " + script.peer.account + " " + script.peer.nick + "\r\n";
    case 4:
      return "XFR" + number + "SB\r\n";
    case 5:
      return script.dialect >= 14
                 ? with_payload("UUM" + number + script.peer.account + " 32 1",
                                gate::test::mime_block("text/plain; charset=UTF-8", "to another network"))
                 : "PRP" + number + "PHH 01%20234\r\n";
    case 6:
      return with_payload("QRY" + number + "PROD0090YUAUV{2B", "d26a3d8d7bdbb7d3bbd8eea0a4b1b5e8");
    default:
      return "GTC" + number + "A\r\n";
  }
}

std::string from_server(const Script& script, Dice& dice) {
  const std::string status =
      "<Data><PSM>" + std::string(dice.below(300), 'y') + "</PSM><CurrentMedia></CurrentMedia></Data>";
  switch (dice.below(10)) {
    case 0:
      return "NLN BSY " + address(script) + " " + script.peer.nick +
             (script.dialect >= 8 ? " 1342472228" : "") + "\r\n";
    case 1:
      return "ILN 7 AWY " + address(script) + " " + script.peer.nick + "\r\n";
    case 2:
      return "FLN " + address(script) + "\r\n";
    case 3:
      return script.dialect >= 11 ? with_payload("UBX " + address(script), status)
                                  : "LST " + script.peer.account + " " + script.peer.nick + " 11 0\r\n";
    case 4:
      return with_payload("NOT", "<NOTIFICATION id=\"0\" siteid=\"199\"><MSG id=\"0\"/></NOTIFICATION>");
    case 5:
      return with_payload("MSG Hotmail Hotmail",
                          "MIME-Version: 1.0\r\nContent-Type: text/x-msmsgsinitialmdatanotification; "
                          "charset=UTF-8\r\n\r\nMail-Data: <MD><E><I>" +
                              std::to_string(dice.below(99)) + "</I></E></MD>\r\n");
    case 6:
      return script.dialect >= 13 ? with_payload("GCF 0", "<Policies><Policy type=\"SHIELDS\"/></Policies>")
                                  : "BPR 2 " + script.peer.account + " PHH 0\r\n";
    case 7:
      return "RNG 11752013 192.0.2.4:1863 CKI 849102291.520491113 " + script.peer.account + " " +
             script.peer.nick + "\r\n";
    case 8:
      return script.dialect >= 18
                 ? with_payload("NFY PUT", "Routing: 1.0\r\nTo: 1:a@example.com\r\n\r\n" + status)
                 : "CHL 0 15570131571988941333\r\n";
    default:
      return "BLP 3 AL\r\n";
  }
}

std::string chat_datagram(const Script& script, Dice& dice, Side from, std::uint64_t transaction) {
  const Side to = other(from);
  const std::string text(dice.below(400), 't');
  std::string payload =
      "Routing: 1.0\r\nTo: 1:" + script.person(to).account + "\r\nFrom: 1:" + script.person(from).account +
      "\r\n\r\nReliability: 1.0\r\n\r\nMessaging: 2.0\r\nMessage-Type: Text\r\nContent-Type: "
      "text/plain; charset=UTF-8\r\nContent-Length: " +
      std::to_string(text.size()) + "\r\n\r\n" + text;
  return with_payload("SDG " + std::to_string(from == Side::client ? transaction : 0), payload);
}

}  // namespace

void add_notification_rounds(Script& script, Dice& dice) {
  log_in(script);
  std::uint64_t transaction = 10;
  const std::size_t rounds = dice.between(8, 14);
  for (std::size_t i = 0; i < rounds; ++i) {
    Round round;
    round.together = dice.chance(40);
    for (const Side side : {Side::client, Side::server}) {
      auto& acts = round.acts[index_of(side)];
      const std::size_t count = dice.below(dice.chance(20) ? 50 : 14);
      while (acts.size() < count) {
        ++transaction;
        if (script.dialect >= 21 && dice.chance(30)) {
          acts.push_back({chat_datagram(script, dice, side, transaction)});
        } else {
          acts.push_back(
              {side == Side::client ? from_client(script, dice, transaction) : from_server(script, dice)});
        }
      }
    }
    script.rounds.push_back(std::move(round));
  }
}

}  // namespace differential
