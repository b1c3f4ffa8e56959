#include "proxy/signing_key.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/audit_files.hpp"

namespace gate {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::string private_pem(std::string_view base64) {
  return "-----BEGIN PRIVATE KEY-----\n" + std::string(base64) + "\n-----END PRIVATE KEY-----\n";
}

class Signing : public testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path file(std::string_view text) {
    const auto path = files_.path() / std::to_string(++count_);
    write_secret(path, text);
    return path;
  }
  template <class Read>
  static std::string complaint(Read read, const std::filesystem::path& path) {
    try {
      (void)read(path);
    } catch (const std::runtime_error& error) {
      EXPECT_THAT(error.what(), HasSubstr(path.string()));
      return error.what();
    }
    return "nothing";
  }
  test::AuditDirectory files_;
  int count_ = 0;
};

// RFC 8032, 7.1: tests 1 and 3, their keys as PKCS #8.
TEST_F(Signing, SignsAsThePublishedVectorsSay) {
  const SigningKey one = SigningKey::read_private(
      file(private_pem("MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g")));
  EXPECT_EQ(one.sign(""),
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
            "d25bf5f0595bbe24655141438e7a100b");
  EXPECT_EQ(one.id(), "21fe31dfa154a261");
  const SigningKey three = SigningKey::read_private(
      file(private_pem("MC4CAQAwBQYDK2VwBCIEIMWqjfQ/n4N77bdELzHct7Fm04U1B28JS4XOOi4LRFj3")));
  const std::string signature =
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15"
      "e9716ed28dc027beceea1ec40a";
  EXPECT_EQ(three.sign("\xAF\x82"), signature);
  EXPECT_TRUE(three.verify("\xAF\x82", signature));
  EXPECT_FALSE(one.verify("\xAF\x82", signature));
}

TEST_F(Signing, OneOtherBitOfTextOrSignatureIsNoticed) {
  const SigningKey key = SigningKey::make();
  const std::string text = "{\"seq\":17}";
  const std::string signature = key.sign(text);
  ASSERT_TRUE(key.verify(text, signature));
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(key.verify(changed, signature)) << i;
  }
  for (std::size_t i = 0; i < signature.size(); ++i) {
    std::string changed = signature;
    changed[i] = changed[i] == '0' ? '1' : '0';
    EXPECT_FALSE(key.verify(text, changed)) << i;
  }
  EXPECT_FALSE(key.verify(text, ""));
  EXPECT_FALSE(key.verify(text, signature.substr(2)));
  EXPECT_FALSE(key.verify(text, signature + "00"));
  EXPECT_FALSE(key.verify(text, std::string(128, 'x')));
}

TEST_F(Signing, TheWrittenKeyIsItsOwnersAloneAndSignsTheSame) {
  const SigningKey key = SigningKey::make();
  const auto path = files_.path() / "key";
  key.write_private(path);
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  const SigningKey read = SigningKey::read_private(path);
  EXPECT_EQ(read.id(), key.id());
  EXPECT_EQ(read.sign("text"), key.sign("text"));
}

TEST_F(Signing, ThePublicPartVerifiesWhateverTheModeOfItsFile) {
  const SigningKey key = SigningKey::make();
  test::put_text(files_.path() / "key.pub", key.public_pem());
  const SigningKey read = SigningKey::read_public(files_.path() / "key.pub");
  EXPECT_EQ(read.id(), key.id());
  EXPECT_TRUE(read.verify("text", key.sign("text")));
  EXPECT_THROW((void)read.sign("text"), std::runtime_error) << "it holds nothing to sign with";
}

TEST_F(Signing, AKeyThatIsThereIsNotOverwritten) {
  const auto path = file("something of somebody");
  EXPECT_THAT(complaint(
                  [](const auto& to) {
                    SigningKey::make().write_private(to);
                    return 0;
                  },
                  path),
              HasSubstr("cannot be made: File exists"));
  EXPECT_EQ(test::text_of_file(path), "something of somebody");
}

TEST_F(Signing, WhatIsNoKeyIsNamedWithTheReason) {
  const auto read_private = [](const auto& path) { return SigningKey::read_private(path); };
  const auto read_public = [](const auto& path) { return SigningKey::read_public(path); };
  // P-256, made with openssl genpkey.
  const std::string other = private_pem(
      "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg05mwfCvoUqNKRTHq\n"
      "PvnmDsYSWV8EMQoR7zNIzMUs06+hRANCAASOZ+FuXXsNhJMILeG67DbXMQjx0zXy\n"
      "bof9DpRQ4pMpBq9HV6Eg4pYEtyPCkRy4bPU664HG3yddOnF4DzmqmWQz");
  const std::string other_public =
      "-----BEGIN PUBLIC KEY-----\n"
      "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEjmfhbl17DYSTCC3huuw21zEI8dM1\n"
      "8m6H/Q6UUOKTKQavR1ehIOKWBLcjwpEcuGz1OuuBxt8nXTpxeA85qplkMw==\n"
      "-----END PUBLIC KEY-----\n";
  EXPECT_THAT(complaint(read_private, files_.path() / "absent"), HasSubstr("No such file"));
  EXPECT_THAT(complaint(read_public, files_.path() / "absent"), HasSubstr("No such file"));
  EXPECT_THAT(complaint(read_private, file("")), HasSubstr("is no private key"));
  EXPECT_THAT(complaint(read_private, file(SigningKey::make().public_pem())), HasSubstr("is no private key"));
  EXPECT_THAT(complaint(read_public, file("-----BEGIN")),
              AllOf(HasSubstr("is no public key"), HasSubstr("audit key")));
  EXPECT_THAT(complaint(read_private, file(other)), HasSubstr("must be Ed25519"));
  EXPECT_THAT(complaint(read_public, file(other_public)), HasSubstr("must be Ed25519"));
  EXPECT_THAT(complaint(read_private, files_.path()), testing::Not("nothing")) << "a directory";
}

TEST_F(Signing, ASecretThatOthersMayReadIsRefused) {
  const auto path = files_.path() / "key";
  SigningKey::make().write_private(path);
  for (const auto more : {std::filesystem::perms::group_read, std::filesystem::perms::others_write}) {
    std::filesystem::permissions(path, std::filesystem::perms::owner_read | more);
    EXPECT_THAT(complaint([](const auto& from) { return SigningKey::read_private(from); }, path),
                HasSubstr("chmod 600"));
    EXPECT_THROW((void)read_secret(path), std::runtime_error);
  }
}

TEST_F(Signing, ASecretThatDoesNotFitLeavesNothingBehind) {
  EXPECT_THROW(write_secret(files_.path() / "no/such/directory", "x"), std::runtime_error);
  EXPECT_EQ(read_secret(file("secret\n")), "secret\n");
}

}  // namespace
}  // namespace gate
