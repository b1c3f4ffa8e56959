// Input: a FilterScript. It runs through the whole filter, signed in, under a policy that passes all and
// under one that blocks.
//
// Laws, pass-all: identity - what leaves is what came, but for what a Decoder swallows, drops and repairs.
// Laws, blocking: boundary - what leaves parses like what came; closure - read by a second gate of the same
// kind, it holds nothing to block, and no known client finds an offer in it; every message that wants an
// acknowledgement goes on or is acknowledged.
// Both: any cut of the chunks gives the same; memory is bounded and given back.
#include <array>
#include <optional>

#include "msnp/repair.hpp"
#include "tests/fuzz/filter_script.hpp"
#include "tests/fuzz/laws.hpp"
#include "tests/fuzz/targets.hpp"
#include "tests/support/client_readers.hpp"
#include "tests/support/decoder_run.hpp"
#include "tests/support/filter_rig.hpp"

namespace fuzz {
namespace {

using gate::Action;
using gate::Cause;
using gate::Reaction;
using gate::test::FilterRig;
using msnp::Direction;

constexpr std::array both_ways{Direction::to_server, Direction::to_client};

std::size_t lane(Direction direction) noexcept {
  return static_cast<std::size_t>(direction);
}

struct Arrival {
  Direction direction;
  std::string bytes;
  msnp::Moment later = 0;  // nothing arrives, time passes
};
using Arrivals = std::vector<Arrival>;

Arrivals arrivals_of(const FilterScript& script) {
  Arrivals arrivals;
  Bridges bridges;
  for (std::size_t i = 0; i < script.chunks.size(); ++i) {
    const Chunk& chunk = script.chunks[i];
    const msnp::Moment later = (chunk.variant & 1U) != 0 ? 60'001 : 1'000;
    arrivals.push_back({chunk.direction, wire_of(chunk, i, script.on_switchboard(), bridges),
                        chunk.shape == Shape::time ? later : 0});
  }
  return arrivals;
}

std::shared_ptr<const gate::Policy> pass_all() {
  static const auto policy = [] {
    gate::Policy::Source source;
    source.fallback = Action::allow;
    for (const Cause cause : {Cause::parse_error, Cause::not_msnp, Cause::audit_write_failed}) {
      source.failure[static_cast<std::size_t>(cause)] = Reaction::pass;
    }
    source.revision = "test";
    return std::make_shared<const gate::Policy>(std::move(source));
  }();
  return policy;
}

std::shared_ptr<const gate::Policy> blocking(std::uint8_t variant) {
  static const auto policies = [] {
    gate::Rule pictures;
    pictures.name = "pictures pass";
    pictures.action = Action::allow;
    pictures.kinds = {msnp::Kind::file_transfer};
    pictures.names = {"*.png", "*.jpg"};
    pictures.max_size = 1'000'000;
    gate::Rule carol;
    carol.name = "carol may get all";
    carol.action = Action::observe;
    carol.peers = {"carol@example.org"};
    gate::Rule cameras;
    cameras.name = "no cameras, no pictures";
    cameras.kinds = {msnp::Kind::webcam, msnp::Kind::display_picture, msnp::Kind::direct_connection};
    return std::array{gate::test::policy_with(Action::block),
                      gate::test::policy_with(Action::block, {pictures}, true),
                      gate::test::policy_with(Action::block, {carol, cameras}, true),
                      gate::test::policy_with(Action::allow, {cameras})};
  }();
  return policies.at(variant);
}

void sign_in(FilterRig& rig, const FilterScript& script) {
  std::vector<std::string> peers{"bob@example.org"};
  if (script.two_peers()) peers.emplace_back("carol@example.org");
  if (script.on_switchboard()) {
    rig.enter_switchboard("alice@example.com", peers);
  } else {
    rig.sign_in("alice@example.com");
  }
}

struct Trace {
  Arrivals left;  // what left, in the order of its leaving
  std::array<std::string, 2> sent;
  bool closed = false;
  std::vector<gate::AuditEvent> events;
};

enum class Cut { whole, bytes, pieces };

/// Feeds everything until the filter wants the connection closed.
Trace run(const FilterScript& script, const Arrivals& arrivals, std::shared_ptr<const gate::Policy> policy,
          Cut cut, bool bounded) {
  FilterRig rig(std::move(policy));
  if (bounded && script.small_limits()) {
    rig.shared.limits.slp_text = 512;
    rig.shared.limits.packages_per_message = 4;
    rig.shared.limits.open_messages = 2;
    rig.shared.limits.parts_per_message = 3;
    rig.shared.limits.open_part_messages = 2;
    rig.shared.limits.peers = 2;
  }
  if (bounded && script.small_memory()) {
    rig.shared.session_memory = 3000;
    rig.shared.memory = rig.shared.memory_held + 5000;
  }
  const std::size_t budget = rig.shared.memory_left();
  sign_in(rig, script);

  Trace trace;
  decltype(Arrival::later) passed = 0;  // since something left
  const auto collect = [&] {
    for (const Direction direction : both_ways) {
      std::string sent = rig.sent(direction);
      if (sent.empty()) continue;
      trace.sent[lane(direction)] += sent;
      trace.left.push_back({direction, std::move(sent), std::exchange(passed, 0)});
    }
    law(rig.shared.memory_left() <= budget, "no memory is given back twice");
    law(budget - rig.shared.memory_left() <= rig.shared.session_memory, "a session keeps to its memory");
  };
  for (const Arrival& arrival : arrivals) {
    if (rig.closed) break;
    if (arrival.later != 0) rig.tick(arrival.later);
    passed += arrival.later;
    std::string_view bytes = arrival.bytes;
    std::size_t piece = bytes.size();
    constexpr std::size_t longest_by_bytes = 400;  // the cost grows with the square
    if (cut == Cut::bytes && bytes.size() <= longest_by_bytes) piece = 1;
    if (cut != Cut::whole && piece > 1) piece = 1 + bytes.size() / 5;
    for (; !bytes.empty() && !rig.closed; bytes.remove_prefix(std::min(piece, bytes.size()))) {
      rig.feed(arrival.direction, bytes.substr(0, piece));
      collect();
    }
    collect();
  }
  trace.closed = rig.closed;
  trace.events = rig.audit.events;
  rig.filter.reset();
  law(rig.shared.memory_left() == budget, "a filter gives back its memory");
  return trace;
}

void expect_same(const Trace& one, const Trace& other) {
  for (const Direction direction : both_ways) {
    law(one.sent[lane(direction)] == other.sent[lane(direction)], "any cut sends on the same");
  }
  law(one.closed == other.closed, "any cut closes alike");
  law(one.events.size() == other.events.size(), "any cut records the same");
}

/// The gate without anything but its decoders: what a pass-all filter must send on.
class Plain {
 public:
  Plain(msnp::Side side, const msnp::Limits& limits)
      : decoders_{msnp::Decoder{Direction::to_server, side, limits},
                  msnp::Decoder{Direction::to_client, side, limits}} {}

