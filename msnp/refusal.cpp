#include "msnp/refusal.hpp"

#include "msnp/classic.hpp"

namespace msnp {
namespace {

/// Data of one package on a switchboard: no client sends more, and Escargot closes above 1664 bytes.
constexpr std::size_t package_data = 1202;

std::string p2p_block(std::string_view destination, std::string_view package) {
  std::string payload = "MIME-Version: 1.0\r\nContent-Type: application/x-msnmsgrp2p\r\nP2P-Dest: ";
  payload += destination;
  payload += "\r\n\r\n";
  payload += package;
  return payload;
}

}  // namespace

std::optional<std::string> classic_reject(std::string_view cookie) {
  std::string payload =
      "MIME-Version: 1.0\r\nContent-Type: text/x-msmsgsinvite; charset=UTF-8\r\n\r\n"
      "Invitation-Command: CANCEL\r\nInvitation-Cookie: ";
  payload += cookie;
  payload += "\r\nCancel-Code: REJECT\r\n\r\n";
  // The cookie is the offerer's own words: an answer must not carry on what it refuses.
  if (read_classic(payload).invites) return std::nullopt;
  return payload;
}

std::string acknowledgement_v1(std::string_view destination, std::uint32_t identifier,
                               const PackageV1& last) {
  PackageV1 package;
  package.session = last.session;
  package.identifier = identifier;
  package.total = last.total;
  package.flags = p2p_flag::ack;
  package.ack_session = last.identifier;
  package.ack_uid = last.ack_session;
  package.ack_size = last.total;
  return p2p_block(destination, write_p2p_v1(package));
}

std::optional<std::string> decline_v1(std::string_view destination, std::uint32_t identifier,
                                      const SlpMessage& invitation) {
  if (invitation.call_id.empty() || invitation.from.empty() || invitation.to.empty()) return std::nullopt;
  std::string body;
  if (!invitation.session_id.empty()) body = "SessionID: " + invitation.session_id + "\r\n";
  body += "\r\n";
  body.push_back('\0');

  std::string text =
      "MSNSLP/1.0 603 Decline\r\nTo: " + invitation.from + "\r\nFrom: " + invitation.to + "\r\n";
  if (!invitation.via.empty()) text += "Via: " + invitation.via + "\r\n";
  text += "CSeq: 1 \r\nCall-ID: " + invitation.call_id +
          "\r\nMax-Forwards: 0\r\nContent-Type: application/x-msnmsgr-sessionreqbody\r\nContent-Length: " +
          std::to_string(body.size()) + "\r\n\r\n" + body;
  if (text.size() > package_data) return std::nullopt;
  // To, From and the ids are the offerer's own words: an answer must not carry on what it refuses.
  if (const auto answer = read_slp(text); answer && !answer->offers.empty()) return std::nullopt;

  PackageV1 package;
  package.identifier = identifier;
  package.total = text.size();
  package.length = static_cast<std::uint32_t>(text.size());
  package.ack_session = identifier ^ 0x10002000U;  // any number the offerer has not asked about
  package.data = as_bytes(text);
  return p2p_block(destination, write_p2p_v1(package));
}

}  // namespace msnp
