#include "proxy/audit_export.hpp"

#include <algorithm>
#include <exception>
#include <fstream>

#include "proxy/log.hpp"

namespace gate {
namespace {

using namespace std::chrono_literals;

/// Between looks at a log that has nothing new.
constexpr auto pause = 100ms;
constexpr auto first_retry = 500ms;
constexpr auto longest_retry = 30s;
/// Entries of `unconfirmed_`: a batch each; beyond, the receiver is waited for.
constexpr std::size_t most_unconfirmed = 4096;

}  // namespace

AuditExport::AuditExport(std::filesystem::path log, const AuditExportSettings& settings)
    : log_(std::move(log)), settings_(settings), outlet_(make_outlet(settings)) {
  health_.to = text_of(settings);
  read_cursor();
  thread_ = std::thread([this] { run(); });
}

AuditExport::~AuditExport() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  outlet_->interrupt();
  thread_.join();
}

AuditExportHealth AuditExport::health() const {
  const std::lock_guard lock(mutex_);
  return health_;
}

void AuditExport::read_cursor() {
  std::ifstream file(settings_.cursor);
  if (file >> health_.confirmed >> health_.sent) health_.sent = std::max(health_.sent, health_.confirmed);
}

void AuditExport::write_cursor() {
  const auto present = [this] {
    const std::lock_guard lock(mutex_);
    return std::pair(health_.confirmed, health_.sent);
  }();
  if (present == written_) return;
  const std::filesystem::path unfinished = settings_.cursor.string() + ".new";
  std::ofstream file(unfinished);
  if (!(file << present.first << ' ' << present.second << '\n') || !file.flush()) {
    throw std::runtime_error("its cursor " + settings_.cursor.string() + " cannot be written");
  }
  file.close();
  std::filesystem::rename(unfinished, settings_.cursor);
  written_ = present;
}

bool AuditExport::sleep(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return !wake_.wait_for(lock, time, [this] { return stopping_; });
}

void AuditExport::run() {
  std::chrono::milliseconds retry = first_retry;
  for (;;) {
    bool was_connected = false;
    try {
      connect();
      was_connected = true;
      while (sleep(0ms)) step();
    } catch (const std::exception& error) {
      failed(error.what(), was_connected);
    }
    outlet_->close();
    retry = was_connected ? first_retry : std::min<std::chrono::milliseconds>(2 * retry, longest_retry);
    if (!sleep(retry)) break;
  }
  try {
    write_cursor();
  } catch (const std::exception& error) {
    gate::log(Level::warning, {"audit export to ", health_.to, ": ", error.what()});
  }
}

void AuditExport::failed(std::string_view cause, bool was_connected) noexcept {
  const std::lock_guard lock(mutex_);
  if (!stopping_ && (was_connected || health_.last_error != cause))
    gate::log(Level::warning, {"audit export to ", health_.to, ": ", cause, "; it is tried again"});
  health_.connected = false;
  ++health_.retries;
  try {
    health_.last_error = cause;
  } catch (const std::exception&) {
    health_.last_error.clear();
  }
}

void AuditExport::connect() {
  outlet_->open();
  const std::uint64_t received = outlet_->received();
  std::unique_lock lock(mutex_);
  health_.connected = true;
  health_.confirmed = std::max(health_.confirmed, received);
  health_.sent = std::max(health_.sent, health_.confirmed);
  present_ = health_.confirmed;
  lock.unlock();
  unconfirmed_.clear();
  follower_.emplace(log_, present_);
}

void AuditExport::step() {
  const std::string_view lines =
      unconfirmed_.size() < most_unconfirmed ? follower_->more() : std::string_view();
  if (!lines.empty()) send(lines);
  confirm();
  if (lines.empty()) (void)sleep(pause);
}

void AuditExport::send(std::string_view lines) {
  std::string_view rest = lines;
  const AuditMatcher everything{AuditQuery()};
  std::uint64_t last = present_;
  while (const auto record = next_match(rest, everything)) last = record->seq;
  std::uint64_t sent_before = 0;
  {
    const std::lock_guard lock(mutex_);
    sent_before = health_.sent;
    health_.sent = std::max(health_.sent, last);
  }
  write_cursor();  // first, so that what a crash interrupts is known to have been begun
  rest = lines;
  while (const auto record = next_match(rest, everything)) {
    if (record->seq > present_ + 1) {
      const std::lock_guard lock(mutex_);
      health_.lost += record->seq - present_ - 1;
    }
    outlet_->send(*record, record->seq <= sent_before);
    present_ = record->seq;
  }
  unconfirmed_.emplace_back(Steady::now(), present_);
}

void AuditExport::confirm() {
  if (!outlet_->delivered()) return;
  std::uint64_t confirmed = 0;
  while (!unconfirmed_.empty() && Steady::now() - unconfirmed_.front().first >= outlet_->doubt()) {
    confirmed = unconfirmed_.front().second;
    unconfirmed_.pop_front();
  }
  if (confirmed == 0) return;
  {
    const std::lock_guard lock(mutex_);
    health_.confirmed = confirmed;
  }
  write_cursor();
}

}  // namespace gate