  void feed(Direction direction, std::string_view bytes) {
    std::string& left = left_[lane(direction)];
    left += bytes;
    std::string_view rest = left;
    while (!rest.empty()) {
      const std::size_t done = transparent_ ? all(direction, rest) : step(direction, rest);
      if (done == 0) break;
      rest.remove_prefix(done);
    }
    left.erase(0, left.size() - rest.size());
  }
  [[nodiscard]] const std::string& sent(Direction direction) const { return sent_[lane(direction)]; }

 private:
  std::size_t all(Direction direction, std::string_view rest) {
    sent_[lane(direction)] += rest;
    return rest.size();
  }
  std::size_t step(Direction direction, std::string_view rest) {
    std::string& sent = sent_[lane(direction)];
    const msnp::Step step = decoders_[lane(direction)].next(msnp::as_bytes(rest));
    if (const auto* const frame = std::get_if<msnp::Frame>(&step)) {
      if (frame->dropped) return frame->raw.size();
      if (frame->repair == msnp::Repair::none) {
        sent += msnp::as_text(frame->raw);
      } else {
        msnp::append_repaired(*frame, sent);
      }
      return frame->raw.size();
    }
    if (const auto* const opaque = std::get_if<msnp::Opaque>(&step)) {
      return all(direction, msnp::as_text(opaque->raw));
    }
    if (const auto* const swallowed = std::get_if<msnp::Swallowed>(&step)) return swallowed->raw.size();
    if (std::holds_alternative<msnp::NeedMore>(step)) return 0;
    transparent_ = true;
    return all(direction, rest);
  }

