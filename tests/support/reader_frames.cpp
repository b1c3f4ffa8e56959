#include "tests/support/reader_frames.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>

namespace gate::test::reading {
namespace {

using msnp::Direction;

/// framing.md 2.1: what ends in the length of a payload.
constexpr std::string_view bearing_to_client =
    "MSG UBX UBM UBN UUN UUX ADL RML FQY GCF NOT IPG PUT DEL NFY SDG";
constexpr std::string_view bearing_to_server = "MSG QRY UUX ADL RML FQY UUM UUN PAG PGD SDC PUT DEL SDG VAS";

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (!line.empty()) {
    const std::size_t end = std::min(line.find(' '), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return words;
}

std::optional<std::size_t> number(std::string_view word) {
  std::size_t value = 0;
  const char* const end = word.data() + word.size();
  const auto result = std::from_chars(word.data(), end, value);
  if (word.empty() || result.ec != std::errc() || result.ptr != end) return std::nullopt;
  return value;
}

bool is_reply_code(std::string_view word) {
  return word.size() == 3 && number(word).has_value();
}

bool bears_payload(Direction direction, const std::vector<std::string_view>& words) {
  const std::string_view verb = words.front();
  if (is_reply_code(verb)) return words.size() == 3;
  if ((verb == "UBN" && words.size() < 4) || (verb == "UUN" && words.size() < 5)) return false;
  const auto all = words_of(direction == Direction::to_client ? bearing_to_client : bearing_to_server);
  return std::find(all.begin(), all.end(), verb) != all.end();
}

std::string_view account_of(std::string_view word) {
  return word.substr(0, word.find(';'));
}

std::optional<ReadFrame> frame_of(Direction direction, const std::vector<std::string_view>& words,
                                  std::string_view payload) {
  const bool to_client = direction == Direction::to_client;
  if (words.front() == "MSG" && words.size() >= 4) {
    return ReadFrame{FrameKind::message, to_client ? account_of(words[1]) : std::string_view(), 0, payload};
  }
  if (words.front() == (to_client ? "UBN" : "UUN")) {
    const auto type = number(words[words.size() - 2]);
    return ReadFrame{FrameKind::notification, to_client ? account_of(words[1]) : std::string_view(),
                     type && *type < 100 ? static_cast<int>(*type) : 0, payload};
  }
  if (words.front() == "SDG") return ReadFrame{FrameKind::datagram, {}, 0, payload};
  return std::nullopt;
}

}  // namespace

std::vector<ReadFrame> frames_of(Direction direction, std::string_view stream) {
  std::vector<ReadFrame> frames;
  while (!stream.empty()) {
    const std::size_t end = stream.find('\n');
    if (end == std::string_view::npos) break;
    std::string_view line = stream.substr(0, end);
    stream.remove_prefix(end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    const auto words = words_of(line);
    if (words.empty() || !bears_payload(direction, words)) continue;
    const auto length = number(words.back());
    if (!length) continue;
    if (*length > stream.size()) break;
    if (const auto frame = frame_of(direction, words, stream.substr(0, *length))) frames.push_back(*frame);
    stream.remove_prefix(*length);
  }
  return frames;
}

}  // namespace gate::test::reading
