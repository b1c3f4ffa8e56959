#include "msnp/p2p.hpp"

#include <concepts>

namespace msnp {
namespace {

constexpr std::size_t v1_header = 48;
constexpr std::size_t footer = 4;
constexpr std::size_t v2_header_least = 8;

template <std::unsigned_integral Unsigned>
void append_little(std::string& to, Unsigned value) {
  for (std::size_t i = 0; i < sizeof(Unsigned); ++i) {
    to.push_back(static_cast<char>((std::uint64_t{value} >> (8 * i)) & 0xFFU));
  }
}

/// The "bytes remaining" TLV (type 1, length 8) of a v2 data header; 0 if there is none.
std::uint64_t remaining_in(Bytes tlvs) noexcept {
  Cursor cursor{tlvs};
  while (const auto type = cursor.big<std::uint8_t>()) {
    if (*type == 0) break;
    const auto length = cursor.big<std::uint8_t>();
    if (!length) break;
    const auto value = cursor.take(*length);
    if (!value) break;
    if (*type == 1 && *length == 8) return *Cursor{*value}.big<std::uint64_t>();
  }
  return 0;
}

}  // namespace

std::optional<PackageV1> read_p2p_v1(Bytes body) noexcept {
  if (body.size() < v1_header) return std::nullopt;
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
  package.data = package.data.first(package.data.size() - std::min(package.data.size(), footer));
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
  return package;
}

std::string write_p2p_v1(const PackageV1& package) {
  std::string bytes;
  bytes.reserve(v1_header + package.data.size() + footer);
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

}  // namespace msnp
