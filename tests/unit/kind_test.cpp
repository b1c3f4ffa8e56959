#include "msnp/kind.hpp"

#include <gtest/gtest.h>

#include <set>

namespace {

using msnp::Form;
using msnp::Kind;

TEST(Kind, EveryNameIsItsOwnAndFindsItsKind) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < msnp::kind_count; ++i) {
    const auto kind = static_cast<Kind>(i);
    EXPECT_FALSE(msnp::name_of(kind).empty());
    EXPECT_EQ(msnp::kind_named(msnp::name_of(kind)), kind);
    names.insert(msnp::name_of(kind));
  }
  EXPECT_EQ(names.size(), msnp::kind_count);
}

TEST(Kind, HasTheNamesOfTheDocument) {
  EXPECT_EQ(msnp::name_of(Kind::file_transfer), "file-transfer");
  EXPECT_EQ(msnp::name_of(Kind::sharing_folder), "sharing-folder");
  EXPECT_EQ(msnp::name_of(Kind::custom_emoticon), "custom-emoticon");
  EXPECT_EQ(msnp::name_of(Kind::remote_assistance), "remote-assistance");
  EXPECT_EQ(msnp::name_of(Kind::datacast), "datacast");
  EXPECT_EQ(msnp::name_of(Kind::unknown_application), "unknown-application");
}

TEST(Kind, IsNamedExactly) {
  EXPECT_FALSE(msnp::kind_named("File-Transfer"));
  EXPECT_FALSE(msnp::kind_named("file transfer"));
  EXPECT_FALSE(msnp::kind_named("file-transfer "));
  EXPECT_FALSE(msnp::kind_named(""));
}

TEST(Kind, FourKindsAreBlockedByDefaultAndNoOther) {
  const std::set<Kind> blocked{Kind::file_transfer, Kind::photo_sharing, Kind::sharing_folder,
                               Kind::unknown_application};
  for (std::size_t i = 0; i < msnp::kind_count; ++i) {
    const auto kind = static_cast<Kind>(i);
    EXPECT_EQ(msnp::blocked_by_default(kind), blocked.contains(kind)) << msnp::name_of(kind);
  }
}

TEST(Kind, FormsHaveTheNamesOfTheAudit) {
  EXPECT_EQ(msnp::name_of(Form::classic), "classic");
  EXPECT_EQ(msnp::name_of(Form::p2p_v1), "p2p-v1");
  EXPECT_EQ(msnp::name_of(Form::p2p_v2), "p2p-v2");
  EXPECT_EQ(msnp::name_of(Form::sdg), "sdg");
  EXPECT_EQ(msnp::name_of(Form::uun), "uun");
  EXPECT_EQ(msnp::name_of(Form::http), "http");
}

}  // namespace