  std::array<msnp::Decoder, 2> decoders_;
  std::array<std::string, 2> left_;
  std::array<std::string, 2> sent_;
  bool transparent_ = false;
};

msnp::Side side_of(const FilterScript& script) {
  return script.on_switchboard() ? msnp::Side::switchboard : msnp::Side::notification;
}

void identity(const FilterScript& script, const Arrivals& arrivals) {
  const Trace passed = run(script, arrivals, pass_all(), Cut::whole, false);
  law(!passed.closed, "a pass-all policy closes nothing");
  const msnp::Limits limits;
  Plain plain(side_of(script), limits);
  for (const Arrival& arrival : arrivals) {
    if (!arrival.bytes.empty()) plain.feed(arrival.direction, arrival.bytes);
  }
  for (const Direction direction : both_ways) {
    law(passed.sent[lane(direction)] == plain.sent(direction), "what leaves is what came");
  }
  expect_same(run(script, arrivals, pass_all(), Cut::bytes, false), passed);
}

/// Some bytes of other frames are gone, and with them what reset the count of unknown lines: three in a row
/// are no fault of the gate.
bool is_fault(std::optional<msnp::Error> fault) {
  return fault && *fault != msnp::Error::not_msnp;
}

void boundary(const FilterScript& script, const Trace& trace) {
  for (const Direction direction : both_ways) {
    const auto parsed = support::run_decoder(direction, side_of(script), {trace.sent[lane(direction)]});
    law(!is_fault(parsed.fault), "what leaves parses as frames");
  }
}

/// papyon appends a 603 of the gate to a text of the same direction that it still waits to complete; a gate
/// that reads this finds a request for an application without a name. No offer of anybody's is in it.
bool is_refusal_behind_a_rest(const Trace& trace, const gate::AuditEvent& event) {
  return event.kind == msnp::Kind::unknown_application && event.form == msnp::Form::p2p_v1 &&
         std::any_of(trace.left.begin(), trace.left.end(), [](const Arrival& left) {
           return left.bytes.find("MSNSLP/1.0 603 Decline") != std::string::npos;
         });
}

/// Emptied data still names its session, which a gate that reads it does not know either. It empties the same
/// bytes once more.
bool is_emptied_data(const Trace& trace, const Trace& again, const gate::AuditEvent& event) {
  return event.reason == msnp::name_of(msnp::Reason::data_without_session) && again.sent == trace.sent;
}

/// Emptied data of an object that was over its size still counts, to a gate that reads it, as bytes of that
/// object.
bool is_emptied_object(const Trace& trace, const Trace& again, const gate::AuditEvent& event) {
  const auto told = [&](const Trace& where) {
    return std::count_if(where.events.begin(), where.events.end(), [&](const gate::AuditEvent& other) {
      return other.reason == event.reason && other.direction == event.direction && other.peers == event.peers;
    });
  };
  return event.reason == msnp::name_of(msnp::Reason::object_over_size) && told(trace) >= told(again);
}

/// A text whose packages do not fit together is refused as such; what takes its place lies in the same
/// packages. What is given up tells no form. The 603 that answers it stands among the numbers of the other
/// side, who may use those once more for something else.
bool is_tombstone_in_disorder(const Trace& trace, const gate::AuditEvent& event) {
  return event.reason == msnp::name_of(msnp::Reason::disordered) && event.form != msnp::Form::p2p_v1 &&
         std::any_of(trace.events.begin(), trace.events.end(), [&](const gate::AuditEvent& before) {
           return before.action == Action::block && (!before.form || before.form == event.form) &&
                  (before.direction == event.direction || before.answer.starts_with("603"));
         });
}

/// The third policy lets everything of carol's pass, and at once. Where somebody else goes on with a text of
/// hers, in the numbers of one bridge, only that is emptied; to a gate that reads it all the text is his.
bool is_text_of_two(const FilterScript& script, const Trace& trace, const gate::AuditEvent& event) {
  return script.policy() == 2 && event.form == msnp::Form::p2p_v2 &&
         std::any_of(trace.left.begin(), trace.left.end(), [](const Arrival& left) {
           return left.bytes.find("MSG carol@example.org") != std::string::npos;
         });
}

void closure(const FilterScript& script, const Trace& trace) {
  const Trace again = run(script, trace.left, blocking(script.policy()), Cut::whole, false);
  for (const gate::AuditEvent& event : again.events) {
    const bool offer = event.event == gate::AuditKind::transfer ||
                       event.event == gate::AuditKind::transport || event.event == gate::AuditKind::object;
    if (!offer || event.action != Action::block) continue;
    if (is_refusal_behind_a_rest(trace, event) || is_emptied_data(trace, again, event) ||
        is_emptied_object(trace, again, event) || is_tombstone_in_disorder(trace, event) ||
        is_text_of_two(script, trace, event)) {
      continue;
    }
    law(false, ("what left a blocking gate holds nothing to block: " + event.reason).c_str());
  }
}

/// The independent readers; only where every offer of everybody is refused.
void closure_for_clients(const FilterScript& script, const Trace& trace) {
  if (script.policy() != 0) return;
  for (const Direction direction : both_ways) {
    const std::string found = gate::test::offers_read_by_anybody(direction, trace.sent[lane(direction)]);
    law(found.empty(), ("nobody finds an offer in what left a blocking gate: " + found).c_str());
  }
}

void acknowledgement(const FilterScript& script, const Arrivals& arrivals, const Trace& trace) {
  if (!script.on_switchboard() || trace.closed) return;
  std::string stream;
  for (const Arrival& arrival : arrivals) {
    if (arrival.direction == Direction::to_server) stream += arrival.bytes;
  }
  for (const auto& frame :
       support::run_decoder(Direction::to_server, msnp::Side::switchboard, {stream}).frames) {
    if (frame.command != "MSG" || frame.args[1] == "N" || frame.args[1] == "U") continue;
    const bool went_on = trace.sent[0].find("MSG " + frame.args[0] + " ") != std::string::npos;
    const bool answered = trace.sent[1].find("ACK " + frame.args[0] + "\r\n") != std::string::npos;
    law(went_on || answered, "a message goes on or is acknowledged");
  }
}

}  // namespace

int filter_fuzz(const std::uint8_t* data, std::size_t size) {
  const FilterScript script = read_script(data, size);
  const Arrivals arrivals = arrivals_of(script);
  identity(script, arrivals);

  const auto policy = blocking(script.policy());
  const Trace blocked = run(script, arrivals, policy, Cut::whole, true);
  boundary(script, blocked);
  closure(script, blocked);
  closure_for_clients(script, blocked);
  acknowledgement(script, arrivals, blocked);
  expect_same(run(script, arrivals, policy, Cut::bytes, true), blocked);
  expect_same(run(script, arrivals, policy, Cut::pieces, true), blocked);
  return 0;
}

}  // namespace fuzz
