// Every conversation of transfer-vectors.json through the whole filter: whole and split at every byte,
// with the local user denied and allowed.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/filter_rig.hpp"
#include "tests/support/transfer_vectors.hpp"

namespace {

using gate::Action;
using gate::test::FilterRig;
using gate::test::TransferVector;
using gate::test::VectorFrame;
using msnp::Direction;

void enter(FilterRig& rig, const TransferVector& vector) {
  if (vector.transport == "SB") {
    rig.enter_switchboard("alice@example.com", {"bob@example.org"});
  } else {
    rig.sign_in("alice@example.com");
  }
}

struct Result {
  std::string to_server, to_client;
  std::vector<gate::AuditEvent> events;
};

/// `pieces`: how many bytes arrive at a time.
Result run(const TransferVector& vector, Action fallback, std::size_t first, std::size_t rest) {
  FilterRig rig(gate::test::policy_with(fallback));
  enter(rig, vector);
  for (const VectorFrame& frame : vector.frames) {
    std::string_view bytes = frame.bytes;
    std::size_t piece = std::min(first, bytes.size());
    while (!bytes.empty()) {
      rig.feed(frame.direction, bytes.substr(0, piece));
      bytes.remove_prefix(piece);
      piece = std::min(rest, bytes.size());
    }
  }
  EXPECT_FALSE(rig.closed) << vector.id;
  return {rig.to_server(), rig.to_client(), rig.audit.events};
}

std::string sent_by_ends(const TransferVector& vector, Direction direction) {
  std::string bytes;
  for (const VectorFrame& frame : vector.frames) {
    if (frame.direction == direction) bytes += frame.bytes;
  }
  return bytes;
}

class EachVector : public testing::TestWithParam<std::string> {
 protected:
  const TransferVector& vector() const { return gate::test::transfer_vector(GetParam()); }
};

std::vector<std::string> ids() {
  std::vector<std::string> all;
  for (const TransferVector& vector : gate::test::transfer_vectors()) all.push_back(vector.id);
  return all;
}

TEST_P(EachVector, PassesByteForByteWhenTheUserMayDoEverything) {
  const Result result = run(vector(), Action::allow, std::string::npos, std::string::npos);
  EXPECT_EQ(result.to_server, sent_by_ends(vector(), Direction::to_server));
  EXPECT_EQ(result.to_client, sent_by_ends(vector(), Direction::to_client));
}

TEST_P(EachVector, IsStoppedWithItsNameAndSizeWhenTheUserMayNot) {
  const auto& wanted = vector().expected.front();
  if (wanted.decision != "block") return;
  const Result result = run(vector(), Action::block, std::string::npos, std::string::npos);
  ASSERT_EQ(result.events.size(), 1U);
  const gate::AuditEvent& event = result.events.front();
  EXPECT_EQ(event.action, Action::block);
  EXPECT_EQ(event.user, "alice@example.com");
  EXPECT_EQ(event.peers, std::vector<std::string>{"bob@example.org"});
  ASSERT_TRUE(event.kind);
  if (wanted.kind != "file-data") {
    EXPECT_EQ(msnp::name_of(*event.kind), wanted.kind);
  }
  if (wanted.file_name) {
    ASSERT_TRUE(event.file);
    EXPECT_EQ(event.file->names.front(), *wanted.file_name);
  }
  if (wanted.file_size) {
    EXPECT_EQ(event.file->size, wanted.file_size);
  }

  // Nothing of the withheld frames reached the other side.
  const bool outbound = vector().frames.front().direction == Direction::to_server;
  const std::string& beyond = outbound ? result.to_server : result.to_client;
  EXPECT_EQ(beyond.find("5D3E02AB"), std::string::npos);
  if (vector().id != "p63-reinvite" && vector().id != "q23-interleaved") {  // there a picture passes
    EXPECT_EQ(beyond.find("EUF-GUID"), std::string::npos);
  }
  EXPECT_EQ(beyond.find("Application-File"), std::string::npos);
}

TEST_P(EachVector, PassesByteForByteWhenItIsNoTransfer) {
  const auto& all = vector().expected;
  if (std::any_of(all.begin(), all.end(), [](const auto& one) { return one.decision != "pass"; })) return;
  const Result result = run(vector(), Action::block, std::string::npos, std::string::npos);
  EXPECT_EQ(result.to_server, sent_by_ends(vector(), Direction::to_server));
  EXPECT_EQ(result.to_client, sent_by_ends(vector(), Direction::to_client));
}

TEST_P(EachVector, ComesOutTheSameHoweverItsBytesArrive) {
  for (const Action fallback : {Action::block, Action::allow}) {
    const Result whole = run(vector(), fallback, std::string::npos, std::string::npos);
    std::size_t longest = 0;
    for (const VectorFrame& frame : vector().frames) longest = std::max(longest, frame.bytes.size());
    const auto same = [&](std::size_t first, std::size_t rest) {
      const Result split = run(vector(), fallback, first, rest);
      return split.to_server == whole.to_server && split.to_client == whole.to_client &&
             split.events.size() == whole.events.size();
    };
    EXPECT_TRUE(same(1, 1)) << "byte by byte";
    for (std::size_t at = 1; at < longest; ++at) {
      ASSERT_TRUE(same(at, std::string::npos)) << "split at " << at;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(TransferVectors, EachVector, testing::ValuesIn(ids()), [](const auto& one) {
  std::string name = one.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
