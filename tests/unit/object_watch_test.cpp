// The data of objects against what they were announced as (transfers.md 9, checks 3 and 4).
#include "msnp/object_watch.hpp"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "msnp/msn_object.hpp"
#include "msnp/p2p.hpp"
#include "msnp/slp.hpp"
#include "proxy/sha1.hpp"
#include "tests/support/captured_packages.hpp"
#include "tests/support/invitations.hpp"
#include "tests/support/transfer_vectors.hpp"

namespace {

using Finding = msnp::ObjectWatch::Finding;
using gate::test::CapturedPackage;

std::string sha1d_of(std::string_view bytes) {
  const auto sha1 = gate::start_sha1();
  sha1->add(msnp::as_bytes(bytes));
  const auto digest = sha1->finish();
  return gate::test::base64(msnp::as_text(digest));
}

const std::string object = "GIF89a, and some more of a picture";
const std::string four_zeros(4, '\0');

/// Announced as `object`, unless a test says otherwise.
class ObjectWatchOf : public testing::Test {
 protected:
  void announce(std::optional<std::uint64_t> size, const std::string& sha1d) {
    watch.emplace(size, sha1d, gate::start_sha1());
  }
  Finding add(std::uint64_t offset, std::string_view data) { return add(offset, object.size(), data); }
  Finding add(std::uint64_t offset, std::uint64_t total, std::string_view data) {
    return watch->add(offset, total, msnp::as_bytes(data));
  }
  /// The object in pieces of seven bytes; the first finding.
  Finding whole(std::string_view data = object) {
    Finding first = Finding::fine;
    for (std::size_t at = 0; at < data.size(); at += 7) {
      const Finding found = add(at, data.size(), data.substr(at, 7));
      if (first == Finding::fine) first = found;
    }
    return first;
  }

