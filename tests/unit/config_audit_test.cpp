#include <gmock/gmock.h>

#include "tests/support/config_files.hpp"

namespace {

using gate::AuditExportSettings;
using support::ConfigFile;
using testing::ElementsAre;
using testing::HasSubstr;

class AuditSection : public ConfigFile {
 protected:
  gate::AuditSettings audit(const std::string& lines) { return load("[audit]\n" + lines).boot.audit; }
  std::vector<std::string> complaints(const std::string& lines) { return errors("[audit]\n" + lines); }
};

TEST_F(AuditSection, PathsAreSeenFromTheFileAndAbsoluteOnesStay) {
  const auto audit = this->audit("path = \"log/audit.jsonl\"\nkey = \"/etc/key\"\n");
  EXPECT_EQ(audit.path, files.directory() / "log/audit.jsonl");
  EXPECT_EQ(audit.key, "/etc/key");
}

TEST_F(AuditSection, AnExportRemembersHowFarItIsBesideTheLog) {
  const auto audit = this->audit(
      "path = \"a.jsonl\"\n[[audit.export]]\nto = \"journald\"\n[[audit.export]]\nto = \"file\"\npath = "
      "\"copy\"\n"
      "format = \"ecs\"\n[[audit.export]]\nto = \"syslog-udp\"\naddress = \"logs.corp.example:514\"\ncursor "
      "= \"c\"\n");
  ASSERT_EQ(audit.exports.size(), 3U);
  EXPECT_EQ(audit.exports[0].cursor, files.directory() / "a.jsonl.export-1");
  EXPECT_EQ(audit.exports[1].cursor, files.directory() / "a.jsonl.export-2");
  EXPECT_EQ(audit.exports[1].path, files.directory() / "copy");
  EXPECT_EQ(audit.exports[1].format, gate::AuditFormat::ecs);
  EXPECT_EQ(audit.exports[2].cursor, files.directory() / "c");
}

TEST_F(AuditSection, ACollectorIsAHostAndAPort) {
  const auto to = [this](const std::string& address) {
    return audit("[[audit.export]]\nto = \"syslog-tcp\"\naddress = \"" + address + "\"\n").exports.at(0);
  };
  EXPECT_EQ(to("logs.corp.example:601").host, "logs.corp.example");
  EXPECT_EQ(to("logs.corp.example:601").port, "601");
  EXPECT_EQ(to("[2001:db8::5]:65535").host, "2001:db8::5");
  for (const char* const address : {"logs", ":514", "logs:", "logs:0", "logs:65536", "logs:5x", "logs:123456",
                                    "2001:db8::5", "[]:514", ""}) {
    EXPECT_THAT(
        complaints("[[audit.export]]\nto = \"syslog-tcp\"\naddress = \"" + std::string(address) + "\"\n"),
        testing::Contains(HasSubstr("gateway.toml:4:11: audit.export[1].address: ")))
        << address;
  }
}

TEST_F(AuditSection, AnExportNeedsWhatItsKindNeeds) {
  EXPECT_THAT(complaints("[[audit.export]]\n"), ElementsAre(HasSubstr("found no to; write where")));
  EXPECT_THAT(complaints("[[audit.export]]\nto = \"file\"\n"), ElementsAre(HasSubstr("found no path")));
  EXPECT_THAT(complaints("[[audit.export]]\nto = \"syslog-tls\"\n"),
              ElementsAre(HasSubstr("found no address")));
  EXPECT_THAT(
      complaints("[[audit.export]]\nto = \"syslog-tls\"\naddress = \"a:1\"\ncertificate = \"c.pem\"\n"),
      ElementsAre(HasSubstr("found one of certificate and certificate_key")));
  EXPECT_EQ(complaints("[[audit.export]]\nto = \"pigeon\"\n").size(), 1U) << "what is wrong is told once";
}

TEST_F(AuditSection, HashedAccountsNeedAKey) {
  EXPECT_THAT(complaints("accounts = \"hashed\"\n"), ElementsAre(HasSubstr("no account_key; name the file")));
  EXPECT_EQ(audit("accounts = \"hashed\"\naccount_key = \"/k\"\n").account_key, "/k");
  EXPECT_EQ(audit("accounts = \"plain\"\naccount_key = \"/k\"\n").account_key, "");
}

TEST_F(AuditSection, AFileGrowsToItsSizeOrWithoutEnd) {
  EXPECT_EQ(audit("rotate_size = \"64KiB\"\n").rotate_size, 65'536U);
  EXPECT_EQ(audit("rotate_size = 0\n").rotate_size, 0U);
  EXPECT_THAT(complaints("rotate_size = \"63KiB\"\n"), ElementsAre(HasSubstr("write at least \"64KiB\"")));
}

}  // namespace
