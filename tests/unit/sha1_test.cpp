#include "proxy/sha1.hpp"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace {

std::string hex(const std::array<std::byte, 20>& digest) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const std::byte one : digest) {
    text += digits[std::to_integer<unsigned>(one) >> 4U];
    text += digits[std::to_integer<unsigned>(one) & 0x0FU];
  }
  return text;
}

// The examples of FIPS 180.
TEST(Sha1, IsThatOfEverythingAddedHoweverItIsCut) {
  const std::string_view text = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    const auto sha1 = gate::start_sha1();
    ASSERT_NE(sha1, nullptr);
    for (std::size_t at = 0; at < text.size(); at += size) sha1->add(msnp::as_bytes(text.substr(at, size)));
    EXPECT_EQ(hex(sha1->finish()), "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
  }
}

TEST(Sha1, OfNothingIsTheKnownOne) {
  const auto sha1 = gate::start_sha1();
  ASSERT_NE(sha1, nullptr);
  sha1->add({});
  EXPECT_EQ(hex(sha1->finish()), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
}

}  // namespace
