// What is known of the calls between a local user and one other person: which were let through, which
// were refused. It belongs to the pair and not to a connection, because clients move a call from one
// switchboard to another (clients.md 12), and it is keyed by the offering side, because libpurple gives
// both users the same SessionIDs (block-proof.md 5.1).
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "msnp/kind.hpp"
#include "msnp/limits.hpp"
#include "msnp/object_watch.hpp"
#include "msnp/offer.hpp"
#include "msnp/refusal.hpp"
#include "msnp/types.hpp"

namespace msnp {

/// The names one invitation goes by. Empty ones do not count.
struct CallNames {
  std::vector<std::string> call_ids;
  std::vector<std::uint32_t> session_ids;
  std::string cookie;
};

/// What is remembered of a call, so that it can be judged again, watched and ended.
/// Shared by the pairs it concerns; used by one thread.
struct JudgedCall {
  Offer offer;
  CallParties parties;
  std::string sha1d;                // MSNObjects: the digest as announced
  std::uint64_t policy_serial = 0;  // of the policy that judged it last
  /// What watches the data of an MSNObject, one for each way; made with the first data.
  std::array<std::unique_ptr<ObjectWatch>, 2> watches;
  bool spoilt = false;  // the data is not what was announced: no more of it, whoever of them it concerns
  std::array<std::uint64_t, 2> totals{};  // P2P v2: of the message whose data flows, for each way
};

enum class CallStanding : std::uint8_t { unknown, admitted, refused };

/// The calls of one pair. Bounded: the one longest unused is forgotten first, so that a long transfer
/// outlives any number of pictures.
class PairCalls {
 public:
  explicit PairCalls(const Limits& limits) : limit_(limits.calls_per_pair) {}

  /// `call` may be null: then there is nothing to judge again or to end.
  void admit(Direction offered, Kind kind, const CallNames& names, std::shared_ptr<JudgedCall> call = {});
  void refuse(Direction offered, Kind kind, const CallNames& names, std::shared_ptr<JudgedCall> call = {});

  /// Refuses what was let through: a running call that may not go on.
  void end(Direction offered, Kind kind, const CallNames& names);

  /// A call with this id was refused or ended, and no call of that id goes on which a message could belong
  /// to: none that `answered` offered, when the message answers an offer; else none at all.
  [[nodiscard]] bool is_refused(std::string_view call_id,
                                std::optional<Direction> answered = {}) const noexcept;
  /// May data of this session flow this way? An id that both sides use is told apart by the way data
  /// of its kind flows: files go the way of the offer, objects the other way.
  struct Session {
    CallStanding standing = CallStanding::unknown;
    JudgedCall* call = nullptr;  // valid until the next admit or refuse
  };
  [[nodiscard]] Session session(std::uint32_t id, Direction data) noexcept;
  struct ClassicCall {
    Direction offered;
    bool refused;
  };
  /// The latest classic invitation with this cookie; nothing for an empty one.
  [[nodiscard]] std::optional<ClassicCall> by_cookie(std::string_view cookie) const noexcept;

  /// Remembers a P2P v1 Identifier sent in a direction.
  void saw_identifier(Direction direction, std::uint32_t identifier) noexcept;
  /// An Identifier for a package of ours that travels in `direction`: far from those of the true sender.
  [[nodiscard]] std::uint32_t fresh_identifier(Direction direction, std::uint32_t seed) noexcept;
  /// True if `identifier` names a package of ours that travelled in `direction`.
  [[nodiscard]] bool is_ours(Direction direction, std::uint32_t identifier) const noexcept;

 private:
  struct Call {
    Direction offered = {};
    Kind kind = {};
    bool refused = false;
    CallNames names;
    std::shared_ptr<JudgedCall> judged;
    std::uint64_t used = 0;  // when, counted in uses
  };
  struct Numbers {
    std::uint32_t last_seen = 0;
    std::uint32_t first_ours = 0;
    std::uint32_t next_ours = 0;  // 0: none given out yet
  };
  void forget_names(Direction offered, bool refused, const CallNames& names);
  void remember(Call call);

  std::vector<Call> calls_;
  std::array<Numbers, 2> numbers_;
  std::size_t limit_;
  std::uint64_t uses_ = 0;
};

/// The pairs of one worker. Bounded: the pair longest unused is forgotten first.
class CallBook {
 public:
  explicit CallBook(const Limits& limits) : limits_(limits) {}

  /// Never null. Whoever keeps the pointer keeps the calls, even if the book forgets them.
  [[nodiscard]] std::shared_ptr<PairCalls> pair(std::string_view user, std::string_view peer);
  [[nodiscard]] std::size_t size() const noexcept { return index_.size(); }

 private:
  struct Entry {
    std::string key;
    std::shared_ptr<PairCalls> calls;
  };
  Limits limits_;
  std::list<Entry> entries_;  // latest used first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> index_;
};

}  // namespace msnp
