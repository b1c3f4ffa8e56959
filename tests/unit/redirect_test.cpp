#include "msnp/redirect.hpp"

#include <gtest/gtest.h>

#include <string>

#include "msnp/decoder.hpp"

namespace msnp {
namespace {

/// The line as the decoder delivers it.
class RedirectTest : public testing::Test {
 protected:
  const Redirect* redirect(const std::string& line) {
    read(line);
    return std::get_if<Redirect>(&found_);
  }
  bool unclear(const std::string& line) {
    read(line);
    return std::holds_alternative<UnclearRedirect>(found_);
  }
  bool none(const std::string& line) {
    read(line);
    return std::holds_alternative<NoRedirect>(found_);
  }
  void read(const std::string& line) {
    wire_ = line + "\r\n";
    Decoder decoder{Direction::to_client, Side::notification, limits_};
    const Step step = decoder.next(as_bytes(wire_));
    ASSERT_TRUE(std::holds_alternative<Frame>(step)) << line;
    line_ = std::get<Frame>(step).line;
    found_ = read_redirect(line_);
  }

  Limits limits_;
  std::string wire_;
  CommandLine line_;
  std::variant<NoRedirect, Redirect, UnclearRedirect> found_;
};

TEST_F(RedirectTest, EveryFormOfXfrAndRngNamesItsAddress) {
  struct Form {
    const char* line;
    const char* host;
    std::uint16_t port;
    bool to_notification;
  };
  for (const Form& form : {
           Form{"XFR 2 NS 207.46.106.145:1863", "207.46.106.145", 1863, true},
           Form{"XFR 3 NS 207.46.106.145:1863 0 207.46.104.20:1863", "207.46.106.145", 1863, true},
           Form{"XFR 4 NS baym-cs118.msgr.hotmail.com:1863 U D", "baym-cs118.msgr.hotmail.com", 1863, true},
           Form{"XFR 10 NS by2.gateway.edge.messenger.live.com:80 G D VmVyc2lvbjogMQ==",
                "by2.gateway.edge.messenger.live.com", 80, true},
           Form{"XFR 0 NS 10.0.0.9:5555", "10.0.0.9", 5555, true},
           Form{"XFR 15 SB 207.46.108.37:1863 CKI 17262740.1050826919.32308", "207.46.108.37", 1863, false},
           Form{"XFR 15 SB m1.escargot.log1p.xyz:1864 CKI 1.2 U messenger.msn.com 1", "m1.escargot.log1p.xyz",
                1864, false},
           Form{"RNG 11752013 207.46.108.38:1863 CKI 849102291.520491113 ex@mple.com Ex", "207.46.108.38",
                1863, false},
           Form{"RNG 1 [2001:db8::7]:5555 CKI 1.2 ann@corp.example Ann U messenger.hotmail.com 1",
                "2001:db8::7", 5555, false},
       }) {
    const Redirect* const found = redirect(form.line);
    ASSERT_NE(found, nullptr) << form.line;
    EXPECT_EQ(found->host, form.host) << form.line;
    EXPECT_EQ(found->port, form.port) << form.line;
    EXPECT_EQ(found->to_notification, form.to_notification) << form.line;
  }
}

TEST_F(RedirectTest, AHostWithoutAPortHasNone) {
  for (const char* const line : {"XFR 3 NS messenger.example", "RNG 1 [2001:db8::7] CKI 1.2 a@b.example A"}) {
    const Redirect* const found = redirect(line);
    ASSERT_NE(found, nullptr) << line;
    EXPECT_EQ(found->port, 0);
  }
}

TEST_F(RedirectTest, TheSameServerAgainIsNoRedirectAndNeitherIsAnyOtherLine) {
  for (const char* const line : {"XFR 3 NS 0", "XFR 3", "CHL 0 15570131571988941333", "RNG 1",
                                 "NLN NLN a@b.example 10.0.0.1:5555 0", "911 3"}) {
    EXPECT_TRUE(none(line)) << line;
  }
}

// Each of these leads some client somewhere, and another one elsewhere (framing.md 5.3).
TEST_F(RedirectTest, WhatClientsReadInDifferentWaysIsUnclear) {
  for (const char* const address : {"10.0.0.1:05555",
                                    "10.0.0.1:+5555",
                                    "10.0.0.1:0x15b3",
                                    "10.0.0.1:71091",
                                    "10.0.0.1:0",
                                    "10.0.0.1:",
                                    "10.0.0.1:5555x",
                                    "10.0.0.1:1863:5555",
                                    "2001:db8::7:5555",
                                    "host%2Eexample:5555",
                                    "10.0.0.1%3A5555",
                                    "user@host:5555",
                                    ":5555",
                                    "[2001:db8::7",
                                    "[]:5555",
                                    "[host.example]:5555",
                                    "[fe80::1%25eth0]:5555",
                                    "h\xC3\xA9.example:5555",
                                    "host/path:5555",
                                    "10.0.0.1:5555,10.0.0.2:5555"}) {
    EXPECT_TRUE(unclear("XFR 15 SB " + std::string(address) + " CKI 1.2")) << address;
    EXPECT_TRUE(unclear("RNG 1 " + std::string(address) + " CKI 1.2 a@b.example A")) << address;
  }
  EXPECT_TRUE(unclear("XFR 15 SB " + std::string(300, 'a') + ":5555 CKI 1.2"));
  EXPECT_TRUE(unclear("XFR 15 SB  CKI 1.2")) << "an empty address";
}

TEST_F(RedirectTest, AnotherPortChangesNothingElse) {
  const Redirect* found = redirect("XFR 5555 SB 5555.example:5555 CKI 5555.5555 U messenger.msn.com 1");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(with_port(line_.text, *found, 47101),
            "XFR 5555 SB 5555.example:47101 CKI 5555.5555 U messenger.msn.com 1");
  found = redirect("RNG 5 [2001:db8::5]:5 CKI 5 a@b.example 5");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(with_port(line_.text, *found, 47101), "RNG 5 [2001:db8::5]:47101 CKI 5 a@b.example 5");
}

}  // namespace
}  // namespace msnp
