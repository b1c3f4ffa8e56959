#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <thread>

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

/// A collector on loopback.
class SyslogOutlets : public testing::Test {
 protected:
  void listen(To to) {
    const bool datagrams = to == To::syslog_udp;
    socket_ = Descriptor(::socket(AF_INET, (datagrams ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ASSERT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
    ASSERT_EQ(::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    if (!datagrams) {
      ASSERT_EQ(::listen(socket_.get(), 4), 0);
    }
    settings_.to = to;
    settings_.host = "127.0.0.1";
    settings_.port = std::to_string(ntohs(address.sin_port));
  }
  [[nodiscard]] Descriptor accepted() const {
    return Descriptor(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  }
  /// What comes next, up to `size` bytes.
  static std::string read(const Descriptor& from, std::size_t size) {
    std::string text(size, '\0');
    const ssize_t got = ::recv(from.get(), text.data(), text.size(), 0);
    text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return text;
  }
  static std::string line_of(std::uint64_t seq, std::size_t detail = 0) {
    AuditEvent event = test::file_event("ann@corp.example", "plan.doc");
    event.detail.assign(detail, 'd');
    return to_json_line(event, seq, "01ARYZ6S41TSV4RRFFQ69G5FAV");
  }
  /// Until the other side has taken everything; loopback needs no time worth waiting for.
  static void wait_delivered(AuditOutlet& outlet) {
    while (!outlet.delivered()) std::this_thread::yield();
  }
  template <class Work>
  static std::string complaint(Work work) {
    try {
      work();
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "none";
  }

  AuditExportSettings settings_;
  Descriptor socket_;
};

TEST_F(SyslogOutlets, UdpSendsOneDatagramARecord) {
  listen(To::syslog_udp);
  const auto outlet = make_outlet(settings_);
  outlet->open();
  const std::string line = line_of(17);
  outlet->send(*record_of(line), false);
  EXPECT_TRUE(outlet->delivered());
  const std::string message = read(socket_, 65'536);
  EXPECT_THAT(message, testing::StartsWith("<133>1 2026-11-22T16:02:20.000000Z "));
  EXPECT_TRUE(message.ends_with(line.substr(0, line.size() - 1))) << message;
  EXPECT_GT(outlet->doubt().count(), 0) << "who takes datagrams says nothing";
}

TEST_F(SyslogOutlets, WhatIsTooLongForADatagramIsCutAndSaysSo) {
  listen(To::syslog_udp);
  const auto outlet = make_outlet(settings_);
  outlet->open();
  const std::string line = R"({"time":"2026-11-22T16:02:20.000000Z","seq":17,"event":"failure","detail":")" +
                           std::string(70'000, 'd') + R"(","hash":"abc"})";
  outlet->send(*record_of(line), false);
  EXPECT_TRUE(read(socket_, 65'536)
                  .ends_with(R"(] {"time":"2026-11-22T16:02:20.000000Z","seq":17,"cut":true,"hash":"abc"})"));
}

TEST_F(SyslogOutlets, UdpHearsThatNobodyIsThere) {
  listen(To::syslog_udp);
  const auto outlet = make_outlet(settings_);
  outlet->open();
  socket_ = Descriptor();
  const std::string line = line_of(17);
  EXPECT_THAT(complaint([&] {
                for (int i = 0; i < 1000; ++i) {
                  outlet->send(*record_of(line), false);
                  (void)outlet->delivered();
                }
              }),
              HasSubstr("Connection refused"));
}

// RFC 6587, 3.4.1.
TEST_F(SyslogOutlets, TcpCountsTheOctetsOfEachMessage) {
  listen(To::syslog_tcp);
  const auto outlet = make_outlet(settings_);
  outlet->open();
  const Descriptor collector = accepted();
  for (const std::uint64_t seq : {std::uint64_t{17}, std::uint64_t{18}}) {
    const std::string line = line_of(seq);
    outlet->send(*record_of(line), seq == 18);
    const std::string message = read(collector, 65'536);
    const std::size_t space = message.find(' ');
    EXPECT_EQ(message.substr(0, space), std::to_string(message.size() - space - 1));
    EXPECT_TRUE(message.ends_with(line.substr(0, line.size() - 1)));
    EXPECT_EQ(message.find("resent=\"1\"") != std::string::npos, seq == 18);
  }
  wait_delivered(*outlet);
}

TEST_F(SyslogOutlets, AWordOfTheCollectorIsIgnoredAndItsEndIsNot) {
  listen(To::syslog_tcp);
  const auto outlet = make_outlet(settings_);
  outlet->open();
  Descriptor collector = accepted();
  ASSERT_EQ(::send(collector.get(), "hello", 5, 0), 5);
  wait_delivered(*outlet);
  collector = Descriptor();
  EXPECT_EQ(complaint([&] {
              for (;;) (void)outlet->delivered();
            }),
            "has closed the connection");
}

TEST_F(SyslogOutlets, ACollectorThatResetsIsGone) {
  listen(To::syslog_tcp);
  const auto outlet = make_outlet(settings_);
  outlet->open();
  const std::string line = line_of(17);
  {
    const Descriptor collector = accepted();
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(collector.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }
  EXPECT_THAT(complaint([&] {
                for (;;) {
                  (void)outlet->delivered();
                  outlet->send(*record_of(line), false);
                }
              }),
              testing::AnyOf(HasSubstr("is gone: "), HasSubstr("cannot be sent to: ")));
}

TEST_F(SyslogOutlets, ACollectorThatTakesNothingIsLetGoWhenTheGatewayEnds) {
  listen(To::syslog_tcp);
  const auto outlet = make_outlet(settings_);
  outlet->open();
  const Descriptor collector = accepted();
  const std::string line = line_of(17, 3000);
  std::thread sender([&] {
    EXPECT_THAT(complaint([&] {
                  for (;;) outlet->send(*record_of(line), false);
                }),
                HasSubstr("cannot be sent to: "));
  });
  outlet->interrupt();
  sender.join();
}

TEST_F(SyslogOutlets, WhoCannotBeReachedIsAnErrorWithItsCause) {
  listen(To::syslog_tcp);
  socket_ = Descriptor();
  EXPECT_EQ(complaint([&] { make_outlet(settings_)->open(); }), "cannot be reached: Connection refused");
  settings_.host = "collector.invalid";
  EXPECT_THAT(complaint([&] { make_outlet(settings_)->open(); }), HasSubstr("cannot be found: "));
}

TEST_F(SyslogOutlets, TlsWantsAFileThatCanBeReadAndAnOtherSideThatSpeaksIt) {
  const test::AuditDirectory files;
  const auto fault_of = [&] {
    listen(To::syslog_tls);
    std::thread collector([this] {
      const Descriptor taken = accepted();
      (void)::send(taken.get(), "no TLS here\n", 12, MSG_NOSIGNAL);
      (void)read(taken, 4096);
    });
    const std::string fault = complaint([&] { make_outlet(settings_)->open(); });
    collector.join();
    return fault;
  };
  EXPECT_THAT(fault_of(), testing::StartsWith("TLS: "));
  settings_.ca = files.path() / "absent.pem";
  EXPECT_THAT(fault_of(), HasSubstr("TLS: the CA file cannot be read"));
  settings_.ca.clear();
  settings_.certificate = files.path() / "absent.pem";
  EXPECT_THAT(fault_of(), HasSubstr("TLS: the certificate or its key cannot be read"));
}

}  // namespace
}  // namespace gate
