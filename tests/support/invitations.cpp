#include "tests/support/invitations.hpp"

#include <algorithm>

namespace gate::test {
namespace {

void little(std::string& to, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) to.push_back(static_cast<char>((value >> (8 * i)) & 0xFFU));
}

void big(std::string& to, std::uint64_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) to.push_back(static_cast<char>((value >> (8 * i)) & 0xFFU));
}

}  // namespace

std::string base64(std::string_view bytes) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::string_view group = bytes.substr(at, 3);
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      bits = (bits << 8U) | (i < group.size() ? static_cast<unsigned char>(group[i]) : 0U);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      text.push_back(i <= group.size() ? digits[(bits >> (18 - 6 * i)) & 0x3FU] : '=');
    }
  }
  return text;
}

std::string file_context(std::uint64_t size, std::u16string_view name, std::uint32_t header) {
  std::string record;
  little(record, header, 4);
  little(record, header == 638 ? 3 : 2, 4);
  little(record, size, 8);
  little(record, 1, 4);
  for (const char16_t unit : name) little(record, unit, 2);
  record.resize(570, '\0');
  little(record, 0xFFFFFFFF, 4);
  record.resize(header, '\0');
  return base64(record);
}

std::string mime_block(std::string_view type, std::string_view body) {
  std::string block = "MIME-Version: 1.0\r\nContent-Type: ";
  block.append(type).append("\r\n\r\n").append(body);
  return block;
}

std::string p2p_block(std::string_view package) {
  return mime_block("application/x-msnmsgrp2p\r\nP2P-Dest: bob@example.org", package);
}

std::string v1_package(const Package& package) {
  std::string bytes;
  little(bytes, package.session, 4);
  little(bytes, package.identifier, 4);
  little(bytes, package.offset, 8);
  little(bytes, package.total, 8);
  little(bytes, package.length, 4);
  little(bytes, package.flags, 4);
  little(bytes, package.ack_session, 4);
  little(bytes, 0, 4);
  little(bytes, 0, 8);
  bytes += package.data;
  bytes.append(4, '\0');
  return bytes;
}

Package whole(std::uint32_t identifier, std::string data) {
  Package package;
  package.identifier = identifier;
  package.total = data.size();
  package.length = static_cast<std::uint32_t>(data.size());
  package.data = std::move(data);
  return package;
}

std::vector<Package> cut(std::uint32_t identifier, const std::string& data, std::size_t most) {
  std::vector<Package> packages;
  for (std::size_t at = 0; at < data.size(); at += most) {
    Package& package = packages.emplace_back(whole(identifier, data.substr(at, most)));
    package.offset = at;
    package.total = data.size();
  }
  return packages;
}

std::string v2_package(std::uint16_t number, bool first, std::uint64_t data_left, std::string_view data,
                       std::uint32_t session, std::uint8_t type_flags) {
  std::string header;
  header.push_back(static_cast<char>(data_left > 0 ? 20 : 8));
  header.push_back(static_cast<char>(type_flags | (first ? 1 : 0)));
  big(header, number, 2);
  big(header, session, 4);
  if (data_left > 0) {
    header.append("\x01\x08", 2);
    big(header, data_left, 8);
    header.append(2, '\0');
  }
  std::string bytes("\x08\x00", 2);
  big(bytes, header.size() + data.size(), 2);
  big(bytes, 1000, 4);
  bytes.append(header).append(data).append(4, '\0');
  return bytes;
}

std::string slp_request(const Call& call, std::string_view method, std::string_view type,
                        std::string_view body) {
  std::string text(method);
  text.append(" MSNMSGR:").append(call.to).append(" MSNSLP/1.0\r\nTo: <msnmsgr:").append(call.to);
  text.append(">\r\nFrom: <msnmsgr:").append(call.from);
  text.append(">\r\nVia: MSNSLP/1.0/TLP ;branch={20000000-0000-4000-8000-000000000001}\r\nCSeq: 0 \r\n");
  text.append("Call-ID: ").append(call.call_id).append("\r\nMax-Forwards: 0\r\nContent-Type: ").append(type);
  text.append("\r\nContent-Length: ").append(std::to_string(body.size() + 3)).append("\r\n\r\n").append(body);
  text.append("\r\n").push_back('\0');
  return text;
}

std::string slp_invite(const Call& call, std::string_view guid, std::string_view context) {
  std::string body = "EUF-GUID: ";
  body.append(guid).append("\r\nSessionID: ").append(call.session_id).append("\r\nAppID: 2\r\nContext: ");
  body.append(context).append("\r\n");
  return slp_request(call, "INVITE", "application/x-msnmsgr-sessionreqbody", body);
}

std::string slp_file_offer(const Call& call, std::u16string_view name, std::uint64_t size) {
  return slp_invite(call, file_guid, file_context(size, name));
}

std::string slp_status(const Call& call, std::string_view status) {
  std::string text = "MSNSLP/1.0 ";
  text.append(status).append("\r\nTo: <msnmsgr:").append(call.from).append(">\r\nFrom: <msnmsgr:");
  text.append(call.to).append(">\r\nVia: MSNSLP/1.0/TLP ;branch={20000000-0000-4000-8000-000000000001}\r\n");
  text.append("CSeq: 1 \r\nCall-ID: ").append(call.call_id).append("\r\nMax-Forwards: 0\r\nContent-Type: ");
  text.append("application/x-msnmsgr-sessionreqbody\r\nContent-Length: 22\r\n\r\nSessionID: ");
  text.append(call.session_id).append("\r\n\r\n").push_back('\0');
  return text;
}

std::string classic_block(std::string_view fields) {
  return mime_block("text/x-msmsgsinvite; charset=UTF-8", fields);
}

}  // namespace gate::test
