#include "msnp/identity.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace msnp {
namespace {

/// Longer than any address or encoded nickname (129 characters, three bytes each, all encoded): what a
/// hostile server may make us keep for one person.
constexpr std::size_t longest_address = 512;
constexpr std::size_t longest_nickname = 2048;

constexpr int hex_value(char letter) noexcept {
  if (letter >= '0' && letter <= '9') return letter - '0';
  if (letter >= 'A' && letter <= 'F') return letter - 'A' + 10;
  if (letter >= 'a' && letter <= 'f') return letter - 'a' + 10;
  return -1;
}

constexpr bool is_digit(char letter) noexcept {
  return letter >= '0' && letter <= '9';
}

std::string percent_decoded(std::string_view token) {
  std::string decoded;
  decoded.reserve(token.size());
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] == '%' && i + 2 < token.size()) {
      const int high = hex_value(token[i + 1]);
      const int low = hex_value(token[i + 2]);
      if (high >= 0 && low >= 0) {
        decoded += static_cast<char>(high * 16 + low);
        i += 2;
        continue;
      }
    }
    decoded += token[i];
  }
  return decoded;
}

std::string_view without_endpoint(std::string_view address) noexcept {
  return address.substr(0, address.find(';'));
}

bool names_endpoint(std::string_view address) noexcept {
  return address.find(';') != std::string_view::npos || address.find("%3B") != std::string_view::npos ||
         address.find("%3b") != std::string_view::npos;
}

template <class Unsigned>
std::optional<Unsigned> number(std::string_view token) noexcept {
  Unsigned value = 0;
  const char* const end = token.data() + token.size();
  const auto [stop, error] = std::from_chars(token.data(), end, value);
  if (error != std::errc{} || stop != end || token.empty()) return std::nullopt;
  return value;
}

}  // namespace

std::string account_of(std::string_view token) {
  // Decoded first: Escargot decodes before it splits, so `%3B` is a `;` to it (framing.md 1.3).
  std::string account = percent_decoded(token);
  account.resize(std::min(account.find(';'), account.size()));
  // "1:address", MSNP18+. "tel:+1" keeps its scheme: it is part of the name.
  const std::size_t digits = account.find_first_not_of("0123456789");
  if (digits != std::string::npos && digits > 0 && account[digits] == ':') account.erase(0, digits + 1);
  for (char& letter : account) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  return account;
}

void Identity::see(Direction direction, Side side, const Frame& frame, const Limits& limits) {
  const CommandLine& line = frame.line;
  if (side == Side::switchboard) {
    if (direction == Direction::to_server) {
      see_client(line);
    } else {
      see_server(line, limits);
    }
  } else if (direction == Direction::to_client) {
    // On a notification server a `USR ... I address` is a claim too, but the server's OK repeats the address.
    if (line.word == word("VER")) choose_dialect(line);
    if (line.word == word("USR") && line.token(1) == "OK") accept(line.token(2));
  }
}

void Identity::see_client(const CommandLine& line) {
  if (line.word == word("ANS")) claim(line);
}

void Identity::see_server(const CommandLine& line, const Limits& limits) {
  switch (line.word) {
    case word("MSG"):
      hear_from(line.token(0), line.token(1));
      return;
    case word("USR"):
      if (line.token(1) == "OK") accept(line.token(2));
      return;
    case word("ANS"):
      answered(line.token(0), line.token(1) == "OK");
      return;
    case word("IRO"):
      join(line.token(3), line.token(4), limits);
      return;
    case word("JOI"):
      join(line.token(0), line.token(1), limits);
      return;
    case word("BYE"):
      leave(line.token(0));
      return;
    default:
      // A numeric reply to the ANS: refused, the client may try again.
      if (standing_ == Standing::claimed && !line.text.empty() && is_digit(line.text.front())) {
        answered(line.token(0), false);
      }
  }
}

void Identity::claim(const CommandLine& line) {
  if (standing_ == Standing::accepted || standing_ == Standing::contested) return;
  const auto trid = number<std::uint32_t>(line.token(0));
  if (standing_ == Standing::claimed || !trid) {
    // The one `ANS n OK` to come could belong to either claim, above all when both bear the same n.
    standing_ = Standing::contested;
    spelling_.clear();
    return;
  }
  standing_ = Standing::claimed;
  claim_trid_ = *trid;
  spelling_ = line.token(1).substr(0, longest_address + 1);
}

