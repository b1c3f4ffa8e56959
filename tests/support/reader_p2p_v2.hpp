// P2P version 2 as each client puts its packages together (transfers.md 3.1, 3.4).
//
//   HL 1 | OP 1 | ML 2 | BaseID 4 | TLVs to HL || DHL 1 | TF 1 | PackageNumber 2 | SessionID 4 | TLVs to DHL
//   || data | footer 4
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gate::test::reading {

enum class V2Placing { by_remaining, arrival, contiguous };

struct V2Reading {
  V2Placing placing = V2Placing::arrival;
  bool type_must_be_text = false;       // TF 0 or 1 in session 0
  bool split_starts_with_text = false;  // the first package of several has TF 1
  bool first_bit_starts = false;        // TF bit 0 begins a message, whatever its number
};

class V2Packages {
 public:
  explicit V2Packages(const V2Reading& reading) : reading_(&reading) {}

  /// The text that this package completes; only session 0 is read.
  [[nodiscard]] std::optional<std::string> add(std::string_view sender, std::string_view package);

 private:
  struct Header;
  struct Message {
    std::string sender;
    std::uint16_t number = 0;
    std::uint64_t total = 0;
    std::uint64_t remaining = 0;
    std::uint32_t next_base = 0;
    std::string text;
  };
  using Messages = std::vector<Message>;
  [[nodiscard]] static std::optional<Header> read(std::string_view package);
  [[nodiscard]] bool belongs(const Message& message, std::string_view sender, const Header& header) const;
  [[nodiscard]] bool starts(const Header& header, bool known) const;
  [[nodiscard]] bool put(Message& message, const Header& header) const;

  const V2Reading* reading_;
  Messages open_;
};

}  // namespace gate::test::reading
