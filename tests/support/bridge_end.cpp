#include "tests/support/bridge_end.hpp"

#include <algorithm>
#include <utility>

namespace gate::test {
namespace {

constexpr std::uint8_t syn = 1;
constexpr std::uint8_t rak = 2;

void big(std::string& to, std::uint64_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) to.push_back(static_cast<char>((value >> (8 * i)) & 0xFFU));
}

std::uint64_t read_big(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (const char byte : bytes.substr(at, size)) value = (value << 8U) | static_cast<unsigned char>(byte);
  return value;
}

std::string number_tlv(char type, std::uint32_t value) {
  std::string tlv{type, '\4'};
  big(tlv, value, 4);
  return tlv;
}

/// `message` is the data header and the data; nothing of it without data.
std::string package_of(std::uint8_t operation, std::uint32_t base_id, std::string tlvs,
                       std::string_view message) {
  tlvs.resize((tlvs.size() + 3) / 4 * 4, '\0');
  std::string package;
  big(package, 8 + tlvs.size(), 1);
  big(package, operation, 1);
  big(package, message.size(), 2);
  big(package, base_id, 4);
  package.append(tlvs).append(message).append(4, '\0');
  return package;
}

}  // namespace

std::string peer_information() {
  return {"\x01\x0c\x00\x02\x00\x00\x00\x0e\x00\x00\x0f\x01\x00\x00", 14};
}
std::string acknowledges(std::uint32_t value) {
  return number_tlv('\2', value);
}
std::string asks_again(std::uint32_t value) {
  return number_tlv('\3', value);
}

std::vector<BridgeEnd::Piece> BridgeEnd::cut(const Words& words) {
  std::vector<Piece> pieces;
  const std::uint16_t number = words.number.value_or(++messages_);
  for (std::size_t at = 0; at < words.data.size(); at += words.most) {
    const std::string data = words.data.substr(at, words.most);
    const std::size_t left = words.data.size() - at - data.size();
    const bool opens = words.opens && at == 0;
    const bool asks = opens || (words.urgent && left == 0);
    Piece& piece = pieces.emplace_back();
    piece.operation = static_cast<std::uint8_t>((opens ? syn : 0) | (asks ? rak : 0));
    if (opens) piece.tlvs = peer_information();
    big(piece.message, left > 0 ? 20 : 8, 1);
    big(piece.message, words.kind | (at == 0 ? 1U : 0U), 1);
    big(piece.message, number, 2);
    big(piece.message, words.session, 4);
    if (left > 0) {
      piece.message.append("\x01\x08", 2);
      big(piece.message, left, 8);
      piece.message.append(2, '\0');
    }
    piece.message += data;
    opened = opened || opens;
  }
  return pieces;
}

std::string BridgeEnd::numbered(const Piece& piece) {
  std::string package = package_of(piece.operation, next_, piece.tlvs, piece.message);
  next_ += static_cast<std::uint32_t>(piece.message.size());
  boundaries_.push_back(next_);
  return package;
}

std::vector<std::string> BridgeEnd::packages(const Words& words) {
  std::vector<std::string> packages;
  for (const Piece& piece : cut(words)) packages.push_back(numbered(piece));
  return packages;
}

std::vector<std::string> BridgeEnd::alternating(const Words& one, const Words& two) {
  const auto first = cut(one);
  const auto second = cut(two);
  std::vector<std::string> packages;
  for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
    if (i < first.size()) packages.push_back(numbered(first[i]));
    if (i < second.size()) packages.push_back(numbered(second[i]));
  }
  return packages;
}

void BridgeEnd::begin_again(std::uint32_t base_id, BridgeEnd& listener) {
  next_ = said_ = base_id;
  boundaries_ = {base_id};
  opened = false;
  listener.expected_.reset();
  listener.given_.clear();
}

void BridgeEnd::said(std::string_view package) {
  const auto end = static_cast<std::uint32_t>(read_big(package, 4, 4) + read_big(package, 2, 2));
  if (static_cast<std::int32_t>(end - said_) > 0) said_ = end;
}

std::string BridgeEnd::control(std::uint8_t operation, std::string_view tlvs) const {
  return package_of(operation, said_, std::string(tlvs), {});
}

