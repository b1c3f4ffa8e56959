// P2P version 1 as each client puts its packages together (transfers.md 2.4).
//
//   0 SessionID 4 | 4 Identifier 4 | 8 Offset 8 | 16 TotalSize 8 | 24 Length 4 | 28 Flags 4 | ... | 48 data |
//   footer 4
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gate::test::reading {

enum class DataLength { field, actual };
enum class Session { zero, any, any_but_64 };
enum class Flags {
  plain,  // 0 or 0x01000000
  low_word_zero,
  mask_cf_zero,  // flags & 0xCF == 0
  any,
};
enum class Placing {
  must_follow,  // Offset must be what is there already
  at_offset,
  arrival,  // Offset is not looked at
};
enum class Complete {
  when_end_reaches_total,     // Offset + Length field of this package >= its own TotalSize
  when_highest_end_is_total,  // with holes
  when_end_is_total_again,    // Offset + Length == TotalSize, but not in the first package of several
  when_received_is_total,     // the first TotalSize
  when_received_reaches_total,
};
enum class OffsetZero { another_message, starts_again, is_nothing_special };
enum class MessageKey { identifier, nothing };

struct V1Reading {
  DataLength length = DataLength::actual;
  Session session = Session::zero;
  Flags flags = Flags::plain;
  bool flags_of_first_count = false;  // those of later packages are not looked at
  Placing placing = Placing::arrival;
  Complete complete = Complete::when_received_reaches_total;
  OffsetZero offset_zero = OffsetZero::is_nothing_special;
  MessageKey key = MessageKey::identifier;
  bool needs_start = false;  // without a package of offset 0 there is no message
  bool totals_must_agree = false;
};

class V1Packages {
 public:
  explicit V1Packages(const V1Reading& reading) : reading_(&reading) {}

  /// The text that this package completes.
  [[nodiscard]] std::optional<std::string> add(std::string_view sender, std::string_view package);

 private:
  struct Header;
  struct Message {
    std::string sender;
    std::uint32_t session = 0;
    std::uint32_t identifier = 0;
    std::uint64_t total = 0;
    std::uint64_t received = 0;
    std::uint64_t highest = 0;
    std::string text;
  };
  using Messages = std::vector<Message>;
  [[nodiscard]] Messages::iterator find(std::string_view sender, const Header& header);
  [[nodiscard]] bool is_text(const Header& header) const;
  [[nodiscard]] bool put(Message& message, const Header& header, std::string_view data) const;
  [[nodiscard]] bool is_complete(const Message& message, const Header& header, bool first) const;

  const V1Reading* reading_;
  Messages open_;
};

}  // namespace gate::test::reading
