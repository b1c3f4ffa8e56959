#include "proxy/audit_verify.hpp"

#include <chrono>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/audit_record.hpp"
#include "proxy/audit_segments.hpp"
#include "tests/support/audit_files.hpp"

namespace gate {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

/// What somebody with the files, and without the key, may do to them.
class AuditVerification : public testing::Test {
 protected:
  AuditVerification() {
    settings_.key = files_.path() / "key";
    SigningKey::make().write_private(settings_.key);
    settings_.rotate_size = 0;
  }

  void write(int count) const {
    AuditLog log(settings_);
    for (int i = 0; i < count; ++i)
      ASSERT_TRUE(log.record(test::file_event("ann@corp.example", "plan.doc", i)));
  }
  /// Lines without their LF.
  [[nodiscard]] std::vector<std::string> lines() const {
    std::vector<std::string> all;
    std::istringstream text(test::text_of_file(files_.log()));
    for (std::string line; std::getline(text, line);) all.push_back(line);
    return all;
  }
  void put(const std::vector<std::string>& all) const {
    std::string text;
    for (const std::string& line : all) text += line + '\n';
    test::put_text(files_.log(), text);
  }
  /// Computes every hash anew, as who wants to hide a change would.
  static void chain_anew(std::vector<std::string>& all) {
    Sha256 sha256;
    HexDigest prev = chain_start;
    for (std::string& line : all) {
      line.replace(line.find(R"(,"prev":")"), std::string::npos, "}\n");
      prev = seal(line, prev, sha256);
      line.pop_back();
    }
  }
  [[nodiscard]] AuditVerdict verdict(const std::vector<Witness>& witnesses = {}) const {
    const SigningKey key = SigningKey::read_private(settings_.key);
    return verify_audit(files_.log(), &key, witnesses);
  }
  /// What is said of the log as it is now.
  [[nodiscard]] std::string fault(const std::vector<Witness>& witnesses = {}) const {
    const AuditVerdict found = verdict(witnesses);
    return found.fault ? to_string(*found.fault) : "good";
  }
  [[nodiscard]] std::string unsigned_fault() const {
    const AuditVerdict found = verify_audit(files_.log(), nullptr, {});
    return found.fault ? to_string(*found.fault) : "good";
  }

