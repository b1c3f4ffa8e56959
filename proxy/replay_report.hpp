// What `replay` prints: decisions to the output, a summary of the captures to the error stream.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/audit.hpp"
#include "proxy/commands.hpp"
#include "proxy/connection_kind.hpp"
#include "proxy/packet.hpp"

namespace gate {

/// Prints decisions as they are made: a line of JSON each, or a row of a table. Sessions and policies
/// are no decisions and are left out. `record` says no once the output can take no more.
class DecisionPrinter final : public AuditSink {
 public:
  DecisionPrinter(std::ostream& out, ReplayFormat format) : out_(out), format_(format) {}

  [[nodiscard]] bool record(const AuditEvent& event) noexcept override;
  [[nodiscard]] std::uint64_t printed() const noexcept { return printed_; }
  [[nodiscard]] bool failed() const noexcept { return failed_; }

 private:
  std::ostream& out_;
  ReplayFormat format_;
  std::uint64_t printed_ = 0;
  bool failed_ = false;
};

/// One taken connection after its replay.
struct ReplayedConnection {
  std::size_t number = 0;
  ConnectionKind kind = ConnectionKind::other;
  TcpEndpoint client;
  TcpEndpoint server;
  std::uint8_t dialect = 0;
  std::string user;                // as the server last accepted one
  std::vector<std::string> peers;  // everybody who was ever there, in order of appearance
  bool peers_cut = false;
  bool incomplete = false;     // bytes are missing from the capture
  bool closed = false;         // by the gate
  std::size_t unfinished = 0;  // bytes of frames whose rest never came
};

struct ReplayedCapture {
  std::uint64_t packets = 0;
  std::vector<ReplayedConnection> taken;
  std::array<std::size_t, connection_kind_count> not_taken{};  // by kind
  std::size_t not_followed = 0;
  std::uint64_t events = 0;
};

/// A line for the capture and one for each taken connection.
void print_capture(std::ostream& err, std::string_view name, const ReplayedCapture& capture);

/// Adds up captures for the last line.
class ReplayTotal {
 public:
  void add(const ReplayedCapture& capture);
  void print(std::ostream& err) const;

 private:
  std::size_t captures_ = 0;
  std::size_t taken_ = 0;
  std::set<std::string> users_;
  std::array<std::size_t, connection_kind_count> not_taken_{};
  std::uint64_t events_ = 0;
};

}  // namespace gate
