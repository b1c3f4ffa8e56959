#include "proxy/account_hash.hpp"

#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/signing_key.hpp"
#include "tests/support/audit_files.hpp"

namespace gate {
namespace {

// Bytes 0 to 31.
constexpr std::string_view key = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

class AccountHashing : public testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path keep(std::string_view text) const {
    write_secret(files_.path() / "accounts.key", text);
    return files_.path() / "accounts.key";
  }
  test::AuditDirectory files_;
};

// Computed with Python's hmac, not with this code.
TEST_F(AccountHashing, IsTheHmacOfTheAccountInLowerCase) {
  const AccountHash hash(keep(key));
  EXPECT_EQ(hash.of("ann@corp.example"), "hashed:374f9ab0787b0ddd96df89d8d2f041fd");
  EXPECT_EQ(hash.of("Ann@CORP.example"), hash.of("ann@corp.example"));
  EXPECT_NE(hash.of("ann@corp.examplf"), hash.of("ann@corp.example"));
}

TEST_F(AccountHashing, ReplacesEveryAccountOfASentenceAndNothingElse) {
  const AccountHash hash(keep(key));
  const std::string ann = hash.of("ann@corp.example");
  EXPECT_EQ(hash.in(""), "");
  EXPECT_EQ(hash.in("nobody here: (1,2)"), "nobody here: (1,2)");
  EXPECT_EQ(hash.in("ann@corp.example"), ann);
  EXPECT_EQ(hash.in("ann@corp.example may, <ANN@corp.example>;\"ann@corp.example\" too"),
            ann + " may, <" + ann + ">;\"" + ann + "\" too");
  EXPECT_EQ(hash.in("ann@corp.example\r\n\tann@corp.example "), ann + "\r\n\t" + ann + " ");
}

TEST_F(AccountHashing, AKeyFileMayEndInALine) {
  EXPECT_EQ(AccountHash(keep(std::string(key) + "\r\n")).of("ann@corp.example"),
            "hashed:374f9ab0787b0ddd96df89d8d2f041fd");
}

TEST_F(AccountHashing, EveryKeyIsAnother) {
  const std::string one = AccountHash::new_key();
  EXPECT_EQ(one.size(), 65U);
  EXPECT_NE(one, AccountHash::new_key());
  EXPECT_EQ(AccountHash(keep(one)).of("ann@corp.example").size(), std::string("hashed:").size() + 32);
}

TEST_F(AccountHashing, AKeyThatIsNoneIsNamedWithItsFileAndRemedy) {
  for (const std::string_view text : {"", "\n", "00ff", "not hex at all",
                                      "000102030405060708090a0b0c0d0e0f1011121314151617"
                                      "18191a1b1c1d1e1fff"}) {
    const auto file = keep(text);
    try {
      const AccountHash hash(file);
      ADD_FAILURE() << text;
    } catch (const std::runtime_error& error) {
      EXPECT_THAT(error.what(),
                  testing::AllOf(testing::HasSubstr(file.string()), testing::HasSubstr("audit init")));
    }
    std::filesystem::remove(file);
  }
  EXPECT_THROW(AccountHash(files_.path() / "absent"), std::runtime_error);
}

}  // namespace
}  // namespace gate
