// Who is on a connection: the local user as the *server* accepted it, and the people of a
// switchboard (framing.md 4). Accounts are case-folded, percent-decoded and without `;{guid}`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "msnp/frame.hpp"
#include "msnp/limits.hpp"
#include "msnp/types.hpp"

namespace msnp {

/// Percent-decodes, drops a network prefix ("1:"), drops `;{guid}` and `;via=...`, folds ASCII case.
[[nodiscard]] std::string account_of(std::string_view token);

struct Peer {
  std::string account;   // folded, for comparing
  std::string spelling;  // the address as the server last wrote it, without endpoint
  std::string nickname;  // as the server last wrote it, still percent-encoded
  /// `;{guid}` forms present (MSNP16+). A peer leaves with `BYE` of its bare address, or with that of its
  /// last endpoint. An endpoint announced twice counts twice: the peer then stays until the bare BYE,
  /// and a rule that blocks it stays in force (framing.md 4.2).
  std::uint16_t endpoints = 0;
};

/// Believes the server only. A claim of the client (`ANS n address`) is kept until the server answers it, and
/// names nobody before; once a user is accepted, nothing on this connection names another one.
class Identity {
 public:
  /// Learns from one frame of either direction. `limits.peers` bounds the peers.
  void see(Direction direction, Side side, const Frame& frame, const Limits& limits);

  /// The local user; empty before the server accepted one. Valid until the next `see`.
  [[nodiscard]] std::string_view user() const noexcept {
    if (standing_ != Standing::accepted) return {};
    return folded_.empty() ? std::string_view(spelling_) : std::string_view(folded_);
  }
  /// The local user's address as the server spelled it, without endpoint. Valid until the next `see`.
  [[nodiscard]] std::string_view user_spelling() const noexcept {
    return standing_ == Standing::accepted ? std::string_view(spelling_) : std::string_view();
  }
  /// IRO and JOI minus BYE minus the user; switchboards only.
  [[nodiscard]] const std::vector<Peer>& peers() const noexcept { return peers_; }
  /// `account` as account_of gives it; null if that person is not here.
  [[nodiscard]] const Peer* find(std::string_view account) const noexcept;
  /// The number of the MSNP dialect the server chose, 0 while unknown. Switchboards never tell.
  [[nodiscard]] std::uint8_t dialect() const noexcept { return dialect_; }
  /// More people were announced than `limits.peers`, or one with an impossible address: the list is
  /// not complete.
  [[nodiscard]] bool peers_overflowed() const noexcept { return overflowed_; }

 private:
  enum class Standing : std::uint8_t {
    nobody,
    claimed,    // ANS went to the server; `spelling_` is the claim
    contested,  // a second ANS before the answer to the first: neither is believed
    accepted,
  };

  void see_client(const CommandLine& line);
  void see_server(const CommandLine& line, const Limits& limits);
  void claim(const CommandLine& line);
  void answered(std::string_view trid, bool accepted);
  void accept(std::string_view address);
  void choose_dialect(const CommandLine& line) noexcept;
  void join(std::string_view address, std::string_view nickname, const Limits& limits);
  void leave(std::string_view address);
  void hear_from(std::string_view address, std::string_view nickname);
  [[nodiscard]] Peer* find_mutable(std::string_view account) noexcept;

  std::string spelling_;
  std::string folded_;  // empty when it equals `spelling_`, as it mostly does
  std::vector<Peer> peers_;
  std::uint32_t claim_trid_ = 0;
  std::uint8_t dialect_ = 0;
  Standing standing_ = Standing::nobody;
  bool overflowed_ = false;
};

}  // namespace msnp
