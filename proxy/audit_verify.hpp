// Whether an audit log is what the gateway wrote: `msnpgate audit verify`. Needs nothing but the files and
// the public key.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "proxy/audit_chain.hpp"
#include "proxy/signing_key.hpp"

namespace gate {

/// A record that was seen elsewhere: sent to another machine, written down.
struct Witness {
  std::uint64_t seq = 0;
  HexDigest hash{};
};
/// "SEQ:HASH", or every record in a file of JSON lines, whatever stands before them in a line (syslog).
/// Throws std::runtime_error with what is wrong.
[[nodiscard]] std::vector<Witness> witnesses_of(const std::string& text);

/// The first thing that is wrong.
struct AuditFault {
  std::filesystem::path file;
  std::uint64_t line = 0;  // 0: the file as a whole
  std::uint64_t seq = 0;   // 0: not known
  std::string what;
};
[[nodiscard]] std::string to_string(const AuditFault& fault);

struct AuditVerdict {
  std::uint64_t first = 0;  // 0: no record at all
  std::uint64_t last = 0;
  HexDigest hash = chain_start;  // of the last
  std::string last_time;
  std::size_t segments = 0;
  std::uint64_t checkpoints = 0;
  std::uint64_t signed_to = 0;  // last record that a checkpoint covers; 0: none
  std::string signed_time;
  std::uint64_t torn = 0;          // parts of lines that a crash left and the chain passes over
  bool beginning_removed = false;  // by retention, if the log is signed
  std::optional<AuditFault> fault;
};

/// Reads all of it. Without a key signatures are not looked at. Throws std::exception if a file cannot be
/// read.
[[nodiscard]] AuditVerdict verify_audit(const std::filesystem::path& log, const SigningKey* key,
                                        const std::vector<Witness>& witnesses);

}  // namespace gate