void BridgeEnd::complain(std::string about) {
  complaints.push_back(self_ + ": " + std::move(about));
}

void BridgeEnd::hear(std::string_view package) {
  const std::size_t header = read_big(package, 0, 1);
  const auto operation = static_cast<std::uint8_t>(read_big(package, 1, 1));
  const std::size_t length = read_big(package, 2, 2);
  const auto base_id = static_cast<std::uint32_t>(read_big(package, 4, 4));
  if (package.size() != header + length + 4) return complain("lengths do not agree");
  const std::string_view message = package.substr(header, length);
  if (!continues(message, base_id)) return;
  hear_tlvs(package.substr(8, header - 8), operation, base_id + static_cast<std::uint32_t>(length));
  if (!message.empty()) hear_data(message, base_id);
}

bool BridgeEnd::continues(std::string_view message, std::uint32_t base_id) {
  const auto length = static_cast<std::uint32_t>(message.size());
  if (!expected_) expected_ = base_id;
  if (strict && base_id != *expected_) {
    const auto given = given_.find(base_id);
    const bool repeated = given != given_.end() && given->second == message;
    if (repeated) ++repeats;
    if (!repeated) complain("was to hear " + std::to_string(*expected_) + ", not " + std::to_string(base_id));
    return false;
  }
  expected_ = base_id + length;
  if (length > 0) given_[base_id] = std::string(message);
  return true;
}

void BridgeEnd::hear_tlvs(std::string_view tlvs, std::uint8_t operation, std::uint32_t end) {
  bool acknowledgement = false;
  for (std::size_t at = 0; at + 2 <= tlvs.size() && tlvs[at] != 0;) {
    const char type = tlvs[at];
    const std::size_t size = read_big(tlvs, at + 1, 1);
    if (type == 2 || type == 3) {
      const auto value = static_cast<std::uint32_t>(read_big(tlvs, at + 2, 4));
      const bool known = std::find(boundaries_.begin(), boundaries_.end(), value) != boundaries_.end();
      if (strict && !known) complain("never said anything up to " + std::to_string(value));
      (type == 2 ? acknowledged : asked_for).push_back(value);
      acknowledgement = acknowledgement || type == 2;
    }
    at += 2 + size;
  }
  if ((operation & (syn | rak)) == 0) return;
  const bool opens = (operation & syn) != 0 && !acknowledgement;
  if ((operation & rak) != 0 || opens) owed_.push_back({end, opens});
}

void BridgeEnd::hear_data(std::string_view message, std::uint32_t base_id) {
  const std::size_t header = read_big(message, 0, 1);
  const bool first = (read_big(message, 1, 1) & 1U) != 0;
  const auto number = static_cast<std::uint16_t>(read_big(message, 2, 2));
  const std::uint64_t remaining = header > 8 ? read_big(message, 10, 8) : 0;
  const std::string_view data = message.substr(header);
  Open& open = open_[number];
  if (first) {
    if (open.remaining > 0) complain("a message ended in the middle");
    open = {{{}, static_cast<std::uint32_t>(read_big(message, 4, 4)), number, base_id}, 0};
  } else if (open.remaining != data.size() + remaining) {
    complain("a message went on in another place");
  }
  open.message.data += data;
  open.remaining = remaining;
  if (remaining == 0) {
    heard.push_back(std::move(open.message));
    open_.erase(number);
  }
}

std::vector<std::string> BridgeEnd::owed() {
  std::vector<std::string> packages;
  for (const Owed& one : std::exchange(owed_, {})) {
    const bool opens = one.opens && !opened;
    const std::string information = opens ? peer_information() : std::string();
    packages.push_back(control(opens ? syn | rak : 0, information + acknowledges(one.end)));
    opened = opened || opens;
  }
  return packages;
}

std::size_t BridgeEnd::declines() const noexcept {
  return static_cast<std::size_t>(std::count_if(heard.begin(), heard.end(), [](const Heard& one) {
    return one.data.starts_with("MSNSLP/1.0 603 Decline\r\n");
  }));
}

}  // namespace gate::test
