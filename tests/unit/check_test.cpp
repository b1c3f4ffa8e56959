#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/commands.hpp"

namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class Check : public testing::Test {
 protected:
  Check() {
    std::string name = (std::filesystem::temp_directory_path() / "check_test.XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
  }
  ~Check() override { std::filesystem::remove_all(directory_); }

  int check(const std::string& text) {
    const std::filesystem::path file = directory_ / "gateway.toml";
    std::ofstream(file) << text;
    out_.str({});
    err_.str({});
    return gate::command_check(file, out_, err_);
  }
  [[nodiscard]] std::string out() const { return out_.str(); }
  [[nodiscard]] std::string err() const { return err_.str(); }

 private:
  std::filesystem::path directory_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(Check, TellsInPlainWordsWhatWouldBeInForce) {
  EXPECT_EQ(check(R"(threads = 2
[[listener]]
bind = "[::]:11863"
[[listener]]
bind = "192.0.2.1:1863"
mode = "fixed"
upstream = "192.0.2.10:1863"
[intercept]
interfaces = ["eth1"]
exempt = ["198.51.100.0/24"]
[audit]
path = "audit.jsonl"
[groups]
design = ["ann@corp.example", "ben@corp.example"]
[[rule]]
name = "pictures for the agency"
action = "allow"
users = ["group:design"]
peers = ["*@agency.example"]
clients = ["10.20.0.0/16"]
direction = "send"
kinds = ["file-transfer"]
names = ["*.png", "*.jpg"]
max_size = "10MiB"
when = "Mon-Fri 08:00-18:00"
until = 2026-12-31T00:00:00Z
[[rule]]
name = "no small programs"
action = "block"
direction = "receive"
names = ["*.exe"]
max_size = 1000
[[rule]]
name = "watch eve"
action = "observe"
users = ["eve@corp.example"]
)"),
            gate::exit_fine);
  EXPECT_THAT(err(), IsEmpty());
  for (const char* const line : {
           "listeners, on 2 threads:\n  [::]:11863, redirected connections\n"
           "  192.0.2.1:1863, everything to 192.0.2.10:1863\n",
           "intercepted: TCP ports 1863, 1864 and 1865 on eth1, but not to 198.51.100.0/24\n",
           "HTTP: read where it comes by, but no web port is intercepted: ",
           "  sessions               9000, of one client address 512\n",
           "  idle_timeout           never\n",
           "/audit.jsonl\n",
           "  parse-error            close\n",
           "direct connections: only between those who may transfer everything, or where a rule names them\n",
           "when an offer is refused:\n  p2p_v2                 tombstone\n",
           "  display-picture        100KiB\n",
           "  ink                    64KiB\n",
           "  over_size              block\n  wrong_digest           observe\n",
           "  design: ann@corp.example, ben@corp.example\n",
           "  1. \"pictures for the agency\": allow file-transfer sent by local group:design "
           "to remote *@agency.example, on clients in 10.20.0.0/16, every reading of the file name like "
           "*.png or "
           "*.jpg, up to 10MiB, Mon,Tue,Wed,Thu,Fri 08:00-18:00 local time, until 2026-12-31T00:00:00Z\n",
           "  2. \"no small programs\": block everything received by local anybody from remote anybody, any "
           "reading of "
           "the file name like *.exe, up to 1000 or of unknown size\n",
           "  3. \"watch eve\": allow, and record, everything between local eve@corp.example and remote "
           "anybody\n",
           "  otherwise: block file-transfer, photo-sharing, sharing-folder and unknown-application; "
           "everything else "
           "passes\n",
       }) {
    EXPECT_THAT(out(), HasSubstr(line));
  }
}

TEST_F(Check, TellsTheOtherHalfOfEverySetting) {
  const int code = check(R"([[listener]]
bind = "[::]:1863"
mode = "tproxy"
[intercept]
follow = "off"
[http]
enabled = false
[limits]
new_sessions = 0
new_sessions_per_source = 7
idle_timeout = "0s"
[audit]
path = "audit.jsonl"
fsync = "always"
key = "audit.key"
accounts = "hashed"
account_key = "accounts.key"
rotate_size = 0
rotate_age = "0s"
compress = "none"
keep_size = "1GiB"
keep_age = "30d"
[[audit.export]]
to = "file"
path = "copy.jsonl"
[admin]
socket = ""
[[admin.listener]]
bind = "127.0.0.1:9863"
[[admin.listener]]
bind = "192.0.2.1:9863"
certificate = "c.pem"
key = "k.pem"
client_ca = "ca.pem"
[[rule]]
name = "watched"
action = "observe"
kinds = ["webcam", "ink"]
direction = "receive"
[[rule]]
name = "no programs"
action = "block"
names = ["*.exe"]
max_size = "1KiB"
)");
  EXPECT_EQ(code, gate::exit_failed) << "the keys are not there";
  EXPECT_THAT(err(), HasSubstr("audit.key: "));
  EXPECT_THAT(err(), HasSubstr("audit.account_key: "));
  for (const char* const line : {
           "  [::]:1863, diverted connections, in the clients' names\n",
           "HTTP: not read; it is other traffic on an intercepted port\n",
           "  new sessions           without limit, of one client address 7 a second\n",
           "audit.jsonl, forced to disk record by record\n",
           "  a new file whenever that is\n",
           "  at most 1GiB are kept\n",
           "  records are kept for 30d\n",
           "  accounts are hashed with ",
           "  sent on to file ",
           "admin: no socket\n",
           "  127.0.0.1:9863, without TLS; everybody may look\n",
           "  192.0.2.1:9863, with TLS; nobody looks unknown\n",
           "allow, and record, ",
           " received by local anybody from remote anybody",
           ", any reading of the file name like *.exe, up to 1KiB or of unknown size",
       }) {
    EXPECT_THAT(out(), HasSubstr(line));
  }
}

TEST_F(Check, CutsLongListsShort) {
  std::string members;
  for (int number = 0; number < 1000; ++number) members += "\"u" + std::to_string(number) + "@x.example\",";
  EXPECT_EQ(
      check("[[listener]]\nbind = \"[::]:1\"\n[audit]\npath = \"a\"\n[groups]\nall = [" + members + "]\n"),
      gate::exit_fine);
  EXPECT_THAT(out(), HasSubstr("all: u0@x.example, u1@x.example"));
  EXPECT_THAT(out(), HasSubstr("u7@x.example, and 992 more\n"));
}

TEST_F(Check, EveryErrorIsALineOnErrAndTheCodeIs78) {
  EXPECT_EQ(check("threads = 0\n[limits]\nx = 1\n"), gate::exit_config);
  EXPECT_THAT(out(), IsEmpty());
  EXPECT_THAT(err(),
              testing::MatchesRegex("[^\n]*gateway.toml:1:11: threads: [^\n]*\n[^\n]*gateway.toml:3:1: "
                                    "limits.x: [^\n]*\n"));
}

TEST_F(Check, AFileWithoutListenersIsNotFitToRun) {
  EXPECT_EQ(check("[audit]\npath = \"a\"\n"), gate::exit_config);
  EXPECT_THAT(err(), HasSubstr("gateway.toml: listener: found none"));
}

TEST_F(Check, AMissingAuditDirectoryIsAFaultOfTheMachine) {
  EXPECT_EQ(check("[[listener]]\nbind = \"[::]:1\"\n[audit]\npath = \"gone/audit.jsonl\"\n"),
            gate::exit_failed);
  EXPECT_THAT(out(), HasSubstr("listeners"));
  EXPECT_THAT(err(), HasSubstr("audit.path: the directory "));
  EXPECT_THAT(err(), HasSubstr("/gone does not exist"));
}

}  // namespace
