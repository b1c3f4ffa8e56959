// The Context of a file offer (transfers.md 5.4): base64 of a little-endian record.
//
//    0  4  header length     574 (v2), 638 (v3); nobody but libpurple tests it
//    4  4  version           2 or 3
//    8  8  file size         libpurple, papyon and pecan keep only the low 32 bits
//   16  4  type              0 preview follows, 1 none, 4 background, 8 unknown
//   20  n  name, UTF-16LE, NUL-terminated; 520 bytes officially, 550 for aMSN, papyon, pecan, msnp11
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace msnp {

struct FileContext {
  std::uint64_t size = 0;
  /// UTF-8: the name cut at its first NUL, then, if it differs, with all NULs dropped (msnp-sharp).
  std::vector<std::string> names;
};

/// Reads the base64 value of a Context header. Nothing if it is too short to hold a size and a name.
[[nodiscard]] std::optional<FileContext> read_file_context(std::string_view base64);

}  // namespace msnp
