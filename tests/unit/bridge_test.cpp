#include "msnp/bridge.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/bridge_end.hpp"

namespace {

using namespace std::string_literals;
using msnp::as_bytes;
using msnp::as_text;
using msnp::Bridge;
using msnp::BridgeStream;
using msnp::CarriedPackage;
using msnp::Carrier;
using msnp::Direction;
using msnp::Transit;
using Fate = msnp::CarriedPackage::Fate;

/// `package` at `place` of a frame, as part of text 1.
CarriedPackage carried(const std::string& package, std::size_t place, Fate fate) {
  const auto read = msnp::read_p2p_v2(as_bytes(package));
  CarriedPackage one;
  one.place = place;
  one.data_place = place + read->data_offset;
  one.data_size = read->data.size();
  one.base_id = read->base_id;
  one.message_length = read->message_length;
  one.to_be_continued = read->remaining > 0;
  one.acknowledgements = read->acknowledgements;
  one.acknowledgement_count = read->acknowledgement_count;
  one.fate = fate;
  one.text = 1;
  return one;
}

struct Frames : testing::Test {
  gate::test::BridgeEnd end{"", "", 1000};
  Bridge bridge;
  std::vector<std::string> packages = end.packages({.data = "0123456789abcdefghij", .most = 8});
};

TEST_F(Frames, AreUndecidedOrDroppedIfAnyPackageIs) {
  Carrier carrier;
  EXPECT_FALSE(carrier.is_undecided() || carrier.is_dropped());
  carrier.packages = {carried(packages[0], 0, Fate::passes), carried(packages[0], 0, Fate::undecided)};
  EXPECT_TRUE(carrier.is_undecided());
  EXPECT_FALSE(carrier.is_dropped());
  carrier.packages[1].fate = Fate::dropped;
  EXPECT_FALSE(carrier.is_undecided());
  EXPECT_TRUE(carrier.is_dropped());
}

TEST_F(Frames, OfOneTextGetItsDataOneAfterTheOther) {
  BridgeStream& stream = bridge.stream(Direction::to_server);
  const std::string first = "head" + packages[0] + "x" + packages[1];
  Carrier& waiting = stream.waiting.emplace_back();
  waiting.bytes = first;
  waiting.packages = {carried(packages[0], 4, Fate::undecided),
                      carried(packages[1], 5 + packages[0].size(), Fate::undecided)};
  const std::string last = packages[2];
  Transit transit(bridge, Direction::to_server, as_bytes(last));
  transit.carrier.packages = {carried(last, 0, Fate::undecided)};
  EXPECT_EQ(transit.undecided_size(1), 20U);
  EXPECT_EQ(transit.undecided_size(2), 0U);
  transit.decide(2, Fate::dropped);
  EXPECT_EQ(transit.undecided_size(1), 20U) << "another text";
  transit.decide(1, Fate::passes, "ABCDEFGHIJ", true);
  EXPECT_EQ(transit.undecided_size(1), 0U);
  EXPECT_EQ(waiting.bytes, "head" + packages[0].substr(0, 28) + "ABCDEFGH\0\0\0\0x"s +
                               packages[1].substr(0, 28) + "IJ\0\0\0\0\0\0\0\0\0\0"s);
  EXPECT_EQ(transit.carrier.bytes, last.substr(0, 16) + std::string(8, '\0'));
  // As they were, not as they are.
  EXPECT_TRUE(stream.was_emptied(1000, "01234567"));
  EXPECT_TRUE(stream.was_emptied(1028, "89abcdef"));
  EXPECT_TRUE(stream.was_emptied(1056, "ghij"));
  EXPECT_FALSE(stream.was_emptied(1000, "ABCDEFGH"));
  EXPECT_FALSE(stream.was_emptied(1028, "01234567"));
  EXPECT_FALSE(bridge.stream(Direction::to_client).was_emptied(1000, "01234567"));
}

TEST_F(Frames, ThatPassAreCopiedOnlyIfTheyChange) {
  Transit transit(bridge, Direction::to_server, as_bytes(packages[2]));
  transit.carrier.packages = {carried(packages[2], 0, Fate::undecided)};
  transit.decide(1, Fate::passes);
  (void)transit.stream().numbers.arrived(1056);
  EXPECT_FALSE(transit.translate(transit.carrier));
  EXPECT_TRUE(transit.carrier.bytes.empty());
  EXPECT_EQ(as_text(transit.bytes_of(transit.carrier.packages[0])), packages[2]);
}

TEST_F(Frames, AreTranslatedAtEveryNumber) {
  BridgeStream& up = bridge.stream(Direction::to_server);
  BridgeStream& down = bridge.stream(Direction::to_client);
  for (BridgeStream* const stream : {&up, &down}) {
    (void)stream->numbers.arrived(1000);
    stream->numbers.went_on(1000, 0);
  }
  EXPECT_EQ(up.numbers.insert(100, 0), 1000U);
  EXPECT_EQ(down.numbers.insert(7, 0), 1000U);
  const std::string acknowledgement =
      end.control(0, gate::test::acknowledges(2007) + gate::test::asks_again(3007));
  gate::test::BridgeEnd expected("", "", 1100);
  const std::string frame = "head" + packages[0] + acknowledgement;
  Transit transit(bridge, Direction::to_server, as_bytes(frame));
  transit.carrier.packages = {carried(packages[0], 4, Fate::passes),
                              carried(acknowledgement, 4 + packages[0].size(), Fate::passes)};
  ASSERT_TRUE(transit.translate(transit.carrier));
  EXPECT_EQ(transit.carrier.bytes,
            "head" + expected.packages({.data = "0123456789abcdefghij", .most = 8})[0] +
                expected.control(0, gate::test::acknowledges(2000) + gate::test::asks_again(3000)));
  EXPECT_EQ(as_text(transit.bytes_of(transit.carrier.packages[1])),
            transit.carrier.bytes.substr(4 + packages[0].size()));
  EXPECT_EQ(up.numbers.insert(1, 0), 1128U) << "counted as sent";
}

TEST_F(Frames, TellWhetherAMessageGoesOn) {
  BridgeStream& stream = bridge.stream(Direction::to_server);
  const auto send = [&](const std::string& package) {
    Transit transit(bridge, Direction::to_server, as_bytes(package));
    transit.carrier.packages = {carried(package, 0, Fate::passes)};
    transit.count(transit.carrier);
    return stream.within_message;
  };
  EXPECT_TRUE(send(packages[0]));
  EXPECT_TRUE(send(end.control(0, gate::test::acknowledges(1)))) << "it has no part in any";
  EXPECT_TRUE(send(packages[1]));
  EXPECT_FALSE(send(packages[2]));
}

TEST_F(Frames, OnePackageIsEmptiedWhereItStands) {
  const std::string frame = packages[0] + packages[1];
  Transit transit(bridge, Direction::to_client, as_bytes(frame));
  transit.carrier.packages = {carried(packages[0], 0, Fate::passes),
                              carried(packages[1], packages[0].size(), Fate::passes)};
  transit.empty(transit.carrier.packages[1], Fate::passes);
  EXPECT_EQ(transit.carrier.bytes, packages[0] + packages[1].substr(0, 28) + std::string(12, '\0'));
  EXPECT_TRUE(transit.stream().was_emptied(1028, "89abcdef"));
}

TEST(BridgeStreams, RememberTheLatestSixtyFourEmptiedPackages) {
  BridgeStream stream;
  for (std::uint32_t i = 0; i < 65; ++i) stream.emptied(i, "data");
  EXPECT_FALSE(stream.was_emptied(0, "data"));
  EXPECT_TRUE(stream.was_emptied(1, "data"));
  EXPECT_TRUE(stream.was_emptied(64, "data"));
  EXPECT_FALSE(stream.was_emptied(64, "date"));
}

TEST(Bridges, AreIdleWhenNothingWaits) {
  for (const Direction direction : {Direction::to_server, Direction::to_client}) {
    Bridge bridge;
    EXPECT_TRUE(bridge.idle());
    bridge.stream(direction).texts.emplace_back();
    EXPECT_FALSE(bridge.idle());
    bridge.stream(direction).texts.clear();
    bridge.stream(direction).waiting.emplace_back();
    EXPECT_FALSE(bridge.idle());
    bridge.stream(direction).waiting.clear();
    bridge.pending.push_back({direction, "text", 0});
    EXPECT_FALSE(bridge.idle());
  }
}

TEST(Bridges, CountEveryByteTheyHold) {
  Bridge bridge;
  const std::size_t empty = bridge.footprint();
  bridge.stream(Direction::to_client).waiting.emplace_back().bytes.assign(5000, 'x');
  const std::size_t waiting = bridge.footprint();
  EXPECT_GE(waiting, empty + 5000);
  const std::string data(3000, 'y');
  (void)bridge.stream(Direction::to_server)
      .texts.emplace_back()
      .text.add({.total = 9000, .declared = 3000, .data = as_bytes(data)}, msnp::Limits{});
  const std::size_t texts = bridge.footprint();
  EXPECT_GE(texts, waiting + 3000);
  bridge.pending.push_back({Direction::to_client, std::string(1000, 'z'), 0});
  EXPECT_GE(bridge.footprint(), texts + 1000);
}

}  // namespace
