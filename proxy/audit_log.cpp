#include "proxy/audit_log.hpp"

#include <cerrno>
#include <exception>
#include <system_error>
#include <utility>

#include "proxy/audit_json.hpp"

namespace gate {
AuditLog::AuditLog(const AuditSettings& settings)
    : settings_(settings), file_(AuditFile::open(settings.path)), opened_(Clock::now()) {
  if (!settings_.key.empty()) key_.emplace(SigningKey::read_private(settings_.key));
  if (!settings_.account_key.empty()) accounts_.emplace(settings_.account_key);
  sync_each_ = settings_.fsync == AuditSync::always;
  constexpr std::size_t most_threads = 64;
  waiting_.reserve(most_threads);
  batch_.reserve(most_threads);
  if (file_.regular()) take_up_where_it_ended();
  kept_ = end_;
  if (key_) (void)append_checkpoint(CheckpointReason::start, Clock::now());
}

AuditLog::~AuditLog() {
  Lock lock(mutex_);
  try {
    if (key_ && end_.seq > health_.checkpoint_seq) {
      (void)append_checkpoint(CheckpointReason::stop, Clock::now());
    }
  } catch (const std::exception&) {
    // The chain ends without it, as after a crash.
  }
  if (settings_.fsync != AuditSync::never) (void)file_.sync();
}

std::size_t AuditLog::record_all(std::span<const AuditEvent> events) noexcept {
  Lock lock(mutex_);
  std::size_t recorded = 0;
  try {
    const AuditEvent& first = events.front();
    if (is_full() && !syncing_) close_segment(first.time);
    if (missing_ != 0) {
      const AuditEvent missing = about_missing(first);
      if (append({&missing, 1}) == 1) {
        told_ += std::exchange(missing_, 0);
        told_seq_ = end_.seq;
      }
    }
    if (missing_ == 0) {
      const std::size_t appended = append(events);
      if (appended != 0 && (!sync_each_ || on_disk(lock))) recorded = appended;
    }
  } catch (const std::exception&) {
    // Out of memory or of random numbers: as good as a full disk.
    failed(0);
  }
  const std::size_t lost = events.size() - recorded;
  if (lost == 0) health_.writable = true;
  missing_ += lost;
  health_.failures += lost;
  return recorded;
}

bool AuditLog::is_full() const noexcept {
  return settings_.rotate_size != 0 && file_.size() >= settings_.rotate_size;
}

AuditEvent AuditLog::about_missing(const AuditEvent& next) const {
  AuditEvent event;
  event.event = AuditKind::failure;
  event.time = next.time;
  event.reason = name_of(Cause::audit_write_failed);
  event.policy = next.policy;
  event.detail = std::to_string(missing_) + " records before this one could not be written";
  return event;
}

AuditEvent AuditLog::without_accounts(const AuditEvent& event) const {
  AuditEvent hashed = event;
  if (!hashed.user.empty()) hashed.user = accounts_->of(hashed.user);
  for (std::string& peer : hashed.peers) peer = accounts_->of(peer);
  for (std::string* text : {&hashed.rule, &hashed.answer, &hashed.detail}) *text = accounts_->in(*text);
  return hashed;
}

// The one place where a record gets its number and its name and becomes a line of the file.
std::size_t AuditLog::append(std::span<const AuditEvent> events) {
  Lines lines;
  for (const AuditEvent& event : events) {
    const std::uint64_t seq = end_of(lines).seq + 1;
    const std::string id = ids_.next(event.time);
    add(lines, accounts_ ? to_json_line(without_accounts(event), seq, id) : to_json_line(event, seq, id));
  }
  return append_lines(lines);
}

void AuditLog::add(Lines& lines, std::string line) {
  const Position& before = end_of(lines);
  const HexDigest hash = seal(line, before.hash, sha256_);
  lines.text += line;
  lines.ends.push_back({lines.text.size(), before.seq + 1, hash});
}

std::size_t AuditLog::append_lines(const Lines& lines) {
  const std::size_t taken = file_.append(lines.text);
  if (taken < lines.text.size()) failed(errno);
  std::size_t count = 0;
  while (count < lines.ends.size() && lines.ends[count].size <= taken) ++count;
  if (count != 0) end_ = {file_.size(), lines.ends[count - 1].seq, lines.ends[count - 1].hash};
  return count;
}

bool AuditLog::append_checkpoint(CheckpointReason reason, Clock::time_point now,
                                 const std::optional<OldestKept>& oldest) {
  const std::string id = ids_.next(now);
  Lines lines;
  add(lines, checkpoint_line({.time = now,
                              .seq = end_.seq + 1,
                              .id = id,
                              .reason = reason,
                              .oldest = oldest,
                              .prev = text_of(end_.hash)},
                             *key_));
  next_checkpoint_ = now + settings_.checkpoint_interval;
  if (append_lines(lines) == 0) return false;
  health_.checkpoint_seq = end_.seq;
  return true;
}

// Whoever finds nobody at it forces the file to the disk, for all who wait by then.
bool AuditLog::on_disk(Lock& lock) {
  Waiter self;
  // cppcheck-suppress danglingLifetime ; it leaves the list before it is done
  waiting_.push_back(&self);
  while (!self.done) {
    if (syncing_) {
      synced_.wait(lock);
    } else {
      sync(lock);
    }
  }
  return self.good;
}

void AuditLog::sync(Lock& lock) {
  syncing_ = true;
  batch_.swap(waiting_);
  const Position reached = end_;
  lock.unlock();
  const bool good = file_.sync();
  const int error = errno;
  lock.lock();
  syncing_ = false;
  if (good) {
    kept_ = reached;
    if (told_seq_ <= reached.seq) told_ = 0;
    sync_each_ = settings_.fsync == AuditSync::always;
  } else {
    failed(error);
    take_back();
  }
  settle(batch_, good);
  // On a slow disk there may be no other moment at which nobody forces the file.
  if (is_full()) close_segment(Clock::now());
  synced_.notify_all();
}

void AuditLog::settle(std::vector<Waiter*>& waiters, bool good) {
  for (Waiter* const waiter : waiters) *waiter = {.done = true, .good = good};
  waiters.clear();
}

// What could not be forced to the disk was promised to nobody; what came behind it must go with it. Where the
// disk is forced from time to time only, everything was promised: it stays, and from now on nothing is before
// it is on the disk.
void AuditLog::take_back() {
  if (!sync_each_) {
    sync_each_ = true;
    kept_ = end_;
  } else if (file_.cut(kept_.size)) {
    end_ = kept_;
    missing_ += std::exchange(told_, 0);
    settle(waiting_, false);
  }
}

void AuditLog::failed(int error) {
  health_.writable = false;
  try {
    health_.last_error = error == 0 ? "out of memory" : std::generic_category().message(error);
  } catch (const std::exception&) {
    health_.last_error.clear();
  }
}

void AuditLog::tick(Clock::time_point now) noexcept {
  Lock lock(mutex_);
  try {
    if (now < last_tick_) next_checkpoint_ = next_sync_ = now;  // the clock was set back
    last_tick_ = now;
    if (settings_.fsync == AuditSync::interval && now >= next_sync_ && kept_.seq != end_.seq && !syncing_) {
      next_sync_ = now + settings_.fsync_interval;
      sync(lock);
    }
    if (syncing_) return;
    if (key_ && now >= next_checkpoint_ && end_.seq > health_.checkpoint_seq) {
      (void)append_checkpoint(CheckpointReason::interval, now);
    }
    if (settings_.rotate_age.count() != 0 && now - opened_ >= settings_.rotate_age) close_segment(now);
  } catch (const std::exception&) {
    failed(0);
  }
}

bool AuditLog::record_removal(const OldestKept& oldest, Clock::time_point now) noexcept {
  const Lock lock(mutex_);
  try {
    return !key_ || (!syncing_ && append_checkpoint(CheckpointReason::retention, now, oldest));
  } catch (const std::exception&) {
    failed(0);
    return false;
  }
}

std::uint64_t AuditLog::missing() const noexcept {
  const Lock lock(mutex_);
  return missing_;
}

AuditHealth AuditLog::health() const {
  const Lock lock(mutex_);
  AuditHealth health = health_;
  health.missing = missing_;
  health.seq = end_.seq;
  health.hash = text_of(end_.hash);
  health.size = file_.size();
  return health;
}

}  // namespace gate
