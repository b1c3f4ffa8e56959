// The closure law (style.md 2.7): nobody finds an offer in what left a gate that refuses all. Those who look
// are the readers of tests/support/client_readers.hpp, which share nothing with msnp/.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "proxy/replay.hpp"
#include "tests/support/client_readers.hpp"
#include "tests/support/filter_rig.hpp"
#include "tests/support/pcap_writer.hpp"
#include "tests/support/transfer_vectors.hpp"

namespace {

using gate::Action;
using gate::test::FilterRig;
using gate::test::offers_read_by_anybody;
using gate::test::TransferVector;
using gate::test::VectorFrame;
using msnp::Direction;

constexpr std::array both_ways{Direction::to_server, Direction::to_client};

/// What leaves in both directions when the vector arrives in pieces of a size.
std::array<std::string, 2> sent_on(const TransferVector& vector, Action fallback, std::size_t piece) {
  FilterRig rig(gate::test::policy_with(fallback));
  if (vector.transport == "SB") {
    rig.enter_switchboard("alice@example.com", {"bob@example.org"});
  } else {
    rig.sign_in("alice@example.com");
  }
  for (const VectorFrame& frame : vector.frames) {
    for (std::string_view rest = frame.bytes; !rest.empty();
         rest.remove_prefix(std::min(piece, rest.size()))) {
      rig.feed(frame.direction, rest.substr(0, piece));
    }
  }
  return {rig.to_server(), rig.to_client()};
}

TEST(Closure, NobodyFindsAnOfferInWhatIsLeftOfAVector) {
  for (const TransferVector& vector : gate::test::transfer_vectors()) {
    for (const std::size_t piece : {std::string::npos, std::size_t{1}}) {
      const auto sent = sent_on(vector, Action::block, piece);
      for (const Direction direction : both_ways) {
        EXPECT_EQ(offers_read_by_anybody(direction, sent[static_cast<std::size_t>(direction)]), "")
            << vector.id;
      }
    }
  }
}

TEST(Closure, SomebodyFindsEveryOfferOfAVectorThatIsAllowed) {
  for (const TransferVector& vector : gate::test::transfer_vectors()) {
    if (vector.accepted_by.empty()) continue;
    const auto sent = sent_on(vector, Action::allow, std::string::npos);
    EXPECT_NE(offers_read_by_anybody(Direction::to_server, sent[0]) +
                  offers_read_by_anybody(Direction::to_client, sent[1]),
              "")
        << vector.id;
  }
}

struct NamedCapture {
  std::filesystem::path path;
  bool names_offers = false;
};

bool names_offers(const boost::json::object& capture) {
  for (const auto& connection : capture.at("connections").as_array()) {
    const auto& object = connection.as_object();
    if (!object.contains("sessions")) continue;
    for (const auto& session : object.at("sessions").as_array()) {
      for (const auto& offer : session.as_object().at("offers").as_array()) {
        if (offer.as_object().at("command") == "INVITE") return true;
      }
    }
  }
  return false;
}

/// The captures of the tree, and all others where they stand beside the checkout.
std::vector<NamedCapture> captures() {
  const std::filesystem::path root(MSNPGATE_SOURCE_DIR);
  std::vector<NamedCapture> all;
  std::vector<std::string> seen;
  for (const auto& home : {root / "tests/data/captures", root.parent_path() / "shared/captures"}) {
    std::ifstream file(home / "manifest.json");
    if (!file) continue;
    const auto manifest = boost::json::parse(std::string{std::istreambuf_iterator<char>(file), {}});
    for (const auto& value : manifest.as_object().at("captures").as_array()) {
      const boost::json::object& capture = value.as_object();
      const std::string name(capture.at("file").as_string());
      if (std::find(seen.begin(), seen.end(), name) != seen.end()) continue;
      seen.push_back(name);
      all.push_back({home / name, names_offers(capture)});
    }
  }
  return all;
}

/// Who finds which offers in what the gate would have sent.
std::string found_in(const NamedCapture& capture, Action fallback) {
  gate::test::RememberingSink audit;
  gate::FilterShared shared;
  shared.policy = gate::test::policy_with(fallback);
  shared.audit = &audit;
  const test::ScratchDirectory scratch;
  gate::Emission emission(scratch.path());
  std::optional<gate::CaptureError> error;
  const auto replayed = gate::replay_capture(capture.path, shared, &emission, error);
  EXPECT_FALSE(error || emission.error()) << capture.path;
  std::string found;
  for (const auto& connection : replayed.taken) {
    const std::string number = std::to_string(connection.number);
    found += offers_read_by_anybody(Direction::to_server,
                                    test::content_of(scratch.path() / (number + ".to_server.bin")));
    found += offers_read_by_anybody(Direction::to_client,
                                    test::content_of(scratch.path() / (number + ".to_client.bin")));
  }
  return found;
}

TEST(Closure, NobodyFindsAnOfferInWhatIsLeftOfACapture) {
  const auto all = captures();
  ASSERT_FALSE(all.empty());
  for (const NamedCapture& capture : all) EXPECT_EQ(found_in(capture, Action::block), "") << capture.path;
}

TEST(Closure, SomebodyFindsTheOffersOfACaptureThatAreAllowed) {
  for (const NamedCapture& capture : captures()) {
    EXPECT_EQ(found_in(capture, Action::allow).empty(), !capture.names_offers) << capture.path;
  }
}

}  // namespace
