#include "msnp/detect.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "tests/support/framing_vectors.hpp"

namespace {

using msnp::Protocol;
using namespace std::string_view_literals;

struct Case {
  std::string_view first;
  Protocol protocol;
};

const Case cases[] = {
    {"VER 1 MSNP18 MSNP17 CVR0\r\n", Protocol::notification},
    {"VER 0 MSNP2\n", Protocol::notification},
    {"CVQ 1 ", Protocol::notification},
    {"CVR 1 0x0409", Protocol::notification},
    {"INF 1\r\n", Protocol::notification},
    {"XFR 1 NS\r\n", Protocol::notification},
    {"USR 3 SSO I a@x.org\r\n", Protocol::notification},
    {"USR 3 TWN I a@x.org\r\n", Protocol::notification},
    {"USR 3 MD5 I a@x.org\r\n", Protocol::notification},
    {"USR 1 a@x.org;{5a3c1d70} 17262740.1\r\n", Protocol::switchboard},
    {"USR 1 nobody 17262740.1\r\n", Protocol::switchboard},
    {"ANS 1 a@x.org 849102291.5 11752013\r\n", Protocol::switchboard},
    // Escargot takes these, so they are MSNP: the decoder refuses them.
    {"ver 1 MSNP8\r\n", Protocol::notification},
    {" \tAns 1 a@x.org 1 2\r\n", Protocol::switchboard},
    {"\r\nUSR 1 a@x.org 1\r\n", Protocol::switchboard},
    {"%55SR 1 a@x.org 1\r\n", Protocol::switchboard},
    {"PNG\r\nUSR 1 a@x.org 1\r\n", Protocol::notification},
    {"PNG \r\nUSR 1 a@x.org 1\r\n", Protocol::notification},
    {"ZZZ 1\r\nUSR 1 a@x.org 1\r\n", Protocol::notification},
    {"POST /gateway/gateway.dll?Action=open HTTP/1.1\r\n", Protocol::http},
    {"GET / HTTP/1.1\r\n", Protocol::http},
    {"OPTIONS /gateway/gateway.dll HTTP/1.1\r\n", Protocol::http},
    {"CONNECT h:1863 HTTP/1.1\r\n", Protocol::http},
    {"PUT /x HTTP/1.1\r\n", Protocol::http},
    {"PUT http://h/x HTTP/1.1\r\n", Protocol::http},
    {"PUT 5 10\r\n", Protocol::notification},
    {"DELETE /x HTTP/1.1\r\n", Protocol::http},
    {"PROPFIND /x HTTP/1.1\r\n", Protocol::http},
    {"VERSION-CONTROL /x HTTP/1.1\r\n", Protocol::http},
    {"M-SEARCH * HTTP/1.1\r\n", Protocol::http},
    {"ACL /x HTTP/1.1\r\n", Protocol::http},
    {"PRI 1 2\r\n", Protocol::notification},
    {"DELETE x HTTP/1.1\r\n", Protocol::other},
    {"VER MSNFTP\r\n", Protocol::msnftp},
    {"\x04\0\0\0foo\0"sv, Protocol::p2p_direct},
    {"\x30\0\0\0\x01\x02"sv, Protocol::p2p_direct},
    {"\x16\x03\x01", Protocol::tls},
    {"\x16\x02", Protocol::other},
    {"\x04\x01\x07\x47", Protocol::other},
    {"\x05\x01", Protocol::other},
    {"SSH-2.0-OpenSSH\r\n", Protocol::other},
    {"EHLO mail\r\n", Protocol::other},
    {"VER x\r\n", Protocol::other},
    {"%zz", Protocol::other},
    {"REGISTER sip:x SIP/2.0\r\n", Protocol::other},
};

TEST(Detect, KnowsEveryOpening) {
  for (const Case& one : cases) {
    EXPECT_EQ(msnp::detect(msnp::as_bytes(one.first)), one.protocol) << one.first;
  }
}

TEST(Detect, NeverChangesItsMindWhenMoreBytesCome) {
  for (const Case& one : cases) {
    for (std::size_t size = 0; size <= one.first.size(); ++size) {
      const std::string exact(one.first.substr(0, size));
      const Protocol found = msnp::detect(msnp::as_bytes(exact));
      if (found != Protocol::need_more) {
        EXPECT_EQ(found, one.protocol) << exact;
      }
    }
  }
}

TEST(Detect, DecidesWithin64Bytes) {
  for (const std::string_view start : {"USR 1 ", "ANS ", "VER ", "  ", "U", "%55S", "USR "}) {
    for (const char filler : {' ', '1', 'a', '%'}) {
      const std::string bytes = std::string(start) + std::string(64 - start.size(), filler);
      EXPECT_NE(msnp::detect(msnp::as_bytes(bytes)), Protocol::need_more) << bytes;
    }
  }
}

TEST(Detect, TellsTheSideOfEveryFirstLineOfAClientInTheVectors) {
  for (const support::FramingVector& vector : support::framing_vectors()) {
    const std::string_view bytes = vector.bytes;
    const bool login = bytes.starts_with("VER ") || bytes.starts_with("USR ") || bytes.starts_with("ANS ");
    if (vector.direction != msnp::Direction::to_server || !login) continue;
    const bool decided = vector.outcome == support::Outcome::ok || bytes.size() > 4;
    const Protocol expected =
        vector.side == msnp::Side::switchboard ? Protocol::switchboard : Protocol::notification;
    EXPECT_EQ(msnp::detect(msnp::as_bytes(bytes)), decided ? expected : Protocol::need_more) << vector.name;
  }
}

}  // namespace
