#include "msnp/calls.hpp"

#include <algorithm>

#include "msnp/ascii.hpp"

namespace msnp {
namespace {

/// A quarter of the number space away from the true sender's counter, which moves by one a message.
constexpr std::uint32_t identifier_distance = 0x40000000;
/// The last number ours may begin with.
constexpr std::uint32_t identifier_last = 0xFF000000;

bool names_call(const CallNames& names, std::string_view call_id) noexcept {
  return std::any_of(names.call_ids.begin(), names.call_ids.end(),
                     [call_id](const std::string& own) { return equal_folded(own, call_id); });
}

bool names_session(const CallNames& names, std::uint32_t id) noexcept {
  return std::find(names.session_ids.begin(), names.session_ids.end(), id) != names.session_ids.end();
}

/// The way the data of a call flows, where its kind tells.
std::optional<Direction> data_direction(Kind kind, Direction offered) noexcept {
  switch (kind) {
    case Kind::file_transfer:
    case Kind::ink:
      return offered;
    case Kind::display_picture:
    case Kind::custom_emoticon:
    case Kind::wink:
    case Kind::voice_clip:
    case Kind::background:
      return opposite(offered);
    default:
      return std::nullopt;
  }
}

}  // namespace

void PairCalls::admit(Direction offered, Kind kind, const CallNames& names,
                      std::shared_ptr<JudgedCall> call) {
  forget_names(offered, true, names);
  forget_names(offered, false, names);
  remember({offered, kind, false, names, std::move(call)});
}

void PairCalls::refuse(Direction offered, Kind kind, const CallNames& names,
                       std::shared_ptr<JudgedCall> call) {
  CallNames refused = names;
  // A second, refused invitation under the Call-ID of an admitted call must not silence that call.
  std::erase_if(refused.call_ids, [&](const std::string& id) {
    return std::any_of(calls_.begin(), calls_.end(), [&](const Call& one) {
      return !one.refused && one.offered == offered && names_call(one.names, id);
    });
  });
  CallNames sessions;
  sessions.session_ids = refused.session_ids;
  sessions.cookie = refused.cookie;
  forget_names(offered, false, sessions);
  forget_names(offered, true, refused);
  remember({offered, kind, true, std::move(refused), std::move(call)});
}

void PairCalls::forget_names(Direction offered, bool refused, const CallNames& names) {
  std::erase_if(calls_, [&](Call& call) {
    if (call.offered != offered || call.refused != refused) return false;
    std::erase_if(call.names.call_ids, [&](const std::string& id) { return names_call(names, id); });
    std::erase_if(call.names.session_ids, [&](std::uint32_t id) { return names_session(names, id); });
    if (call.names.cookie == names.cookie) call.names.cookie.clear();
    return call.names.call_ids.empty() && call.names.session_ids.empty() && call.names.cookie.empty();
  });
}

void PairCalls::remember(Call call) {
  if (calls_.size() >= limit_) {
    calls_.erase(std::min_element(calls_.begin(), calls_.end(),
                                  [](const Call& a, const Call& b) { return a.used < b.used; }));
  }
  call.used = ++uses_;
  calls_.push_back(std::move(call));
}

void PairCalls::end(Direction offered, Kind kind, const CallNames& names) {
  forget_names(offered, false, names);
  refuse(offered, kind, names);
}

bool PairCalls::is_refused(std::string_view call_id, std::optional<Direction> answered) const noexcept {
  bool refused = false;
  for (const Call& call : calls_) {
    if (!names_call(call.names, call_id)) continue;
    if (call.refused) {
      refused = true;
    } else if (!answered || *answered == call.offered) {
      return false;
    }
  }
  return refused;
}

PairCalls::Session PairCalls::session(std::uint32_t id, Direction data) noexcept {
  Call* admitted = nullptr;
  Call* refused = nullptr;
  for (Call& call : calls_) {
    if (!names_session(call.names, id)) continue;
    Call*& found = call.refused ? refused : admitted;
    // Of two with the same id the one whose data flows this way is meant.
    if (found == nullptr || data_direction(found->kind, found->offered) != data) found = &call;
  }
  if (admitted == nullptr) {
    if (refused == nullptr) return {};
    return {CallStanding::refused, refused->judged.get()};
  }
  if (refused != nullptr) {
    const auto admitted_way = data_direction(admitted->kind, admitted->offered);
    if (admitted_way && *admitted_way != data) return {CallStanding::refused, refused->judged.get()};
  }
  admitted->used = ++uses_;
  return {CallStanding::admitted, admitted->judged.get()};
}

std::optional<PairCalls::ClassicCall> PairCalls::by_cookie(std::string_view cookie) const noexcept {
  const auto call = std::find_if(calls_.rbegin(), calls_.rend(),
                                 [cookie](const Call& one) { return one.names.cookie == cookie; });
  if (cookie.empty() || call == calls_.rend()) return std::nullopt;
  return ClassicCall{call->offered, call->refused};
}

void PairCalls::saw_identifier(Direction direction, std::uint32_t identifier) noexcept {
  numbers_[static_cast<std::size_t>(direction)].last_seen = identifier;
}

std::uint32_t PairCalls::fresh_identifier(Direction direction, std::uint32_t seed) noexcept {
  Numbers& numbers = numbers_[static_cast<std::size_t>(direction)];
  if (numbers.next_ours == 0) {
    const std::uint32_t from = numbers.last_seen != 0 ? numbers.last_seen : seed;
    const std::uint32_t start = from + identifier_distance;
    // Never 0, and none that soon counts over to it: there our numbers would be forgotten.
    numbers.next_ours = numbers.first_ours = start - 1 < identifier_last ? start : 1;
  }
  return numbers.next_ours++;
}

bool PairCalls::is_ours(Direction direction, std::uint32_t identifier) const noexcept {
  const Numbers& numbers = numbers_[static_cast<std::size_t>(direction)];
  return numbers.next_ours != 0 && identifier - numbers.first_ours < numbers.next_ours - numbers.first_ours;
}

std::shared_ptr<PairCalls> CallBook::pair(std::string_view user, std::string_view peer) {
  std::string key(user);
  key += '\n';
  key += peer;
  if (const auto found = index_.find(key); found != index_.end()) {
    entries_.splice(entries_.begin(), entries_, found->second);
    return found->second->calls;
  }
  if (entries_.size() >= limits_.pairs) {
    index_.erase(entries_.back().key);
    entries_.pop_back();
  }
  entries_.push_front({std::move(key), std::make_shared<PairCalls>(limits_)});
  index_.emplace(entries_.front().key, entries_.begin());
  return entries_.front().calls;
}

}  // namespace msnp
