// Classic invitations (transfers.md 1), read as each client would read them.
#include "msnp/classic.hpp"

#include <gtest/gtest.h>

#include "tests/support/invitations.hpp"

namespace {

using namespace std::string_literals;
using gate::test::classic_block;
using msnp::Kind;
using msnp::read_classic;

TEST(Classic, AnOfferTellsNameSizeAndCookie) {
  const auto message = read_classic(classic_block(
      "Application-Name: File Transfer\r\nApplication-GUID: {5D3E02AB-6190-11d3-BBBB-00C04F795683}\r\n"
      "Invitation-Command: INVITE\r\nInvitation-Cookie: 4711\r\nApplication-File: a b.txt\r\n"
      "Application-FileSize: 12345\r\nConnectivity: N\r\n\r\n"));
  EXPECT_TRUE(message.invites);
  EXPECT_FALSE(message.accepts || message.cancels || message.reveals_address);
  EXPECT_EQ(message.offer.kind, Kind::file_transfer);
  EXPECT_EQ(message.offer.form, msnp::Form::classic);
  EXPECT_EQ(message.offer.names.front(), "a b.txt");
  EXPECT_EQ(message.offer.size, 12345U);
  EXPECT_EQ(message.offer.cookie, "4711");
}

TEST(Classic, AnyOneSignOfAFileIsAnOffer) {
  for (const char* const sign :
       {"Application-File: a.exe", "Application-FileSize: 5", "application-file:a.exe",
        "APPLICATION-FILESIZE 5", "  Application-File : a.exe",
        "Application-GUID: 5D3E02AB619011D3BBBB00C04F795683",
        "Application-GUID: {5d3e02ab-6190-11d3-bbbb-00c04f795683}", "eliF-noitacilppA: exe.a",
        "eziSeliF-noitacilppA: 5", "Application-FileX: a"}) {
    for (const char* const command :
         {"", "Invitation-Command: ACCEPT\r\n", "Invitation-Command: CANCEL\r\n"}) {
      const auto message = read_classic(classic_block(command + "X-Y: z\r\n"s + sign + "\r\n"));
      EXPECT_TRUE(message.invites) << sign;
      EXPECT_EQ(message.offer.kind, Kind::file_transfer) << sign;
    }
  }
}

TEST(Classic, LinesEndInAnyWay) {
  for (const std::string& end : {"\r\n"s, "\n"s, "\r"s, "\0"s, "\r\n\r\n"s, "\n\n"s}) {
    const auto message =
        read_classic(classic_block("Invitation-Command: INVITE" + end + "Invitation-Cookie: 7" + end +
                                   "Application-File: a.exe" + end + "Application-FileSize: 9"));
    EXPECT_TRUE(message.invites);
    EXPECT_EQ(message.offer.cookie, "7");
    EXPECT_EQ(message.offer.size, 9U);
    ASSERT_EQ(message.offer.names.size(), 1U);
    EXPECT_EQ(message.offer.names[0], "a.exe");
  }
}

TEST(Classic, MirroredFieldsAreReadWithTheirValuesMirrored) {
  const auto message = read_classic(
      classic_block("dnammoC-noitativnI: ETIVNI\r\neikooC-noitativnI: 1174\r\neliF-noitacilppA: exe.a\r\n"
                    "eziSeliF-noitacilppA: 54321\r\n"));
  EXPECT_TRUE(message.invites);
  EXPECT_EQ(message.offer.cookie, "4711");
  EXPECT_EQ(message.offer.names, std::vector<std::string>{"a.exe"});
  EXPECT_EQ(message.offer.size, 12345U);
}

TEST(Classic, EveryReadingOfANameIsKeptAndTheLargestSize) {
  const auto message = read_classic(
      classic_block("Application-File: a.txt\r\nApplication-File: b.exe\r\nApplication-FileSize: 5\r\n"
                    "Application-FileSize: 500\r\nApplication-FileSize: 50\r\n"));
  EXPECT_EQ(message.offer.names, (std::vector<std::string>{"a.txt", "b.exe"}));
  EXPECT_EQ(message.offer.size, 500U);
}

TEST(Classic, ManyNamesAreBounded) {
  std::string body;
  for (int i = 0; i < 1000; ++i) body += "Application-File: " + std::to_string(i) + "\r\n";
  EXPECT_EQ(read_classic(classic_block(body)).offer.names.size(), 8U);
}

TEST(Classic, EveryApplicationOfTheDocumentHasItsKind) {
  const std::pair<const char*, Kind> applications[] = {
      {"{5D3E02AB-6190-11d3-BBBB-00C04F795683}", Kind::file_transfer},
      {"{44BBA842-CC51-11CF-AAFA-00AA00B6015C}", Kind::netmeeting},
      {"{F1B1920C-6A3C-4ce7-B18C-AFAB305FD03D}", Kind::app_sharing},
      {"{1DF57D09-637A-4ca5-91B9-2C3EDAAF62FE}", Kind::whiteboard},
      {"{56b994a7-380f-410b-9985-c809d78c1bdc}", Kind::remote_assistance},
      {"{703EA1A8-D73E-43e3-852C-EE85B5D872C2}", Kind::remote_assistance},
      {"{02D3C01F-BF30-4825-A83A-DE7AF41648AA}", Kind::voice},
      {"{2A23868E-B45F-401d-B8B0-1E16B774A5B7}", Kind::webcam},
      {"{11111111-2222-3333-4444-555555555555}", Kind::unknown_application}};
  for (const auto& [guid, kind] : applications) {
    const auto message = read_classic(classic_block("Application-Name: x\r\nApplication-GUID: "s + guid +
                                                    "\r\nInvitation-Command: INVITE\r\n"));
    EXPECT_TRUE(message.invites) << guid;
    EXPECT_EQ(message.offer.kind, kind) << guid;
  }
}

TEST(Classic, AnApplicationWithoutACommandStillInvites) {
  EXPECT_TRUE(read_classic(classic_block("Application-Name: Mystery\r\n")).invites);
  EXPECT_TRUE(read_classic(classic_block("Application-GUID: {1}\r\n")).invites);
  EXPECT_TRUE(read_classic(classic_block("Invitation-Command: INVITE\r\n")).invites);
  EXPECT_TRUE(read_classic(classic_block("invitation-command:inviteX\r\n")).invites);
}

TEST(Classic, AcceptsWithAndWithoutAddressAreTold) {
  const auto accept = [](const std::string& fields) {
    return read_classic(classic_block("Invitation-Command: ACCEPT\r\nInvitation-Cookie: 7\r\n" + fields));
  };
  const auto asking = accept("Launch-Application: FALSE\r\nRequest-Data: IP-Address:\r\n");
  EXPECT_TRUE(asking.accepts);
  EXPECT_FALSE(asking.reveals_address || asking.invites || asking.cancels);
  EXPECT_EQ(asking.offer.cookie, "7");
  for (const char* const field : {"IP-Address: 10.1.2.3", "IP-Address-Internal: 10.1.2.3",
                                  "IP-Address-Enc64: MTAuMS4yLjM6Njg5MQ==", "Port: 6891", "PortX: 11178",
                                  "PortX-Internal: 11178", "AuthCookie: 12345", "ip-address:10.1.2.3",
                                  "PORT 6891", "sserddA-PI: 3.2.1.01", "troP: 1986", "eikooChtuA: 54321"}) {
    EXPECT_TRUE(accept(field + "\r\n"s).reveals_address) << field;
  }
  for (const char* const field : {"IP-Address:", "Port: ", "Request-Data: Port:", "Private-IP: 10.1.2.3"}) {
    EXPECT_FALSE(accept(field + "\r\n"s).reveals_address) << field;
  }
}

TEST(Classic, ACancelCancelsInAnySpelling) {
  for (const char* const fields : {"Invitation-Command: CANCEL\r\nCancel-Code: REJECT\r\n",
                                   "Cancel-Code: FTTIMEOUT\r\n", "invitation-command:Cancel\r\n",
                                   "Invitation-Command: CANCEL\r\nApplication-Name: File Transfer\r\n"}) {
    const auto message = read_classic(classic_block(fields));
    EXPECT_TRUE(message.cancels) << fields;
    EXPECT_FALSE(message.invites) << fields;
  }
}

TEST(Classic, TheFirstCookieCountsAndAMonstrousOneDoesNot) {
  EXPECT_EQ(read_classic(classic_block("Invitation-Cookie: 1\r\nInvitation-Cookie: 2\r\n")).offer.cookie,
            "1");
  EXPECT_EQ(
      read_classic(classic_block("Invitation-Cookie: " + std::string(64, '7') + "\r\n")).offer.cookie.size(),
      64U);
  EXPECT_EQ(read_classic(classic_block("Invitation-Cookie: " + std::string(65, '7') + "\r\n")).offer.cookie,
            "");
}

TEST(Classic, ASizeThatFitsNoNumberIsNoSize) {
  const auto message =
      read_classic(classic_block("Application-File: a\r\nApplication-FileSize: 99999999999999999999\r\n"));
  EXPECT_TRUE(message.invites);
  EXPECT_FALSE(message.offer.size);
  EXPECT_EQ(read_classic(classic_block("Application-FileSize: 18446744073709551615\r\n")).offer.size,
            ~std::uint64_t{0});
}

TEST(Classic, NothingInvitesToNothing) {
  for (const std::string& text : {""s, "\r\n\r\n"s, "\0\0\0"s, "Invitation-Cookie: 7"s, ":::"s}) {
    const auto message = read_classic(text);
    EXPECT_FALSE(message.invites || message.accepts || message.cancels || message.reveals_address);
  }
}

}  // namespace
