// Header blocks as each client reads them: `Name: value` lines up to an empty one (framing.md 6.5,
// transfers.md 4.2). Clients differ in nearly everything; HeaderReading says in what.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gate::test::reading {

enum class LineEnd { crlf, crlf_or_lf, any };
enum class Duplicates { first_wins, last_wins };
/// nul_drops_message: C code that calls a message with a NUL in its headers broken.
enum class Nul { kept, ends_headers, drops_message };

struct HeaderReading {
  LineEnd line_end = LineEnd::crlf;
  bool blank_line_ends = false;  // a line of blanks ends the block like an empty one
  bool colon_and_blank = true;   // exactly ": "; else ":" with blanks trimmed at both sides
  bool any_case = false;
  bool mirrored = false;      // `epyT-tnetnoC: nialp/txet`, if the straight spelling is absent
  bool needs_colon = true;    // bitlbee: the name, then any blanks and colons
  bool folds = false;         // a line that begins with TAB continues the one before
  bool end_optional = false;  // without an empty line everything is headers
  Duplicates duplicates = Duplicates::last_wins;
  Nul nul = Nul::kept;
};

[[nodiscard]] std::string lower(std::string_view text);
[[nodiscard]] std::string_view trimmed(std::string_view text);

class Headers {
 public:
  explicit Headers(const HeaderReading& reading) : reading_(reading) {}
  void add(std::string_view line);
  [[nodiscard]] std::optional<std::string> value(std::string_view name) const;

 private:
  [[nodiscard]] std::optional<std::string> found(std::string_view name) const;
  HeaderReading reading_;
  std::vector<std::pair<std::string, std::string>> lines_;  // name and value
};

/// `rest` is a view into the text.
struct Block {
  Headers headers;
  std::string_view rest;
};

/// Nothing if the client does not take the text for a header block.
[[nodiscard]] std::optional<Block> read_block(const HeaderReading& reading, std::string_view text);

}  // namespace gate::test::reading
