// The laws of style.md 2.7 on conversations made of real frames, changed at random: identity, chunking,
// bounded memory, boundary, closure. RapidCheck shrinks what breaks one and says how to run it again.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/client_readers.hpp"
#include "tests/support/decoder_run.hpp"
#include "tests/support/filter_rig.hpp"
#include "tests/support/transfer_vectors.hpp"

namespace {

using gate::Action;
using gate::test::FilterRig;
using gate::test::transfer_vectors;
using gate::test::TransferVector;
using gate::test::VectorFrame;
using msnp::Direction;

constexpr std::array both_ways{Direction::to_server, Direction::to_client};

enum class Change {
  flip_bit,        // somewhere in the payload
  swap_with_next,  // reorders packages
  repeat,          // sends a package again
  leave_out,
  shift_number,  // adds to a field of a v1 header: Offset, TotalSize, Length, Flags, Identifier, SessionID
  change_case,   // of a letter in the header block
  double_blank,  // " " -> "  " in the header block
  join_colon,    // ": " -> ":" in the header block
  bare_line_feed,
  cut_package,   // one v1 package becomes two
  add_endpoint,  // P2P-Dest as in version 2
  count,
};

struct Edit {
  Change change = Change::flip_bit;
  std::size_t frame = 0;
  std::size_t place = 0;
  std::uint8_t value = 0;
};

/// A vector, edited. Mirrored: each side sends what the other sent.
struct Scene {
  std::size_t vector = 0;
  bool mirrored = false;
  bool after_a_pause = false;
  std::vector<Edit> edits;
};
using Scenes = std::vector<Scene>;

std::ostream& operator<<(std::ostream& out, const Edit& edit) {
  return out << "edit " << static_cast<int>(edit.change) << " of frame " << edit.frame << " at " << edit.place
             << " by " << static_cast<int>(edit.value);
}

std::ostream& operator<<(std::ostream& out, const Scene& scene) {
  out << transfer_vectors()[scene.vector].id << (scene.mirrored ? " mirrored" : "")
      << (scene.after_a_pause ? " after a pause" : "");
  for (const Edit& edit : scene.edits) out << ", " << edit;
  return out;
}

struct Moved {
  Direction direction = Direction::to_server;
  std::string line;  // without the length
  std::string payload;
};

Moved taken_apart(const VectorFrame& frame) {
  const std::size_t end = frame.bytes.find("\r\n");
  const std::size_t length = frame.bytes.rfind(' ', end);
  return {frame.direction, frame.bytes.substr(0, length), frame.bytes.substr(end + 2)};
}

std::string put_together(const Moved& moved) {
  return moved.line + " " + std::to_string(moved.payload.size()) + "\r\n" + moved.payload;
}

std::size_t headers_size(const std::string& payload) {
  return std::min(payload.find("\r\n\r\n"), payload.size());
}

void replace_in_headers(std::string& payload, std::string_view what, std::string_view by, std::size_t place) {
  const std::size_t size = headers_size(payload);
  if (size == 0) return;
  const std::size_t at = payload.find(what, place % size);
  if (at < size) payload.replace(at, what.size(), by);
}

constexpr std::size_t v1_header = 48;

void shift_number(std::string& payload, std::size_t place, std::uint8_t value) {
  constexpr std::array<std::size_t, 8> fields{0, 4, 8, 9, 16, 17, 24, 28};
  const std::size_t at = headers_size(payload) + 4 + fields[place % fields.size()];
  if (at < payload.size()) payload[at] = static_cast<char>(payload[at] + value);
}

void store(std::string& bytes, std::size_t at, std::uint64_t value, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) bytes[at + i] = static_cast<char>(value >> (8 * i) & 0xFFU);
}

/// Two packages of one, each with its own offset and length.
std::vector<Moved> cut_package(const Moved& whole, std::size_t place) {
  const std::size_t start = headers_size(whole.payload) + 4;
  if (whole.payload.size() < start + v1_header + 6) return {whole};
  const std::string head = whole.payload.substr(0, start + v1_header);
  const std::string data =
      whole.payload.substr(start + v1_header, whole.payload.size() - start - v1_header - 4);
  const std::size_t cut = 1 + place % (data.size() - 1);
  Moved one = whole;
  Moved other = whole;
  one.payload = head + data.substr(0, cut) + std::string(4, '\0');
  store(one.payload, start + 24, cut, 4);
  other.payload = head + data.substr(cut) + std::string(4, '\0');
  store(other.payload, start + 8, cut, 8);
  store(other.payload, start + 24, data.size() - cut, 4);
  return {one, other};
}

