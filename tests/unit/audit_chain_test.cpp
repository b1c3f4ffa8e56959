#include "proxy/audit_chain.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gate {
namespace {

// Computed with Python's hashlib, not with this code.
constexpr std::string_view first_line =
    R"({"time":"2026-11-22T16:02:20.123456Z","seq":1,"event":"session","prev":"0000000000000000000000000000000000000000000000000000000000000000","hash":"c9103023353674f76227efad55f87901482ee57bf9b50483253d5628e06dbb8a"})"
    "\n";

std::string sealed(std::string line, const HexDigest& prev) {
  Sha256 sha256;
  (void)seal(line, prev, sha256);
  return line;
}

TEST(AuditChain, ALineEndsInItsLinks) {
  EXPECT_EQ(
      sealed("{\"time\":\"2026-11-22T16:02:20.123456Z\",\"seq\":1,\"event\":\"session\"}\n", chain_start),
      first_line);
}

TEST(AuditChain, WhatWasSealedIsReadBack) {
  Sha256 sha256;
  std::string line = "{\"a\":1}\n";
  const HexDigest hash = seal(line, chain_start, sha256);
  const auto links = links_of(line);
  ASSERT_TRUE(links);
  EXPECT_EQ(links->prev, chain_start);
  EXPECT_EQ(links->hash, hash);
  EXPECT_EQ(hash_of(*links, sha256), hash);
  EXPECT_TRUE(links_of(std::string_view(line).substr(0, line.size() - 1))) << "the LF does not matter";
}

TEST(AuditChain, AnyOtherByteGivesAnotherHash) {
  Sha256 sha256;
  std::string line = sealed("{\"user\":\"ann@corp.example\"}\n", chain_start);
  for (std::size_t i = 1; i + 76 < line.size(); ++i) {
    std::string changed = line;
    changed[i] = changed[i] == '1' ? '2' : '1';
    const auto links = links_of(changed);
    EXPECT_TRUE(!links || hash_of(*links, sha256) != links->hash) << i;
  }
}

TEST(AuditChain, ALineWithoutLinksHasNone) {
  for (const std::string_view line : {"", "\n", "{}", "{\"a\":1}", "{\"prev\":\"00\",\"hash\":\"00\"}"}) {
    EXPECT_FALSE(links_of(line)) << line;
  }
  std::string line = sealed("{\"a\":1}\n", chain_start);
  for (std::size_t size = 0; size + 1 < line.size(); ++size) {
    EXPECT_FALSE(links_of(std::string_view(line).substr(0, size))) << size;
  }
  line.replace(line.find("00"), 2, "0G");
  EXPECT_FALSE(links_of(line)) << "no hex digits";
}

}  // namespace
}  // namespace gate
