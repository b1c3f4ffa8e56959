#include "proxy/audit_segments.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <limits>
#include <map>
#include <memory>
#include <new>
#include <stdexcept>
#include <system_error>

#include <zstd.h>

#include "proxy/audit_json.hpp"
#include "proxy/descriptor.hpp"

namespace gate {
namespace {

constexpr std::size_t digits = 20;
constexpr std::uint32_t skippable_magic = 0x184D2A50;
constexpr std::size_t prefix_size = 8;
// "COMPRESSED RAW FIRST-TIME LAST-TIME" is below 100 bytes.
constexpr std::size_t longest_note = 256;
// One line more than a chunk should have may go into it.
constexpr std::uint64_t raw_limit = chunk_limit + audit_line_limit;

[[noreturn]] void fail(const std::filesystem::path& path, std::string_view what) {
  throw std::runtime_error(path.string() + ": " + std::string(what));
}

[[noreturn]] void fail_with_errno(const std::filesystem::path& path, std::string_view what) {
  const int error = errno;
  fail(path, std::string(what) + ": " + std::generic_category().message(error));
}

/// At most `size` bytes from `offset` on, fewer at the end of the file.
void read_at(int file, const std::filesystem::path& path, std::uint64_t offset, std::uint64_t size,
             std::string& text) {
  text.resize(size);
  std::size_t have = 0;
  while (have < size) {
    const ssize_t got = ::pread(file, text.data() + have, size - have, static_cast<off_t>(offset + have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail_with_errno(path, "cannot be read");
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  text.resize(have);
}

/// Opens to read; nothing if the file is not there any more.
std::shared_ptr<const Descriptor> open_to_read(const std::filesystem::path& path) {
  auto file = std::make_shared<Descriptor>(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (*file) return file;
  if (errno != ENOENT) fail_with_errno(path, "cannot be opened");
  return nullptr;
}

std::uint64_t size_of(int file, const std::filesystem::path& path) {
  struct stat status {};
  if (::fstat(file, &status) != 0) fail_with_errno(path, "cannot be examined");
  return static_cast<std::uint64_t>(status.st_size);
}

std::uint32_t little_endian(std::string_view bytes) noexcept {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i-- > 0;) value = value << 8U | static_cast<unsigned char>(bytes[i]);
  return value;
}

std::string little_endian(std::uint32_t value) {
  std::string bytes;
  for (std::size_t i = 0; i < 4; ++i) bytes += static_cast<char>(value >> (8U * i) & 0xFFU);
  return bytes;
}

constexpr std::uint64_t no_number = std::numeric_limits<std::uint64_t>::max();

/// Number, taken off the front together with the blank behind it; or no_number, which no size reaches.
std::uint64_t number_of(std::string_view& text) noexcept {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end == text.data() + text.size() || *end != ' ') return no_number;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return value;
}

void add_compressed(const AuditSegment& segment, std::size_t index, std::vector<AuditChunk>& chunks) {
  const int file = segment.file->get();
  const std::uint64_t size = size_of(file, segment.path);
  std::string text;
  for (std::uint64_t at = 0; at < size;) {
    read_at(file, segment.path, at, prefix_size + longest_note, text);
    const std::uint32_t note_size = text.size() > prefix_size && little_endian(text) == skippable_magic
                                        ? little_endian(text.substr(4))
                                        : 0;
    std::string_view note = text;
    if (note_size == 0 || note_size > longest_note || note.size() < prefix_size + note_size) {
      fail(segment.path, "is no segment that msnpgate compressed");
    }
    note = note.substr(prefix_size, note_size);
    const std::uint64_t compressed = number_of(note);
    const std::uint64_t raw = number_of(note);
    const std::size_t blank = note.find(' ');
    const std::uint64_t data = at + prefix_size + note_size;
    if (raw > raw_limit || compressed > size - data || blank == std::string_view::npos) {
      fail(segment.path, "is no segment that msnpgate compressed, or only a part of one");
    }
    chunks.push_back({index, data, compressed, raw, std::string(note.substr(0, blank)),
                      std::string(note.substr(blank + 1))});
    at = data + compressed;
  }
}

/// The oldest and newest time among whole lines. Times are of one width, so that they sort as text.
std::pair<std::string, std::string> times_in(std::string_view lines) {
  constexpr std::string_view start = R"({"time":")";
  constexpr std::size_t time_size = sizeof "2026-11-22T16:02:20.123456Z" - 1;
  std::pair<std::string, std::string> times{"9999", "0000"};
  while (!lines.empty()) {
    const std::size_t size = std::min(lines.find('\n'), lines.size() - 1) + 1;
    if (lines.starts_with(start) && size > start.size() + time_size) {
      const std::string_view time = lines.substr(start.size(), time_size);
      if (time < times.first) times.first = time;
      if (time > times.second) times.second = time;
    }
    lines.remove_prefix(size);
  }
  return times;
}

void write_all(int file, const std::filesystem::path& path, std::string_view text) {
  while (!text.empty()) {
    const ssize_t taken = ::write(file, text.data(), text.size());
    if (taken < 0 && errno == EINTR) continue;
    if (taken < 0) fail_with_errno(path, "cannot be written");
    text.remove_prefix(static_cast<std::size_t>(taken));
  }
}

void write_compressed(const std::filesystem::path& from, const std::filesystem::path& to) {
  const auto source = open_to_read(from);
  if (source == nullptr) fail_with_errno(from, "cannot be opened");
  // Its writer holds the lock until nothing more comes into it.
  if (::flock(source->get(), LOCK_SH | LOCK_NB) != 0) fail_with_errno(from, "is still in use");
  struct stat status {};
  if (::fstat(source->get(), &status) != 0) fail_with_errno(from, "cannot be examined");
  const Descriptor target{
      ::open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, status.st_mode & 0777U)};
  if (!target) fail_with_errno(to, "cannot be made");
  const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(), ZSTD_freeCCtx);
  if (context == nullptr) throw std::bad_alloc();
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  std::string lines;
  std::string frame;
  for (std::uint64_t at = 0;;) {
    read_at(source->get(), from, at, chunk_limit, lines);
    if (lines.empty()) break;
    // Whole lines, unless one is longer than any of ours.
    const std::size_t feed = lines.rfind('\n');
    if (lines.size() == chunk_limit && feed != std::string::npos) lines.resize(feed + 1);
    at += lines.size();
    frame.resize(ZSTD_compressBound(lines.size()));
    const std::size_t size =
        ZSTD_compress2(context.get(), frame.data(), frame.size(), lines.data(), lines.size());
    if (ZSTD_isError(size) != 0) fail(from, std::string("cannot be compressed: ") + ZSTD_getErrorName(size));
    const auto [first, last] = times_in(lines);
    std::string note = std::to_string(size);
    note.append(" ").append(std::to_string(lines.size())).append(" ");
    note.append(first).append(" ").append(last);
    write_all(target.get(), to,
              little_endian(skippable_magic) + little_endian(static_cast<std::uint32_t>(note.size())) + note);
    write_all(target.get(), to, std::string_view(frame).substr(0, size));
  }
  if (::fsync(target.get()) != 0) fail_with_errno(to, "cannot be written");
}

std::vector<AuditSegment> names_of(const std::filesystem::path& log) {
  const std::string stem = log.filename().string() + '.';
  std::map<std::uint64_t, AuditSegment> closed;
  const std::filesystem::path directory = log.has_parent_path() ? log.parent_path() : ".";
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    const std::string file = entry.path().filename().string();
    if (!file.starts_with(stem)) continue;
    std::string_view rest = std::string_view(file).substr(stem.size());
    const bool compressed = rest.ends_with(".zst");
    if (compressed) rest.remove_suffix(4);
    std::uint64_t first = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), first);
    if (rest.size() != digits || error != std::errc() || end != rest.data() + rest.size()) continue;
    const AuditSegment found{log.parent_path() / file, first,
                             compressed ? AuditSegment::Form::compressed : AuditSegment::Form::closed,
                             nullptr};
    if (!compressed || !closed.contains(first)) closed[first] = found;
  }
  std::vector<AuditSegment> segments;
  segments.reserve(closed.size() + 1);
  for (auto& [first, segment] : closed) segments.push_back(std::move(segment));
  std::error_code ignored;
  if (std::filesystem::exists(log, ignored))
    segments.push_back({log, 0, AuditSegment::Form::current, nullptr});
  return segments;
}

