#include "proxy/audit_upkeep.hpp"

#include <sys/stat.h>

#include <exception>
#include <vector>

#include "proxy/audit_json.hpp"
#include "proxy/audit_reader.hpp"
#include "proxy/log.hpp"
#include "proxy/moment.hpp"

namespace gate {
namespace {

using namespace std::chrono_literals;

/// How often the clock is looked at; `fsync_interval` may ask for less.
constexpr auto tick = 1s;
constexpr auto housekeeping = 10s;

struct Measured {
  AuditSegment segment;
  std::uint64_t size = 0;
};

std::vector<Measured> measured(const std::filesystem::path& log) {
  std::vector<Measured> all;
  for (AuditSegment& segment : segments_of(log)) {
    struct stat status {};
    ::fstat(segment.file->get(), &status);
    all.push_back({std::move(segment), static_cast<std::uint64_t>(status.st_size)});
  }
  return all;
}

/// The first record of a segment, as a copy of its line.
std::string first_line(const AuditSegment& segment) {
  std::string lines;
  const std::vector<AuditChunk> chunks = chunks_of({segment});
  if (chunks.empty()) return {};
  read_chunk(segment, chunks.front(), lines);
  lines.resize(std::min(lines.find('\n'), lines.size()));
  return lines;
}

/// How many segments, from the oldest, are no longer to be kept. Never the last one.
std::size_t expired(const std::vector<Measured>& all, const AuditSettings& settings,
                    AuditLog::Clock::time_point now) {
  std::uint64_t size = 0;
  for (const Measured& one : all) size += one.size;
  std::size_t count = 0;
  for (; count + 1 < all.size(); ++count) {
    const bool too_much = settings.keep_size != 0 && size > settings.keep_size;
    bool too_old = false;
    if (settings.keep_age.count() != 0) {
      // All its records are older than the first of the next.
      const std::string line = first_line(all[count + 1].segment);
      const auto record = record_of(line);
      const auto time = record ? moment_of((*record)[AuditKey::time]) : std::nullopt;
      too_old = time && now - *time > settings.keep_age;
    }
    if (!too_much && !too_old) break;
    size -= all[count].size;
  }
  return count;
}

void remove_expired(AuditLog& log, const AuditSettings& settings, AuditLog::Clock::time_point now,
                    std::string& errors) {
  if (settings.keep_size == 0 && settings.keep_age.count() == 0) return;
  const std::vector<Measured> all = measured(settings.path);
  const std::size_t count = expired(all, settings, now);
  if (count == 0) return;
  const std::string line = first_line(all[count].segment);
  const auto record = record_of(line);
  if (!record) return;  // the current file has no record yet
  if (!log.record_removal({record->seq, std::string((*record)[AuditKey::prev])}, now)) return;
  for (std::size_t i = 0; i < count; ++i) {
    std::error_code error;
    std::filesystem::remove(all[i].segment.path, error);
    if (error) errors += all[i].segment.path.string() + ": cannot be removed: " + error.message() + '\n';
  }
}

}  // namespace

std::string keep_house(AuditLog& log, const AuditSettings& settings, AuditLog::Clock::time_point now) {
  std::string errors;
  try {
    if (settings.compress) {
      for (const AuditSegment& segment : segments_of(settings.path)) {
        std::string fault;
        if (segment.form != AuditSegment::Form::closed) continue;
        if (!compress_segment(segment.path, fault)) errors += fault + '\n';
      }
    }
    remove_expired(log, settings, now, errors);
  } catch (const std::exception& error) {
    errors += std::string(error.what()) + '\n';
  }
  return errors;
}

AuditUpkeep::AuditUpkeep(AuditLog& log, const AuditSettings& settings)
    : log_(log), settings_(settings), thread_([this] { run(); }) {}

AuditUpkeep::~AuditUpkeep() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void AuditUpkeep::run() noexcept {
  std::chrono::milliseconds pause = tick;
  if (settings_.fsync == AuditSync::interval) pause = std::min(pause, settings_.fsync_interval);
  auto next = std::chrono::steady_clock::now();
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    log_.tick(AuditLog::Clock::now());
    if (std::chrono::steady_clock::now() >= next) {
      next = std::chrono::steady_clock::now() + housekeeping;
      look_after_files();
    }
    lock.lock();
    wake_.wait_for(lock, pause, [this] { return stopping_; });
  }
}

void AuditUpkeep::look_after_files() noexcept {
  try {
    std::string errors = keep_house(log_, settings_, AuditLog::Clock::now());
    if (!errors.empty() && errors != told_)
      log(Level::warning, {"audit log: ", std::string_view(errors).substr(0, errors.find('\n'))});
    told_ = std::move(errors);
  } catch (const std::exception&) {
    log(Level::error, "no memory to look after the audit log's files; it is tried again");
  }
}

}  // namespace gate
