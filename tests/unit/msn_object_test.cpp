#include "msnp/msn_object.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "tests/support/invitations.hpp"

namespace {

using gate::test::base64;
using msnp::Kind;
using msnp::read_msn_object;

std::optional<msnp::MsnObject> read(std::string_view attributes) {
  std::string xml = "<msnobj Creator=\"bob@example.org\" ";
  xml.append(attributes).append(" Location=\"TFR1.dat\" Friendly=\"AAA=\" SHA1D=\"x\"/>").push_back('\0');
  return read_msn_object(base64(xml));
}

TEST(MsnObject, EveryTypeHasItsKind) {
  const std::pair<int, Kind> kinds[] = {{1, Kind::display_picture},
                                        {2, Kind::custom_emoticon},
                                        {3, Kind::display_picture},
                                        {4, Kind::file_transfer},
                                        {5, Kind::background},
                                        {7, Kind::display_picture},
                                        {8, Kind::wink},
                                        {10, Kind::background},
                                        {11, Kind::voice_clip},
                                        {99, Kind::display_picture}};
  for (const auto& [type, kind] : kinds) {
    const auto object = read("Size=\"100\" Type=\"" + std::to_string(type) + "\"");
    ASSERT_TRUE(object) << type;
    EXPECT_EQ(object->kind(), kind) << type;
    EXPECT_EQ(object->is_shared_file(), type == 4) << type;
    EXPECT_EQ(object->size, 100U);
  }
}

TEST(MsnObject, AnyCaseQuotesAndBlanksAreRead) {
  for (const char* const attributes :
       {"SIZE='7' TYPE='8'", "size = \"7\" type = \"8\"", "Size=7 Type=8", "\tSize=\"7\"\r\nType=\"8\"",
        "Size=\"07\" Type=\"08\"", "Size=\"+7\" Type=\"+8\""}) {
    const auto object = read(attributes);
    ASSERT_TRUE(object) << attributes;
    EXPECT_EQ(object->size, 7U) << attributes;
    EXPECT_EQ(object->kind(), Kind::wink) << attributes;
  }
}

TEST(MsnObject, OfTwoSizesTheLargerCounts) {
  EXPECT_EQ(read("Type=\"3\" Size=\"10\" Size=\"20\"")->size, 20U);
  EXPECT_EQ(read("Type=\"3\" Size=\"20\" Size=\"10\"")->size, 20U);
}

TEST(MsnObject, OfTwoTypesASharedFileWinsElseTheLarger) {
  EXPECT_TRUE(read("Type=\"3\" Type=\"4\"")->is_shared_file());
  EXPECT_TRUE(read("Type=\"4\" Type=\"8\"")->is_shared_file());
  EXPECT_TRUE(read("Type=\"8\" Type=\"4\"")->is_shared_file());
  EXPECT_EQ(read("Type=\"8\" Type=\"3\"")->kind(), Kind::wink);
  EXPECT_EQ(read("Type=\"3\" Type=\"8\"")->kind(), Kind::wink);
}

TEST(MsnObject, ASizeThatFitsNoNumberIsTheLargestOne) {
  EXPECT_EQ(read("Type=\"3\" Size=\"99999999999999999999999\"")->size,
            std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(read("Type=\"3\" Size=\"18446744073709551615\"")->size,
            std::numeric_limits<std::uint64_t>::max());
}

TEST(MsnObject, AHugeTypeIsNoSharedFile) {
  EXPECT_FALSE(read("Type=\"4294967300\"")->is_shared_file());
  EXPECT_FALSE(read("Type=\"65540\"")->is_shared_file());
}

TEST(MsnObject, OtherAttributesDoNotCount) {
  EXPECT_FALSE(read("contenttype=\"4\" Size=\"5\""));
  EXPECT_FALSE(read("Type=\"3\" oldsize=\"5\"")->size);
}

TEST(MsnObject, WithoutATypeThereIsNone) {
  EXPECT_FALSE(read("Size=\"5\""));
  EXPECT_FALSE(read("Type=\"\""));
  EXPECT_FALSE(read_msn_object(""));
  EXPECT_FALSE(read_msn_object("garbage"));
  EXPECT_FALSE(read_msn_object(base64(" Type=")));
}

std::string sha1d_of(const std::string& attributes) {
  const auto object = read_msn_object(base64("<msnobj Type=\"3\" " + attributes + " />"));
  return object ? object->sha1d : "no object";
}

TEST(MsnObject, TellsTheDigestAsAnnounced) {
  const std::string digest = "nMFsNBdqN5oTCj8TFZ3Hcxc/zQs=";
  for (const char* const attribute : {"SHA1D=\"", "sha1d=\"", "SHA1D = \"", "\tSHA1D\r\n=\r\n\""}) {
    EXPECT_EQ(sha1d_of(attribute + digest + "\""), digest) << attribute;
  }
  EXPECT_EQ(sha1d_of("SHA1D='" + digest + "' Size='5'"), digest);
  EXPECT_EQ(sha1d_of("SHA1D=" + digest + " Size=5"), digest);
  EXPECT_EQ(sha1d_of("SHA1D=\"" + digest), digest + " />");
  EXPECT_EQ(sha1d_of("SHA1D=\"x\""), "x");
}

TEST(MsnObject, WithoutADigestItIsEmpty) {
  for (const char* const attributes :
       {"", "SHA1D=\"\"", "SHA1D=", "SHA1D", "SHA1C=\"x\"", "xSHA1D=\"x\"", "SHA1D \"x\""}) {
    EXPECT_EQ(sha1d_of(attributes), attributes == std::string("SHA1D=") ? "/" : "") << attributes;
  }
}

TEST(MsnObject, OfTwoDigestsThatDifferNeitherCounts) {
  EXPECT_EQ(sha1d_of("SHA1D=\"abcd\" SHA1D=\"abcd\""), "abcd");
  EXPECT_EQ(sha1d_of("SHA1D=\"abcd\" SHA1D=\"abce\""), msnp::no_digest);
  EXPECT_EQ(sha1d_of("SHA1D=\"abcd\" sha1d='ABCD'"), msnp::no_digest);
  EXPECT_EQ(sha1d_of("SHA1D=\"abcd\" SHA1D=\"abce\" SHA1D=\"abcd\""), msnp::no_digest);
}

TEST(MsnObject, LooksAtItsFirst8KilobytesOnly) {
  EXPECT_TRUE(read(std::string(8000, ' ') + "Type=\"3\""));
  EXPECT_FALSE(read(std::string(9000, ' ') + "Type=\"3\""));
}

}  // namespace
