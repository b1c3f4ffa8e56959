// The closure law over the HTTP gateway (the tricks of transfers.md 10 take this road in
// tests/support/tricks.cpp): whoever joins the bodies that left finds no offer, wherever they were cut and
// however leniently he reads HTTP.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/client_readers.hpp"
#include "tests/support/http_road.hpp"
#include "tests/support/transfer_vectors.hpp"

namespace {

using namespace gate::test;
using gate::Action;
using msnp::Direction;

constexpr std::array both_ways{Direction::to_server, Direction::to_client};

template <class Rig>
void enter(Rig& rig, const TransferVector& vector) {
  if (vector.transport == "SB") {
    rig.enter_switchboard("alice@example.com", {"bob@example.org"});
  } else {
    rig.sign_in("alice@example.com");
  }
}

std::vector<std::string> verdicts(const RememberingSink& audit) {
  std::vector<std::string> all;
  for (const gate::AuditEvent& event : audit.events) {
    all.push_back(event.reason + " " + (event.kind ? std::string(msnp::name_of(*event.kind)) : "") + " " +
                  event.answer);
  }
  return all;
}

struct Left {
  std::array<std::string, 2> sent;
  std::vector<std::string> verdicts;
  bool operator==(const Left&) const = default;
};

/// Every frame cut into bodies of at most `piece` bytes, the first of `first`.
template <class Rig>
Left left_of(Rig&& rig, const TransferVector& vector, std::size_t first = std::string::npos,
             std::size_t piece = std::string::npos) {
  enter(rig, vector);
  Left left;
  for (const VectorFrame& frame : vector.frames) {
    std::string_view rest = frame.bytes;
    for (std::size_t size = std::min(first, rest.size()); !rest.empty();
         size = std::min(piece, rest.size())) {
      rig.feed(frame.direction, rest.substr(0, size));
      rest.remove_prefix(size);
    }
    for (const Direction direction : both_ways) {
      left.sent[static_cast<std::size_t>(direction)] += rig.sent(direction);
    }
  }
  left.verdicts = verdicts(rig.audit);
  return left;
}

TEST(HttpClosure, EveryVectorGetsTheVerdictsAndAnswersItGetsOnATcpConnection) {
  for (const TransferVector& vector : transfer_vectors()) {
    for (const Action fallback : {Action::block, Action::allow}) {
      const Left plain = left_of(FilterRig(policy_with(fallback)), vector);
      EXPECT_TRUE(left_of(HttpRoad(policy_with(fallback)), vector) == plain) << vector.id;
      EXPECT_TRUE(left_of(HttpRoad(policy_with(fallback)), vector, 1, 13) == plain) << vector.id;
    }
  }
}

TEST(HttpClosure, NobodyFindsAnOfferInTheBodiesThatLeaveABlockingGate) {
  for (const TransferVector& vector : transfer_vectors()) {
    for (const HttpHabits& habits : http_habits) {
      const Left left = left_of(HttpRoad(policy_with(Action::block), habits), vector, 40, 100);
      for (const Direction direction : both_ways) {
        EXPECT_EQ(offers_read_by_anybody(direction, left.sent[static_cast<std::size_t>(direction)]), "")
            << vector.id;
      }
    }
  }
}

TEST(HttpClosure, AFrameCutAtAnyByteIntoTwoBodiesGivesTheSame) {
  for (const TransferVector& vector : transfer_vectors()) {
    const Left whole = left_of(HttpRoad(policy_with(Action::block)), vector);
    std::size_t longest = 0;
    for (const VectorFrame& frame : vector.frames) longest = std::max(longest, frame.bytes.size());
    // Every cut of lines and headers; behind them, where bytes are alike, one in nine.
    for (std::size_t cut = 1; cut < longest; cut += cut < 260 ? 1 : 9) {
      ASSERT_TRUE(left_of(HttpRoad(policy_with(Action::block)), vector, cut) == whole)
          << vector.id << " cut at " << cut;
    }
  }
}

}  // namespace
