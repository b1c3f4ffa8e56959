#include "proxy/replay.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "proxy/http_session.hpp"
#include "proxy/tcp_connections.hpp"

namespace gate {
namespace {

using msnp::Bytes;
using msnp::Direction;

/// Ticks made up for one silence between two packets. Filters hold things for seconds; a capture whose
/// clock jumps by years must not keep us busy.
constexpr int silent_ticks = 2'400;
constexpr msnp::Moment tick_interval = 250;  // as in live traffic
/// People told about one connection.
constexpr std::size_t peers_limit = 256;

/// What the first reading of a capture finds: the kinds of its connections, in order.
struct Survey {
  std::vector<ConnectionKind> kinds;
  std::uint64_t packets = 0;
  std::size_t not_followed = 0;
  std::vector<bool> complete;
};

Survey survey(Capture& capture) {
  TcpConnections connections;
  std::deque<FirstBytes> first;
  while (const auto segment = capture.next()) {
    const auto progress = connections.add(*segment);
    first.resize(connections.all().size());
    if (!progress) continue;
    for (const Bytes piece : progress->pieces) {
      if (progress->direction == Direction::to_server) {
        first[progress->connection].see_client(piece);
      } else {
        first[progress->connection].see_server();
      }
    }
  }
  Survey found;
  found.packets = capture.packets();
  found.not_followed = connections.not_followed();
  for (std::size_t i = 0; i < first.size(); ++i) {
    const TcpConnection& connection = connections.all()[i];
    found.kinds.push_back(connection.began_before ? ConnectionKind::began_before : first[i].kind());
    found.complete.push_back(connection.complete());
  }
  return found;
}

/// One connection that is still open.
struct Session {
  explicit Session(ReplayedConnection& connection_report) : report(&connection_report) {}

  ReplayedConnection* report;
  std::unique_ptr<Filter> filter;
  std::array<std::vector<std::byte>, 2> unconsumed;
  bool reset = false;
};

class Run {
 public:
  Run(FilterShared& shared, Emission* emission, const std::vector<ConnectionKind>& kinds,
      std::vector<ReplayedConnection>& taken)
      : shared_(shared), emission_(emission), kinds_(kinds), taken_(taken), slots_(kinds.size()) {
    std::size_t slot = 0;
    for (std::size_t i = 0; i < kinds.size(); ++i) {
      if (is_taken(kinds[i])) slots_[i] = slot++;
    }
  }

  void see(const Segment& segment) {
    advance_to(segment.time);
    const auto progress = connections_.add(segment);
    if (!progress) return;
    // The file may have grown since it was surveyed.
    if (progress->connection >= kinds_.size() || !is_taken(kinds_[progress->connection])) return;
    Session& session = session_of(progress->connection);
    for (const Bytes piece : progress->pieces) feed(session, progress->direction, piece);
    // A RST may overtake bytes of the other side: they are still read. After both FINs there are none.
    if (progress->ended) {
      session.reset = connections_.all()[progress->connection].reset;
      if (!session.reset) end(progress->connection);
    }
  }

  void finish() {
    while (!sessions_.empty()) end(sessions_.begin()->first);
    shared_.gateway_sessions.reset();  // calls and sessions are those of one capture
  }

 private:
  Session& session_of(std::size_t ordinal) {
    const auto known = sessions_.find(ordinal);
    if (known != sessions_.end()) return known->second;
    const TcpConnection& connection = connections_.all()[ordinal];
    ReplayedConnection& report = taken_[slots_[ordinal]];
    report.client = connection.client;
    report.server = connection.server;
    Session& session = sessions_.emplace(ordinal, Session(report)).first->second;
    session.filter = std::make_unique<Filter>(shared_, Ends{connection.client, connection.server});
    return session;
  }

  void feed(Session& session, Direction direction, Bytes piece) {
    ReplayedConnection& report = *session.report;
    if (report.closed) return;
    std::vector<std::byte>& rest = session.unconsumed[static_cast<std::size_t>(direction)];
    const bool joined = !rest.empty();
    if (joined) rest.insert(rest.end(), piece.begin(), piece.end());
    const Bytes in = joined ? Bytes(rest) : piece;
    const Filter::Result result = session.filter->feed(direction, in, output_, now_);
    send(report);
    if (joined) {
      rest.erase(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(result.consumed));
      if (rest.empty()) rest.shrink_to_fit();
    } else {
      const Bytes left = in.subspan(result.consumed);
      rest.assign(left.begin(), left.end());
    }
    note_people(session);
    report.closed = result.close != Close::no;
    if (report.closed) session.unconsumed = {};
  }

