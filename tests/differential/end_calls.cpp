// What an end hears, and how it answers calls.
#include <algorithm>

#include "end.hpp"
#include "proxy/sha1.hpp"
#include "tests/support/invitations.hpp"

namespace differential {
namespace {

using namespace std::string_literals;
using gate::test::base64;

constexpr std::uint32_t ack_flag = 2;
constexpr std::uint32_t numbers_of_a_call = 64;

gate::test::Call slp_call(const Script& script, const Call& call) {
  const auto name = [&](Side side) {
    const Person& person = script.person(side);
    return call.form == Form::p2p_v1 ? person.account : person.shown;
  };
  return {name(call.from), name(other(call.from)), call.id, std::to_string(call.session)};
}

std::string invitation(const Script& script, const Call& call) {
  const gate::test::Call slp = slp_call(script, call);
  const auto object = [&](const char* type) {
    const auto sha1 = gate::start_sha1();
    sha1->add(msnp::as_bytes(call.data));
    const auto digest = sha1->finish();
    return gate::test::slp_invite(slp, gate::test::object_guid,
                                  base64("<msnobj Creator=\"" + script.person(other(call.from)).account +
                                         "\" Size=\"" + std::to_string(call.data.size()) + "\" Type=\"" +
                                         type + "\" Location=\"TFR2C.tmp\" Friendly=\"AAA=\" SHA1D=\"" +
                                         base64(msnp::as_text(digest)) + "\"/>\0"s));
  };
  switch (call.what) {
    case What::file:
      return gate::test::slp_file_offer(slp, std::u16string(call.name.begin(), call.name.end()),
                                        call.data.size());
    case What::unknown_application:
      return gate::test::slp_invite(slp, gate::test::strange_guid, base64("anything"));
    case What::picture:
      return object("3");
    case What::emoticon:
      return object("2");
    case What::wink:
      return object("8");
    case What::webcam:
      return gate::test::slp_invite(slp, gate::test::webcam_guid,
                                    base64("{B8BE70DE-E2CA-4400-AE03-88FF85B9F4E8}"));
  }
  return {};
}

std::string transport_request(const gate::test::Call& call) {
  return gate::test::slp_request(call, "INVITE", "application/x-msnmsgr-transreqbody",
                                 "Bridges: TRUDPv1 TCPv1\r\nNetID: -1388627126\r\nConn-Type: "
                                 "Port-Restrict-NAT\r\nUPnPNat: false\r\nICF: "
                                 "false\r\nNat-Trav-Msg-Type: WLX-Nat-Trav-Msg-Direct-Connect-Req\r\n");
}

/// `dead`: as a gateway leaves it that keeps transfers on the switchboard.
std::string transport_response(const gate::test::Call& call, bool dead) {
  std::string body = "Bridge: TCPv1\r\nListening: true\r\nNonce: {9A3D6F2C-C0C5-4F50-9E36-6E0E6C24A7D6}\r\n";
  std::string text;
  const auto add = [&](bool with_addresses) {
    std::string all = body;
    all += with_addresses ? "IPv4Internal-Addrs: 10.1.2.3\r\nIPv4Internal-Port: 6891\r\n"
                          : "IPv4Internal-Addrs: 0.0.0.0\r\nIPv4Internal-Port: 0\r\n";
    text = gate::test::slp_request(call, "INVITE", "application/x-msnmsgr-transrespbody", all);
  };
  add(true);
  if (!dead) return text;
  const std::string alive = text;
  add(false);
  const std::size_t at = alive.find("Content-Length: ");
  const std::size_t old = text.find("Content-Length: ");
  text.replace(old, text.find("\r\n", old) - old, alive.substr(at, alive.find("\r\n", at) - at));
  text.resize(alive.size(), '\0');
  return text;
}

/// What a gateway tells its own user in the chat window.
bool is_notice(std::string_view frame) {
  return frame.find(" was stopped by the rules of this network: ") != std::string_view::npos;
}

bool says_nothing(std::string_view data) {
  if (data.starts_with("NONE MSNMSGR:")) {
    const std::size_t end = data.find("\r\n\r\n");
    data.remove_prefix(end == std::string_view::npos ? data.size() : end + 4);
  }
  return data.find_first_not_of('\0') == std::string_view::npos;
}

}  // namespace

void End::begin(int call) {
  const Call& about = script_->calls[static_cast<std::size_t>(call)];
  if (about.form == Form::classic) {
    return say_classic(
        call, about.letter,
        "Application-Name: File Transfer\r\nApplication-GUID: "
        "{5D3E02AB-6190-11d3-BBBB-00C04F795683}\r\nInvitation-Command: INVITE\r\nInvitation-Cookie: " +
            about.id + "\r\nApplication-File: " + about.name +
            "\r\nApplication-FileSize: " + std::to_string(about.data.size()) + "\r\nConnectivity: N\r\n\r\n");
  }
  say_text(call, invitation(*script_, about));
  if (about.eager) say_data(call);
}

void End::hear(std::string_view bytes) {
  frames_.feed(bytes);
  while (auto frame = frames_.next()) hear_frame(std::move(*frame));
}

void End::hear_frame(std::string bytes) {
  Frame frame{std::move(bytes), -1, false, 0, {}};
  const std::string_view all = frame.bytes;
  const std::string_view line = line_of(all);
  const auto words = words_of(line);
  if (line == "OUT") goodbye_ = true;
  if (fences_ < script_->rounds.size() && all == script_->fence(other(side_), fences_)) ++fences_;
  if (words[0] == "ACK") {
    frame.aside = true;
  } else if (blocks(road_) && side_ == Side::client && is_notice(all)) {
    frame.aside = true;
    ++notices;
  } else if (words[0] == "MSG" && script_->switchboard) {
    if (side_ == Side::server && (words[2] == "A" || words[2] == "D")) {
      queue({"ACK " + std::string(words[1]) + "\r\n", -1, true, 0, {}});
    }
    const std::string_view payload = payload_of(all);
    const std::size_t end = std::min(payload.find("\r\n\r\n"), payload.size() - 4);
    const std::string_view head = payload.substr(0, end + 2);
    const std::string_view body = payload.substr(end + 4);
    const std::string_view type = field(head, "Content-Type");
    if (type == "application/x-msnmsgrp2p") {
      script_->version2 ? hear_v2(body, frame) : hear_v1(body, frame);
    } else if (type.starts_with("text/x-msmsgsinvite")) {
      hear_classic(body, frame);
    }
  } else if (words[0] == "SDG" && all.find("x-msnmsgrp2p") != std::string_view::npos) {
    std::size_t at = line.size();
    for (int block = 0; block < 3; ++block) at = all.find("\r\n\r\n", at) + 4;
    hear_v2(all.substr(at), frame);
  }
  heard.push_back(std::move(frame));
}

void End::hear_classic(std::string_view body, Frame& frame) {
  const std::string_view command = field(body, "Invitation-Command");
  const int call = call_with(field(body, "Invitation-Cookie"));
  if (call < 0) return complaints.push_back("a classic invitation of nobody: " + std::string(body));
  frame.call = call;
  Seen& seen_of = seen[static_cast<std::size_t>(call)];
  if (command == "INVITE") {
    const std::string id = script_->calls[static_cast<std::size_t>(call)].id;
    say_classic(call, 'N',
                "Invitation-Command: ACCEPT\r\nInvitation-Cookie: " + id +
                    "\r\nLaunch-Application: FALSE\r\nRequest-Data: IP-Address:\r\n\r\n");
  } else if (command == "ACCEPT") {
    seen_of.accepted = true;
  } else if (command == "CANCEL") {
    ++seen_of.declined;
    frame.aside = gone(call) && owns(call);
  }
}

void End::hear_v1(std::string_view bytes, Frame& frame) {
  const auto package = package_v1(bytes);
  if (!package) return complaints.push_back("no package of version 1");
  if ((package->flags & ack_flag) != 0) {
    const std::uint32_t acknowledged = package->ack_session;
    frame.call = static_cast<int>(acknowledged / numbers_of_a_call) - 1;
    if (frame.call >= static_cast<int>(seen.size())) frame.call = -1;
    if (frame.call < 0) return complaints.push_back("an acknowledgement of nothing");
    if (gone(frame.call) && owns(frame.call)) {
      frame.aside = true;
      ++seen[static_cast<std::size_t>(frame.call)].acknowledged;
    }
    return;
  }
  Text& text = unfinished_[package->identifier];
  if (package->offset != text.bytes.size()) return complaints.push_back("a package in another place");
  text.bytes += package->data;
  text.total = package->total;
  int call = -1;
  if (package->session != 0) {
    call = call_with_session(package->session);
  } else {
    const std::uint32_t number = package->identifier / numbers_of_a_call;
    const bool known = number >= 1 && number <= seen.size();
    call = known ? static_cast<int>(number) - 1 : call_with(field(text.bytes, "Call-ID"));
  }
  frame.call = call;
  if (call < 0) return complaints.push_back("a package about no call: " + text.bytes);
  frame.aside = gone(call) && owns(call) && package->session == 0;
  if (text.bytes.size() < text.total) return;
  const std::string whole = std::move(text.bytes);
  const std::uint32_t uid = package->ack_session;
  unfinished_.erase(package->identifier);
  acknowledge_v1(call, package->identifier, uid, whole.size());
  if (package->session == 0) {
    hear_text(whole, call);
  } else if (whole.size() > 4) {
    seen[static_cast<std::size_t>(call)].data = whole;
  }
}

void End::hear_v2(std::string_view bytes, Frame& frame) {
  const auto package = package_v2(bytes);
  if (!package) return complaints.push_back("no package of version 2");
  frame.package = frame.bytes.size() - bytes.size();
  const std::size_t before = bridge_.heard.size();
  bridge_.hear(bytes);
  for (std::string& complaint : bridge_.complaints) complaints.push_back(std::move(complaint));
  bridge_.complaints.clear();
  if (package->message.empty()) {
    frame.aside = true;
    return;
  }
  const auto number = static_cast<std::uint32_t>(static_cast<unsigned char>(package->message[2]) * 256 +
                                                 static_cast<unsigned char>(package->message[3]));
  frame.call = static_cast<int>(number / numbers_of_a_call) - 1;
  if (frame.call >= static_cast<int>(seen.size())) frame.call = call_with(field(package->data, "Call-ID"));
  if (frame.call < 0) return complaints.push_back("a message about no call: " + std::string(package->data));
  const int call = frame.call;
  frame.aside = gone(call);
  if (bridge_.heard.size() == before) return;
  const auto latest = bridge_.latest();
  if (gone(call) && !owns(call)) {
    if (!says_nothing(latest.data)) complaints.push_back("a blocked call came through: " + latest.data);
    return;
  }
  if (latest.session == 0) {
    hear_text(latest.data, call);
  } else if (latest.data.size() > 4) {
    seen[static_cast<std::size_t>(call)].data = latest.data;
  }
}

void End::answer_invitation(int call) {
  const Call& about = script_->calls[static_cast<std::size_t>(call)];
  const gate::test::Call slp = slp_call(*script_, about);
  if (about.what == What::webcam) return say_text(call, gate::test::slp_status(slp, "603 Decline"));
  say_text(call, gate::test::slp_status(slp, "200 OK"));
  const bool object = about.what != What::file && about.what != What::unknown_application;
  if (object) say_data(call);
}

void End::hear_text(std::string_view text, int call) {
  const Call& about = script_->calls[static_cast<std::size_t>(call)];
  const gate::test::Call slp = slp_call(*script_, about);
  Seen& seen_of = seen[static_cast<std::size_t>(call)];
  if (text.starts_with("MSNSLP/1.0 603")) {
    ++seen_of.declined;
  } else if (text.starts_with("MSNSLP/1.0 200")) {
    seen_of.accepted = true;
    const bool file = about.what == What::file || about.what == What::unknown_application;
    if (!file || about.eager) return;
    if (about.transports) say_text(call, transport_request(slp));
    say_data(call);
  } else if (text.starts_with("INVITE") && text.find("transreqbody") != std::string_view::npos) {
    say_text(call, transport_response(slp, false), transport_response(slp, true));
  } else if (text.starts_with("INVITE") && text.find("transrespbody") != std::string_view::npos) {
    return;
  } else if (text.starts_with("INVITE")) {
    answer_invitation(call);
  } else if (!says_nothing(text) && !text.starts_with("BYE")) {
    complaints.push_back("not understood: " + std::string(text));
  }
}

}  // namespace differential
