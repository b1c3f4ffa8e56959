#include "proxy/connection_kind.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace gate {
namespace {

ConnectionKind kind_of(std::string_view first, std::size_t step) {
  FirstBytes bytes;
  for (; !first.empty(); first.remove_prefix(std::min(step, first.size()))) {
    bytes.see_client(msnp::as_bytes(first.substr(0, step)));
  }
  return bytes.kind();
}

struct Opening {
  std::string_view bytes;
  ConnectionKind kind;
};

class EveryOpening : public testing::TestWithParam<Opening> {};

TEST_P(EveryOpening, IsToldHoweverItIsCut) {
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{100'000}}) {
    EXPECT_EQ(name_of(kind_of(GetParam().bytes, step)), name_of(GetParam().kind)) << GetParam().bytes;
  }
}

INSTANTIATE_TEST_SUITE_P(
    ConnectionKind, EveryOpening,
    testing::Values(Opening{"VER 1 MSNP12 CVR0\r\n", ConnectionKind::notification},
                    Opening{"USR 1 ann@corp.example 1.2\r\n", ConnectionKind::switchboard},
                    Opening{"ANS 1 ann@corp.example 1.2 3\r\n", ConnectionKind::switchboard},
                    Opening{"POST /gateway/gateway.dll?Action=open&Server=NS HTTP/1.1\r\n",
                            ConnectionKind::http_gateway},
                    Opening{"POST http://gateway.example/gateway/gateway.dll?SessionID=1 HTTP/1.1\r\n",
                            ConnectionKind::http_gateway},
                    Opening{"POST HTTP://gateway.example:80/Gateway/Gateway.DLL HTTP/1.1\r\n",
                            ConnectionKind::http_gateway},
                    Opening{"OPTIONS /gateway/gateway.dll HTTP/1.1\r\n", ConnectionKind::http_gateway},
                    Opening{"POST /gateway/gateway.dll?Action=poll", ConnectionKind::http_gateway},
                    Opening{"POST /gateway/gateway.dllx HTTP/1.1\r\n", ConnectionKind::http},
                    Opening{"POST /RST.srf HTTP/1.1\r\nX: /gateway/gateway.dll\r\n", ConnectionKind::http},
                    Opening{"GET http://gateway.example HTTP/1.1\r\n", ConnectionKind::http},
                    Opening{"VER MSNFTP\r\n", ConnectionKind::msnftp},
                    Opening{std::string_view("\x04\x00\x00\x00"
                                             "foo\x00",
                                             8),
                            ConnectionKind::p2p_direct},
                    Opening{"\x16\x03\x01\x02\x03\x01\x02\x03\x01\x02", ConnectionKind::tls},
                    Opening{"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n", ConnectionKind::other},
                    Opening{"V", ConnectionKind::other}, Opening{"", ConnectionKind::empty}));

TEST(ConnectionKind, ARequestLineWithoutEndIsReadToALimit) {
  const std::string path = "POST http://" + std::string(100'000, 'x') + "/gateway/gateway.dll HTTP/1.1\r\n";
  EXPECT_EQ(kind_of(path, 1'000), ConnectionKind::http);
}

TEST(ConnectionKind, WhereOnlyTheServerSpokeItIsNotEmpty) {
  FirstBytes bytes;
  bytes.see_server();
  EXPECT_EQ(bytes.kind(), ConnectionKind::other);
}

TEST(ConnectionKind, MsnpAndItsGatewayAreTaken) {
  for (std::size_t i = 0; i < connection_kind_count; ++i) {
    const auto kind = static_cast<ConnectionKind>(i);
    const std::string_view name = name_of(kind);
    EXPECT_EQ(is_taken(kind), name == "notification" || name == "switchboard" || name == "http-gateway")
        << name;
  }
}

}  // namespace
}  // namespace gate