  test::AuditDirectory files_;
  AuditSettings settings_ = files_.settings();
};

TEST_F(AuditVerification, WhatWasWrittenIsGoodAndTellsItsRange) {
  write(4);  // between two checkpoints
  const AuditVerdict found = verdict();
  EXPECT_EQ(fault(), "good");
  EXPECT_EQ(found.first, 1U);
  EXPECT_EQ(found.last, 6U);
  EXPECT_EQ(found.segments, 1U);
  EXPECT_EQ(found.checkpoints, 2U);
  EXPECT_EQ(found.signed_to, 6U);
  EXPECT_FALSE(found.beginning_removed);
  EXPECT_FALSE(found.signed_time.empty());
  EXPECT_EQ(found.hash, links_of(lines().back())->hash);
}

TEST_F(AuditVerification, EveryChangedByteOfEveryRecordIsNoticed) {
  write(2);
  const std::string good = test::text_of_file(files_.log());
  for (std::size_t i = 0; i < good.size(); i += 7) {
    std::string text = good;
    text[i] = text[i] == 'a' ? 'b' : 'a';
    test::put_text(files_.log(), text);
    EXPECT_NE(fault(), "good") << "byte " << i;
  }
}

TEST_F(AuditVerification, AChangedRecordIsNamedWithItsLine) {
  write(3);
  auto all = lines();
  all[2].replace(all[2].find("plan"), 4, "flan");
  put(all);
  EXPECT_EQ(fault(),
            files_.log().string() + ":3: record 3: the record was changed: it is not what its hash says");
}

TEST_F(AuditVerification, ARemovedRecordIsMissing) {
  write(5);
  auto all = lines();
  all.erase(all.begin() + 2);
  put(all);
  EXPECT_THAT(fault(), HasSubstr(":3: record 4: record 3 is missing before it"));
  all.erase(all.begin() + 2);
  put(all);
  EXPECT_THAT(fault(), HasSubstr("records 3 to 4 are missing before it"));
}

TEST_F(AuditVerification, ARecordThatStandsElsewhereIsOutOfOrder) {
  write(5);
  auto all = lines();
  std::swap(all[2], all[4]);
  put(all);
  EXPECT_THAT(fault(), testing::AllOf(HasSubstr("records 3 to 4 are missing before it"),
                                      HasSubstr("it stands in line 5 of audit.jsonl: out of order")));
  all = lines();
  all.insert(all.begin() + 3, all[1]);
  put(all);
  EXPECT_NE(fault(), "good");
}

TEST_F(AuditVerification, ARepeatedRecordIsInserted) {
  write(3);
  auto all = lines();
  all.insert(all.begin() + 3, all[1]);
  put(all);
  EXPECT_THAT(fault(),
              HasSubstr(":4: record 2: the record stands behind record 3: inserted, or out of order"));
}

TEST_F(AuditVerification, AnExchangedRecordDoesNotFit) {
  write(3);
  auto all = lines();
  Sha256 sha256;
  std::string other = all[2];
  other.replace(other.find("plan"), 4, "flan");
  other.replace(other.find(R"(,"prev":")"), std::string::npos, "}\n");
  (void)seal(other, links_of(all[2])->prev, sha256);
  other.pop_back();
  all[2] = other;
  put(all);
  EXPECT_THAT(fault(), HasSubstr(":4: record 4: the record was inserted or exchanged"));
}

TEST_F(AuditVerification, AChainThatWasWrittenAnewLacksItsSignatures) {
  write(3);
  auto all = lines();
  all[1].replace(all[1].find("plan"), 4, "flan");
  chain_anew(all);
  put(all);
  EXPECT_EQ(unsigned_fault(), "good") << "hashes alone cannot tell";
  EXPECT_THAT(fault(), HasSubstr("signature of the checkpoint is wrong"));
}

TEST_F(AuditVerification, ACheckpointOfAnotherKeyIsNamed) {
  write(3);
  std::filesystem::remove(settings_.key);
  SigningKey::make().write_private(settings_.key);
  EXPECT_THAT(fault(), testing::AllOf(HasSubstr("record 1: "), HasSubstr("signed with another key")));
}

TEST_F(AuditVerification, ACutOffEndIsNoticedOnlyByWhoHasSeenIt) {
  write(3);
  const auto all = lines();
  const std::vector<Witness> seen = witnesses_of("4:" + std::string(text_of(links_of(all[3])->hash)));
  EXPECT_EQ(fault(seen), "good");
  put({all[0], all[1]});
  EXPECT_EQ(fault(), "good");
  EXPECT_THAT(fault(seen), HasSubstr("record 2: the log ends here, but record 4 was seen elsewhere"));
}

TEST_F(AuditVerification, ARecordThatWasSeenOtherwiseIsNamed) {
  write(3);
  EXPECT_THAT(fault(witnesses_of("3:" + std::string(64, 'b'))),
              HasSubstr("record 3: the record is not the one that was seen elsewhere"));
}

TEST_F(AuditVerification, ACopyOfTheLogIsAWitnessOfEveryRecord) {
  write(3);
  const auto all = lines();
  const auto copy = files_.path() / "syslog";
  std::string text = "Nov 22 16:02:20 gate something else\n";
  for (const std::string& line : all) text += "Nov 22 16:02:20 gate msnpgate[1]: " + line + '\n';
  text += R"(Nov 22 torn {"time":"2026)"
          "\n";
  test::put_text(copy, text);
  EXPECT_EQ(witnesses_of(copy.string()).size(), all.size());
  EXPECT_EQ(fault(witnesses_of(copy.string())), "good");
}

