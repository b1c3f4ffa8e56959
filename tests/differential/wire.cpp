#include "wire.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace differential {
namespace {

constexpr std::array<std::string_view, 10> from_client{"MSG", "UUX", "ADL", "RML", "FQY",
                                                       "UUM", "UUN", "PUT", "SDG", "QRY"};
constexpr std::array<std::string_view, 10> from_server{"MSG", "UBX", "ADL", "UBM", "UBN",
                                                       "NOT", "GCF", "NFY", "SDG", "PUT"};
constexpr std::size_t v1_header = 48;

std::uint64_t little(std::string_view bytes, std::size_t at, std::size_t size) noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;) value = (value << 8U) | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

std::uint32_t little32(std::string_view bytes, std::size_t at) noexcept {
  return static_cast<std::uint32_t>(little(bytes, at, 4));
}

std::size_t payload_size(Side speaker, std::string_view line) noexcept {
  const auto& table = speaker == Side::client ? from_client : from_server;
  if (std::find(table.begin(), table.end(), line.substr(0, 3)) == table.end()) return 0;
  const std::size_t blank = line.rfind(' ');
  std::size_t size = 0;
  if (blank != std::string_view::npos) {
    std::from_chars(line.data() + blank + 1, line.data() + line.size(), size);  // "OK" leaves 0
  }
  return size;
}

}  // namespace

std::string with_payload(std::string_view words, std::string_view payload) {
  std::string frame(words);
  frame.append(" ").append(std::to_string(payload.size())).append("\r\n").append(payload);
  return frame;
}

std::optional<std::string> Frames::next() {
  const std::size_t end = held_.find("\r\n");
  if (end == std::string::npos) return std::nullopt;
  const std::size_t size = end + 2 + payload_size(speaker_, std::string_view(held_).substr(0, end));
  if (held_.size() < size) return std::nullopt;
  std::string frame = held_.substr(0, size);
  held_.erase(0, size);
  return frame;
}

std::string_view line_of(std::string_view frame) noexcept {
  return frame.substr(0, frame.find("\r\n"));
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (std::size_t at = 0; at <= line.size();) {
    const std::size_t blank = std::min(line.find(' ', at), line.size());
    words.push_back(line.substr(at, blank - at));
    at = blank + 1;
  }
  return words;
}

std::string_view payload_of(std::string_view frame) noexcept {
  return frame.substr(std::min(frame.size(), line_of(frame).size() + 2));
}

std::string_view field(std::string_view text, std::string_view name) noexcept {
  for (std::size_t at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
    const std::string_view rest = text.substr(at + name.size());
    if ((at == 0 || text[at - 1] == '\n') && rest.starts_with(": ")) {
      return rest.substr(2, rest.find("\r\n") - 2);
    }
  }
  return {};
}

std::optional<PackageV1> package_v1(std::string_view bytes) noexcept {
  if (bytes.size() < v1_header + 4) return std::nullopt;
  PackageV1 package;
  package.session = little32(bytes, 0);
  package.identifier = little32(bytes, 4);
  package.offset = little(bytes, 8, 8);
  package.total = little(bytes, 16, 8);
  package.length = little32(bytes, 24);
  package.flags = little32(bytes, 28);
  package.ack_session = little32(bytes, 32);
  package.data = bytes.substr(v1_header, bytes.size() - v1_header - 4);
  if (package.data.size() != package.length) return std::nullopt;
  return package;
}

std::optional<PackageV2> package_v2(std::string_view bytes) noexcept {
  if (bytes.size() < 12) return std::nullopt;
  const auto header = static_cast<unsigned char>(bytes[0]);
  const auto length = static_cast<std::size_t>(static_cast<unsigned char>(bytes[2]) * 256 +
                                               static_cast<unsigned char>(bytes[3]));
  if (header < 8 || bytes.size() != header + length + 4) return std::nullopt;
  PackageV2 package{header, bytes.substr(header, length), {}};
  if (length > 0) {
    const auto data_header = static_cast<unsigned char>(package.message[0]);
    if (data_header > length) return std::nullopt;
    package.data = package.message.substr(data_header);
  }
  return package;
}

std::string without_numbers(std::string_view frame, std::string_view package, bool keep_tlvs) {
  const auto place = static_cast<std::size_t>(package.data() - frame.data());
  const std::size_t header = package_v2(package)->header;
  if (!keep_tlvs) {
    const std::string_view line = line_of(frame);
    std::string rest(line.substr(0, line.rfind(' ')));
    const std::string_view head = frame.substr(line.size(), place - line.size());
    // Several headers tell the length again.
    for (std::size_t at = 0; at < head.size();) {
      const std::size_t end = std::min(head.find("\r\n", at), head.size() - 2) + 2;
      if (!head.substr(at).starts_with("Content-Length")) rest += head.substr(at, end - at);
      at = end;
    }
    return rest.append(package.substr(header));
  }
  std::string masked(frame);
  std::fill_n(masked.begin() + static_cast<std::ptrdiff_t>(place) + 4, 4, '\0');
  for (std::size_t at = 8; at + 2 <= header && package[at] != 0;) {
    const auto type = package[at];
    const auto size = static_cast<unsigned char>(package[at + 1]);
    if ((type == 2 || type == 3) && at + 2 + size <= header) {
      std::fill_n(masked.begin() + static_cast<std::ptrdiff_t>(place + at) + 2, size, '\0');
    }
    at += 2U + size;
  }
  return masked;
}

}  // namespace differential