  std::string other = std::string(object.rbegin(), object.rend());
  std::optional<msnp::ObjectWatch> watch{std::in_place, std::optional<std::uint64_t>(object.size()),
                                         sha1d_of(object), gate::start_sha1()};
};

TEST_F(ObjectWatchOf, WhatWasAnnouncedIsFine) {
  EXPECT_EQ(add(0, 4, four_zeros), Finding::fine);
  EXPECT_EQ(whole(), Finding::fine);
  EXPECT_GT(watch->footprint(), sizeof(msnp::ObjectWatch));
}

TEST_F(ObjectWatchOf, OtherBytesAreToldWithTheLastOfThem) {
  EXPECT_EQ(add(0, other.substr(0, 30)), Finding::fine);
  EXPECT_EQ(add(30, other.substr(30)), Finding::wrong_digest);
}

TEST_F(ObjectWatchOf, MoreThanAnnouncedIsToldWithTheFirstPackageThatSaysSo) {
  EXPECT_EQ(add(0, object.size() + 1, object.substr(0, 1)), Finding::over_size);
}

TEST_F(ObjectWatchOf, MoreThanAnnouncedIsToldWhateverTheTotal) {
  EXPECT_EQ(add(0, object), Finding::fine);
  EXPECT_EQ(add(object.size(), "x"), Finding::over_size);
}

TEST_F(ObjectWatchOf, OfTwoFindingsTheSecondIsToldNext) {
  EXPECT_EQ(add(0, 10, "0123456789"), Finding::wrong_digest);
  announce(5, sha1d_of(object));
  EXPECT_EQ(add(0, 10, "0123456789"), Finding::over_size);
  EXPECT_EQ(add(10, 10, "x"), Finding::wrong_digest);
  EXPECT_EQ(add(11, 10, "x"), Finding::fine);
}

TEST_F(ObjectWatchOf, EveryFindingIsToldOnce) {
  EXPECT_EQ(add(0, 1000, other), Finding::over_size);
  EXPECT_EQ(add(other.size(), 1000, other), Finding::fine);
  EXPECT_EQ(add(0, other), Finding::wrong_digest);
  EXPECT_EQ(add(0, other), Finding::fine);
  EXPECT_EQ(add(0, 1000, other), Finding::fine);
}

TEST_F(ObjectWatchOf, PreparationIsNoData) {
  for (const std::size_t size : {1U, 3U, 4U, 34U}) {
    const std::string data = object.substr(0, size);
    announce(size, sha1d_of(data));
    EXPECT_EQ(add(0, 4, four_zeros), Finding::fine) << size;
    EXPECT_EQ(add(0, 4, four_zeros), Finding::fine) << size;
    EXPECT_EQ(add(0, size, data), Finding::fine) << size;
    announce(size, sha1d_of(data));
    EXPECT_EQ(add(0, 4, four_zeros), Finding::fine) << size;
    EXPECT_EQ(add(0, size, other.substr(0, size)), Finding::wrong_digest) << size;
  }
  announce(4, sha1d_of(four_zeros));
  EXPECT_EQ(add(0, 4, four_zeros), Finding::fine);
  EXPECT_EQ(add(0, 4, four_zeros), Finding::fine);
}

TEST_F(ObjectWatchOf, FourOtherBytesAreData) {
  EXPECT_EQ(add(0, 4, "GIF8"), Finding::wrong_digest);
  announce(3, "");
  EXPECT_EQ(add(0, 4, "GIF8"), Finding::over_size);
}

TEST_F(ObjectWatchOf, ThePackagesOfRetroPrplSentTwiceAreFine) {
  EXPECT_EQ(add(0, 4, four_zeros), Finding::fine);
  EXPECT_EQ(add(0, object.substr(0, 7)), Finding::fine);
  EXPECT_EQ(add(0, 4, four_zeros), Finding::fine);
  EXPECT_EQ(whole(), Finding::fine);
}

TEST_F(ObjectWatchOf, AnyPackageSentTwiceIsFine) {
  for (std::size_t at = 0; at < object.size(); at += 7) {
    EXPECT_EQ(add(at, object.substr(at, 7)), Finding::fine) << at;
    if (at > 0) {
      EXPECT_EQ(add(at, object.substr(at, 7)), Finding::fine) << at;
    }
  }
}

TEST_F(ObjectWatchOf, AnObjectFetchedAgainIsComparedAgain) {
  for (int times = 0; times < 5; ++times) ASSERT_EQ(whole(), Finding::fine) << times;
  EXPECT_EQ(whole(other), Finding::wrong_digest);
}

TEST_F(ObjectWatchOf, BeginningsThatProveNothingMayHoldOneObjectAndNoMore) {
  const std::string most = object.substr(0, object.size() - 1);
  EXPECT_EQ(add(0, most), Finding::fine);
  EXPECT_EQ(add(0, most), Finding::fine);
  EXPECT_EQ(add(0, most), Finding::over_size);
}

TEST_F(ObjectWatchOf, RepeatsMayHoldOneObjectAndNoMore) {
  EXPECT_EQ(whole(), Finding::fine);
  EXPECT_EQ(add(1, object.substr(1)), Finding::fine);
  EXPECT_EQ(add(1, object.substr(1)), Finding::over_size);
}

TEST_F(ObjectWatchOf, WithoutADigestAnObjectPassesTwiceAndNoMore) {
  for (const bool sha1_is_there : {true, false}) {
    watch.emplace(object.size(), sha1_is_there ? "" : sha1d_of(object),
                  sha1_is_there ? gate::start_sha1() : nullptr);
    EXPECT_EQ(whole(), Finding::fine);
    EXPECT_EQ(whole(other), Finding::fine);
    EXPECT_EQ(whole(other), Finding::over_size);
  }
}

TEST_F(ObjectWatchOf, ProofOfAPartDoesNotCoverWhatFollows) {
  announce(1000, sha1d_of("x"));
  EXPECT_EQ(add(0, 1, "x"), Finding::fine);
  EXPECT_EQ(add(1, 1000, std::string(900, 'y')), Finding::fine);
  EXPECT_EQ(add(0, 1, "x"), Finding::fine);
  EXPECT_EQ(add(1, 1000, std::string(900, 'y')), Finding::fine);
  EXPECT_EQ(add(0, 1, "x"), Finding::over_size);
}

TEST_F(ObjectWatchOf, TheObjectBehindItselfIsNotTheObject) {
  announce(1000, sha1d_of(object));
  EXPECT_EQ(add(0, object), Finding::fine);
  EXPECT_EQ(add(object.size(), 2 * object.size(), object), Finding::wrong_digest);
}

TEST_F(ObjectWatchOf, DisorderIsAWrongDigestWhenComplete) {
  // A package missing, the last one there.
  EXPECT_EQ(add(0, object.substr(0, 7)), Finding::fine);
  EXPECT_EQ(add(14, object.substr(14)), Finding::wrong_digest);
  // As many bytes as there are, the last package not there.
  announce(object.size(), sha1d_of(object));
  EXPECT_EQ(add(7, object.substr(7, 20)), Finding::fine);
  EXPECT_EQ(add(7, object.substr(7, 14)), Finding::wrong_digest);
  // Half repeated.
  announce(object.size() + 1, sha1d_of(object));
  EXPECT_EQ(add(0, object.substr(0, 7)), Finding::fine);
  EXPECT_EQ(add(6, object.substr(6)), Finding::wrong_digest);
}

TEST_F(ObjectWatchOf, AfterDisorderAnObjectMayBeginAgain) {
  EXPECT_EQ(add(7, object.substr(7, 7)), Finding::fine);
  EXPECT_EQ(whole(), Finding::fine);
  EXPECT_EQ(add(0, object.substr(0, 7)), Finding::fine);
  EXPECT_EQ(add(14, object.substr(14, 7)), Finding::fine);
  EXPECT_EQ(whole(), Finding::fine);
}

TEST_F(ObjectWatchOf, DisorderWithoutADigestIsCounted) {
  announce(10, "");
  EXPECT_EQ(add(5, 10, "56789"), Finding::fine);
  EXPECT_EQ(add(5, 10, "56789"), Finding::fine);
  EXPECT_EQ(add(5, 10, "56789"), Finding::over_size);
}

TEST_F(ObjectWatchOf, ATotalBelowTheSizeHidesNothing) {
  EXPECT_EQ(add(0, 7, object.substr(0, 7)), Finding::wrong_digest);
}

TEST_F(ObjectWatchOf, WithoutASizeNoneIsChecked) {
  announce({}, "");
  EXPECT_EQ(whole(), Finding::fine);
  EXPECT_EQ(add(0, ~std::uint64_t{0}, "x"), Finding::fine);
  EXPECT_EQ(add(~std::uint64_t{0}, ~std::uint64_t{0}, "x"), Finding::fine);
}

TEST_F(ObjectWatchOf, ADigestThatIsNoneIsNotCompared) {
  for (const std::string& none :
       {std::string(), std::string("x"), sha1d_of(object).substr(4), sha1d_of(object) + sha1d_of(object)}) {
    announce(object.size(), none);
    EXPECT_EQ(whole(other), Finding::fine) << none;
  }
}

TEST_F(ObjectWatchOf, TheDigestThatNoDataHasIsAlwaysWrong) {
  announce(object.size(), std::string(msnp::no_digest));
  EXPECT_EQ(whole(), Finding::wrong_digest);
}

TEST_F(ObjectWatchOf, EmptyPackagesAreNoData) {
  EXPECT_EQ(add(0, 1000, ""), Finding::fine);
  EXPECT_EQ(whole(), Finding::fine);
}

/// Feeds packages as they travelled to the watches of the sessions they announce.
class Sessions {
 public:
  explicit Sessions(bool spoil = false) : spoil_(spoil) {}