TEST_F(AuditVerification, WhatIsNoWitnessIsRefusedWithItsName) {
  const auto complaint = [](const std::string& text) -> std::string {
    try {
      (void)witnesses_of(text);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "taken";
  };
  test::put_text(files_.path() / "empty", "no record\n");
  EXPECT_THAT(complaint((files_.path() / "empty").string()), HasSubstr("has no record in it"));
  for (const std::string& text :
       {std::string("17:abc"), ":" + std::string(64, 'a'), "x:" + std::string(64, 'a'),
        "17:" + std::string(64, 'g'), std::string("/no/such/file")}) {
    EXPECT_THAT(complaint(text), testing::AllOf(HasSubstr(text), HasSubstr("neither SEQ:HASH nor a file")));
  }
}

TEST_F(AuditVerification, ALineThatACrashToreIsPassedOverWhenTheChainGoesOn) {
  write(3);
  auto all = lines();
  all.insert(all.begin() + 2, all[2].substr(0, 60));
  put(all);
  EXPECT_EQ(fault(), "good");
  EXPECT_EQ(verdict().torn, 1U);
  all.insert(all.begin() + 2, all[3].substr(0, 50));
  put(all);
  EXPECT_THAT(fault(), HasSubstr("cut off, or not written by msnpgate")) << "two are no crash";
}

TEST_F(AuditVerification, AForeignLineIsAFault) {
  write(3);
  auto all = lines();
  all.insert(all.begin() + 2, "# a remark");
  put(all);
  EXPECT_THAT(fault(), HasSubstr(":3: record 3: the line is no record: cut off, or not written by msnpgate"));
}

TEST_F(AuditVerification, AnEndWithinALineIsAFault) {
  write(3);
  const std::string text = test::text_of_file(files_.log());
  test::put_text(files_.log(), text.substr(0, text.size() - 20));
  EXPECT_THAT(fault(), HasSubstr("the last line has no end"));
  test::put_text(files_.log(), text.substr(0, text.size() - 1));
  EXPECT_THAT(fault(), HasSubstr("the line has no end"));
  // A torn line with a gap behind it is what is told of.
  auto all = lines();
  all.erase(all.begin() + 2);
  all.insert(all.begin() + 2, R"({"time":"2026)");
  put(all);
  EXPECT_THAT(fault(), HasSubstr(":3: record 3: the line is no record"));
}

TEST_F(AuditVerification, ARemovedBeginningNeedsASignatureThatSaysSo) {
  write(4);
  auto all = lines();
  all.erase(all.begin(), all.begin() + 2);
  put(all);
  EXPECT_THAT(fault(), HasSubstr("records 1 to 2 are missing at the beginning"));
  EXPECT_EQ(unsigned_fault(), "good");
  EXPECT_TRUE(verify_audit(files_.log(), nullptr, {}).beginning_removed);
}

TEST_F(AuditVerification, ARemovalThatTheGatewaySignedIsNoFault) {
  OldestKept oldest;
  {
    AuditLog log(settings_);
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(log.record(test::file_event("ann@corp.example", "x", i)));
    oldest = {3, std::string(text_of(links_of(lines()[2])->prev))};
    ASSERT_TRUE(log.record_removal(oldest, AuditLog::Clock::now()));
  }
  auto all = lines();
  all.erase(all.begin(), all.begin() + 2);
  put(all);
  EXPECT_EQ(fault(), "good");
  EXPECT_TRUE(verdict().beginning_removed);
  all.erase(all.begin());
  put(all);
  EXPECT_THAT(fault(), HasSubstr("records 1 to 3 are missing at the beginning"))
      << "one more than was signed";
}

TEST_F(AuditVerification, AnEmptyLogHasNothingToSayAndNoLogIsAnError) {
  test::put_text(files_.log(), "");
  EXPECT_EQ(fault(), "good");
  EXPECT_EQ(verdict().first, 0U);
  std::filesystem::remove(files_.log());
  EXPECT_THROW((void)verify_audit(files_.log(), nullptr, {}), std::runtime_error);
}

TEST_F(AuditVerification, ARemovedSegmentInTheMiddleIsNamed) {
  settings_.rotate_size = 3000;
  write(20);
  const auto segments = segments_of(files_.log());
  ASSERT_GE(segments.size(), 3U);
  std::filesystem::remove(segments[1].path);
  EXPECT_THAT(fault(), HasSubstr("missing before it: a segment was removed"));
}

TEST(AuditFaults, TellWhatTheyKnow) {
  EXPECT_EQ(to_string(AuditFault{{}, 0, 0, "what"}), "what");
  EXPECT_EQ(to_string(AuditFault{"a.jsonl", 0, 7, "what"}), "a.jsonl: record 7: what");
  EXPECT_EQ(to_string(AuditFault{"a.jsonl", 3, 7, "what"}), "a.jsonl:3: record 7: what");
}

}  // namespace
}  // namespace gate