bool open_all(std::vector<AuditSegment>& segments) {
  return std::all_of(segments.begin(), segments.end(), [](AuditSegment& segment) {
    segment.file = open_to_read(segment.path);
    return segment.file != nullptr;
  });
}

bool same_names(const std::vector<AuditSegment>& one, const std::vector<AuditSegment>& other) {
  return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                    [](const AuditSegment& a, const AuditSegment& b) { return a.path == b.path; });
}

}  // namespace

std::vector<AuditSegment> segments_of(const std::filesystem::path& log) {
  // A rotation, a compression or a removal may fall between two steps; none of them does so twice in a row.
  constexpr int most_tries = 20;
  for (int i = 0; i < most_tries; ++i) {
    std::vector<AuditSegment> segments = names_of(log);
    if (open_all(segments) && same_names(segments, names_of(log))) return segments;
  }
  fail(log, "its segments change faster than they can be opened");
}

std::filesystem::path closed_path(const std::filesystem::path& log, std::uint64_t first) {
  std::array<char, digits + 2> name{};
  std::snprintf(name.data(), name.size(), ".%020llu", static_cast<unsigned long long>(first));
  return log.string() + name.data();
}

std::vector<AuditChunk> chunks_of(const std::vector<AuditSegment>& segments) {
  std::vector<AuditChunk> chunks;
  for (std::size_t index = 0; index < segments.size(); ++index) {
    const AuditSegment& segment = segments[index];
    if (segment.form == AuditSegment::Form::compressed) {
      add_compressed(segment, index, chunks);
      continue;
    }
    const std::uint64_t size = size_of(segment.file->get(), segment.path);
    for (std::uint64_t at = 0; at < size; at += chunk_limit) {
      chunks.push_back({index, at, std::min(chunk_limit, size - at), 0, {}, {}});
    }
  }
  return chunks;
}