void apply(const Edit& edit, std::vector<Moved>& frames) {
  if (frames.empty()) return;
  const std::size_t index = edit.frame % frames.size();
  const auto here = frames.begin() + static_cast<std::ptrdiff_t>(index);
  std::string& payload = here->payload;
  switch (edit.change) {
    case Change::flip_bit:
      if (!payload.empty()) {
        char& byte = payload[edit.place % payload.size()];
        byte = static_cast<char>(byte ^ (1 << (edit.value % 8)));
      }
      break;
    case Change::swap_with_next:
      if (index + 1 < frames.size()) std::swap(frames[index], frames[index + 1]);
      break;
    case Change::repeat:
      frames.insert(here, Moved(*here));
      break;
    case Change::leave_out:
      frames.erase(here);
      break;
    case Change::shift_number:
      shift_number(payload, edit.place, edit.value);
      break;
    case Change::change_case:
      if (const std::size_t size = headers_size(payload); size != 0) {
        char& letter = payload[edit.place % size];
        if (std::isalpha(static_cast<unsigned char>(letter)) != 0) letter = static_cast<char>(letter ^ 0x20);
      }
      break;
    case Change::double_blank:
      replace_in_headers(payload, " ", "  ", edit.place);
      break;
    case Change::join_colon:
      replace_in_headers(payload, ": ", ":", edit.place);
      break;
    case Change::bare_line_feed:
      replace_in_headers(payload, "\r\n", "\n", edit.place);
      break;
    case Change::cut_package: {
      const auto two = cut_package(*here, edit.place);
      frames.insert(frames.erase(here), two.begin(), two.end());
      break;
    }
    case Change::add_endpoint:
      replace_in_headers(payload, "\r\nP2P-Dest: bob@example.org\r\n",
                         "\r\nP2P-Dest: bob@example.org;{b2b2b2b2-0002-4002-8002-ba9876543210}\r\n", 0);
      break;
    case Change::count:
      break;
  }
}

struct Arrival {
  Direction direction = Direction::to_server;
  std::string bytes;  // nothing: a pause
};

bool is_on_switchboard(const TransferVector& vector) {
  return vector.transport == "SB";
}

/// Lines for the direction that a frame now goes, with transaction ids of their own.
void readdress(Moved& moved, bool mirrored, std::size_t number) {
  const bool is_message = moved.line.starts_with("MSG ");
  if (mirrored && is_message) moved.direction = msnp::opposite(moved.direction);
  if (!is_message) return;
  moved.line = moved.direction == Direction::to_client ? "MSG bob@example.org Bob"
                                                       : "MSG " + std::to_string(100 + number) + " D";
}

std::vector<Arrival> arrivals_of(const Scenes& scenes) {
  std::vector<Arrival> arrivals;
  for (const Scene& scene : scenes) {
    const TransferVector& vector = transfer_vectors()[scene.vector];
    std::vector<Moved> frames;
    for (const VectorFrame& frame : vector.frames) frames.push_back(taken_apart(frame));
    for (const Edit& edit : scene.edits) apply(edit, frames);
    if (scene.after_a_pause) arrivals.emplace_back();
    for (Moved& moved : frames) {
      readdress(moved, scene.mirrored, arrivals.size());
      arrivals.push_back({moved.direction, put_together(moved)});
    }
  }
  return arrivals;
}

struct Run {
  std::array<std::string, 2> sent;
  bool closed = false;
};

