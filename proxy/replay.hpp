// Runs one capture through the very same filter as live traffic: segment by segment in the order of
// the file, all connections interleaved as they happened, at the time the packets tell.
#pragma once

#include <filesystem>
#include <optional>

#include "proxy/capture.hpp"
#include "proxy/filter.hpp"
#include "proxy/replay_emit.hpp"
#include "proxy/replay_report.hpp"

namespace gate {

/// Reads `file` twice: once to tell which connections are taken, for their numbers go by the first
/// packet and what they carry shows later; once to filter. `shared` is for this capture alone: calls
/// move between its connections. `emission` may be null.
///
/// A damaged file is replayed up to the damage, which `error` then tells.
///
/// Memory: TcpLimits, `FilterShared::memory`, 512 bytes a connection, one unfinished frame a
/// direction.
[[nodiscard]] ReplayedCapture replay_capture(const std::filesystem::path& file, FilterShared& shared,
                                             Emission* emission, std::optional<CaptureError>& error);

}  // namespace gate
