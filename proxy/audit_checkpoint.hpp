// Checkpoints: records that an Ed25519 key has signed, so that nobody without it can write the chain anew.
// What is signed is the text of the record that is hashed (proxy/audit_chain.hpp), while `signature` is still
// empty:
//
//   {"time":...,"event":"checkpoint","reason":...,"checkpoint":{"key":"...","signature":""},"prev":"..."}
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/audit_record.hpp"
#include "proxy/signing_key.hpp"

namespace gate {

/// Why a checkpoint was written: `reason` in the record.
enum class CheckpointReason : std::uint8_t { start, interval, rotation, retention, stop };
[[nodiscard]] std::string_view name_of(CheckpointReason reason) noexcept;

/// With `retention`: the oldest record that stays, and its `prev`.
struct OldestKept {
  std::uint64_t seq = 0;
  std::string prev;
};

struct Checkpoint {
  std::chrono::system_clock::time_point time;
  std::uint64_t seq = 0;
  std::string_view id;
  CheckpointReason reason = CheckpointReason::interval;
  std::optional<OldestKept> oldest;
  std::string_view prev;
};

/// The line with its signature, ready to be sealed with the same `prev`. Throws std::runtime_error if the key
/// cannot sign.
[[nodiscard]] std::string checkpoint_line(const Checkpoint& checkpoint, const SigningKey& key);

/// Whether `key` signed this record, which is a sealed checkpoint.
[[nodiscard]] bool signed_by(const SigningKey& key, const AuditRecord& record);

}  // namespace gate