void read_chunk(const AuditSegment& segment, const AuditChunk& chunk, std::string& lines) {
  const int file = segment.file->get();
  if (segment.form == AuditSegment::Form::compressed) {
    std::string frame;
    read_at(file, segment.path, chunk.offset, chunk.size, frame);
    lines.resize(chunk.raw_size);
    const std::size_t size = ZSTD_decompress(lines.data(), lines.size(), frame.data(), frame.size());
    if (ZSTD_isError(size) != 0 || size != chunk.raw_size) {
      fail(segment.path,
           "is damaged: the frame at byte " + std::to_string(chunk.offset) + " cannot be unpacked");
    }
    return;
  }
  // From the byte before, which tells whether a line begins here, to the end of the last line that does.
  const std::uint64_t start = chunk.offset == 0 ? 0 : chunk.offset - 1;
  const std::uint64_t end = chunk.offset + chunk.size;
  read_at(file, segment.path, start, end - start, lines);
  std::string more;
  for (std::uint64_t at = end; !lines.empty() && lines.back() != '\n';) {
    read_at(file, segment.path, at, audit_line_limit, more);
    if (more.empty()) break;
    at += more.size();
    lines.append(more, 0, std::min(more.find('\n'), more.size() - 1) + 1);
  }
  if (chunk.offset != 0) {
    const std::size_t feed = lines.find('\n');
    lines.erase(0, feed == std::string::npos || start + feed >= end ? lines.size() : feed + 1);
  }
}

bool compress_segment(const std::filesystem::path& closed, std::string& fault) {
  const std::filesystem::path target = closed.string() + ".zst";
  const std::filesystem::path unfinished = target.string() + ".unfinished";
  try {
    write_compressed(closed, unfinished);
    std::filesystem::rename(unfinished, target);
    sync_directory(target);
    std::filesystem::remove(closed);
    return true;
  } catch (const std::exception& error) {
    fault = error.what();
  }
  std::error_code ignored;
  std::filesystem::remove(unfinished, ignored);
  return false;
}

void sync_directory(const std::filesystem::path& log) noexcept {
  const std::string directory = log.has_parent_path() ? log.parent_path().string() : ".";
  const Descriptor opened{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (opened) ::fsync(opened.get());
}

}  // namespace gate
