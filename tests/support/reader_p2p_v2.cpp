#include "tests/support/reader_p2p_v2.hpp"

#include <algorithm>

namespace gate::test::reading {
namespace {

constexpr std::size_t longest_text = 256 * 1024;
constexpr std::size_t most_messages = 128;

std::uint64_t big(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value = value << 8U | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

/// The value of TLV 1 with 8 bytes, which tells what is still to come.
std::uint64_t remaining_in(std::string_view tlvs) {
  while (tlvs.size() >= 2 && tlvs[0] != 0) {
    const auto size = static_cast<std::size_t>(static_cast<unsigned char>(tlvs[1]));
    if (tlvs.size() < 2 + size) break;
    if (tlvs[0] == 1 && size == 8) return big(tlvs, 2, 8);
    tlvs.remove_prefix(2 + size);
  }
  return 0;
}

}  // namespace

struct V2Packages::Header {
  std::uint32_t base = 0;
  std::uint32_t message_length = 0;
  unsigned type = 0;
  std::uint16_t number = 0;
  std::uint32_t session = 0;
  std::uint64_t remaining = 0;
  std::string_view data;
};

std::optional<V2Packages::Header> V2Packages::read(std::string_view package) {
  if (package.size() < 8) return std::nullopt;
  const auto transport = static_cast<std::size_t>(big(package, 0, 1));
  const auto length = static_cast<std::size_t>(big(package, 2, 2));
  if (transport < 8 || package.size() < transport || length == 0) return std::nullopt;
  const std::string_view body = package.substr(transport, length);
  if (body.size() < 8) return std::nullopt;
  const auto header = static_cast<std::size_t>(big(body, 0, 1));
  if (header < 8 || body.size() < header) return std::nullopt;
  return Header{static_cast<std::uint32_t>(big(package, 4, 4)),
                static_cast<std::uint32_t>(length),
                static_cast<unsigned>(big(body, 1, 1)),
                static_cast<std::uint16_t>(big(body, 2, 2)),
                static_cast<std::uint32_t>(big(body, 4, 4)),
                remaining_in(body.substr(8, header - 8)),
                body.substr(header)};
}

bool V2Packages::belongs(const Message& message, std::string_view sender, const Header& header) const {
  if (message.sender != sender || message.number != header.number) return false;
  if (reading_->placing != V2Placing::contiguous) return true;
  return header.base == message.next_base && header.remaining < message.remaining &&
         message.remaining - header.remaining == header.data.size();
}

bool V2Packages::starts(const Header& header, bool known) const {
  if (!known) return !reading_->split_starts_with_text || header.type == 1;
  return (reading_->first_bit_starts && (header.type & 1U) != 0) ||
         (reading_->split_starts_with_text && header.type == 1);
}

bool V2Packages::put(Message& message, const Header& header) const {
  std::size_t at = message.text.size();
  if (reading_->placing == V2Placing::by_remaining) {
    if (header.remaining > message.total || header.data.size() > message.total - header.remaining)
      return false;
    const std::uint64_t place = message.total - header.remaining - header.data.size();
    if (place > longest_text) return false;
    at = static_cast<std::size_t>(place);
  }
  if (at + header.data.size() > longest_text) return false;
  if (message.text.size() < at + header.data.size()) message.text.resize(at + header.data.size());
  std::copy(header.data.begin(), header.data.end(), message.text.begin() + static_cast<std::ptrdiff_t>(at));
  message.remaining = header.remaining;
  message.next_base = header.base + header.message_length;
  return true;
}

std::optional<std::string> V2Packages::add(std::string_view sender, std::string_view package) {
  const auto header = read(package);
  if (!header || header->session != 0 || header->data.empty()) return std::nullopt;
  if (reading_->type_must_be_text && header->type > 1) return std::nullopt;

  auto message = std::find_if(open_.begin(), open_.end(),
                              [&](const Message& one) { return belongs(one, sender, *header); });
  const bool known = message != open_.end();
  if (header->remaining == 0 && (!known || starts(*header, known))) {  // all in one
    if (known) open_.erase(message);
    return std::string(header->data);
  }
  if (starts(*header, known)) {
    if (known) open_.erase(message);
    if (open_.size() == most_messages) open_.erase(open_.begin());
    if (header->remaining > longest_text) return std::nullopt;
    open_.push_back({std::string(sender), header->number, header->data.size() + header->remaining, 0, 0, {}});
    message = open_.end() - 1;
  } else if (!known) {
    return std::nullopt;
  }
  if (!put(*message, *header)) return std::nullopt;
  const bool complete = reading_->placing == V2Placing::arrival ? message->text.size() == message->total
                                                                : header->remaining == 0;
  if (!complete) return std::nullopt;
  std::string text = std::move(message->text);
  open_.erase(message);
  return text;
}

}  // namespace gate::test::reading
