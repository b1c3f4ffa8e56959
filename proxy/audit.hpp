// The audit record (decisions.md 7): one JSON object a line, written before its effect is seen.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "msnp/kind.hpp"
#include "msnp/offer.hpp"
#include "msnp/types.hpp"
#include "proxy/policy.hpp"

namespace gate {

enum class AuditKind : std::uint8_t { transfer, transport, object, failure, session, policy, checkpoint };

/// "transfer", "transport", "object", "failure", "session", "policy", "checkpoint". Audit key `event`.
[[nodiscard]] std::string_view name_of(AuditKind kind) noexcept;

/// A value; it owns its strings. Fields that do not apply stay empty and are left out of the line.
struct AuditEvent {
  AuditKind event = AuditKind::transfer;
  std::chrono::system_clock::time_point time;
  std::optional<Action> action;
  std::string reason;  // msnp::name_of(Reason), name_of(Cause), or of a session's end
  std::string rule;
  std::string policy;  // revision
  std::optional<msnp::Kind> kind;
  std::optional<msnp::Direction> direction;
  std::string user;
  std::vector<std::string> peers;
  struct File {
    std::vector<std::string> names;  // the readings; written as `name` and `name_shown`
    std::optional<std::uint64_t> size;
  };
  std::optional<File> file;
  std::optional<msnp::Form> form;
  struct Call {
    std::string call_id, session_id, cookie;
  };
  std::optional<Call> call;
  std::string client;  // ip:port
  std::string server;  // ip:port
  std::uint8_t dialect = 0;
  std::string answer;  // what was sent to whom, such as "603 to client"
  std::string detail;  // failures: error, offset, first bytes; sessions: bytes and frames
};

/// Where events go. `record` returns true only once the record is written (not merely queued):
/// a caller that must not act unrecorded asks and looks (decisions.md 5, audit-write-failed).
class AuditSink {
 public:
  [[nodiscard]] virtual bool record(const AuditEvent& event) noexcept = 0;

 protected:
  ~AuditSink() = default;
};

}  // namespace gate
