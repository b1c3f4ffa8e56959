#include "proxy/audit_reader.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "proxy/audit_json.hpp"

namespace gate {
namespace {

constexpr std::string_view line_start = R"({"time":")";
constexpr std::size_t time_size = sizeof "2026-11-22T16:02:20.123456Z" - 1;

/// False for a line whose time is out of bounds; it stands at the same place in each.
bool time_fits(std::string_view line, const AuditMatcher& matcher) noexcept {
  if (matcher.since().empty() && matcher.until().empty()) return true;
  if (!line.starts_with(line_start) || line.size() < line_start.size() + time_size) return true;
  const std::string_view time = line.substr(line_start.size(), time_size);
  return (matcher.since().empty() || time >= matcher.since()) &&
         (matcher.until().empty() || time < matcher.until());
}

/// The next line that has the needle in it, taken off the front with all before.
std::string_view next_line(std::string_view& lines, const std::string& needle) noexcept {
  std::size_t start = 0;
  if (!needle.empty()) {
    const void* const found = ::memmem(lines.data(), lines.size(), needle.data(), needle.size());
    if (found == nullptr) {
      lines = {};
      return {};
    }
    const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - lines.data());
    start = lines.substr(0, at).rfind('\n') + 1;
  }
  const std::size_t end = lines.find('\n', start);
  const std::string_view line = lines.substr(start, end == std::string_view::npos ? end : end - start);
  lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
  return line;
}

}  // namespace

std::optional<AuditRecord> next_match(std::string_view& lines, const AuditMatcher& matcher) {
  while (!lines.empty()) {
    const std::string_view line = next_line(lines, matcher.needle());
    if (!time_fits(line, matcher)) continue;
    const auto record = record_of(line);
    if (record && matcher.matches(*record)) return record;
  }
  return std::nullopt;
}

AuditReader::AuditReader(const std::filesystem::path& log)
    : segments_(segments_of(log)), chunks_(chunks_of(segments_)) {}

std::vector<std::size_t> AuditReader::chunks_for(const AuditMatcher& matcher, bool newest_first) const {
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < chunks_.size(); ++i) {
    const AuditChunk& chunk = chunks_[i];
    const bool dated = !chunk.first_time.empty();
    if (dated && !matcher.since().empty() && chunk.last_time < matcher.since()) continue;
    if (dated && !matcher.until().empty() && chunk.first_time >= matcher.until()) continue;
    chosen.push_back(i);
  }
  if (newest_first) std::reverse(chosen.begin(), chosen.end());
  return chosen;
}

std::size_t AuditReader::threads_for(std::size_t chunks) {
  constexpr std::size_t most = 16;
  return std::clamp<std::size_t>(std::min<std::size_t>(std::thread::hardware_concurrency(), chunks), 1, most);
}

namespace {

using Lines = std::vector<std::string>;

/// Hands every line over as a record again.
bool take_lines(const Lines& lines, bool newest_first, const std::function<bool(const AuditRecord&)>& take) {
  const auto each = [&](const std::string& line) {
    const auto record = record_of(line);
    return !record || take(*record);
  };
  return newest_first ? std::all_of(lines.rbegin(), lines.rend(), each)
                      : std::all_of(lines.begin(), lines.end(), each);
}

void each_in(const AuditReader& reader, const AuditQuery& query, bool newest_first,
             const std::function<bool(const AuditRecord&)>& take) {
  reader.each_chunk<Lines>(
      query, newest_first, [](const AuditRecord& record, Lines& lines) { lines.emplace_back(record.line); },
      [&](const Lines& lines) { return take_lines(lines, newest_first, take); });
}

bool is_same_file(const struct stat& status, const AuditSegment& segment) noexcept {
  struct stat own {};
  return ::fstat(segment.file->get(), &own) == 0 && own.st_ino == status.st_ino &&
         own.st_dev == status.st_dev;
}

/// The seq of a segment's first record, and of one without any beyond all.
std::uint64_t first_of(const AuditSegment& segment) {
  if (segment.form != AuditSegment::Form::current) return segment.first;
  std::string lines;
  read_chunk(segment, {0, 0, audit_line_limit, 0, {}, {}}, lines);
  const auto record = record_of(std::string_view(lines).substr(0, lines.find('\n')));
  return record ? record->seq : UINT64_MAX;
}

}  // namespace

