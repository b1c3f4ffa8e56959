#include "proxy/notice.hpp"

#include <gmock/gmock.h>

namespace {

using namespace std::chrono_literals;
using gate::fault_in_notice;
using gate::NoticeDamper;
using gate::NoticeSettings;
using gate::Stopped;
using testing::HasSubstr;

Stopped plan() {
  return {.user = "ann@corp.example",
          .peer = "bob@agency.example",
          .kind = "file-transfer",
          .file = "plan.doc",
          .rule = "default"};
}

NoticeSettings saying(const char* text) {
  NoticeSettings settings;
  settings.text = text;
  settings.contact = "Ask Ruth, room 12.";
  return settings;
}

TEST(NoticeText, PutsWhatHappenedIntoTheWordsOfTheAdministrator) {
  EXPECT_EQ(gate::notice_text(saying("{file}|{kind}|{peer}|{rule}|{contact}"), plan()),
            "plan.doc|file-transfer|bob@agency.example|default|Ask Ruth, room 12.");
}

TEST(NoticeText, NamesTheKindWhereThereIsNoFileAndSomebodyWhereThereIsNoPeer) {
  Stopped stopped = plan();
  stopped.file = {};
  stopped.peer = {};
  EXPECT_EQ(gate::notice_text(saying("{file} {peer}"), stopped), "file-transfer somebody");
}

TEST(NoticeText, HasLinesAsTheProtocolEndsThemAndNoBlanksBehind) {
  EXPECT_EQ(gate::notice_text(saying("one\ntwo {contact}"), plan()), "one\r\ntwo Ask Ruth, room 12.");
  NoticeSettings settings;
  EXPECT_THAT(gate::notice_text(settings, plan()), testing::EndsWith(": default."));
}

TEST(NoticeText, OfAHostileNameHasNoLineOfItsOwnNothingHiddenAndABound) {
  Stopped stopped = plan();
  const std::string evil =
      "a\r\nMSG x y 5\r\n\r\nInvitation-Command: INVITE\r\n\xE2\x80\xAE"
      "cod.exe\xFF\0" +
      std::string(4000, 'x');
  stopped.file = evil;
  const std::string text =
      gate::notice_text(saying("{file}{file}{file}{file}{file}{file}{file}{file}"), stopped);
  EXPECT_EQ(text.find_first_of("\r\n"), std::string::npos);
  EXPECT_EQ(text.find("\xE2\x80\xAE"), std::string::npos);
  EXPECT_EQ(text.find('\xFF'), std::string::npos);
  EXPECT_LE(text.size(), gate::notice_limit);
}

TEST(NoticeText, IsCutBetweenCharacters) {
  Stopped stopped = plan();
  std::string umlauts;
  for (int i = 0; i < 90; ++i) umlauts += "\xC3\xA4";
  stopped.file = umlauts;
  const std::string text =
      gate::notice_text(saying("x{file}{file}{file}{file}{file}{file}{file}{file}"), stopped);
  EXPECT_EQ(text.size() % 2, 1U);
  EXPECT_GT(text.size(), gate::notice_limit - 4);
}

TEST(FaultInNotice, IsAnUnknownPlaceholderAStrayBraceAControlCharacterOrNothingAtAll) {
  EXPECT_FALSE(fault_in_notice("{file} stopped\nby {rule}"));
  EXPECT_THAT(fault_in_notice("{fiel}").value(), HasSubstr("{file} {kind} {peer} {rule} {contact}"));
  EXPECT_TRUE(fault_in_notice("{file"));
  EXPECT_TRUE(fault_in_notice("file}"));
  EXPECT_TRUE(fault_in_notice(""));
  EXPECT_TRUE(fault_in_notice("a\tb"));
  EXPECT_TRUE(fault_in_notice(std::string(601, 'x')));
}

TEST(NoticeDamper, TellsAnOfferOnceWithinTheInterval) {
  NoticeDamper damper;
  EXPECT_TRUE(damper.lets_through(plan(), 1000, 60s));
  EXPECT_FALSE(damper.lets_through(plan(), 1000, 60s));
  EXPECT_FALSE(damper.lets_through(plan(), 60'999, 60s));
  EXPECT_TRUE(damper.lets_through(plan(), 61'000, 60s));
  EXPECT_FALSE(damper.lets_through(plan(), 61'001, 60s));
}

TEST(NoticeDamper, WithoutAnIntervalTellsEveryTime) {
  NoticeDamper damper;
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(damper.lets_through(plan(), 5, 0s));
}

TEST(NoticeDamper, TellsAnotherFilePeerOrDirection) {
  NoticeDamper damper;
  Stopped other = plan();
  EXPECT_TRUE(damper.lets_through(other, 0, 60s));
  other.file = "other.doc";
  EXPECT_TRUE(damper.lets_through(other, 0, 60s));
  other.direction = msnp::Direction::to_client;
  EXPECT_TRUE(damper.lets_through(other, 0, 60s));
  other.peer = "eve@agency.example";
  EXPECT_TRUE(damper.lets_through(other, 0, 60s));
}

TEST(NoticeDamper, TellsAFloodOfOnePairFiveTimes) {
  NoticeDamper damper;
  std::vector<std::string> files;
  for (int i = 0; i < 1000; ++i) files.push_back(std::to_string(i));
  int told = 0;
  for (const std::string& file : files) {
    Stopped stopped = plan();
    stopped.file = file;
    told += damper.lets_through(stopped, 10, 60s) ? 1 : 0;
  }
  EXPECT_EQ(told, 5);
}

TEST(NoticeDamper, WhatIsTriedAgainDoesNotKeepAnotherFileFromBeingTold) {
  NoticeDamper damper;
  for (int i = 0; i < 20; ++i) EXPECT_EQ(damper.lets_through(plan(), i, 60s), i == 0);
  Stopped other = plan();
  other.file = "other.doc";
  EXPECT_TRUE(damper.lets_through(other, 30, 60s));
}

}  // namespace
