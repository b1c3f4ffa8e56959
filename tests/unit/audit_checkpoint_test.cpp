#include "proxy/audit_checkpoint.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/audit_chain.hpp"
#include "tests/support/audit_files.hpp"

namespace gate {
namespace {

using testing::HasSubstr;

class AuditCheckpoints : public testing::Test {
 protected:
  [[nodiscard]] std::string sealed(const std::optional<OldestKept>& oldest = std::nullopt,
                                   CheckpointReason reason = CheckpointReason::interval) const {
    Checkpoint checkpoint;
    checkpoint.time = test::file_event("", "").time;
    checkpoint.seq = 17;
    checkpoint.id = "01ARYZ6S41TSV4RRFFQ69G5FAV";
    checkpoint.reason = reason;
    checkpoint.oldest = oldest;
    checkpoint.prev = text_of(chain_start);
    std::string line = checkpoint_line(checkpoint, key_);
    Sha256 sha256;
    (void)seal(line, chain_start, sha256);
    return line;
  }
  SigningKey key_ = SigningKey::make();
};

TEST_F(AuditCheckpoints, AreRecordsLikeAnyOther) {
  const std::string line = sealed();
  const auto record = record_of(line);
  ASSERT_TRUE(record) << line;
  EXPECT_EQ(record->seq, 17U);
  EXPECT_EQ((*record)[AuditKey::event], "checkpoint");
  EXPECT_EQ((*record)[AuditKey::reason], "interval");
  EXPECT_EQ(record->member(AuditKey::checkpoint, "key"), key_.id());
  EXPECT_EQ(record->member(AuditKey::checkpoint, "signature").size(), 128U);
  EXPECT_EQ(record->member(AuditKey::checkpoint, "oldest_seq"), "");
  ASSERT_TRUE(links_of(line));
  Sha256 sha256;
  EXPECT_EQ(hash_of(*links_of(line), sha256), links_of(line)->hash);
}

TEST_F(AuditCheckpoints, TheirSignatureHoldsForTheirKeyAlone) {
  const std::string line = sealed(OldestKept{9, std::string(64, 'a')}, CheckpointReason::retention);
  EXPECT_TRUE(signed_by(key_, *record_of(line)));
  EXPECT_FALSE(signed_by(SigningKey::make(), *record_of(line)));
  EXPECT_THAT(line, HasSubstr(R"("reason":"retention","checkpoint":{"oldest_seq":9,"oldest_prev":"aaaa)"));
}

// Whoever has no key can compute hashes, but no signature of what they changed.
TEST_F(AuditCheckpoints, AChangedOneIsNotSigned) {
  const std::string line = sealed(OldestKept{9, std::string(64, 'a')});
  for (const auto& [before, after] :
       {std::pair{"\"seq\":17", "\"seq\":18"}, std::pair{"\"oldest_seq\":9", "\"oldest_seq\":8"},
        std::pair{"interval", "rotation"}, std::pair{"\"prev\":\"0", "\"prev\":\"1"},
        std::pair{"\"oldest_prev\":\"a", "\"oldest_prev\":\"b"}}) {
    std::string changed = line;
    ASSERT_NE(changed.find(before), std::string::npos) << before;
    changed.replace(changed.find(before), std::string_view(before).size(), after);
    EXPECT_FALSE(signed_by(key_, *record_of(changed))) << after;
  }
  std::string unsigned_line = line;
  const auto signature = record_of(line)->member(AuditKey::checkpoint, "signature");
  unsigned_line.replace(static_cast<std::size_t>(signature.data() - record_of(line)->line.data()),
                        signature.size(), "");
  EXPECT_FALSE(signed_by(key_, *record_of(unsigned_line)));
}

TEST_F(AuditCheckpoints, ARecordWithoutOneOrWithoutLinksIsNotSigned) {
  EXPECT_FALSE(signed_by(key_, *record_of(R"({"time":"x","seq":1,"event":"session"})")));
  EXPECT_FALSE(signed_by(key_, *record_of(R"({"time":"x","seq":1,"checkpoint":{"signature":"00"}})")));
}

TEST_F(AuditCheckpoints, EveryReasonHasItsWord) {
  using enum CheckpointReason;
  std::string words;
  for (const CheckpointReason reason : {start, interval, rotation, retention, stop}) {
    words.append(name_of(reason)).append(" ");
    EXPECT_THAT(sealed(std::nullopt, reason), HasSubstr("\"reason\":\"" + std::string(name_of(reason))));
  }
  EXPECT_EQ(words, "start interval rotation retention stop ");
}

}  // namespace
}  // namespace gate
