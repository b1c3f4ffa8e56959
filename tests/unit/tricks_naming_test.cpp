// transfers.md 10, tricks 63 and 64: what the record says of a file against what a client shows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/audit_json.hpp"
#include "tests/support/tricks.hpp"

namespace {

using namespace std::string_literals;
using namespace gate::test;
using enum Client;
using gate::Action;

/// The offer of p01 for another file.
std::string offer_of(std::u16string_view name, std::uint64_t size) {
  const std::string text = offer_text();
  const std::size_t begin = text.find("Context: ") + 9;
  const std::size_t end = text.find("\r\n", begin);
  return text.substr(0, begin) + file_context(size, name) + text.substr(end);
}

constexpr std::u16string_view cut_name{u"a\0.exe", 6};

TEST(Trick63, NameWithAnEmbeddedNulIsStoppedAndRecordedInBothReadings) {
  const Script offer = sent_whole(offer_of(cut_name, 10));
  expect_stopped(offer, {msnp_sharp, libpurple, miranda, papyon, pecan});

  const std::string bytes = without_gate(offer, Gate::of_alice).to_server;
  EXPECT_EQ(read_by(msnp_sharp, offer, Gate::of_alice, bytes).front().name, "a.exe");
  EXPECT_EQ(read_by(libpurple, offer, Gate::of_alice, bytes).front().name, "a");

  const auto blocks = through_gate(offer, Gate::of_alice).blocks();
  ASSERT_EQ(blocks.size(), 1U);
  ASSERT_TRUE(blocks.front().file);
  EXPECT_THAT(blocks.front().file->names, testing::IsSupersetOf({"a"s, "a.exe"s}));
  const std::string line = gate::to_json_line(blocks.front(), 1, "ID");
  EXPECT_EQ(line.find('\0'), std::string::npos);
  EXPECT_THAT(line, testing::HasSubstr("a.exe"));
}

TEST(Trick63, RuleForTheShortNameDoesNotLetTheLongOneThrough) {
  gate::Rule rule;
  rule.name = "only a";
  rule.action = Action::allow;
  rule.kinds = {msnp::Kind::file_transfer};
  rule.names = {"a"};
  const Script offer = sent_whole(offer_of(cut_name, 10));
  EXPECT_EQ(through_gate(offer, Gate::of_alice, policy_with(Action::block, {rule})).blocks().size(), 1U);
  const Script honest = sent_whole(offer_of(u"a", 10));
  EXPECT_EQ(through_gate(honest, Gate::of_alice, policy_with(Action::block, {rule})).to_server,
            without_gate(honest, Gate::of_alice).to_server);
}

TEST(Trick63Twin, PictureWhoseObjectHoldsANulPasses) {
  const std::string object =
      "<msnobj Creator=\"bob@example.org\" Size=\"2608\" Type=\"3\" Location=\"a\0.exe\" Friendly=\"AAA=\" "
      "SHA1D=\"2jmj7l5rSw0yVb/vlWAYkK/YBwk=\"/>\0"s;
  const std::string text = picture_text();
  const std::size_t begin = text.find("Context: ") + 9;
  const std::size_t end = text.find("\r\n", begin);
  expect_untouched(sent_whole(text.substr(0, begin) + base64(object) + text.substr(end)));
}

TEST(Trick64, SizeBeyond32BitIsStoppedAndRecordedInFull) {
  expect_stopped(from_vector("p05-offer-unicode-5g"),
                 {amsn, libpurple, miranda, msnp_sharp, msnp11, papyon, pecan});
  const auto blocks = through_gate(from_vector("p05-offer-unicode-5g"), Gate::of_alice).blocks();
  ASSERT_EQ(blocks.size(), 1U);
  ASSERT_TRUE(blocks.front().file);
  ASSERT_TRUE(blocks.front().file->size);
  EXPECT_GT(*blocks.front().file->size, std::uint64_t{1} << 32U);
  EXPECT_EQ(blocks.front().file->size, transfer_vector("p05-offer-unicode-5g").expected.front().file_size);
}

/// Files up to 1 MiB are allowed.
std::shared_ptr<const gate::Policy> small_files() {
  gate::Rule rule;
  rule.name = "small";
  rule.action = Action::allow;
  rule.kinds = {msnp::Kind::file_transfer};
  rule.max_size = 1024 * 1024;
  return policy_with(Action::block, {rule});
}

TEST(Trick64, SizeWhoseLow32BitLookSmallIsNoSmallFile) {
  const Script offer = sent_whole(offer_of(u"a.txt", (std::uint64_t{1} << 32U) + 10));
  EXPECT_EQ(through_gate(offer, Gate::of_alice, small_files()).blocks().size(), 1U);
}

TEST(Trick64Twin, SmallFileOfAUserWhoMaySendSmallFilesPasses) {
  const Script offer = sent_whole(offer_of(u"a.txt", 10));
  const Outcome outcome = through_gate(offer, Gate::of_alice, small_files());
  EXPECT_EQ(outcome.to_server, without_gate(offer, Gate::of_alice).to_server);
  EXPECT_TRUE(outcome.blocks().empty());
}

TEST(Trick64Twin, ChatAboutSizesPasses) {
  expect_untouched(from_vector("m02-text-lookalike"));
}

}  // namespace