/// `pieces`: how many bytes arrive at a time, over and over.
Run run(const std::vector<Arrival>& arrivals, bool on_switchboard, Action fallback,
        const std::vector<std::size_t>& pieces) {
  FilterRig rig(gate::test::policy_with(fallback));
  const std::size_t memory = rig.shared.memory_left();
  if (on_switchboard) {
    rig.enter_switchboard("alice@example.com", {"bob@example.org"});
  } else {
    rig.sign_in("alice@example.com");
  }
  std::size_t turn = 0;
  for (const Arrival& arrival : arrivals) {
    if (arrival.bytes.empty()) rig.tick(61'000);
    for (std::string_view rest = arrival.bytes; !rest.empty() && !rig.closed;) {
      const std::size_t piece = std::min(rest.size(), pieces[turn++ % pieces.size()]);
      rig.feed(arrival.direction, rest.substr(0, piece));
      rest.remove_prefix(piece);
      RC_ASSERT(memory - rig.shared.memory_left() <= rig.shared.session_memory);
    }
  }
  Run result{{rig.to_server(), rig.to_client()}, rig.closed};
  rig.filter.reset();
  RC_ASSERT(rig.shared.memory_left() == memory);
  return result;
}

void keeps_the_laws(const Scenes& scenes, bool on_switchboard, const std::vector<std::size_t>& pieces) {
  const std::vector<std::size_t> whole{std::string::npos};
  const auto arrivals = arrivals_of(scenes);
  std::array<std::string, 2> arrived;
  for (const Arrival& arrival : arrivals)
    arrived[static_cast<std::size_t>(arrival.direction)] += arrival.bytes;

  const Run passed = run(arrivals, on_switchboard, Action::allow, whole);
  RC_ASSERT(passed.sent == arrived);
  RC_ASSERT(run(arrivals, on_switchboard, Action::allow, pieces).sent == arrived);

  const Run refused = run(arrivals, on_switchboard, Action::block, whole);
  RC_ASSERT(run(arrivals, on_switchboard, Action::block, pieces).sent == refused.sent);
  const auto side = on_switchboard ? msnp::Side::switchboard : msnp::Side::notification;
  for (const Direction direction : both_ways) {
    const std::string& sent = refused.sent[static_cast<std::size_t>(direction)];
    const auto read = support::run_decoder(direction, side, {sent});
    RC_ASSERT(!read.fault);
    RC_ASSERT(gate::test::offers_read_by_anybody(direction, sent) == std::string());
  }
}

/// Which vectors can be had on one kind of server.
std::vector<std::size_t> vectors_for(bool on_switchboard) {
  std::vector<std::size_t> all;
  for (std::size_t i = 0; i < transfer_vectors().size(); ++i) {
    if (is_on_switchboard(transfer_vectors()[i]) == on_switchboard) all.push_back(i);
  }
  return all;
}

rc::Gen<Scene> any_scene(bool on_switchboard) {
  const auto edit = rc::gen::build<Edit>(
      rc::gen::set(&Edit::change,
                   rc::gen::cast<Change>(rc::gen::inRange(0, static_cast<int>(Change::count)))),
      rc::gen::set(&Edit::frame, rc::gen::inRange<std::size_t>(0, 12)),
      rc::gen::set(&Edit::place, rc::gen::inRange<std::size_t>(0, 1600)), rc::gen::set(&Edit::value));
  return rc::gen::build<Scene>(
      rc::gen::set(&Scene::vector, rc::gen::elementOf(vectors_for(on_switchboard))),
      rc::gen::set(&Scene::mirrored),
      rc::gen::set(&Scene::after_a_pause,
                   rc::gen::map(rc::gen::inRange(0, 10), [](int n) { return n == 9; })),
      rc::gen::set(&Scene::edits, rc::gen::resize(4, rc::gen::container<std::vector<Edit>>(edit))));
}

/// Ten times as many as RapidCheck's own default; RC_PARAMS says otherwise, or repeats a run.
void check(bool on_switchboard) {
  setenv("RC_PARAMS", "max_success=1000", 0);
  const bool held = rc::check([&] {
    const auto scenes = *rc::gen::resize(12, rc::gen::container<Scenes>(any_scene(on_switchboard)));
    const auto pieces = *rc::gen::nonEmpty(rc::gen::resize(
        4, rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(1, 2000))));
    keeps_the_laws(scenes, on_switchboard, pieces);
  });
  EXPECT_TRUE(held);
}

TEST(Laws, HoldOnASwitchboard) {
  check(true);
}

TEST(Laws, HoldOnANotificationServer) {
  check(false);
}

}  // namespace
