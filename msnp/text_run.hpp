// Chat that piles up fills one read with messages that differ in transaction, length and text alone. A
// message is none of the gate's business by its header block, so what was decided for the first of them holds
// for all: here is where their run ends.
//
//   MSG 17 A 133\r\n MIME header \r\n\r\n | text
//       ^^   ^^^                          ^^^^
#pragma once

#include <cstddef>
#include <string_view>

#include "msnp/bytes.hpp"
#include "msnp/frame.hpp"
#include "msnp/types.hpp"

namespace msnp {

class TextRun {
 public:
  /// `first`, a MSG that went on as it came, has a canonical header block (MimeBlock) that ends at `body` of
  /// the payload. Its bytes outlive the run. No payload of it is longer than `most`.
  TextRun(Direction direction, const Frame& first, std::size_t body, std::size_t most) noexcept;

  /// How many bytes of `rest` are whole frames like the first, one behind the other.
  [[nodiscard]] std::size_t extent(Bytes rest) const noexcept;

 private:
  /// The size of the frame at the beginning of `rest`, if it is whole and like the first; else 0.
  [[nodiscard]] std::size_t like_first(std::string_view rest) const noexcept;

  bool numbered_;           // by the transaction behind the command
  std::string_view words_;  // of the line, between transaction and length, with the blanks around them
  std::string_view block_;  // what every payload begins with
  std::size_t most_;
};

}  // namespace msnp