  void see(const CapturedPackage& package, const std::string& where) {
    const msnp::Bytes bytes = msnp::as_bytes(package.body);
    if (package.v2) {
      const auto v2 = msnp::read_p2p_v2(bytes);
      if (!v2 || !v2->has_data) return;
      std::uint64_t& offset = offsets_[{where, v2->session, v2->package_number}];
      if (v2->is_first()) offset = 0;
      const std::uint64_t begin = offset;
      offset += v2->data.size();
      see(where, v2->session, begin, offset + v2->remaining, v2->data);
    } else {
      const auto v1 = msnp::read_p2p_v1(bytes);
      if (v1 && !v1->is_bare_ack()) see(where, v1->session, v1->offset, v1->total, v1->data);
    }
  }

  std::set<std::string> wrong;
  std::size_t complete = 0;

 private:
  void see(const std::string& where, std::uint32_t session, std::uint64_t offset, std::uint64_t total,
           msnp::Bytes data) {
    if (session == 0) {
      std::string& text = texts_[where];
      if (offset == 0) text.clear();
      text += msnp::as_text(data);
      if (offset + data.size() == total) announce(text);
      return;
    }
    const auto found = watches_.find(session);
    if (found == watches_.end()) return;
    std::string bytes(msnp::as_text(data));
    if (spoil_ && total > 4) bytes.back() = static_cast<char>(bytes.back() ^ 1);
    if (found->second.add(offset, total, msnp::as_bytes(bytes)) != Finding::fine) wrong.insert(where);
    if (total > 4 && offset + data.size() == total) ++complete;
  }

