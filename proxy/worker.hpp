// One thread: its event loop, its listeners, its sessions, and the one of everything they share.
// Nothing here is touched by another thread but what says so, and the process-wide count of sessions.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include <boost/asio/ip/address.hpp>

#include "proxy/audit.hpp"
#include "proxy/audit_log.hpp"
#include "proxy/clock.hpp"
#include "proxy/config.hpp"
#include "proxy/deadlines.hpp"
#include "proxy/destination.hpp"
#include "proxy/event_loop.hpp"
#include "proxy/filter.hpp"
#include "proxy/following.hpp"
#include "proxy/listener.hpp"
#include "proxy/log.hpp"
#include "proxy/policy_store.hpp"
#include "proxy/rate.hpp"
#include "proxy/relay.hpp"
#include "proxy/session.hpp"

namespace gate {

class Worker;

/// What the workers of the process share.
struct Process {
  Boot boot;                  // as at the start; for limits and listeners see Terms
  AuditLog* audit = nullptr;  // thread-safe
  const PolicyStore* policies = nullptr;
  std::vector<Worker*> workers;  // complete before the first of them runs
  Follower* follower = nullptr;  // thread-safe; where addresses are learned by the kernel
  std::atomic<std::size_t> sessions{0};
  std::atomic<Micros> full_at{0};  // of new sessions: see rate.hpp
};

/// What the workers obey besides the policy. A reload replaces it as a whole.
struct Terms {
  LimitSettings limits;
  std::vector<Endpoint> listening;  // all of the process, with the ports that the kernel gave
};

/// One listener of one worker.
struct Assignment {
  std::shared_ptr<const ListenerSettings> settings;
  Descriptor socket;  // empty: the one that it has for this address
  Sharing sharing = Sharing::own;
};

class Worker final : public AuditSink {
 public:
  /// `process` outlives the worker.
  Worker(Process& process, std::shared_ptr<const Terms> terms);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Works until `stop`, and until the last session is closed.
  void run() noexcept;
  /// From any thread: these terms and listeners, and no others, hold from the next event on. Whoever begins
  /// to connect to another one is turned away; who has begun is served, until `retire_listeners`.
  void obey(std::shared_ptr<const Terms> terms, std::vector<Assignment> listeners);
  /// From any thread: no new connections, and an end to the present ones.
  void stop();
  /// From any thread: calls `answer` from this worker's, soon; never if it hangs.
  void ask(std::function<void()> answer) { loop_.post(std::move(answer)); }
  /// From any thread.
  [[nodiscard]] const WorkerMetrics& metrics() const noexcept { return shared_.metrics; }
  /// Closes the listeners that are not wanted any more; from the worker's own thread, by `ask`.
  void retire_listeners() noexcept;
  /// At most `most` sessions; from the worker's own thread, by `ask`.
  [[nodiscard]] std::vector<SessionInfo> list_sessions(std::size_t most) const;
  /// Ends the session of this client (ip:port); from the worker's own thread. False if there is none.
  bool end_session(std::string_view client) noexcept;

  /// A connection arrived: begins a session, or refuses it at once and says why.
  void take(Descriptor client, const Endpoint& source, const ListenerSettings& listener);
  /// One arrived at a socket that all workers share: whoever has this client takes it.
  void deal(Descriptor client, const Endpoint& source, std::shared_ptr<const ListenerSettings> listener);

  // For the sessions of this worker.

  [[nodiscard]] Now now() noexcept { return loop_.now(); }
  [[nodiscard]] EventLoop& loop() noexcept { return loop_; }
  [[nodiscard]] Scratch& scratch() noexcept { return scratch_; }
  /// Empty; valid until the next call.
  [[nodiscard]] msnp::Output& fresh_output() noexcept;
  [[nodiscard]] FilterShared& shared() noexcept { return shared_; }
  /// What holds for the event that begins now: the newest policy.
  void refresh_policy() { policy_view_.refresh(shared_.policy); }
  /// The process's audit; what cannot be written is told to the operator as well.
  bool record(const AuditEvent& event) noexcept override;

  DeadlineList<Session>& connecting() noexcept { return connecting_; }
  DeadlineList<Session>& first_command() noexcept { return first_command_; }
  DeadlineList<Session>& idle() noexcept { return idle_; }
  DeadlineList<Session>& closing() noexcept { return closing_; }
  DeadlineList<Session>& draining() noexcept { return draining_; }
  /// Calls Session::tick at every tick until the session leaves the list.
  void tick_too(Session& session) noexcept;
  /// To be called when something was put into a list of deadlines, or a listener pauses.
  void arm_tick() noexcept;

  /// Has the address of a line learned that the session holds, and tells the session.
  void learn(Session& session, const HeldRedirect& held);
  /// Nothing is told to this session any more.
  void forget(Session& session) noexcept;

  /// A session that is over is destroyed at the end of the turn.
  void release(Session& session) noexcept;

 private:
  void change_terms(std::shared_ptr<const Terms> terms);
  void change_listeners(std::vector<Assignment> wanted);
  void tick() noexcept;
  /// Records the ends of all sessions that are over with as few writes as that takes, then lets the two ends
  /// of each see it.
  void end_turn() noexcept;
  bool record_all(std::span<const AuditEvent> events) noexcept;
  [[nodiscard]] bool timed() const noexcept;
  /// Why it may not begin; nothing if it may, and is counted.
  [[nodiscard]] std::optional<Ending> refusal_of(const boost::asio::ip::address& source);
  [[nodiscard]] std::optional<Ending> refusal_of_all(Micros now) noexcept;
  /// Client addresses that have nothing here any more.
  void forget_sources(Micros now);
  void leave(const boost::asio::ip::address& source) noexcept;
  void refuse(Descriptor client, const Endpoint& source, Ending ending, Trickle& trickle);

  EventLoop loop_;
  Process& process_;
  std::shared_ptr<const Terms> terms_;
  PolicyView policy_view_;
  FilterShared shared_;
  Following following_;
  Detours detours_;
  std::unordered_map<std::uint64_t, Session*> learning_;  // by the number of the line that waits
  Scratch scratch_;
  msnp::Output output_;
  std::vector<std::shared_ptr<Listener>> listeners_;
  std::vector<std::shared_ptr<Listener>> leaving_;  // turned away from, until retired
  struct Source {
    std::size_t sessions = 0;
    Micros full_at = 0;  // see rate.hpp
  };
  std::unordered_map<boost::asio::ip::address, Source> sources_;  // by client address
  std::size_t sources_swept_at_ = 1'024;                          // forget_sources, when there are so many
  HookedList<Session, AliveTag> sessions_;
  HookedList<Session, AliveTag> over_;  // until the end of the turn
  std::vector<AuditEvent> records_;     // of their ends
  HookedList<Session, TickedTag> ticked_;
  DeadlineList<Session> connecting_;
  DeadlineList<Session> first_command_;
  DeadlineList<Session> idle_;
  DeadlineList<Session> closing_;   // half-closed
  DeadlineList<Session> draining_;  // closed by the filter
  Trickle limit_trickle_;
  Trickle destination_trickle_;
  Trickle audit_trickle_;
};

}  // namespace gate
