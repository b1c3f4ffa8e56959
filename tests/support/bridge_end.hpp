// One end of a P2P v2 bridge as a strict client has it (transfers.md 3.1, 3.2): it counts what it says, and
// complains when what it is given does not continue what it was given before.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gate::test {

/// Transport TLVs.
[[nodiscard]] std::string peer_information();
[[nodiscard]] std::string acknowledges(std::uint32_t value);
[[nodiscard]] std::string asks_again(std::uint32_t value);

/// A message, and how it is cut into packages.
struct Words {
  std::string data;
  std::uint32_t session = 0;
  std::uint8_t kind = 0;  // TF without the bit of the first package
  bool opens = false;     // SYN, RAK and peer information on the first package
  bool urgent = false;    // RAK on the last
  std::size_t most = 1202;
  std::optional<std::uint16_t> number = {};
};

class BridgeEnd {
 public:
  /// `self` and `other` as they stand in P2P-Src and P2P-Dest, or in From and To of an SDG.
  BridgeEnd(std::string self, std::string other, std::uint32_t base_id)
      : self_(std::move(self)), other_(std::move(other)), next_(base_id), said_(base_id) {
    boundaries_.push_back(base_id);
  }

  [[nodiscard]] const std::string& self() const noexcept { return self_; }
  [[nodiscard]] const std::string& other() const noexcept { return other_; }
  /// The BaseID of what is said next.
  [[nodiscard]] std::uint32_t next() const noexcept { return next_; }
  /// The BaseID that what is heard next must have; 0 before anything was heard.
  [[nodiscard]] std::uint32_t expected() const noexcept { return expected_.value_or(0); }

  [[nodiscard]] std::vector<std::string> packages(const Words& words);
  /// The packages of two messages in turn, numbered in the order they are in.
  [[nodiscard]] std::vector<std::string> alternating(const Words& one, const Words& two);
  /// Its client was started again: it counts from elsewhere, and says SYN next. `listener` has to be
  /// prepared.
  void begin_again(std::uint32_t base_id, BridgeEnd& listener);
  /// A package left: what has no data is numbered after it.
  void said(std::string_view package);
  /// A package without data.
  [[nodiscard]] std::string control(std::uint8_t operation, std::string_view tlvs) const;

  void hear(std::string_view package);
  /// What it owes for what it heard; each is owed once.
  [[nodiscard]] std::vector<std::string> owed();
  /// The texts `MSNSLP/1.0 603 Decline` among what was heard.
  [[nodiscard]] std::size_t declines() const noexcept;

  struct Heard {
    std::string data;
    std::uint32_t session = 0;
    std::uint16_t number = 0;
    std::uint32_t base_id = 0;  // of its first package
  };
  /// The latest of `heard`, and of `acknowledged`.
  [[nodiscard]] Heard latest() const { return heard.empty() ? Heard{} : heard.back(); }
  [[nodiscard]] std::optional<std::uint32_t> last_acknowledged() const {
    return acknowledged.empty() ? std::nullopt : std::optional(acknowledged.back());
  }
  std::vector<Heard> heard;  // whole messages, in the order of their ends
  std::vector<std::uint32_t> acknowledged, asked_for;
  std::size_t repeats = 0;
  std::vector<std::string> complaints;
  bool answers = true;  // says what it owes at once
  bool strict = true;   // counts what it is given
  bool opened = false;  // it has said SYN

 private:
  struct Piece {
    std::uint8_t operation = 0;
    std::string tlvs;
    std::string message;  // data header and data
  };
  [[nodiscard]] std::vector<Piece> cut(const Words& words);
  [[nodiscard]] std::string numbered(const Piece& piece);
  struct Open {
    Heard message;
    std::uint64_t remaining = 0;
  };
  void complain(std::string about);
  void hear_tlvs(std::string_view tlvs, std::uint8_t operation, std::uint32_t end);
  void hear_data(std::string_view message, std::uint32_t base_id);
  [[nodiscard]] bool continues(std::string_view message, std::uint32_t base_id);

  std::string self_, other_;
  std::uint32_t next_;
  std::uint32_t said_;
  std::uint16_t messages_ = 0;
  std::vector<std::uint32_t> boundaries_;  // where packages of its own began and ended
  std::optional<std::uint32_t> expected_;
  std::map<std::uint32_t, std::string> given_;  // data header and data, by BaseID
  std::map<std::uint16_t, Open> open_;
  struct Owed {
    std::uint32_t end = 0;
    bool opens = false;  // for a SYN: with one of its own, if there was none yet
  };
  std::vector<Owed> owed_;
};

}  // namespace gate::test
