#include "msnp/guid.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "msnp/ascii.hpp"

namespace {

using msnp::applications_in;
using msnp::Kind;

struct Named {
  const char* guid;
  Kind kind;
};

/// transfers.md 1.3 and 5.6.
constexpr Named all[] = {
    {"{5D3E02AB-6190-11d3-BBBB-00C04F795683}", Kind::file_transfer},
    {"{41D3E74E-04A2-4B37-96F8-08ACDB610874}", Kind::photo_sharing},
    {"{534142D5-1F2A-431F-A60C-B0CF723FDF7D}", Kind::sharing_folder},
    {"{4BD96FC0-AB17-4425-A14A-439185962DC8}", Kind::webcam},
    {"{1C9AA97E-9C05-4583-A3BD-908A196F1E92}", Kind::webcam},
    {"{2A23868E-B45F-401d-B8B0-1E16B774A5B7}", Kind::webcam},
    {"{6A13AF9C-5308-4F35-923A-67E8DDA40C2F}", Kind::activity},
    {"{02D3C01F-BF30-4825-A83A-DE7AF41648AA}", Kind::voice},
    {"{44BBA842-CC51-11CF-AAFA-00AA00B6015C}", Kind::netmeeting},
    {"{F1B1920C-6A3C-4ce7-B18C-AFAB305FD03D}", Kind::app_sharing},
    {"{1DF57D09-637A-4ca5-91B9-2C3EDAAF62FE}", Kind::whiteboard},
    {"{56b994a7-380f-410b-9985-c809d78c1bdc}", Kind::remote_assistance},
    {"{703EA1A8-D73E-43e3-852C-EE85B5D872C2}", Kind::remote_assistance},
};

TEST(Guid, EveryApplicationOfTheDocumentHasItsKind) {
  for (const Named& one : all) {
    const auto found = applications_in(std::string("x\r\nEUF-GUID: ") + one.guid + "\r\n");
    EXPECT_EQ(found.kinds, std::vector<Kind>{one.kind}) << one.guid;
    EXPECT_FALSE(found.object) << one.guid;
  }
}

TEST(Guid, AnObjectSessionLeavesTheKindToTheObject) {
  for (const char* const guid :
       {"{A4268EEC-FEC5-49E5-95C3-F126696BDBF6}", "{E073B06B-636E-45B7-ACA4-6D4B5978C93C}"}) {
    const auto found = applications_in(guid);
    EXPECT_TRUE(found.object) << guid;
    EXPECT_TRUE(found.kinds.empty()) << guid;
  }
}

TEST(Guid, IsFoundInEverySpelling) {
  const std::string canonical = "{5D3E02AB-6190-11D3-BBBB-00C04F795683}";
  const std::vector<std::string> spellings{
      msnp::folded(canonical),
      "5D3E02AB-6190-11D3-BBBB-00C04F795683",
      "(5D3E02AB-6190-11D3-BBBB-00C04F795683)",
      "5d3e02ab619011d3bbbb00c04f795683",
      "!!{5D3E02AB-6190-11D3-BBBB-00C04F795683}!!",
      "{ 5D3E02AB - 6190 - 11D3 - BBBB - 00C04F795683 }",
      msnp::reversed(canonical),
      "{5D3E02AB-6190-EUF-GUID: 11D3-BBBB-00C04F795683}",
      "{5D3E02AB-euf-guid6190-11D3-EUF-GUID:BBBB-00C04F795683}",
  };
  for (const std::string& spelling : spellings) {
    EXPECT_EQ(applications_in("EUF-GUID: " + spelling + "\r\n").kinds, std::vector{Kind::file_transfer})
        << spelling;
  }
}

TEST(Guid, AllOfATextAreFoundTheMostRestrictedFirstAndEachOnce) {
  std::string text;
  for (const Named& one : all) text = std::string(one.guid) + "\r\n" + text + one.guid + "\r\n";
  const auto found = applications_in(text + "{A4268EEC-FEC5-49E5-95C3-F126696BDBF6}");
  std::vector<Kind> wanted;
  for (const Named& one : all) wanted.push_back(one.kind);
  std::sort(wanted.begin(), wanted.end());  // Kind names the most restricted first
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  EXPECT_EQ(found.kinds, wanted);
  EXPECT_TRUE(found.object);
}

TEST(Guid, AnotherIdentifierNamesNothing) {
  for (const char* const text : {"", "{}", "{5D3E02AB-6190-11D3-BBBB-00C04F795684}",
                                 "{5D3E02AB-6190-11D3-BBBB-00C04F79568}", "5D3E02AB 6190 11D3 BBBB"}) {
    const auto found = applications_in(text);
    EXPECT_TRUE(found.kinds.empty() && !found.object) << text;
  }
}

}  // namespace
