#include "proxy/sha256.hpp"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace gate {
namespace {

std::string hex(Sha256& sha256, std::string_view text) {
  const auto digits = sha256.hex(text);
  return {digits.data(), digits.size()};
}

// FIPS 180-4's examples, and NIST's of a million bytes.
TEST(Sha256, IsThePublishedOne) {
  Sha256 sha256;
  EXPECT_EQ(hex(sha256, ""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex(sha256, "abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(sha256, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(hex(sha256, std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, RemembersNothingOfTheTextBefore) {
  Sha256 sha256;
  const std::string first = hex(sha256, "abc");
  (void)hex(sha256, "something else");
  EXPECT_EQ(hex(sha256, "abc"), first);
}

TEST(Hex, GoesThereAndBackForEveryByte) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  EXPECT_EQ(hex_of(all).substr(0, 8), "00010203");
  EXPECT_EQ(hex_of(all).substr(510), "ff");
  EXPECT_EQ(bytes_of_hex(hex_of(all)), all);
  EXPECT_EQ(bytes_of_hex("DEADbeef"), "\xDE\xAD\xBE\xEF");
}

TEST(Hex, WhatIsNoHexHasNoBytes) {
  for (const std::string_view text :
       {"", "0", "abc", "0g", "g0", "0x", " 0", "0 ", "--", "/0", ":0", "@0", "`0"}) {
    EXPECT_EQ(bytes_of_hex(text), "") << text;
  }
}

}  // namespace
}  // namespace gate
