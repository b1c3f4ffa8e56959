#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/audit_json.hpp"
#include "proxy/audit_outlet.hpp"
#include "proxy/descriptor.hpp"
#include "tests/support/audit_files.hpp"

namespace gate {
namespace {

using testing::HasSubstr;
using To = AuditExportSettings::To;

std::string line_of(std::uint64_t seq, std::size_t detail = 0) {
  AuditEvent event = test::file_event("ann@corp.example", "plan.doc");
  event.detail.assign(detail, 'd');
  return to_json_line(event, seq, "01ARYZ6S41TSV4RRFFQ69G5FAV");
}

template <class Work>
std::string complaint(Work work) {
  try {
    work();
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "none";
}

class FileOutlets : public testing::Test {
 protected:
  FileOutlets() {
    settings_.to = To::file;
    settings_.path = files_.path() / "copy.jsonl";
  }
  void send(AuditOutlet& outlet, std::uint64_t seq) const {
    const std::string line = line_of(seq);
    outlet.send(*record_of(line), false);
  }
  test::AuditDirectory files_;
  AuditExportSettings settings_;
};

TEST_F(FileOutlets, HoldTheRecordsAsTheyAreInTheLog) {
  const auto outlet = make_outlet(settings_);
  outlet->open();
  EXPECT_EQ(outlet->received(), 0U);
  send(*outlet, 1);
  send(*outlet, 2);
  EXPECT_TRUE(outlet->delivered());
  EXPECT_EQ(outlet->doubt().count(), 0);
  outlet->close();
  EXPECT_EQ(test::text_of_file(settings_.path), line_of(1) + line_of(2));
}

TEST_F(FileOutlets, KnowWhichRecordIsTheLastInThem) {
  for (const AuditFormat format : {AuditFormat::json, AuditFormat::ecs}) {
    settings_.format = format;
    const auto outlet = make_outlet(settings_);
    outlet->open();
    send(*outlet, 41);
    send(*outlet, 42);
    outlet->close();
    outlet->open();
    EXPECT_EQ(outlet->received(), 42U);
    std::filesystem::remove(settings_.path);
  }
}

TEST_F(FileOutlets, APartOfALineThatACrashLeftIsTakenAway) {
  test::put_text(settings_.path, line_of(7) + line_of(8).substr(0, 30));
  const auto outlet = make_outlet(settings_);
  outlet->open();
  EXPECT_EQ(outlet->received(), 7U);
  EXPECT_EQ(test::text_of_file(settings_.path), line_of(7));
  test::put_text(settings_.path, line_of(8).substr(0, 30));
  outlet->open();
  EXPECT_EQ(outlet->received(), 0U);
  EXPECT_EQ(test::text_of_file(settings_.path), "");
}

TEST_F(FileOutlets, AFileOfSomethingElseIsGoneOnWithFromTheBeginning) {
  test::put_text(settings_.path, "something else\n");
  const auto outlet = make_outlet(settings_);
  outlet->open();
  EXPECT_EQ(outlet->received(), 0U);
}

TEST_F(FileOutlets, OfAVeryLongFileTheEndIsRead) {
  std::string text;
  for (std::uint64_t seq = 1; text.size() < 3 * 1024 * 1024; ++seq) text += line_of(seq, 60'000);
  const std::string last = line_of(777, 200'000);
  test::put_text(settings_.path, text + last);
  const auto outlet = make_outlet(settings_);
  outlet->open();
  EXPECT_EQ(outlet->received(), 777U);
  EXPECT_EQ(test::text_of_file(settings_.path).size(), text.size() + last.size());
}

TEST_F(FileOutlets, AFileThatIsMovedAwayIsMadeAnew) {
  const auto outlet = make_outlet(settings_);
  outlet->open();
  std::filesystem::rename(settings_.path, settings_.path.string() + ".1");
  EXPECT_EQ(complaint([&] { (void)outlet->delivered(); }), "was moved away");
  outlet->close();
  outlet->open();
  EXPECT_TRUE(outlet->delivered());
  std::filesystem::rename(settings_.path, settings_.path.string() + ".2");
  test::put_text(settings_.path, "");
  EXPECT_EQ(complaint([&] { (void)outlet->delivered(); }), "was moved away") << "another has its name";
}

TEST_F(FileOutlets, WhatTakesNothingIsAnErrorWithItsCause) {
  settings_.path = "/dev/full";
  const auto full = make_outlet(settings_);
  full->open();
  EXPECT_EQ(complaint([&] { send(*full, 1); }), "cannot be written: No space left on device");
  settings_.path = files_.path() / "no/such/directory";
  const auto absent = make_outlet(settings_);
  EXPECT_EQ(complaint([&] { absent->open(); }), "cannot be opened: No such file or directory");
}

/// A journal: a datagram socket with a name.
class JournalOutlets : public testing::Test {
 protected:
  JournalOutlets() : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    settings_.to = To::journald;
    settings_.path = files_.path() / "socket";
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, settings_.path.c_str(), sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  /// The next datagram; of an empty one the file that came with it.
  [[nodiscard]] std::string received() const {
    std::string text(1024 * 1024, '\0');
    iovec part{text.data(), text.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    ssize_t size = ::recvmsg(socket_.get(), &header, MSG_DONTWAIT);
    const cmsghdr* const rights = CMSG_FIRSTHDR(&header);
    if (rights != nullptr) {
      int number = -1;
      std::memcpy(&number, CMSG_DATA(rights), sizeof number);
      const Descriptor file{number};
      EXPECT_NE(::fcntl(number, F_GET_SEALS) & F_SEAL_WRITE, 0);
      size = ::pread(number, text.data(), text.size(), 0);
    }
    text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return text;
  }
  test::AuditDirectory files_;
  AuditExportSettings settings_;
  Descriptor socket_;
};

TEST_F(JournalOutlets, SendOneDatagramARecord) {
  const auto outlet = make_outlet(settings_);
  outlet->open();
  const std::string line = line_of(3);
  outlet->send(*record_of(line), true);
  EXPECT_EQ(received(), journal_message(*record_of(line), true));
  EXPECT_TRUE(outlet->delivered());
  outlet->interrupt();
  outlet->close();
}

TEST_F(JournalOutlets, WhatIsTooLargeForADatagramGoesAsASealedFile) {
  const int small = 8'192;
  const auto outlet = make_outlet(settings_);
  outlet->open();
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  const std::string huge =
      R"({"time":"x","seq":3,"event":"failure","detail":")" + std::string(240'000, 'd') + "\"}";
  outlet->send(*record_of(huge), false);
  EXPECT_TRUE(received() == journal_message(*record_of(huge), false));
}

TEST_F(JournalOutlets, AJournalThatIsAwayIsAnErrorWithItsCause) {
  const auto outlet = make_outlet(settings_);
  outlet->open();
  socket_ = Descriptor();
  const std::string line = line_of(3);
  EXPECT_THAT(complaint([&] { outlet->send(*record_of(line), false); }), HasSubstr("cannot be sent to: "));
  EXPECT_THAT(complaint([&] { outlet->open(); }), HasSubstr("cannot be reached: "));
  settings_.path = std::string(200, 'p');
  EXPECT_EQ(complaint([&] { make_outlet(settings_)->open(); }), "the path of the socket is too long");
}

}  // namespace
}  // namespace gate
