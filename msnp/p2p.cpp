#include "msnp/p2p.hpp"

#include <algorithm>
#include <concepts>

namespace msnp {
namespace {

constexpr std::size_t footer = 4;
constexpr std::size_t v2_header_least = 8;
constexpr std::size_t v2_data_header = 8;

template <std::unsigned_integral Unsigned>
void append_little(std::string& to, Unsigned value) {
  for (std::size_t i = 0; i < sizeof(Unsigned); ++i) {
    to.push_back(static_cast<char>((std::uint64_t{value} >> (8 * i)) & 0xFFU));
  }
}

template <std::unsigned_integral Unsigned>
void append_big(std::string& to, Unsigned value) {
  for (std::size_t i = sizeof(Unsigned); i-- > 0;) {
    to.push_back(static_cast<char>((std::uint64_t{value} >> (8 * i)) & 0xFFU));
  }
}

/// Type, length, value ... of a v2 header, until type 0 or the end. `each` gets type, value and the offset of
/// the value.
template <class Each>
void for_each_tlv(Bytes tlvs, Each each) noexcept {
  std::size_t at = 0;
  while (at + 2 <= tlvs.size()) {
    const auto type = std::to_integer<std::uint8_t>(tlvs[at]);
    const auto length = std::to_integer<std::size_t>(tlvs[at + 1]);
    if (type == 0 || at + 2 + length > tlvs.size()) return;
    each(type, tlvs.subspan(at + 2, length), at + 2);
    at += 2 + length;
  }
}

/// The "bytes remaining" TLV (type 1, length 8) of a v2 data header; 0 if there is none.
std::uint64_t remaining_in(Bytes tlvs) noexcept {
  std::uint64_t remaining = 0;
  for_each_tlv(tlvs, [&remaining](std::uint8_t type, Bytes value, std::size_t) {
    if (type == 1 && value.size() == 8 && remaining == 0) remaining = *Cursor{value}.big<std::uint64_t>();
  });
  return remaining;
}

/// TLVs to the end, then less than one word of zeros.
bool is_padded(Bytes tlvs) noexcept {
  std::size_t end = 0;
  for_each_tlv(tlvs, [&end](std::uint8_t, Bytes value, std::size_t offset) { end = offset + value.size(); });
  const Bytes padding = tlvs.subspan(end);
  return padding.size() < 4 &&
         std::all_of(padding.begin(), padding.end(), [](std::byte byte) { return byte == std::byte{0}; });
}

/// Peer information (type 1) and acknowledgements (2 ACK, 3 NAK) of a v2 transport header.
void read_transport_tlvs(Bytes tlvs, PackageV2& package) noexcept {
  for_each_tlv(tlvs, [&package](std::uint8_t type, Bytes value, std::size_t offset) {
    if (type == 1 && package.peer_information.empty()) package.peer_information = value;
    if ((type != 2 && type != 3) || value.size() != 4) return;
    if (package.acknowledgement_count == package.acknowledgements.size()) return;
    package.acknowledgements[package.acknowledgement_count++] = {
        static_cast<std::uint16_t>(v2_header_least + offset), *Cursor{value}.big<std::uint32_t>()};
  });
}

}  // namespace

std::optional<PackageV1> read_p2p_v1(Bytes body) noexcept {
  if (body.size() < p2p_v1_header) return std::nullopt;
  Cursor cursor{body};
  PackageV1 package;
  package.session = *cursor.little<std::uint32_t>();
  package.identifier = *cursor.little<std::uint32_t>();
  package.offset = *cursor.little<std::uint64_t>();
  package.total = *cursor.little<std::uint64_t>();
  package.length = *cursor.little<std::uint32_t>();
  package.flags = *cursor.little<std::uint32_t>();
  package.ack_session = *cursor.little<std::uint32_t>();
  package.ack_uid = *cursor.little<std::uint32_t>();
  package.ack_size = *cursor.little<std::uint64_t>();
  package.data = cursor.rest();
  package.footer = package.data.last(std::min(package.data.size(), footer));
  package.data = package.data.first(package.data.size() - package.footer.size());
  return package;
}

std::optional<PackageV2> read_p2p_v2(Bytes body) noexcept {
  Cursor cursor{body};
  const auto header = cursor.big<std::uint8_t>();
  const auto operation = cursor.big<std::uint8_t>();
  const auto message_length = cursor.big<std::uint16_t>();
  const auto base_id = cursor.big<std::uint32_t>();
  if (!base_id || *header < v2_header_least || *header > 252 || *operation > 3) return std::nullopt;
  if (body.size() < std::size_t{*header} + *message_length) return std::nullopt;
  PackageV2 package;
  package.operation = *operation;
  package.base_id = *base_id;
  package.message_length = *message_length;
  const Bytes tlvs = body.subspan(v2_header_least, *header - v2_header_least);
  read_transport_tlvs(tlvs, package);
  package.plain = is_padded(tlvs) && body.size() <= std::size_t{*header} + *message_length + footer;
  if (*message_length == 0) return package;

  const Bytes message = body.subspan(*header, *message_length);
  Cursor data_header{message};
  const auto length = data_header.big<std::uint8_t>();
  const auto type_flags = data_header.big<std::uint8_t>();
  const auto number = data_header.big<std::uint16_t>();
  const auto session = data_header.big<std::uint32_t>();
  if (!session || *length < 8 || *length > message.size()) return std::nullopt;
  package.has_data = true;
  package.type_flags = *type_flags;
  package.package_number = *number;
  package.session = *session;
  package.remaining = remaining_in(message.subspan(8, *length - 8U));
  package.data = message.subspan(*length);
  package.data_offset = static_cast<std::uint16_t>(*header + *length);
  return package;
}

std::string write_p2p_v1(const PackageV1& package) {
  std::string bytes;
  bytes.reserve(p2p_v1_header + package.data.size() + footer);
  append_little(bytes, package.session);
  append_little(bytes, package.identifier);
  append_little(bytes, package.offset);
  append_little(bytes, package.total);
  append_little(bytes, package.length);
  append_little(bytes, package.flags);
  append_little(bytes, package.ack_session);
  append_little(bytes, package.ack_uid);
  append_little(bytes, package.ack_size);
  bytes.append(as_text(package.data));
  bytes.append(footer, '\0');
  return bytes;
}

std::uint16_t length_p2p_v2(std::string_view text) noexcept {
  return static_cast<std::uint16_t>(v2_data_header + text.size());
}

std::string write_p2p_v2(std::uint32_t base_id, std::uint16_t package_number, std::string_view text) {
  std::string bytes;
  bytes.reserve(v2_header_least + v2_data_header + text.size() + footer);
  append_big(bytes, static_cast<std::uint8_t>(v2_header_least));
  append_big(bytes, std::uint8_t{0});
  append_big(bytes, length_p2p_v2(text));
  append_big(bytes, base_id);
  append_big(bytes, static_cast<std::uint8_t>(v2_data_header));
  append_big(bytes, std::uint8_t{1});
  append_big(bytes, package_number);
  append_big(bytes, std::uint32_t{0});
  bytes.append(text);
  bytes.append(footer, '\0');
  return bytes;
}

std::string acknowledge_p2p_v2(std::uint32_t base_id, std::uint32_t value, Bytes peer_information) {
  std::string tlvs;
  if (!peer_information.empty()) {
    tlvs.push_back('\x01');
    append_big(tlvs, static_cast<std::uint8_t>(peer_information.size()));
    tlvs.append(as_text(peer_information));
  }
  tlvs.append("\x02\x04");
  append_big(tlvs, value);
  while (tlvs.size() % 4 != 0) tlvs.push_back('\0');

  std::string bytes;
  append_big(bytes, static_cast<std::uint8_t>(v2_header_least + tlvs.size()));
  append_big(bytes, peer_information.empty() ? std::uint8_t{0} : p2p_operation::syn);
  append_big(bytes, std::uint16_t{0});
  append_big(bytes, base_id);
  bytes.append(tlvs);
  bytes.append(footer, '\0');
  return bytes;
}

}  // namespace msnp
