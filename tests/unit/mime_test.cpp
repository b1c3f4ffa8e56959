// One payload, many readers (framing.md 6.5, 6.6): what any of them takes for an invitation, is one.
#include "msnp/mime.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "msnp/ascii.hpp"
#include "tests/support/filter_rig.hpp"
#include "tests/support/framing_vectors.hpp"
#include "tests/support/invitations.hpp"

namespace {

using namespace std::string_literals;
using gate::test::mime_block;
using msnp::as_bytes;

msnp::MimeBlock read(const std::string& payload) {
  return msnp::read_mime(as_bytes(payload));
}

bool has_body(const msnp::MimeBlock& block, std::size_t at) {
  const auto bodies = block.bodies();
  return std::find(bodies.begin(), bodies.end(), at) != bodies.end();
}

TEST(Mime, WhatRealClientsWriteIsCanonical) {
  for (const char* const type : {"text/plain; charset=UTF-8\r\nX-MMS-IM-Format: FN=Arial; EF=; CO=0",
                                 "text/x-msmsgscontrol\r\nTypingUser: alice@example.com", "image/gif",
                                 "text/x-clientcaps", "text/x-msnmsgr-datacast"}) {
    const std::string payload = mime_block(type, "body");
    const auto block = read(payload);
    EXPECT_TRUE(block.canonical) << type;
    EXPECT_FALSE(block.invite || block.p2p || block.part) << type;
    ASSERT_EQ(block.bodies().size(), 1U) << type;
    EXPECT_EQ(payload.substr(block.bodies().front()), "body") << type;
  }
}

TEST(Mime, TheTwoTypesAreFoundInCanonicalBlocks) {
  EXPECT_TRUE(read(gate::test::classic_block("")).invite);
  EXPECT_FALSE(read(gate::test::classic_block("")).p2p);
  EXPECT_TRUE(read(gate::test::p2p_block("x")).p2p);
  EXPECT_FALSE(read(gate::test::p2p_block("x")).invite);
  EXPECT_TRUE(read(mime_block("TEXT/X-MSMSGSINVITEfoo", "")).invite) << "Miranda: the beginning, any case";
  EXPECT_TRUE(read(mime_block("x; text/x-msmsgsinvite", "")).invite) << "some look anywhere";
}

// The ways nearly all chat and all packages begin are recognised as a whole: whatever follows must be read as
// behind the same two lines in the other order, which nobody writes.
TEST(Mime, AfterTheUsualBeginningsEverythingCounts) {
  const std::string version = "MIME-Version: 1.0\r\n";
  for (const std::string& type :
       {"Content-Type: text/plain; charset=UTF-8\r\n"s, "Content-Type: application/x-msnmsgrp2p\r\n"s})
    for (const std::string& rest : {""s,
                                    "\r\n"s,
                                    "\r\nhello"s,
                                    "X-MMS-IM-Format: FN=Arial\r\n\r\nhi"s,
                                    "X-MMS-IM-Format: \r\n\r\nhi"s,
                                    "X-MMS-IM-Format:\r\n\r\nhi"s,
                                    "X-MMS-IM-Format: a\nb\r\n\r\nhi"s,
                                    "X-MMS-IM-Format: a\0b\r\n\r\n"s,
                                    "Content-Type: application/x-msnmsgrp2p\r\n\r\n"s,
                                    "content-type: text/x-msmsgsinvite\r\n\r\n"s,
                                    " x-msmsgsinvite\r\n\r\n"s,
                                    "epyt-tnetnoC: etivnisgsmsm-x/txet\r\n\r\n"s,
                                    "P2P-Dest: bob\r\nP2P-Dest: eve\r\n\r\nx"s,
                                    "P2P-Dest:  bob\r\n\r\nx"s,
                                    "P2P-Dest: \r\nP2P-Src: b\r\n\r\nx"s,
                                    "p2p-dest: bob;{1}\r\nP2P-Dest: c\r\n\r\n"s,
                                    "Message-ID: {A}\r\nChunks: 2\r\n\r\na"s,
                                    "P2P-Dest: bob;{1}\r\n\r\n"s,
                                    "\n\nx"s,
                                    "\r\rx"s,
                                    "X-MMS-IM-Format: a\r"s,
                                    "X-MMS-IM-Format: a\r\n\r"s,
                                    "X-MMS-IM-Format: \xE2\x80\x8D\r\n\r\n"s}) {
      const std::string text = version + type + rest;  // what is read are views of it
      const std::string turned = type + version + rest;
      const auto block = read(text);
      const auto twin = read(turned);
      EXPECT_EQ(block.destination, twin.destination) << rest;
      EXPECT_EQ(block.source, twin.source) << rest;
      EXPECT_EQ(block.canonical, twin.canonical) << rest;
      EXPECT_EQ(block.invite, twin.invite) << rest;
      EXPECT_EQ(block.p2p, twin.p2p) << rest;
      EXPECT_EQ(block.part, twin.part) << rest;
      EXPECT_EQ(block.typed, twin.typed) << rest;
      EXPECT_EQ(block.text_or_ink, twin.text_or_ink) << rest;
      EXPECT_EQ(block.endpoints, twin.endpoints) << rest;
      EXPECT_TRUE(std::ranges::equal(block.bodies(), twin.bodies())) << rest;
    }
}

TEST(Mime, TextThatQuotesTypesAndOffersIsText) {
  const std::string quoted =
      "\r\n\r\nContent-Type: text/x-msmsgsinvite\r\n\r\nApplication-File: a.exe\r\n"
      "Content-Type: application/x-msnmsgrp2p\nMessage-ID: {1}\r\nChunks: 2\r\nepyT-tnetnoC: x";
  const auto block = read(mime_block("text/plain; charset=UTF-8", quoted));
  EXPECT_TRUE(block.canonical);
  EXPECT_FALSE(block.invite || block.p2p || block.part || block.endpoints);
}

/// Headers that somebody reads as an invitation; each has a twin that is harmless to everybody.
struct Odd {
  const char* reader;
  std::string payload;
};

const Odd odd_invitations[] = {
    {"LF lines", "MIME-Version: 1.0\nContent-Type: text/x-msmsgsinvite\n\nbody"},
    {"one line that ends in LF", "MIME-Version: 1.0\nContent-Type: text/x-msmsgsinvite\r\n\r\nbody"},
    {"CR lines", "MIME-Version: 1.0\rContent-Type: text/x-msmsgsinvite\r\rbody"},
    {"any case", "MIME-Version: 1.0\r\ncOnTeNt-TyPe: TEXT/X-MSMSGSINVITE\r\n\r\nbody"},
    {"blank before the name", "MIME-Version: 1.0\r\n\tContent-Type: text/x-msmsgsinvite\r\n\r\nbody"},
    {"blank before the colon", "Content-Type : text/x-msmsgsinvite\r\n\r\nbody"},
    {"no blank behind the colon", "Content-Type:text/x-msmsgsinvite\r\n\r\nbody"},
    {"no colon at all", "Content-Type text/x-msmsgsinvite\r\n\r\nbody"},
    {"the beginning of the name", "Content-Types: text/x-msmsgsinvite\r\n\r\nbody"},
    {"spelt backwards", "epyT-tnetnoC: 8-FTU=tesrahc ;etivnisgsmsm-x/txet\r\n\r\nbody"},
    {"last of two", "Content-Type: text/plain\r\nContent-Type: text/x-msmsgsinvite\r\n\r\nbody"},
    {"first of two", "Content-Type: text/x-msmsgsinvite\r\nContent-Type: text/plain\r\n\r\nbody"},
    {"second name in other case",
     "Content-Type: text/plain\r\ncontent-type: text/x-msmsgsinvite\r\n\r\nbody"},
    {"folded value", "Content-Type: text/x-msmsgs\r\n invite\r\n\r\nbody"},
    {"folded with a tab", "Content-Type:\r\n\ttext/x-msmsgsinvite\r\n\r\nbody"},
    {"behind LFLF", "Content-Type: text/plain\n\nx\r\nContent-Type: text/x-msmsgsinvite\r\n\r\nbody"},
    {"behind a blank line", "Content-Type: text/plain\r\n \r\nContent-Type: text/x-msmsgsinvite\r\n\r\nbody"},
    {"no empty line", "MIME-Version: 1.0\r\nContent-Type: text/x-msmsgsinvite\r\nInvitation-Command: INVITE"},
    {"NUL in the name", "Content\0-Type: text/x-msmsgsinvite\r\n\r\nbody"s},
    {"NUL in the value", "Content-Type: text/x-msm\0sgsinvite\r\n\r\nbody"s},
    {"NUL as the end of a line", "Content-Type: text/plain\0Content-Type: text/x-msmsgsinvite\r\n\r\nbody"s},
    {"U+200D in the name", "Content\xE2\x80\x8D-Type: text/x-msmsgsinvite\r\n\r\nbody"},
    {"U+200D in the value", "Content-Type: text/x-msmsgs\xE2\x80\x8Dinvite\r\n\r\nbody"},
};

TEST(Mime, AnInvitationForOneReaderIsAnInvitation) {
  for (const Odd& odd : odd_invitations) {
    const auto block = read(odd.payload);
    EXPECT_TRUE(block.invite) << odd.reader;
    EXPECT_FALSE(block.canonical) << odd.reader;
    EXPECT_FALSE(block.text_or_ink) << odd.reader;
    EXPECT_GE(block.bodies().size(), 1U) << odd.reader;
  }
}

TEST(Mime, APackageForOneReaderIsAPackage) {
  for (Odd odd : odd_invitations) {
    for (const auto& [invite, p2p] : {std::pair{"x-msmsgs", "x-msnmsgr"},
                                      {"X-MSMSGS", "X-MSNMSGR"},
                                      {"sgsmsm-x", "rgsmnsm-x"},
                                      {"x-msm\0sgs", "x-msn\0msgr"},
                                      {"invite", "p2p"},
                                      {"INVITE", "P2P"},
                                      {"etivni", "p2p"}}) {
      const std::string from = invite;
      for (std::size_t at = 0; (at = odd.payload.find(from, at)) != std::string::npos; at += 1) {
        odd.payload.replace(at, from.size(), p2p);
      }
    }
    if (odd.payload.find('\0') != std::string::npos) continue;
    // What stood backwards stands in another order now.
    const auto block = read(odd.payload);
    const bool mirrored = odd.payload.find("epyT") != std::string::npos;
    EXPECT_TRUE(block.p2p || mirrored) << odd.reader << ": " << odd.payload;
    EXPECT_FALSE(block.invite) << odd.reader;
  }
  EXPECT_TRUE(read("epyT-tnetnoC: p2prgsmnsm-x/noitacilppa\r\n\r\nbody").p2p);
}

TEST(Mime, TheHarmlessTwinsOfOddBlocksAreNeither) {
  for (Odd odd : odd_invitations) {
    std::string& text = odd.payload;
    for (const std::string& word : {"msmsgs"s, "MSMSGS"s, "sgsmsm"s, "msm\0sgs"s}) {
      for (std::size_t at; (at = text.find(word)) != std::string::npos;)
        text.replace(at, word.size(), "harml");
    }
    const auto block = read(text);
    EXPECT_FALSE(block.invite || block.p2p) << odd.reader << ": " << text;
  }
}

TEST(Mime, BodiesBeginWhereverSomeReaderLetsThemBegin) {
  const std::string two = "Content-Type: text/x-msmsgsinvite\n\nfirst\r\n\r\nsecond";
  const auto block = read(two);
  EXPECT_TRUE(has_body(block, two.find("first")));
  EXPECT_TRUE(has_body(block, two.find("second")));
  EXPECT_EQ(block.bodies().front(), two.find("second")) << "the usual one first";

  const std::string blank = "Content-Type: application/x-msnmsgrp2p\r\n \r\nbody";
  EXPECT_TRUE(has_body(read(blank), blank.find("body"))) << "papyon: a line of blanks";
  const std::string cr = "Content-Type: text/x-msmsgsinvite\r\rbody";
  EXPECT_TRUE(has_body(read(cr), cr.find("body")));
  EXPECT_EQ(read("nothing").bodies().front(), 0U);
  EXPECT_EQ(read("").bodies().size(), 1U);
}

TEST(Mime, ManyEmptyLinesDoNotGrowTheListOfBodies) {
  EXPECT_EQ(read(std::string(1000, '\n')).bodies().size(), 4U);
  EXPECT_LE(read(std::string(1000, '\r')).bodies().size(), 4U);
}

TEST(Mime, EndpointsInTheDestinationOrSourceAreSeen) {
  const auto canonical = [](const std::string& header) {
    return read(mime_block("application/x-msnmsgrp2p\r\n" + header, "x"));
  };
  EXPECT_FALSE(canonical("P2P-Dest: bob@example.org").endpoints);
  EXPECT_TRUE(canonical("P2P-Dest: bob@example.org;{b2}").endpoints);
  EXPECT_TRUE(canonical("P2P-Src: alice@example.com;{a1}").endpoints);
  EXPECT_TRUE(canonical("p2p-dest: bob@example.org;{b2}").endpoints);
  EXPECT_FALSE(canonical("X-Other: a;{b}").endpoints);
  EXPECT_TRUE(read("content-type:application/x-msnmsgrp2p\nP2P-Dest:bob@example.org;{b2}\n\nx").endpoints);
}

TEST(Mime, PartsTellTheirNumbers) {
  const std::string opening = mime_block("image/gif\r\nMessage-ID: {A}\r\nChunks: 3", "x");
  const auto first = read(opening);
  EXPECT_TRUE(first.part && first.typed && first.text_or_ink);
  EXPECT_EQ(first.message_id, "{A}");
  EXPECT_EQ(first.chunks, 3U);
  EXPECT_FALSE(first.chunk);
  const std::string following = "Message-ID: {A}\r\nChunk: 2\r\n\r\nx";
  const auto other = read(following);
  EXPECT_TRUE(other.part);
  EXPECT_FALSE(other.typed || other.text_or_ink);
  EXPECT_EQ(other.message_id, "{A}");
  EXPECT_EQ(other.chunk, 2U);
  EXPECT_FALSE(other.chunks);
}

TEST(Mime, PartsAreFoundInEverySpelling) {
  for (const char* const headers :
       {"message-id: {A}\r\nchunks: 2", "Message-ID:{A}\nChunks:2", " Message-ID: {A}\r\n\tChunks: 2",
        "di-egasseM: }A{\r\nsknuhC: 2", "MESSAGE-ID {A}\r\nCHUNKS 2"}) {
    EXPECT_TRUE(read(mime_block("text/plain\r\n"s + headers, "x")).part) << headers;
  }
  EXPECT_FALSE(read(mime_block("text/plain\r\nMessage-ID: {A}", "Chunks: 2")).part)
      << "an id alone cuts nothing";
}

TEST(Mime, OnlyTextAndInkAreHarmlessAndEveryTypeCounts) {
  const auto harmless = [](const std::string& types) {
    return read(types + "\r\nMessage-ID: {A}\r\nChunks: 2\r\n\r\nx").text_or_ink;
  };
  EXPECT_TRUE(harmless("Content-Type: text/plain; charset=UTF-8"));
  EXPECT_TRUE(harmless("Content-Type: application/x-ms-ink"));
  EXPECT_FALSE(harmless("Content-Type: text/html"));
  EXPECT_FALSE(harmless("Content-Type: text/plain\r\nepyT-tnetnoC: lmth/txet"));
  EXPECT_FALSE(harmless("Content-Type: application/x-msnmsgrp2p"));
  EXPECT_FALSE(harmless("Content-Type: text/plain\r\nContent-Type: text/x-msmsgsinvite"));
  EXPECT_FALSE(harmless("Content-Type: text/html\r\nContent-Type: text/plain"));
}

TEST(Mime, ImpossibleNumbersOfPartsAreNothingButParts) {
  for (const char* const number : {"-1", "x", "", "99999999999"}) {
    const auto block = read("Message-ID: {A}\r\nContent-Type: image/gif\r\nChunks: "s + number + "\r\n\r\nx");
    EXPECT_TRUE(block.part) << number;
    EXPECT_EQ(block.chunks, 0U) << number;
  }
}

// Every mime-* vector is an invitation to some client: none may reach one.
TEST(Mime, EveryOddInvitationOfTheFramingVectorsIsStopped) {
  int seen = 0;
  for (const auto& vector : support::framing_vectors()) {
    if (!vector.name.starts_with("mime-")) continue;
    ++seen;
    gate::test::FilterRig rig(gate::test::policy_with(gate::Action::block));
    rig.enter_switchboard("alice@example.com", {"b@y.org"});
    rig.feed(vector.direction, vector.bytes);
    const std::string arrived = rig.sent(vector.direction);
    EXPECT_EQ(arrived.find("Application-"), std::string::npos) << vector.name << ": " << vector.bytes;
    if (vector.name.find("chunk") == std::string::npos) {
      EXPECT_EQ(arrived, "") << vector.name;
      ASSERT_EQ(rig.audit.events.size(), 1U) << vector.name;
      EXPECT_EQ(rig.audit.events[0].kind, msnp::Kind::file_transfer) << vector.name;
    }
    gate::test::FilterRig open(gate::test::policy_with(gate::Action::allow));
    open.enter_switchboard("alice@example.com", {"b@y.org"});
    open.feed(vector.direction, vector.bytes);
    EXPECT_EQ(open.sent(vector.direction), vector.bytes) << vector.name;
  }
  EXPECT_EQ(seen, 9);
}

}  // namespace
