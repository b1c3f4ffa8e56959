#include "proxy/audit_commands.hpp"

#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/account_hash.hpp"
#include "proxy/audit_log.hpp"
#include "proxy/commands.hpp"
#include "tests/support/audit_files.hpp"

namespace gate {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

class AuditCommands : public testing::Test {
 protected:
  /// A configuration with these lines in [audit].
  [[nodiscard]] std::filesystem::path config(const std::string& lines = {}) const {
    const auto file = files_.path() / "gateway.toml";
    test::put_text(file, "[[listener]]\nbind = \"127.0.0.1:11863\"\nmode = \"redirect\"\n[audit]\npath = \"" +
                             files_.log().string() + "\"\n" + lines);
    return file;
  }
  [[nodiscard]] std::string at(const char* name) const { return (files_.path() / name).string(); }
  void write(AuditSettings settings, int count) const {
    AuditLog log(settings);
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(log.record(test::file_event("u" + std::to_string(i) + "@corp.example", "plan.doc", i)));
    }
  }
  template <class Command>
  int run(Command command) {
    out_.str("");
    err_.str("");
    return command(out_, err_);
  }
  int verify(const AuditVerifyOptions& options) {
    return run([&](auto& out, auto& err) { return command_audit_verify(options, out, err); });
  }
  int query(const AuditQueryOptions& options) {
    return run([&](auto& out, auto& err) { return command_audit_query(options, out, err); });
  }
  [[nodiscard]] AuditQueryOptions options() const {
    AuditQueryOptions all;
    all.place.log = files_.log();
    all.format = AuditFormat::json;
    return all;
  }
  [[nodiscard]] std::ptrdiff_t rows() const {
    const std::string text = out_.str();
    return std::count(text.begin(), text.end(), '\n');
  }

  test::AuditDirectory files_;
  std::ostringstream out_, err_;
};

TEST_F(AuditCommands, InitMakesTheKeysOnceAndPrintsThePublicOne) {
  const auto file = config("key = \"" + at("key") + "\"\naccounts = \"hashed\"\naccount_key = \"" +
                           at("accounts") + "\"\n");
  const auto init = [&](auto& out, auto& err) { return command_audit_init(file, out, err); };
  EXPECT_EQ(run(init), exit_fine) << err_.str();
  const std::string key = out_.str();
  EXPECT_THAT(key, StartsWith("-----BEGIN PUBLIC KEY-----\n"));
  EXPECT_THAT(err_.str(), AllOf(HasSubstr("made " + at("key")), HasSubstr("made " + at("accounts"))));
  const std::string secret = test::text_of_file(at("key"));
  EXPECT_EQ(run(init), exit_fine);
  EXPECT_EQ(out_.str(), key);
  EXPECT_THAT(err_.str(), HasSubstr("is there already, and stays"));
  EXPECT_EQ(test::text_of_file(at("key")), secret);
  EXPECT_EQ(run([&](auto& out, auto& err) { return command_audit_key(file, out, err); }), exit_fine);
  EXPECT_EQ(out_.str(), key);
}

TEST_F(AuditCommands, WithoutAKeyInTheConfigurationItSaysWhatToWrite) {
  const auto file = config();
  EXPECT_EQ(run([&](auto& out, auto& err) { return command_audit_init(file, out, err); }), exit_config);
  EXPECT_THAT(err_.str(), AllOf(StartsWith(file.string() + ": audit.key: found none"), HasSubstr("key = ")));
  EXPECT_EQ(run([&](auto& out, auto& err) { return command_audit_key(file, out, err); }), exit_failed);
}

TEST_F(AuditCommands, ABadConfigurationIsToldWithItsPlace) {
  const auto file = config("fsink = \"always\"\n");
  EXPECT_EQ(run([&](auto& out, auto& err) { return command_audit_init(file, out, err); }), exit_config);
  EXPECT_THAT(err_.str(), HasSubstr("gateway.toml:6:1: audit.fsink"));
  EXPECT_EQ(out_.str(), "");
}

TEST_F(AuditCommands, VerifyTellsTheRangeTheHashAndWhatIsSigned) {
  AuditSettings settings = files_.settings();
  write(settings, 3);
  AuditVerifyOptions options;
  options.place.log = files_.log();
  EXPECT_EQ(verify(options), exit_fine);
  EXPECT_THAT(out_.str(),
              AllOf(StartsWith("records 1 to 3 in 1 file are as they were written\nlast record  3:"),
                    HasSubstr("signatures   not looked at: no key was given\n")));
  const SigningKey key = SigningKey::make();
  test::put_text(at("key.pub"), key.public_pem());
  options.key = at("key.pub");
  EXPECT_EQ(verify(options), exit_fine);
  EXPECT_THAT(
      out_.str(),
      HasSubstr("signatures   none: whoever can write the files could have written all of them anew"));
}

