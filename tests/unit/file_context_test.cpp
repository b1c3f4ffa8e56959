#include "msnp/file_context.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "tests/support/invitations.hpp"

namespace {

using gate::test::base64;
using gate::test::file_context;
using msnp::read_file_context;
using Names = std::vector<std::string>;

TEST(FileContext, ReadsNameAndSizeOfBothVersions) {
  for (const std::uint32_t header : {574U, 638U}) {
    const auto file = read_file_context(file_context(12345, u"report.txt", header));
    ASSERT_TRUE(file) << header;
    EXPECT_EQ(file->size, 12345U);
    EXPECT_EQ(file->names, Names{"report.txt"});
  }
}

TEST(FileContext, TheSizeHas64Bits) {
  for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{1} << 32U, std::uint64_t{1} << 63U,
                                   std::numeric_limits<std::uint64_t>::max()}) {
    EXPECT_EQ(read_file_context(file_context(size, u"a"))->size, size);
  }
}

TEST(FileContext, TheHeaderLengthIsNotBelieved) {
  std::string record(574, '\0');
  record[8] = 5;
  record[20] = 'n';
  for (const char length : {'\0', '\x14', '\xFF'}) {
    record[0] = length;
    EXPECT_EQ(read_file_context(base64(record))->names, Names{"n"});
  }
}

TEST(FileContext, APreviewBehindTheRecordChangesNothing) {
  std::string with = file_context(9, u"picture.png");
  with += base64(std::string("\x89PNG\r\n\x1A\n", 8) + std::string(30'000, 'p'));
  const auto file = read_file_context(with);
  ASSERT_TRUE(file);
  EXPECT_EQ(file->size, 9U);
  EXPECT_EQ(file->names, Names{"picture.png"});
}

TEST(FileContext, TwentyBytesAndTheNameAreEnough) {
  std::string record(20, '\0');
  record[8] = 7;
  record += std::string("a\0.\0b\0", 6);
  const auto file = read_file_context(base64(record));
  ASSERT_TRUE(file);
  EXPECT_EQ(file->size, 7U);
  EXPECT_EQ(file->names, Names{"a.b"});
}

TEST(FileContext, TooShortForANameIsNothing) {
  EXPECT_FALSE(read_file_context(""));
  EXPECT_FALSE(read_file_context("!!!!"));
  EXPECT_FALSE(read_file_context(base64(std::string(20, 'x'))));
  EXPECT_FALSE(read_file_context(base64(std::string(21, 'x'))));
  EXPECT_TRUE(read_file_context(base64(std::string(22, 'x'))));
}

TEST(FileContext, ARecordWithoutANameIsNothing) {
  EXPECT_FALSE(read_file_context(file_context(5, u"")));
}

TEST(FileContext, ANameWithNulsHasTwoReadings) {
  EXPECT_EQ(read_file_context(file_context(5, {u"a\0.exe", 6}))->names, (Names{"a", "a.exe"}));
  EXPECT_EQ(read_file_context(file_context(5, {u"\0a.exe", 6}))->names, Names{"a.exe"});
  EXPECT_EQ(read_file_context(file_context(5, {u"a.txt\0\0.exe", 11}))->names, (Names{"a.txt", "a.txt.exe"}));
}

TEST(FileContext, TheUnusedAreaBehindANameIsNoPartOfIt) {
  // Officially base64 text, for backgrounds.
  std::u16string name = u"a.txt";
  name.resize(260);
  EXPECT_EQ(read_file_context(file_context(5, name + u"Zm9vYmFy"))->names, Names{"a.txt"});
}

TEST(FileContext, ANameOf260LettersRunsOnForThoseWhoTake550Bytes) {
  const std::u16string official(260, u'n');
  const auto file = read_file_context(file_context(5, official + u".exe"));
  EXPECT_EQ(file->names, (Names{std::string(260, 'n') + ".exe", std::string(260, 'n')}));
}

TEST(FileContext, NamesAreUtf8) {
  EXPECT_EQ(read_file_context(file_context(5, u"\u00FC\u202Etxt.exe"))->names,
            Names{"\xC3\xBC\xE2\x80\xAEtxt.exe"});
}

TEST(FileContext, Base64MayBeDirty) {
  std::string dirty = file_context(5, u"a.txt");
  dirty.insert(10, "\t*-");
  while (dirty.back() == '=') dirty.pop_back();
  EXPECT_EQ(read_file_context(dirty)->names, Names{"a.txt"});
}

}  // namespace
