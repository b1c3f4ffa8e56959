#include "msnp/detect.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "msnp/commands.hpp"
#include "msnp/frame.hpp"

namespace msnp {
namespace {

constexpr std::size_t most_looked_at = 64;

constexpr char upper(char letter) noexcept {
  return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
}
constexpr bool is_digit(char letter) noexcept {
  return letter >= '0' && letter <= '9';
}
constexpr bool is_blank(char letter) noexcept {
  return letter == ' ' || (letter >= '\t' && letter <= '\r');
}
constexpr int hex_value(char letter) noexcept {
  if (is_digit(letter)) return letter - '0';
  const char capital = upper(letter);
  return capital >= 'A' && capital <= 'F' ? capital - 'A' + 10 : -1;
}

enum class Match : std::uint8_t { no, partly, yes };

Match begins_with(std::string_view text, std::string_view opening) noexcept {
  if (text.starts_with(opening)) return Match::yes;
  return opening.starts_with(text) ? Match::partly : Match::no;
}

/// Binary openings (framing.md 3.1): direct connections of clients, and TLS.
///
///   04 00 00 00 66 6F 6F 00      length 4, "foo"
///   30 00 00 00 ...              length 48, a frame with a nonce: some builds leave "foo" out
///   16 03                        TLS handshake
Protocol detect_binary(std::string_view text) noexcept {
  using namespace std::string_view_literals;
  struct Opening {
    std::string_view bytes;
    Protocol protocol;
  };
  constexpr std::array openings{Opening{"\x04\0\0\0foo\0"sv, Protocol::p2p_direct},
                                Opening{"\x30\0\0\0"sv, Protocol::p2p_direct},
                                Opening{"\x16\x03"sv, Protocol::tls}};
  for (const Opening& opening : openings) {
    const Match match = begins_with(text, opening.bytes);
    if (match == Match::yes) return opening.protocol;
    if (match == Match::partly) return Protocol::need_more;
  }
  return Protocol::other;
}

/// Methods that no MSNP command looks like, and any other with a path behind it: `DELETE /`, `PUT http:`.
Protocol detect_http(std::string_view text) noexcept {
  constexpr std::array<std::string_view, 5> methods{"POST ", "GET ", "OPTIONS ", "CONNECT ", "HEAD "};
  constexpr std::array<std::string_view, 3> targets{"/", "*", "http://"};
  constexpr std::size_t shortest_method = 3;
  constexpr std::size_t longest_method = 20;
  Protocol found = Protocol::other;
  for (const std::string_view method : methods) {
    const Match match = begins_with(text, method);
    if (match == Match::yes) return Protocol::http;
    if (match == Match::partly) found = Protocol::need_more;
  }
  const auto* const end = std::find_if_not(text.begin(), text.end(), [](char letter) {
    return (letter >= 'A' && letter <= 'Z') || letter == '-' || letter == '_';
  });
  const auto size = static_cast<std::size_t>(end - text.begin());
  if (size > longest_method) return found;
  if (end == text.end()) return Protocol::need_more;
  if (size < shortest_method || *end != ' ') return found;
  for (const std::string_view target : targets) {
    const Match match = begins_with(text.substr(size + 1), target);
    if (match == Match::yes) return Protocol::http;
    if (match == Match::partly) found = Protocol::need_more;
  }
  return found;
}

/// `USR n address cookie` opens a switchboard, `USR n TWN I address` goes on with a login. `text` begins
/// behind the command.
Protocol detect_user(std::string_view text, bool all_there) noexcept {
  constexpr std::array<std::string_view, 5> schemes{"MD5", "CTP", "TWN", "SSO", "SHA"};
  const auto skip = [&](auto predicate) {
    const auto* const end = std::find_if_not(text.begin(), text.end(), predicate);
    text.remove_prefix(static_cast<std::size_t>(end - text.begin()));
  };
  skip(is_blank);
  skip(is_digit);
  skip(is_blank);
  const auto* const end = std::find_if(text.begin(), text.end(), is_blank);
  const std::string_view token = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  if (token.find('@') != std::string_view::npos) return Protocol::switchboard;
  if (end == text.end() && !all_there) return Protocol::need_more;
  const bool login = std::any_of(schemes.begin(), schemes.end(), [&](std::string_view scheme) {
    return std::equal(token.begin(), token.end(), scheme.begin(), scheme.end(),
                      [](char a, char b) { return upper(a) == b; });
  });
  return login ? Protocol::notification : Protocol::switchboard;
}

/// An opening of MSNP as Escargot would take it: blanks in front, any case, percent-encoded letters.
/// Whether it is also canonical is for the decoder to say.
Protocol detect_msnp(std::string_view text) noexcept {
  const bool all_there = text.size() >= most_looked_at;
  const Protocol undecided = all_there ? Protocol::other : Protocol::need_more;
  std::size_t at = 0;
  while (at < text.size() && is_blank(text[at])) ++at;

  std::array<char, 4> letters{};
  for (std::size_t i = 0; i < 3; ++i) {
    if (at >= text.size()) return undecided;
    char letter = text[at++];
    if (letter == '%') {
      if (at + 2 > text.size()) return undecided;
      const int high = hex_value(text[at]);
      const int low = hex_value(text[at + 1]);
      if (high < 0 || low < 0) return Protocol::other;
      letter = static_cast<char>(high * 16 + low);
      at += 2;
    }
    letters[i] = upper(letter);
    if (letters[i] < 'A' || letters[i] > 'Z') return Protocol::other;
  }
  if (at >= text.size()) return undecided;
  if (!is_blank(text[at])) return Protocol::other;
  const Word command = word({letters[0], letters[1], letters[2], '\0'});
  const auto at_line_end = [&] { return text[at] == '\r' || text[at] == '\n'; };
  while (at < text.size() && is_blank(text[at]) && !at_line_end()) ++at;
  if (at >= text.size()) return undecided;
  // A line of its own, such as `PNG`: a server goes on reading behind it.
  if (at_line_end()) return is_known(command) ? Protocol::notification : Protocol::other;

  const std::string_view tokens = text.substr(at);
  if (command == word("VER") && !is_digit(tokens.front())) {
    const Match match = begins_with(tokens, "MSNFTP");
    if (match == Match::partly) return undecided;
    return match == Match::yes ? Protocol::msnftp : Protocol::other;
  }
  if (!is_digit(tokens.front())) return Protocol::other;
  if (command == word("ANS")) return Protocol::switchboard;
  if (command == word("USR")) return detect_user(tokens, all_there);
  // Any other word with a number: servers pass over what they do not know, so USR may still follow.
  return Protocol::notification;
}

}  // namespace

Protocol detect(Bytes first) noexcept {
  const std::string_view text = as_text(first.first(std::min(first.size(), most_looked_at)));
  if (text.empty()) return Protocol::need_more;
  const Protocol binary = detect_binary(text);
  if (binary != Protocol::other) return binary;
  const Protocol http = detect_http(text);
  if (http == Protocol::http) return http;
  const Protocol msnp = detect_msnp(text);
  // `P`, `PUT `: both an HTTP method and an MSNP command may still come.
  return msnp == Protocol::other ? http : msnp;
}

std::string_view name_of(Protocol protocol) noexcept {
  switch (protocol) {
    case Protocol::need_more:
      return "need-more";
    case Protocol::notification:
      return "notification";
    case Protocol::switchboard:
      return "switchboard";
    case Protocol::http:
      return "http";
    case Protocol::msnftp:
      return "msnftp";
    case Protocol::p2p_direct:
      return "p2p-direct";
    case Protocol::tls:
      return "tls";
    case Protocol::other:
      break;
  }
  return "other";
}

}  // namespace msnp