  /// Hands what the filter wrote to the emission.
  void send(const ReplayedConnection& report) {
    if (emission_ != nullptr) {
      for (const Direction direction : {Direction::to_server, Direction::to_client}) {
        for (const Bytes slice : output_.slices(direction)) emission_->write(report.number, direction, slice);
      }
    }
    output_.clear();
  }

  static void note_people(Session& session) {
    const msnp::Identity& identity = session.filter->identity();
    ReplayedConnection& report = *session.report;
    if (report.user != identity.user() && !identity.user().empty()) report.user = identity.user();
    if (identity.dialect() != 0) report.dialect = identity.dialect();
    for (const msnp::Peer& peer : identity.peers()) {
      if (std::find(report.peers.begin(), report.peers.end(), peer.account) != report.peers.end()) continue;
      if (report.peers.size() == peers_limit) {
        report.peers_cut = true;
        break;
      }
      report.peers.push_back(peer.account);
    }
  }

  void end(std::size_t ordinal) {
    const auto ending = sessions_.find(ordinal);
    if (ending == sessions_.end()) return;
    for (const auto& rest : ending->second.unconsumed) ending->second.report->unfinished += rest.size();
    sessions_.erase(ending);
  }

  /// Time runs forward only, whatever the packets say; in between the filters get their ticks.
  void advance_to(std::chrono::system_clock::time_point time) {
    if (!began_) {
      began_ = true;
      now_.wall = time;
      first_time_ = time;
      return;
    }
    if (time <= now_.wall) return;
    const auto since_first =
        std::chrono::duration_cast<std::chrono::milliseconds>(time - first_time_).count();
    for (int ticks = 0; next_tick_ <= since_first && ticks < silent_ticks; ++ticks) {
      if (!tick(next_tick_)) break;
      next_tick_ += tick_interval;
    }
    if (next_tick_ <= since_first) {  // nobody waits for the ticks between, or there are too many
      tick(since_first);
      next_tick_ = since_first + tick_interval;
    }
    now_.wall = time;
    now_.monotonic = since_first;
  }

  /// False when no filter has anything to do until more bytes come.
  bool tick(msnp::Moment moment) {
    now_.monotonic = moment;
    now_.wall = first_time_ + std::chrono::milliseconds(moment);
    bool any = shared_.gateway_sessions && shared_.gateway_sessions->timed();
    if (any) shared_.gateway_sessions->tick(now_);
    for (auto& [ordinal, session] : sessions_) {
      if (session.report->closed || session.reset || session.filter->idle()) continue;
      any = true;
      session.report->closed = session.filter->tick(output_, now_) != Close::no;
      send(*session.report);
    }
    return any;
  }

  FilterShared& shared_;
  Emission* emission_;
  const std::vector<ConnectionKind>& kinds_;
  std::vector<ReplayedConnection>& taken_;
  std::vector<std::size_t> slots_;  // ordinal of a taken connection -> place in taken_
  TcpConnections connections_;
  std::map<std::size_t, Session> sessions_;
  msnp::Output output_;
  Now now_;
  std::chrono::system_clock::time_point first_time_;
  msnp::Moment next_tick_ = tick_interval;
  bool began_ = false;
};

}  // namespace

ReplayedCapture replay_capture(const std::filesystem::path& file, FilterShared& shared, Emission* emission,
                               std::optional<CaptureError>& error) {
  ReplayedCapture replayed;
  auto first_reading = Capture::open(file);
  if (auto* const failure = std::get_if<CaptureError>(&first_reading)) {
    error = std::move(*failure);
    return replayed;
  }
  const Survey surveyed = survey(std::get<Capture>(first_reading));
  error = std::get<Capture>(first_reading).error();
  replayed.packets = surveyed.packets;
  replayed.not_followed = surveyed.not_followed;
  for (std::size_t i = 0; i < surveyed.kinds.size(); ++i) {
    if (!is_taken(surveyed.kinds[i])) {
      ++replayed.not_taken[static_cast<std::size_t>(surveyed.kinds[i])];
      continue;
    }
    ReplayedConnection& connection = replayed.taken.emplace_back();
    connection.number = replayed.taken.size();
    connection.kind = surveyed.kinds[i];
    connection.incomplete = !surveyed.complete[i];
    if (emission != nullptr) emission->begin(connection.number);
  }

  auto second_reading = Capture::open(file);
  if (auto* const failure = std::get_if<CaptureError>(&second_reading)) {
    error = std::move(*failure);
    return replayed;
  }
  Capture& capture = std::get<Capture>(second_reading);
  Run run(shared, emission, surveyed.kinds, replayed.taken);
  while (const auto segment = capture.next()) run.see(*segment);
  run.finish();
  if (emission != nullptr) emission->flush();
  return replayed;
}

}  // namespace gate
