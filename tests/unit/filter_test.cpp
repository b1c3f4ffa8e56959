// Each failure of decisions.md 5 with each choice.
#include "proxy/filter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/filter_rig.hpp"
#include "tests/support/invitations.hpp"

namespace {

using namespace std::string_literals;
using namespace gate::test;
using gate::Action;
using gate::AuditKind;
using gate::Cause;
using gate::Reaction;
using testing::HasSubstr;
using testing::StartsWith;

std::shared_ptr<const gate::Policy> policy_on(Cause cause, Reaction reaction,
                                              Action fallback = Action::block) {
  gate::Policy::Source source;
  source.fallback = fallback;
  source.failure[static_cast<std::size_t>(cause)] = reaction;
  source.revision = "r1";
  return std::make_shared<const gate::Policy>(std::move(source));
}

void enter(FilterRig& rig) {
  rig.enter_switchboard("alice@example.com", {"bob@example.org"});
}

std::string file_offer() {
  return message_to_server("7", 'D', p2p_block(v1_package(whole(5, slp_file_offer({})))));
}

// --- parse-error ---------------------------------------------------------------------------------

/// framing.md 1.3: each is a command to some program and something else to another.
const std::string hostile_lines[] = {
    "msg 1 A 3\r\nabc",
    "Msg 1 A 3\r\nabc",
    "%4DSG 1 A 3\r\nabc",
    " MSG 1 A 3\r\nabc",
    "MSG\v1\vA\v3\r\nabc",
    "MSG\t1\tA\t3\r\nabc",
    "MSG 1 A\xC2\xA0"
    "3\r\n",
    "MSG 1 A\xC2\x85"
    "3\r\n",
    "MSG 1 A \xD9\xA3\r\nab",
    "MSG  1 A 3\r\nabc",
    "MSG 1 A +3\r\nabc",
    "MSG 1 A 003\r\nabc",
    "MSG 1 A 0_3\r\nabc",
    "MSG 1 A -12\r\n",
    "MSG 1 A x 3\r\nabc",
    "MSG 1 A 3 \r\nabc",
    "MSG 1 A\r3\r\nabc",
    "PNG\0\r\n"s,
    "CAL 1 \xFF\xFE\r\n",
    "MSG 1 X 3\r\nabc",
    "MSG 1 A 9999\r\nabc",
    "UUN 1 b@c 3 0\r\n\x7F\r\n",
};

TEST(Filter, EveryHostileLineOfAClientCloses) {
  for (const std::string& line : hostile_lines) {
    FilterRig rig(policy_with(Action::block));
    enter(rig);
    rig.from_client(line + "PNG\r\n");
    EXPECT_TRUE(rig.closed) << line;
    EXPECT_THAT(rig.to_server(), testing::AnyOf("", StartsWith("UUN 1 b@c 3 0"))) << line;
    ASSERT_EQ(rig.audit.events.size(), 1U) << line;
    EXPECT_EQ(rig.audit.events[0].event, AuditKind::failure);
    EXPECT_EQ(rig.audit.events[0].reason, "parse-error");
    EXPECT_EQ(rig.audit.events[0].action, Action::block);
    EXPECT_THAT(rig.audit.events[0].detail, HasSubstr("from the client"));
  }
}

TEST(Filter, AFaultOfTheServerClosesAndSaysWhoseItWas) {
  FilterRig rig(policy_with(Action::block));
  enter(rig);
  rig.from_server("MSG bob@example.org Bob x3\r\nabc");
  EXPECT_TRUE(rig.closed);
  EXPECT_EQ(rig.to_client(), "");
  EXPECT_THAT(rig.audit.events.at(0).detail, HasSubstr("from the server"));
}

TEST(Filter, WhatCameBeforeTheFaultIsDelivered) {
  FilterRig rig(policy_with(Action::block));
  enter(rig);
  rig.from_client("CAL 2 carol@example.net\r\nmsg 1 A 3\r\nabcPNG\r\n");
  EXPECT_EQ(rig.to_server(), "CAL 2 carol@example.net\r\n");
  rig.from_client("CAL 3 dave@example.net\r\n");
  EXPECT_EQ(rig.to_server(), "") << "closed is closed";
  EXPECT_EQ(rig.audit.events.size(), 1U);
}

TEST(Filter, AParseErrorPassesUnreadIfTheOperatorWroteSo) {
  FilterRig rig(policy_on(Cause::parse_error, Reaction::pass));
  enter(rig);
  rig.from_client("CAL 2 carol@example.net\r\nmsg 1 A 3\r\nabc");
  EXPECT_FALSE(rig.closed);
  EXPECT_EQ(rig.to_server(), "CAL 2 carol@example.net\r\nmsg 1 A 3\r\nabc");
  rig.from_client("\x01\x02");
  rig.from_server("\x03\x04");
  EXPECT_EQ(rig.to_server(), "\x01\x02");
  EXPECT_EQ(rig.to_client(), "\x03\x04");
  ASSERT_EQ(rig.audit.events.size(), 1U);
  EXPECT_EQ(rig.audit.events[0].action, Action::allow);
}

// --- not-msnp ------------------------------------------------------------------------------------

const std::pair<std::string, const char*> strangers[] = {
    {"\x16\x03\x01\x02\x00\x01\x00\x01\xFC"s, "tls"},
    {"SSH-2.0-OpenSSH_9\r\n", "other"},
};

const std::pair<std::string, const char*> file_roads[] = {
    {"VER MSNFTP\r\n", "msnftp"},
    {"\x04\0\0\0foo\0"s, "p2p-direct"},
    {"\x30\0\0\0"s, "p2p-direct"},
};

TEST(Filter, AnotherProtocolIsClosedAndNamed) {
  for (const auto& [bytes, name] : strangers) {
    FilterRig rig(policy_with(Action::block));
    rig.from_client(bytes);
    EXPECT_TRUE(rig.closed) << name;
    EXPECT_FALSE(rig.reset) << name;
    EXPECT_EQ(rig.to_server(), "") << name;
    ASSERT_EQ(rig.audit.events.size(), 1U) << name;
    EXPECT_EQ(rig.audit.events[0].reason, "not-msnp");
    EXPECT_THAT(rig.audit.events[0].detail, StartsWith(name + ": "s));
  }
}

TEST(Filter, HttpIsAnotherProtocolWhereItIsNotRead) {
  FilterRig rig(policy_with(Action::block));
  rig.shared.http.enabled = false;
  rig.from_client("POST /gateway/gateway.dll HTTP/1.1\r\n");
  EXPECT_TRUE(rig.closed);
  ASSERT_EQ(rig.audit.events.size(), 1U);
  EXPECT_EQ(rig.audit.events[0].reason, "not-msnp");
  EXPECT_THAT(rig.audit.events[0].detail, StartsWith("http: "));
}

TEST(Filter, ADataSocketOfATransferIsResetWhateverHappensToStrangers) {
  gate::Rule signed_in;
  signed_in.name = "who is signed in may do all";
  signed_in.action = Action::allow;
  signed_in.users = {"*"};
  for (const auto& [bytes, name] : file_roads) {
    for (const Reaction reaction : {Reaction::close, Reaction::pass}) {
      for (const auto& rules : {std::vector<gate::Rule>{}, {signed_in}}) {
        gate::Policy::Source source;
        source.rules = rules;
        source.failure[static_cast<std::size_t>(Cause::not_msnp)] = reaction;
        FilterRig rig(std::make_shared<const gate::Policy>(std::move(source)));
        rig.from_client(bytes);
        rig.from_client("more");
        EXPECT_TRUE(rig.reset) << name;
        EXPECT_EQ(rig.to_server(), "") << name;
        ASSERT_EQ(rig.audit.events.size(), 1U) << name;
        EXPECT_EQ(rig.audit.events[0].event, AuditKind::failure);
        EXPECT_EQ(rig.audit.events[0].action, Action::block);
        EXPECT_EQ(rig.audit.events[0].reason, "not-msnp");
        EXPECT_THAT(rig.audit.events[0].detail, StartsWith(name + ": "s));
      }
    }
  }
}

TEST(Filter, ADataSocketOfATransferPassesWhereEverythingMay) {
  for (const auto& [bytes, name] : file_roads) {
    FilterRig open(policy_on(Cause::not_msnp, Reaction::pass, Action::allow));
    open.from_client(bytes);
    EXPECT_FALSE(open.closed) << name;
    EXPECT_EQ(open.to_server(), bytes) << name;
    ASSERT_EQ(open.audit.events.size(), 1U) << name;
    EXPECT_EQ(open.audit.events[0].action, Action::allow);
    FilterRig strict(policy_on(Cause::not_msnp, Reaction::close, Action::allow));
    strict.from_client(bytes);
    EXPECT_TRUE(strict.reset) << name;
  }
}

TEST(Filter, AnotherProtocolPassesIfTheOperatorWroteSo) {
  for (const auto& [bytes, name] : strangers) {
    FilterRig rig(policy_on(Cause::not_msnp, Reaction::pass));
    rig.from_client(bytes);
    rig.from_server("answer");
    rig.from_client("\r\n\r\n");
    EXPECT_FALSE(rig.closed) << name;
    EXPECT_EQ(rig.to_server(), bytes + "\r\n\r\n") << name;
    EXPECT_EQ(rig.to_client(), "answer") << name;
    EXPECT_EQ(rig.audit.events.size(), 1U) << name;
  }
}

TEST(Filter, AServerThatSpeaksFirstIsNoServerOfThisProtocol) {
  FilterRig rig(policy_with(Action::block));
  rig.from_server("VER 1 MSNP18\r\n");
  EXPECT_TRUE(rig.closed);
  EXPECT_EQ(rig.to_client(), "");
  EXPECT_EQ(rig.audit.events.at(0).reason, "not-msnp");
}

TEST(Filter, WaitsForTheFirstBytesAndThenReadsThemAll) {
  FilterRig rig(policy_with(Action::block));
  for (const char letter : "USR 1 alice@example.com 12.34\r"s) {
    rig.from_client({&letter, 1});
    EXPECT_EQ(rig.to_server(), "");
  }
  rig.from_client("\n");
  EXPECT_TRUE(rig.filter->recognised());
  EXPECT_EQ(rig.to_server(), "USR 1 alice@example.com 12.34\r\n");
}

TEST(Filter, NothingPassesUnreadThatCannotBeRecorded) {
  for (const Cause cause : {Cause::parse_error, Cause::not_msnp}) {
    FilterRig rig(policy_on(cause, Reaction::pass));
    rig.audit.works = false;
    if (cause == Cause::parse_error) enter(rig);
    rig.from_client("SSH-2.0-OpenSSH_9\r\n");
    EXPECT_TRUE(rig.closed);
    EXPECT_EQ(rig.to_server(), "");
  }
}

// --- reassembly-limit, memory, audit-write-failed --------------------------------------------------

std::string half_an_offer(std::uint32_t identifier = 5) {
  return message_to_server("7", 'D', p2p_block(v1_package(cut(identifier, slp_file_offer({}), 600)[0])));
}

TEST(Filter, AnUnfinishedMessageIsDroppedAndTheSessionGoesOnOrCloses) {
  for (const Reaction reaction : {Reaction::block, Reaction::close}) {
    FilterRig rig(policy_on(Cause::reassembly_limit, reaction));
    enter(rig);
    rig.from_client(half_an_offer());
    EXPECT_FALSE(rig.closed);
    rig.tick(61'000);
    EXPECT_EQ(rig.closed, reaction == Reaction::close);
    ASSERT_EQ(rig.audit.events.size(), 1U);
    EXPECT_EQ(rig.audit.events[0].event, AuditKind::failure);
    EXPECT_EQ(rig.audit.events[0].reason, "reassembly-limit");
    EXPECT_EQ(rig.audit.events[0].peers, std::vector{"bob@example.org"s});
    EXPECT_EQ(rig.audit.events[0].direction, msnp::Direction::to_server);
    rig.from_client("CAL 9 carol@example.net\r\n");
    EXPECT_EQ(rig.to_server(), reaction == Reaction::close ? "" : "CAL 9 carol@example.net\r\n");
  }
}

TEST(Filter, WhatIsStillHeldAtTheEndIsTold) {
  FilterRig rig(policy_with(Action::block));
  enter(rig);
  rig.from_client(half_an_offer());
  EXPECT_LT(rig.shared.memory_left(), 256U * 1024 * 1024);
  rig.filter.reset();
  ASSERT_EQ(rig.audit.events.size(), 1U);
  EXPECT_EQ(rig.audit.events[0].reason, "reassembly-limit");
  EXPECT_EQ(rig.shared.memory_left(), 256U * 1024 * 1024) << "the memory is given back";
}

TEST(Filter, AnAnswerWaitsUntilAllReadersOfAnUnknownCommandStandBetweenTwoFrames) {
  FilterRig rig(policy_with(Action::block));
  enter(rig);
  rig.from_server("ZZZ 5 6\r\n<a>b/>");  // a payload, or the beginning of a line
  EXPECT_EQ(rig.to_client(), "ZZZ 5 6\r\n<a>b/>");
  rig.from_client(file_offer());
  EXPECT_EQ(rig.to_client(), "");
  rig.from_server("QNG 49\r\n");
  const std::string answers = rig.to_client();
  EXPECT_EQ(answers.find("QNG 49\r\nACK 7\r\nMSG bob@example.org"), 0U) << answers;
  EXPECT_NE(answers.find("603 Decline"), std::string::npos) << answers;
}

TEST(Filter, APlainPackageOfVersion2ThatGoesOnWithATextOfVersion1IsStopped) {
  FilterRig rig(policy_with(Action::block));
  enter(rig);
  const auto say = [&](const std::string& headers, const std::string& package) {
    const std::string block =
        mime_block("application/x-msnmsgrp2p\r\nP2P-Dest: bob@example.org" + headers, package);
    rig.from_client("MSG 9 D " + std::to_string(block.size()) + "\r\n" + block);
    return rig.to_server();
  };
  // The eight bytes of a header of version 2, read as SessionID and Identifier of version 1.
  const std::string second = v2_package(1, true, 0, std::string(92, 'x'));
  gate::test::Package first;
  first.session = 0x64000008;
  first.identifier = 0xE8030000;
  first.total = 1000;
  first.length = 100;
  first.data = std::string(100, 'y');
  const std::string endpoints = ";{b}\r\nP2P-Src: alice@example.com;{a}";
  EXPECT_NE(say(endpoints, second), "") << "a text by itself";
  EXPECT_EQ(say("", gate::test::v1_package(first)), "");
  EXPECT_EQ(say(endpoints, second), "") << "and the rest of another";
  ASSERT_FALSE(rig.audit.events.empty());
  EXPECT_EQ(rig.audit.events.back().reason, "disordered");
}

TEST(Filter, ASpentSessionBudgetClosesOrDropsWhatIsHeld) {
  for (const Reaction reaction : {Reaction::close, Reaction::block}) {
    FilterRig rig(policy_on(Cause::memory, reaction));
    enter(rig);
    rig.shared.session_memory = 1000;
    rig.from_client(half_an_offer());
    EXPECT_EQ(rig.closed, reaction == Reaction::close);
    EXPECT_EQ(rig.to_server(), "");
    ASSERT_EQ(rig.audit.events.size(), 1U);
    EXPECT_EQ(rig.audit.events[0].reason, "memory");
    EXPECT_EQ(rig.audit.events[0].action, Action::block);
    EXPECT_TRUE(rig.filter->idle());
    if (reaction == Reaction::close) continue;
    rig.from_client("CAL 9 carol@example.net\r\n");
    EXPECT_EQ(rig.to_server(), "CAL 9 carol@example.net\r\n") << "chat goes on";
  }
}

TEST(Filter, NamesOfBridgesTakeNoMoreThanASessionMayHold) {
  FilterRig rig(policy_on(Cause::memory, Reaction::block));
  enter(rig);
  rig.shared.session_memory = 128 * 1024;
  const std::size_t budget = rig.shared.memory_left();
  for (int bridge = 0; bridge < 30; ++bridge) {
    const std::string name = std::to_string(bridge) + std::string(10'000, 'x');
    const std::string block = mime_block(
        "application/x-msnmsgrp2p\r\nP2P-Dest: alice@example.com;{a}\r\nP2P-Src: bob@example.org;{" + name +
            "}",
        v2_package(1, true, 0, "", 0));
    rig.from_server("MSG bob@example.org Bob " + std::to_string(block.size()) + "\r\n" + block);
    EXPECT_LE(budget - rig.shared.memory_left(), rig.shared.session_memory) << bridge;
  }
  EXPECT_EQ(rig.audit.events.size(), 3U) << "not for every message";
  for (const auto& event : rig.audit.events) EXPECT_EQ(event.reason, "memory");
}

TEST(Filter, TheWorkersBudgetIsSharedAndGivenBack) {
  FilterRig rig(policy_on(Cause::memory, Reaction::close));
  enter(rig);
  rig.shared.memory = rig.shared.memory_held + 5000;
  rig.from_client(half_an_offer());
  EXPECT_FALSE(rig.closed);
  const std::size_t left = rig.shared.memory_left();
  EXPECT_LT(left, 5000U);
  rig.tick(61'000);
  EXPECT_GT(rig.shared.memory_left(), left);
  rig.shared.memory = rig.shared.memory_held + 100;
  rig.from_client(half_an_offer());
  EXPECT_TRUE(rig.closed);
  EXPECT_EQ(rig.audit.events.back().reason, "memory");
}

TEST(Filter, WithoutAnAuditNothingIsAllowedUnlessTheOperatorWroteSo) {
  for (const Reaction reaction : {Reaction::block, Reaction::pass}) {
    FilterRig rig(policy_on(Cause::audit_write_failed, reaction, Action::allow));
    enter(rig);
    rig.audit.works = false;
    rig.from_client(file_offer());
    EXPECT_EQ(rig.to_server(), reaction == Reaction::pass ? file_offer() : "");
    rig.from_client("CAL 9 carol@example.net\r\n");
    EXPECT_EQ(rig.to_server(), "CAL 9 carol@example.net\r\n");
  }
}

TEST(Filter, ABlockedOfferStaysBlockedWithoutAnAudit) {
  FilterRig rig(policy_on(Cause::audit_write_failed, Reaction::pass));
  enter(rig);
  rig.audit.works = false;
  rig.from_client(file_offer());
  EXPECT_EQ(rig.to_server(), "");
}

}  // namespace
