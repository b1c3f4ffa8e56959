#include "msnp/refusal.hpp"

#include <algorithm>
#include <functional>

#include "msnp/classic.hpp"

namespace msnp {
namespace {

/// Data of one package on a switchboard: no client sends more, and Escargot closes above 1664 bytes.
constexpr std::size_t package_data = 1202;

std::string message_head(std::string_view destination) {
  std::string payload = "MIME-Version: 1.0\r\nContent-Type: application/x-msnmsgrp2p\r\nP2P-Dest: ";
  payload += destination;
  payload += "\r\n";
  return payload;
}

/// A GUID that nobody uses; the same seed makes the same.
std::string unused_guid(std::uint32_t seed) {
  std::string guid = "{";
  constexpr std::string_view digits = "0123456789ABCDEF";
  for (int digit = 0; digit < 32; ++digit) {
    if (digit == 8 || digit == 12 || digit == 16 || digit == 20) guid.push_back('-');
    seed = seed * 1664525U + 1013904223U;
    guid.push_back(digits[seed >> 28U]);
  }
  guid.push_back('}');
  return guid;
}

std::string session_body(std::string_view session_id) {
  std::string body;
  if (!session_id.empty()) body.append("SessionID: ").append(session_id).append("\r\n");
  body += "\r\n";
  body.push_back('\0');
  return body;
}

/// What stands between the angle brackets of `<msnmsgr:account;{guid}>`.
std::string_view slp_target(std::string_view value) noexcept {
  const std::size_t colon = value.find(':');
  if (colon != std::string_view::npos) value.remove_prefix(colon + 1);
  return value.substr(0, value.find('>'));
}

std::string datagram(std::string_view destination, std::string_view source, std::string_view about_content,
                     std::string_view content) {
  std::string payload = "Routing: 1.0\r\nTo: ";
  payload.append(destination).append("\r\nFrom: ").append(source);
  payload +=
      "\r\nService-Channel: PE\r\nOptions: 0\r\n\r\nReliability: 1.0\r\n\r\nMessaging: 2.0\r\nMessage-Type: ";
  payload.append(about_content).append("Content-Length: ").append(std::to_string(content.size()));
  payload.append("\r\n\r\n").append(content);
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

bool is_harmless(std::string_view text) {
  const auto message = read_slp(text);
  return !message || message->offers.empty();
}

std::optional<std::string> decline_text(const SlpMessage& invitation, TextEnd end) {
  if (invitation.call_id.empty() || invitation.from.empty() || invitation.to.empty()) return std::nullopt;
  std::string body = session_body(invitation.session_id);
  if (end == TextEnd::bare) body.pop_back();
  std::string text =
      "MSNSLP/1.0 603 Decline\r\nTo: " + invitation.from + "\r\nFrom: " + invitation.to + "\r\n";
  if (!invitation.via.empty()) text += "Via: " + invitation.via + "\r\n";
  text += "CSeq: 1 \r\nCall-ID: " + invitation.call_id +
          "\r\nMax-Forwards: 0\r\nContent-Type: application/x-msnmsgr-sessionreqbody\r\nContent-Length: " +
          std::to_string(body.size()) + "\r\n\r\n" + body;
  if (text.size() > package_data || !is_harmless(text)) return std::nullopt;
  return text;
}

std::optional<std::string> bye_text(const CallParties& call, bool to_offerer) {
  if (call.call_id.empty() || call.offerer.empty() || call.invited.empty()) return std::nullopt;
  const std::string& to = to_offerer ? call.offerer : call.invited;
  const std::string& from = to_offerer ? call.invited : call.offerer;
  const std::string body = session_body(call.session_id);
  const auto seed = static_cast<std::uint32_t>(std::hash<std::string>{}(call.call_id));
  std::string text = "BYE MSNMSGR:";
  text.append(slp_target(to)).append(" MSNSLP/1.0\r\nTo: ").append(to).append("\r\nFrom: ").append(from);
  text += "\r\nVia: MSNSLP/1.0/TLP ;branch=" + unused_guid(seed) +
          "\r\nCSeq: 0 \r\nCall-ID: " + call.call_id +
          "\r\nMax-Forwards: 0\r\nContent-Type: application/x-msnmsgr-sessionclosebody\r\nContent-Length: " +
          std::to_string(body.size()) + "\r\n\r\n" + body;
  if (text.size() > package_data || !is_harmless(text)) return std::nullopt;
  return text;
}

std::string tombstone_text(const SlpMessage& invitation, std::size_t size, std::uint32_t seed) {
  std::string text = "NONE MSNMSGR:";
  text.append(slp_target(invitation.to)).append(" MSNSLP/1.0\r\nTo: ").append(invitation.to);
  text.append("\r\nFrom: ").append(invitation.from).append("\r\nVia: MSNSLP/1.0/TLP ;branch=");
  text.append(unused_guid(seed)).append("\r\nCSeq: 0 \r\nCall-ID: ").append(unused_guid(~seed));
  text += "\r\nMax-Forwards: 0\r\nContent-Type: null\r\nContent-Length: 0\r\n\r\n";
  if (text.size() > size || invitation.to.empty() || invitation.from.empty() || !is_harmless(text))
    text.clear();
  text.resize(size, '\0');
  return text;
}

std::string message_v1(std::string_view destination, std::uint32_t identifier, std::string_view text) {
  PackageV1 package;
  package.identifier = identifier;
  package.total = text.size();
  package.length = static_cast<std::uint32_t>(text.size());
  package.ack_session = identifier ^ 0x10002000U;  // any number the receiver has not asked about
  package.data = as_bytes(text);
  return message_head(destination) + "\r\n" + write_p2p_v1(package);
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
  return message_head(destination) + "\r\n" + write_p2p_v1(package);
}

std::string message_v2(std::string_view destination, std::string_view source, std::string_view package) {
  std::string payload = message_head(destination);
  payload.append("P2P-Src: ").append(source).append("\r\n\r\n").append(package);
  return payload;
}

std::string datagram_with_package(std::string_view destination, std::string_view source,
                                  std::string_view package) {
  return datagram(destination, source,
                  "Data\r\nContent-Type: application/x-msnmsgrp2p\r\nContent-Transfer-Encoding: binary\r\n"
                  "Bridging-Offsets: 0\r\n",
                  package);
}

std::string datagram_with_text(std::string_view destination, std::string_view source, std::string_view text) {
  return datagram(destination, source,
                  "Signal/P2P\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: binary\r\n", text);
}

std::string message_with_notice(std::string_view name, std::string_view text) {
  std::string payload =
      "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\n"
      "X-MMS-IM-Format: FN=Segoe%20UI; EF=; CO=0; CS=0; PF=0\r\n";
  if (!name.empty()) payload.append("P4-Context: ").append(name).append("\r\n");
  return payload.append("\r\n").append(text);
}

std::string datagram_with_notice(std::string_view destination, std::string_view source, std::string_view name,
                                 std::string_view text) {
  std::string headers = "Text\r\nContent-Type: text/plain; charset=UTF-8\r\n";
  if (!name.empty()) headers.append("IM-Display-Name: ").append(name).append("\r\n");
  return datagram(destination, source, headers, text);
}

}  // namespace msnp