  void announce(const std::string& text) {
    const auto message = msnp::read_slp(text);
    const std::size_t at = text.find("Context: ");
    if (!message || !message->invites || message->session_ids.empty() || at == std::string::npos) return;
    const auto seen = msnp::read_msn_object(text.substr(at + 9, text.find("\r\n", at) - at - 9));
    if (!seen) return;
    EXPECT_TRUE(seen->size);
    EXPECT_EQ(seen->sha1d.size(), 28U);
    watches_.try_emplace(message->session_ids.front(), seen->size, seen->sha1d, gate::start_sha1());
  }

  bool spoil_;
  std::map<std::string, std::string> texts_;  // by connection and direction
  std::map<std::tuple<std::string, std::uint32_t, std::uint16_t>, std::uint64_t> offsets_;
  std::map<std::uint32_t, msnp::ObjectWatch> watches_;
};

/// How many objects of real clients were seen whole; the captures are watched one connection at a time.
std::size_t watch_captures(bool spoil, std::set<std::string>& wrong) {
  std::map<std::pair<std::string, std::size_t>, Sessions> connections;
  // Who fetches and who sends speak in different directions: first all that is said without data.
  for (const bool data : {false, true}) {
    for (const CapturedPackage& package : gate::test::captured_packages()) {
      Sessions& sessions =
          connections.try_emplace({package.capture, package.connection}, spoil).first->second;
      std::uint32_t session = 0;
      if (package.v2) {
        const auto v2 = msnp::read_p2p_v2(msnp::as_bytes(package.body));
        session = v2 ? v2->session : 0;
      } else if (const auto v1 = msnp::read_p2p_v1(msnp::as_bytes(package.body))) {
        session = v1->session;
      }
      if ((session != 0) != data) continue;
      sessions.see(
          package,
          package.capture + (package.direction == msnp::Direction::to_server ? " to server" : " to client"));
    }
  }
  std::size_t complete = 0;
  for (const auto& [connection, sessions] : connections) {
    complete += sessions.complete;
    wrong.insert(sessions.wrong.begin(), sessions.wrong.end());
  }
  return complete;
}

TEST(ObjectWatch, EveryObjectOfRealClientsIsFine) {
  std::set<std::string> wrong;
  EXPECT_GE(watch_captures(false, wrong), 20U);
  EXPECT_EQ(wrong, std::set<std::string>());
}

TEST(ObjectWatch, OneBitChangedInThemIsFound) {
  std::set<std::string> wrong;
  (void)watch_captures(true, wrong);
  EXPECT_TRUE(wrong.contains("purple/msnp18stock-picture.pcap to client"));
  EXPECT_TRUE(wrong.contains("sharp-sharp/emoticon.pcap to server"));
  EXPECT_TRUE(wrong.contains("papyon18-papyon18/cancel-mid-sender.pcap to client"));
  EXPECT_TRUE(wrong.contains("amsn15-amsn15/dp-first.pcap to client"));
}

TEST(ObjectWatch, TheObjectsOfTheVectorsAreFine) {
  for (const char* const id :
       {"p11-display-picture", "p12-display-picture-serve", "p13-emoticon", "q09-display-picture"}) {
    for (const bool spoil : {false, true}) {
      Sessions sessions(spoil);
      for (const auto& frame : gate::test::transfer_vector(id).frames) {
        const std::string payload = frame.bytes.substr(frame.bytes.find("\r\n") + 2);
        sessions.see(gate::test::package_in(payload),
                     frame.direction == msnp::Direction::to_server ? "to server" : "to client");
      }
      EXPECT_EQ(sessions.complete, 1U) << id;
      EXPECT_EQ(sessions.wrong.empty(), !spoil) << id;
    }
  }
}

}  // namespace
