#include "proxy/replay.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/commands.hpp"
#include "tests/support/pcap_writer.hpp"

namespace gate {
namespace {

using test::content_of;
using test::PcapFile;
using test::ScratchDirectory;

constexpr std::string_view hello = "VER 1 MSNP12 CVR0\r\n";
constexpr std::string_view answer = "VER 1 MSNP12\r\n";

/// A conversation in a capture, by the client's port.
class Talk {
 public:
  Talk(PcapFile& file, std::uint16_t port) : file_(file), port_(port) {}

  Talk& shake() {
    client({.sequence = 100, .flags = "S"});
    server({.sequence = 900, .acknowledgement = 101, .flags = "SA"});
    return *this;
  }
  Talk& says(std::string_view text, std::string_view flags = "A") {
    client({.sequence = 101 + said_, .acknowledgement = 901 + heard_, .flags = flags, .payload = text});
    said_ += static_cast<std::uint32_t>(text.size());
    return *this;
  }
  Talk& hears(std::string_view text, std::string_view flags = "A") {
    server({.sequence = 901 + heard_, .acknowledgement = 101 + said_, .flags = flags, .payload = text});
    heard_ += static_cast<std::uint32_t>(text.size());
    return *this;
  }
  Talk& loses(std::uint32_t bytes) {
    said_ += bytes;
    return *this;
  }

 private:
  void client(test::Packet packet) {
    packet.from_port = port_;
    file_.add(packet);
  }
  void server(test::Packet packet) {
    packet.from = 2;
    packet.to = 1;
    packet.from_port = 1863;
    packet.to_port = port_;
    file_.add(packet);
  }