TEST_F(AuditCommands, VerifyTellsOfSignaturesAndOfTampering) {
  AuditSettings settings = files_.settings();
  const SigningKey key = SigningKey::make();
  key.write_private(at("key"));
  settings.key = at("key");
  write(settings, 3);
  AuditVerifyOptions options;
  options.place.config = config("key = \"" + at("key") + "\"\n");
  EXPECT_EQ(verify(options), exit_fine) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("signatures   2 by key " + key.id() + ", the last at record 5 "));
  options.checkpoints = {"4:" + std::string(64, 'b')};
  EXPECT_EQ(verify(options), exit_failed);
  EXPECT_THAT(err_.str(), HasSubstr("record 4: the record is not the one that was seen elsewhere"));
  EXPECT_THAT(out_.str(), HasSubstr("NOT as it was written; good up to record 4"));
  options.checkpoints = {"nonsense"};
  EXPECT_EQ(verify(options), exit_failed);
  EXPECT_THAT(err_.str(), StartsWith("msnpgate: nonsense: is neither"));
}

TEST_F(AuditCommands, VerifyOfNothingSaysSo) {
  AuditVerifyOptions options;
  options.place.log = files_.log();
  EXPECT_EQ(verify(options), exit_failed);
  EXPECT_THAT(err_.str(), HasSubstr("there is no audit log"));
  test::put_text(files_.log(), "");
  EXPECT_EQ(verify(options), exit_fine);
  EXPECT_EQ(out_.str(), "no records\n");
}

TEST_F(AuditCommands, QueryPrintsWhatMatchesAndTheNewestOnlyIfAsked) {
  write(files_.settings(), 12);
  AuditQueryOptions all = options();
  EXPECT_EQ(query(all), exit_fine);
  EXPECT_EQ(out_.str(), test::text_of_file(files_.log()));
  all.last = 2;
  EXPECT_EQ(query(all), exit_fine);
  EXPECT_EQ(rows(), 2);
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("\"seq\":11,"), HasSubstr("\"seq\":12,")));
  all.last = 0;
  EXPECT_EQ(query(all), exit_fine);
  EXPECT_EQ(out_.str(), "");
  all = options();
  all.seq = 7;
  EXPECT_EQ(query(all), exit_fine);
  EXPECT_EQ(rows(), 1);
  all.seq.reset();
  all.since = "2026-11-22T16:02:25Z";
  all.until = "2026-11-22T16:02:28Z";
  EXPECT_EQ(query(all), exit_fine);
  EXPECT_EQ(rows(), 3);
  all.format = AuditFormat::csv;
  EXPECT_EQ(query(all), exit_fine);
  EXPECT_THAT(out_.str(), StartsWith("time,seq,id,"));
}

TEST_F(AuditCommands, ATimeThatIsNoneIsWrongUsage) {
  write(files_.settings(), 1);
  AuditQueryOptions bad = options();
  bad.until = "yesterday";
  EXPECT_EQ(query(bad), exit_usage);
  EXPECT_THAT(err_.str(), StartsWith("--until: found \"yesterday\"; write a time, such as"));
}

TEST_F(AuditCommands, InALogWithHashedAccountsPeopleAreFoundByTheirAccounts) {
  AuditSettings settings = files_.settings();
  settings.account_key = at("accounts");
  write_secret(settings.account_key, AccountHash::new_key());
  write(settings, 3);
  AuditQueryOptions asked = options();
  asked.account_key = settings.account_key;
  asked.query.users = {"U1@corp.example"};
  EXPECT_EQ(query(asked), exit_fine);
  EXPECT_EQ(rows(), 1);
  asked.query.users = {AccountHash(settings.account_key).of("u2@corp.example")};
  EXPECT_EQ(query(asked), exit_fine);
  EXPECT_EQ(rows(), 1);
  asked.query.users.clear();
  asked.query.peers = {"*@agency.example"};
  EXPECT_EQ(query(asked), exit_usage);
  EXPECT_THAT(err_.str(), HasSubstr("only whole ones can be looked for"));
}

TEST_F(AuditCommands, TailShowsTheLastTen) {
  write(files_.settings(), 12);
  const AuditQueryOptions asked = options();
  EXPECT_EQ(run([&](auto& out, auto& err) { return command_audit_tail(asked, out, err); }), exit_fine);
  EXPECT_EQ(rows(), 10);
  EXPECT_THAT(out_.str(), AllOf(StartsWith("{\"time\":\"2026-11-22T16:02:22"), HasSubstr("\"seq\":12,")));
}

TEST_F(AuditCommands, ReportIsTextOrAPage) {
  write(files_.settings(), 3);
  AuditReportOptions asked;
  asked.query = options();
  const auto report = [&](auto& out, auto& err) { return command_audit_report(asked, out, err); };
  EXPECT_EQ(run(report), exit_fine);
  EXPECT_THAT(out_.str(), AllOf(StartsWith("msnpgate audit report, "), HasSubstr("3 blocked, 0 passed")));
  asked.html = true;
  EXPECT_EQ(run(report), exit_fine);
  EXPECT_THAT(out_.str(), StartsWith("<!DOCTYPE html>"));
}

TEST_F(AuditCommands, AnOutputThatTakesNoMoreIsAFailure) {
  write(files_.settings(), 3);
  std::ostream closed(nullptr);
  EXPECT_EQ(command_audit_query(options(), closed, err_), exit_failed);
  EXPECT_THAT(err_.str(), HasSubstr("the output takes no more"));
}

}  // namespace
}  // namespace gate
