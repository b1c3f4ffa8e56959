// The files of one audit log. Records are appended to PATH; when that is closed it becomes PATH.N, where N is
// the number of its first record in 20 digits, and later perhaps PATH.N.zst.
//
// A compressed segment is a sequence of pairs: a skippable frame that tells what follows, so that a reader
// can leave it out, and a zstd frame with whole lines. `zstd -dc` reads it as well.
//
//   50 2A 4D 18 | size of the text, 4 bytes | "COMPRESSED RAW FIRST-TIME LAST-TIME" | zstd frame, COMPRESSED
//   bytes
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "proxy/descriptor.hpp"

namespace gate {

struct AuditSegment {
  std::filesystem::path path;
  std::uint64_t first = 0;  // seq of its first record, by its name; of the current one 0
  enum class Form : std::uint8_t { current, closed, compressed } form = Form::current;
  /// Open, so that it can be read to its end whatever happens to its name.
  std::shared_ptr<const Descriptor> file;
};

/// All segments of the log whose current file is `log`, oldest first, as they were at one moment. Where a
/// closed segment is there both plain and compressed, the compression was interrupted: the plain one counts.
/// Throws std::exception, with the path in its text, if the directory or a file cannot be opened.
[[nodiscard]] std::vector<AuditSegment> segments_of(const std::filesystem::path& log);

/// PATH.N
[[nodiscard]] std::filesystem::path closed_path(const std::filesystem::path& log, std::uint64_t first);

/// Part of a segment that can be read by itself: of a compressed one a frame, of another a range of bytes, in
/// which a chunk owns the lines that begin.
struct AuditChunk {
  std::size_t segment = 0;     // index
  std::uint64_t offset = 0;    // in the file
  std::uint64_t size = 0;      // in the file
  std::uint64_t raw_size = 0;  // compressed ones: uncompressed
  std::string first_time;      // compressed ones: of the oldest and newest record in it, as in the log
  std::string last_time;
};

/// Most bytes of lines in a chunk.
inline constexpr std::uint64_t chunk_limit = std::uint64_t{4} * 1024 * 1024;

/// What the segments consist of, in order. Throws std::runtime_error, with the path in its text, if a file
/// cannot be read or is no compressed segment.
[[nodiscard]] std::vector<AuditChunk> chunks_of(const std::vector<AuditSegment>& segments);

/// The whole lines of a chunk, in `lines` until the next call; the last line of a plain segment may lack its
/// LF. Throws like `chunks_of`.
void read_chunk(const AuditSegment& segment, const AuditChunk& chunk, std::string& lines);

/// Compresses a closed segment into a file beside it, and then takes it away. False, with the cause in
/// `fault`, if that is not possible; the segment is then as it was.
[[nodiscard]] bool compress_segment(const std::filesystem::path& closed, std::string& fault);

/// Forces a directory's names to the disk, as far as the file system can: where a file of the log stands.
void sync_directory(const std::filesystem::path& log) noexcept;

}  // namespace gate