void AuditReader::each(const AuditQuery& query, const std::function<bool(const AuditRecord&)>& take) const {
  each_in(*this, query, false, take);
}

void AuditReader::each_from_the_end(const AuditQuery& query,
                                    const std::function<bool(const AuditRecord&)>& take) const {
  each_in(*this, query, true, take);
}

AuditFollower::AuditFollower(std::filesystem::path log, std::optional<std::uint64_t> after)
    : log_(std::move(log)) {
  if (!after) {
    AuditReader(log_).each_from_the_end({}, [&](const AuditRecord& record) {
      last_ = record.seq;
      return false;
    });
  } else {
    last_ = *after;
  }
}

// Nothing was rotated: the usual case, and a cheap question.
bool AuditFollower::at_current_end() const {
  struct stat named {};
  return ::stat(log_.c_str(), &named) == 0 && is_same_file(named, *segment_);
}

// The last segment that begins at or before the record after `last_`, or else the first that there is.
AuditFollower::Next AuditFollower::go_on() {
  if (segment_ && at_current_end()) return Next::none;
  std::error_code missing;
  if (!std::filesystem::exists(log_.has_parent_path() ? log_.parent_path() : ".", missing)) return Next::none;
  const std::vector<AuditSegment> segments = segments_of(log_);
  if (segments.empty()) return Next::none;
  const AuditSegment* next = &segments.front();
  for (const AuditSegment& segment : segments) {
    if (first_of(segment) <= last_ + 1) next = &segment;
  }
  struct stat status {};
  const bool same = segment_ && ::fstat(next->file->get(), &status) == 0 && is_same_file(status, *segment_);
  segment_ = *next;  // perhaps under another name
  if (same) return Next::same;
  offset_ = 0;
  chunks_.clear();
  if (next->form == AuditSegment::Form::compressed) {
    chunks_ = chunks_of({*next});
    std::reverse(chunks_.begin(), chunks_.end());
  }
  return Next::other;
}

// A line that is not whole yet is read again next time: its writer may have cut it off for want of space.
std::string_view AuditFollower::whole_lines() {
  if (segment_->form == AuditSegment::Form::compressed) {
    if (chunks_.empty()) return {};
    read_chunk(*segment_, chunks_.back(), text_);
    chunks_.pop_back();
    return text_;
  }
  constexpr std::size_t step = std::size_t{1024} * 1024;
  text_.resize(step);
  ssize_t got = 0;
  do {
    got = ::pread(segment_->file->get(), text_.data(), step, static_cast<off_t>(offset_));
  } while (got < 0 && errno == EINTR);
  if (got < 0) {
    throw std::runtime_error(segment_->path.string() +
                             ": cannot be read: " + std::generic_category().message(errno));
  }
  const std::size_t feed = std::string_view(text_).substr(0, static_cast<std::size_t>(got)).rfind('\n');
  text_.resize(feed == std::string::npos ? 0 : feed + 1);
  offset_ += text_.size();
  return text_;
}

// Leaves out what was given away before, and remembers what is given away now.
std::string_view AuditFollower::behind_start(std::string_view lines) {
  std::string_view rest = lines;
  while (!rest.empty()) {
    const std::size_t size = std::min(rest.find('\n'), rest.size() - 1) + 1;
    const auto record = record_of(rest.substr(0, size));
    if (record && record->seq > last_) break;
    rest.remove_prefix(size);
  }
  if (rest.empty()) return rest;
  std::size_t start = rest.size() - 1;
  while (start > 0) {
    start = rest.rfind('\n', start - 1) + 1;
    if (const auto record = record_of(rest.substr(start))) {
      last_ = std::max(last_, record->seq);
      break;
    }
    if (start > 0) --start;
  }
  return rest;
}

std::string_view AuditFollower::more() {
  bool read_to_the_end = false;
  for (;;) {
    while (segment_) {
      const std::string_view lines = whole_lines();
      if (lines.empty()) break;
      const std::string_view fresh = behind_start(lines);
      if (!fresh.empty()) return fresh;
    }
    // Between the last read and a rotation the writer may have added to the same file.
    const Next next = go_on();
    if (next == Next::none || (next == Next::same && read_to_the_end)) return {};
    read_to_the_end = next == Next::same;
  }
}

}  // namespace gate