void Identity::answered(std::string_view trid, bool accepted) {
  if (standing_ != Standing::claimed || number<std::uint32_t>(trid) != claim_trid_) return;
  const std::string claimed = std::move(spelling_);
  spelling_.clear();
  standing_ = Standing::nobody;
  if (accepted) accept(claimed);
}

/// The first address a server accepts stays: `USR n OK address 0 0` answers `USR n SHA A ticket` for a
/// circle, and is no other login (framing.md 4.1).
void Identity::accept(std::string_view address) {
  if (standing_ == Standing::accepted || standing_ == Standing::contested) return;
  std::string folded = account_of(address);
  if (folded.empty() || address.size() > longest_address) return;
  standing_ = Standing::accepted;
  spelling_ = without_endpoint(address);
  if (folded != spelling_) folded_ = std::move(folded);
  spelling_.shrink_to_fit();
  // The endpoints of the user may have been listed before the user was known (IRO precedes `ANS n OK`).
  std::erase_if(peers_, [&](const Peer& peer) { return peer.account == user(); });
}

/// The first token of the form MSNP[0-9]+ in the reply (framing.md 3.2).
void Identity::choose_dialect(const CommandLine& line) noexcept {
  constexpr std::string_view prefix = "MSNP";
  const std::size_t count = line.token_count();
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view token = line.token(i);
    if (!token.starts_with(prefix)) continue;
    if (const auto chosen = number<std::uint8_t>(token.substr(prefix.size()))) {
      dialect_ = *chosen;
      return;
    }
  }
}

const Peer* Identity::find(std::string_view account) const noexcept {
  const auto found =
      std::find_if(peers_.begin(), peers_.end(), [&](const Peer& peer) { return peer.account == account; });
  return found == peers_.end() ? nullptr : &*found;
}

Peer* Identity::find_mutable(std::string_view account) noexcept {
  const auto found =
      std::find_if(peers_.begin(), peers_.end(), [&](const Peer& peer) { return peer.account == account; });
  return found == peers_.end() ? nullptr : &*found;
}

void Identity::join(std::string_view address, std::string_view nickname, const Limits& limits) {
  if (address.size() > longest_address) {
    overflowed_ = true;
    return;
  }
  std::string account = account_of(address);
  if (account.empty() || account == user()) return;
  Peer* peer = find_mutable(account);
  if (peer == nullptr) {
    if (peers_.size() >= limits.peers) {
      overflowed_ = true;
      return;
    }
    peer = &peers_.emplace_back();
    peer->account = std::move(account);
  }
  peer->spelling = without_endpoint(address);
  if (nickname.size() <= longest_nickname) peer->nickname = nickname;
  if (names_endpoint(address) && peer->endpoints < std::numeric_limits<std::uint16_t>::max()) {
    ++peer->endpoints;
  }
}

void Identity::leave(std::string_view address) {
  Peer* const peer = find_mutable(account_of(address));
  if (peer == nullptr) return;
  if (names_endpoint(address)) {
    // An endpoint nobody announced takes nobody away.
    if (peer->endpoints == 0 || --peer->endpoints > 0) return;
  }
  peers_.erase(peers_.begin() + (peer - peers_.data()));
}

/// A message shows how the server spells the sender now. Most say what is known already: that costs no
/// allocation.
void Identity::hear_from(std::string_view address, std::string_view nickname) {
  const std::string_view bare = without_endpoint(address);
  for (Peer& peer : peers_) {
    if (peer.spelling == bare) {
      if (nickname.size() <= longest_nickname && peer.nickname != nickname) peer.nickname = nickname;
      return;
    }
  }
  if (address.size() > longest_address) return;
  if (Peer* const peer = find_mutable(account_of(address))) {
    peer->spelling = bare;
    if (nickname.size() <= longest_nickname) peer->nickname = nickname;
  }
}

}  // namespace msnp
