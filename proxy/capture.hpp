// Reads pcap and pcapng files (libpcap decides which by the content) segment by segment. Memory is
// that of one packet; libpcap bounds it at 256 KiB, and a pcapng block at 16 MiB.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "proxy/packet.hpp"

// libpcap's handle; its header stays out of ours.
struct pcap;

namespace gate {

/// Ready to print, without the file's name: "truncated dump file; ...".
struct CaptureError {
  std::string message;
};

class Capture {
 public:
  /// Only regular files: `replay` reads a capture twice.
  [[nodiscard]] static std::variant<Capture, CaptureError> open(const std::filesystem::path& file);

  /// The next TCP segment, valid until the next call; nothing at the end or once the file turned out
  /// to be damaged (`error` tells which).
  [[nodiscard]] std::optional<Segment> next();

  /// Set when the file ended other than between two packets.
  [[nodiscard]] const std::optional<CaptureError>& error() const noexcept { return error_; }
  /// Packets read so far, TCP or not.
  [[nodiscard]] std::uint64_t packets() const noexcept { return packets_; }

 private:
  struct Closer {
    void operator()(pcap* handle) const noexcept;
  };
  using Handle = std::unique_ptr<pcap, Closer>;
  explicit Capture(Handle handle);

  Handle handle_;
  int link_type_;
  std::uint64_t packets_ = 0;
  std::optional<CaptureError> error_;
};

}  // namespace gate