  PcapFile& file_;
  std::uint16_t port_;
  std::uint32_t said_ = 0;
  std::uint32_t heard_ = 0;
};

struct Outcome {
  int code = 0;
  std::string out;
  std::string err;
};

Outcome run(std::vector<std::filesystem::path> captures, std::optional<std::filesystem::path> emit = {}) {
  ReplayOptions options;
  options.captures = std::move(captures);
  options.emit = std::move(emit);
  std::ostringstream out;
  std::ostringstream err;
  const int code = command_replay(options, out, err);
  return {code, out.str(), err.str()};
}

TEST(Replay, NumbersTakenConnectionsByTheirFirstPacket) {
  PcapFile file;
  Talk first(file, 1'001);
  Talk empty(file, 1'002);
  Talk second(file, 1'003);
  Talk secure(file, 1'004);
  first.shake();
  empty.shake();
  second.shake();
  secure.shake();
  second.says(hello).hears(answer);  // speaks first, but called second
  secure.says("\x16\x03\x01\x02\x03\x01\x02\x03\x01\x02");
  first.says("VER 1 MSNP8 CVR0\r\n").hears("VER 1 MSNP8\r\n");

  const ScratchDirectory scratch;
  const Outcome outcome = run({file.path()}, scratch.path() / "made" / "here");
  EXPECT_EQ(outcome.code, exit_fine) << outcome.err;
  EXPECT_EQ(content_of(scratch.path() / "made/here/1.to_server.bin"), "VER 1 MSNP8 CVR0\r\n");
  EXPECT_EQ(content_of(scratch.path() / "made/here/1.to_client.bin"), "VER 1 MSNP8\r\n");
  EXPECT_EQ(content_of(scratch.path() / "made/here/2.to_server.bin"), hello);
  EXPECT_EQ(content_of(scratch.path() / "made/here/2.to_client.bin"), answer);
  EXPECT_FALSE(std::filesystem::exists(scratch.path() / "made/here/3.to_server.bin"));
  EXPECT_NE(outcome.err.find("taken: 2; not taken: 1 tls, 1 empty; events: 0"), std::string::npos)
      << outcome.err;
  EXPECT_NE(outcome.err.find("  1 notification 10.0.0.1:1001 > 10.0.0.2:1863 "), std::string::npos)
      << outcome.err;
  EXPECT_NE(outcome.err.find("  2 notification 10.0.0.1:1003 > 10.0.0.2:1863 "), std::string::npos)
      << outcome.err;
  EXPECT_NE(outcome.err.find("captures: 1; connections taken: 2;"), std::string::npos) << outcome.err;
}

TEST(Replay, FramesCutByPacketsLeaveWhole) {
  PcapFile file;
  Talk talk(file, 1'001);
  talk.shake();
  for (const char letter : hello) talk.says({&letter, 1});
  for (const char letter : answer) talk.hears({&letter, 1});
  const ScratchDirectory scratch;
  EXPECT_EQ(run({file.path()}, scratch.path()).code, exit_fine);
  EXPECT_EQ(content_of(scratch.path() / "1.to_server.bin"), hello);
  EXPECT_EQ(content_of(scratch.path() / "1.to_client.bin"), answer);
}

TEST(Replay, HttpGatewayIsReadLikeAnyConnection) {
  constexpr std::string_view request =
      "POST /gateway/gateway.dll?Action=open&Server=SB HTTP/1.1\r\nContent-Length: 26\r\n\r\n"
      "USR 1 ann@x.example 17.6\r\n";
  constexpr std::string_view answered =
      "HTTP/1.1 200 OK\r\nX-MSN-Messenger: SessionID=1.2\r\nContent-Length: 28\r\n\r\n"
      "USR 1 OK ann@x.example Ann\r\n";
  PcapFile file;
  Talk(file, 1'001).shake().says(request, "AF").hears(answered, "AF");
  const ScratchDirectory scratch;
  const Outcome outcome = run({file.path()}, scratch.path());
  EXPECT_EQ(outcome.code, exit_fine);
  EXPECT_EQ(content_of(scratch.path() / "1.to_server.bin"), request);
  EXPECT_EQ(content_of(scratch.path() / "1.to_client.bin"), answered);
  EXPECT_NE(outcome.err.find("1 http-gateway"), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("user ann@x.example"), std::string::npos) << outcome.err;
}

TEST(Replay, AConnectionWithMissingBytesIsReadToTheHoleAndNamed) {
  PcapFile file;
  Talk(file, 1'001).shake().says(hello).loses(10).says("PNG\r\n").hears(answer);
  const ScratchDirectory scratch;
  const Outcome outcome = run({file.path()}, scratch.path());
  EXPECT_EQ(content_of(scratch.path() / "1.to_server.bin"), hello);
  EXPECT_EQ(content_of(scratch.path() / "1.to_client.bin"), answer);
  EXPECT_NE(outcome.err.find("; incomplete: bytes are missing from the capture"), std::string::npos)
      << outcome.err;
}

TEST(Replay, WhatBeganBeforeTheCaptureIsNamedAndNotTaken) {
  PcapFile file;
  Talk(file, 1'001).says(hello).hears(answer);
  const Outcome outcome = run({file.path()});
  EXPECT_NE(outcome.err.find("taken: 0; not taken: 1 began-before-capture"), std::string::npos)
      << outcome.err;
}

TEST(Replay, ADamagedCaptureIsAnErrorThatLosesNothingBeforeIt) {
  PcapFile damaged;
  Talk(damaged, 1'001).shake().says(hello).hears(answer).says("PNG\r\n");
  damaged.truncate(1);
  PcapFile whole;
  Talk(whole, 1'001).shake().says(hello);
  const ScratchDirectory scratch;
  const Outcome outcome = run({damaged.path(), whole.path()}, scratch.path());
  EXPECT_EQ(outcome.code, exit_failed);
  EXPECT_NE(outcome.err.find(damaged.path().string() + ": damaged after packet 4: "), std::string::npos)
      << outcome.err;
  EXPECT_EQ(content_of(scratch.path() / damaged.path().stem() / "1.to_client.bin"), answer);
  EXPECT_EQ(content_of(scratch.path() / whole.path().stem() / "1.to_server.bin"), hello);
}

TEST(Replay, AMissingCaptureIsNamed) {
  const Outcome outcome = run({"no/such.pcap"});
  EXPECT_EQ(outcome.code, exit_failed);
  EXPECT_NE(outcome.err.find("no/such.pcap: No such file or directory"), std::string::npos) << outcome.err;
}

TEST(Replay, AnEmissionThatCannotBeWrittenIsAnError) {
  PcapFile file;
  Talk(file, 1'001).shake().says(hello);
  const Outcome outcome = run({file.path()}, file.path() / "below");
  EXPECT_EQ(outcome.code, exit_failed);
  EXPECT_NE(outcome.err.find((file.path() / "below").string()), std::string::npos) << outcome.err;
}

TEST(Replay, ClocksThatJumpEitherWayDoNotKeepItBusy) {
  PcapFile file;
  Talk talk(file, 1'001);
  talk.shake();
  file.wait(std::chrono::hours(24 * 365 * 20));
  talk.says(hello);
  file.wait(-std::chrono::hours(24 * 365 * 30));
  talk.hears(answer);
  const ScratchDirectory scratch;
  EXPECT_EQ(run({file.path()}, scratch.path()).code, exit_fine);
  EXPECT_EQ(content_of(scratch.path() / "1.to_client.bin"), answer);
}

AuditEvent blocked_file() {
  AuditEvent event;
  event.event = AuditKind::transfer;
  event.action = Action::block;
  event.rule = "default";
  event.reason = "offer";
  event.kind = msnp::Kind::file_transfer;
  event.direction = msnp::Direction::to_server;
  event.user = "ann@corp.example";
  event.peers = {"ben@agency.example", "eve@agency.example"};
  event.file = AuditEvent::File{{"plan\x1b[31m\xE2\x80\xAE"
                                 "cod.exe"},
                                48'231};
  event.form = msnp::Form::p2p_v1;
  return event;
}

TEST(DecisionPrinter, ARowTellsWhoWhatAndWhyAndCannotPaintTheTerminal) {
  std::ostringstream out;
  DecisionPrinter printer(out, ReplayFormat::text);
  EXPECT_TRUE(printer.record(blocked_file()));
  const std::string text = out.str();
  for (const std::string_view part :
       {"ann@corp.example -> ben@agency.example,eve@agency.example", "send", "file-transfer", "48231",
        "p2p-v1", "block", "default (offer)", "cod.exe"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " in\n" << text;
  }
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find("\xE2\x80\xAE"), std::string::npos);
  EXPECT_TRUE(printer.record(blocked_file()));
  EXPECT_EQ(printer.printed(), 2U);
}

TEST(DecisionPrinter, SessionsAndPoliciesAreNoDecisions) {
  std::ostringstream out;
  DecisionPrinter printer(out, ReplayFormat::json);
  AuditEvent event;
  event.event = AuditKind::session;
  EXPECT_TRUE(printer.record(event));
  event.event = AuditKind::policy;
  EXPECT_TRUE(printer.record(event));
  EXPECT_EQ(out.str(), "");
  EXPECT_TRUE(printer.record(blocked_file()));
  EXPECT_EQ(out.str().back(), '\n');
  EXPECT_EQ(printer.printed(), 1U);
}

TEST(DecisionPrinter, AnOutputThatTakesNoMoreIsNotRecordedTo) {
  std::ostringstream out;
  out.setstate(std::ios::badbit);
  DecisionPrinter printer(out, ReplayFormat::text);
  EXPECT_FALSE(printer.record(blocked_file()));
  EXPECT_TRUE(printer.failed());
  EXPECT_EQ(printer.printed(), 0U);
}

}  // namespace
}  // namespace gate
