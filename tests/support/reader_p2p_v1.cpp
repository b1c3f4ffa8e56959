#include "tests/support/reader_p2p_v1.hpp"

#include <algorithm>

namespace gate::test::reading {
namespace {

constexpr std::size_t header_size = 48;
constexpr std::size_t footer_size = 4;
/// No invitation is longer: previews make it 30 kB.
constexpr std::size_t longest_text = 256 * 1024;
constexpr std::size_t most_messages = 128;

std::uint64_t little(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;) value = value << 8U | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

}  // namespace

struct V1Packages::Header {
  explicit Header(std::string_view bytes)
      : session(static_cast<std::uint32_t>(little(bytes, 0, 4))),
        identifier(static_cast<std::uint32_t>(little(bytes, 4, 4))),
        offset(little(bytes, 8, 8)),
        total(little(bytes, 16, 8)),
        length(static_cast<std::uint32_t>(little(bytes, 24, 4))),
        flags(static_cast<std::uint32_t>(little(bytes, 28, 4))) {}
  [[nodiscard]] std::uint64_t end() const { return offset + length; }

  std::uint32_t session, identifier;
  std::uint64_t offset, total;
  std::uint32_t length, flags;
};

bool V1Packages::is_text(const Header& header) const {
  switch (reading_->flags) {
    case Flags::plain:
      return header.flags == 0 || header.flags == 0x01000000;
    case Flags::low_word_zero:
      return (header.flags & 0xFFFFU) == 0;
    case Flags::mask_cf_zero:
      return (header.flags & 0xCFU) == 0;
    case Flags::any:
      return true;
  }
  return false;
}

V1Packages::Messages::iterator V1Packages::find(std::string_view sender, const Header& header) {
  return std::find_if(open_.begin(), open_.end(), [&](const Message& one) {
    if (one.sender != sender || one.session != header.session) return false;
    if (reading_->key == MessageKey::nothing) return true;
    return one.identifier == header.identifier;
  });
}

/// False if the client does not take the package.
bool V1Packages::put(Message& message, const Header& header, std::string_view data) const {
  if (reading_->placing == Placing::arrival) {
    if (message.text.size() + data.size() > longest_text) return false;
    message.text += data;
    return true;
  }
  if (header.offset > longest_text || header.offset + data.size() > longest_text) return false;
  const auto offset = static_cast<std::size_t>(header.offset);
  if (reading_->placing == Placing::must_follow && offset != message.text.size()) return false;
  if (reading_->needs_start && offset + data.size() > message.total) return false;  // the buffer they made
  if (message.text.size() < offset + data.size()) message.text.resize(offset + data.size());
  std::copy(data.begin(), data.end(), message.text.begin() + static_cast<std::ptrdiff_t>(offset));
  return true;
}

bool V1Packages::is_complete(const Message& message, const Header& header, bool first) const {
  switch (reading_->complete) {
    case Complete::when_end_reaches_total:
      return header.end() >= header.total;
    case Complete::when_highest_end_is_total:
      return message.highest == header.total;
    case Complete::when_end_is_total_again:
      return header.end() == header.total && (!first || header.offset == 0);
    case Complete::when_received_is_total:
      return message.received == message.total;
    case Complete::when_received_reaches_total:
      return message.received >= message.total;
  }
  return false;
}

std::optional<std::string> V1Packages::add(std::string_view sender, std::string_view package) {
  if (package.size() < header_size) return std::nullopt;
  const Header header(package);
  if (reading_->session == Session::zero && header.session != 0) return std::nullopt;
  if (reading_->session == Session::any_but_64 && header.session == 64) return std::nullopt;
  std::string_view data = package.substr(header_size);
  if (reading_->length == DataLength::field) {
    data = data.substr(0, header.length);
  } else {
    data.remove_suffix(std::min(footer_size, data.size()));
  }
  if (reading_->placing == Placing::arrival && data.empty()) return std::nullopt;  // an ACK

  auto message = find(sender, header);
  const bool known = message != open_.end();
  if (!is_text(header) && !(known && reading_->flags_of_first_count && header.offset != 0))
    return std::nullopt;
  if (known && header.offset == 0 && reading_->offset_zero == OffsetZero::starts_again) {
    open_.erase(message);
    message = open_.end();
  }
  const bool another = header.offset == 0 && reading_->offset_zero == OffsetZero::another_message;
  const bool first = message == open_.end() || another;
  if (first) {
    if (reading_->needs_start && header.offset != 0) return std::nullopt;
    if (open_.size() == most_messages) open_.erase(open_.begin());
    open_.push_back({std::string(sender), header.session, header.identifier, header.total, 0, 0, {}});
    message = open_.end() - 1;
  } else if (reading_->totals_must_agree && message->total != header.total) {
    return std::nullopt;
  }
  if (!put(*message, header, data)) return std::nullopt;
  message->received += data.size();
  message->highest = std::max(message->highest, header.end());
  if (!is_complete(*message, header, first)) return std::nullopt;
  std::string text = std::move(message->text);
  open_.erase(message);
  return text;
}

}  // namespace gate::test::reading
