// `replay --emit`: for connection n the files n.to_server.bin and n.to_client.bin of one directory,
// with the bytes the gate would have sent.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "msnp/bytes.hpp"
#include "msnp/types.hpp"

namespace gate {

/// Holds at most 8 MiB before it writes; no file stays open. After the first error nothing more is
/// written.
class Emission {
 public:
  /// Makes the directory, with its parents.
  explicit Emission(std::filesystem::path directory);

  /// Both files of a connection, empty; what stood there before is gone.
  void begin(std::size_t number);
  void write(std::size_t number, msnp::Direction direction, msnp::Bytes bytes);
  void flush();

  /// The file that could not be written and why, ready to print.
  [[nodiscard]] const std::optional<std::string>& error() const noexcept { return error_; }

 private:
  using Lane = std::pair<std::size_t, msnp::Direction>;
  [[nodiscard]] std::filesystem::path path_of(const Lane& lane) const;
  void store(const Lane& lane, const std::string& bytes, bool append);

  std::filesystem::path directory_;
  std::map<Lane, std::string> held_;
  std::size_t held_bytes_ = 0;
  std::optional<std::string> error_;
};

}  // namespace gate
