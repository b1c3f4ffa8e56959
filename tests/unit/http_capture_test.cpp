// The HTTP gateway as libpurple and Escargot used it (captures/purple/msnp18-http-text.pcap): cut anywhere,
// into segments or into bodies, it stays what it was.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "tests/support/captured_web.hpp"
#include "tests/support/http_readings.hpp"
#include "tests/support/http_rig.hpp"

namespace {

using namespace gate::test;
using gate::Action;
using msnp::Direction;

constexpr std::array both_ways{Direction::to_server, Direction::to_client};
using Streams = std::map<std::string, std::array<std::string, 2>>;

class Web {
 public:
  explicit Web(Action fallback = Action::block) : rig_(policy_with(fallback)) {}

  void feed(const WebSegment& segment) {
    auto& connection = connections_[segment.connection];
    if (connection == nullptr) connection = rig_.connect();
    connection->feed(segment.direction, segment.bytes);
    EXPECT_FALSE(connection->closed());
    for (const Direction direction : both_ways) {
      const std::string left =
          direction == Direction::to_server ? connection->to_server() : connection->to_client();
      sent[segment.connection][static_cast<std::size_t>(direction)] += left;
    }
  }
  [[nodiscard]] const RememberingSink& audit() const { return rig_.audit; }

  std::map<std::size_t, std::array<std::string, 2>> sent;  // by connection

 private:
  HttpRig rig_;
  std::map<std::size_t, std::unique_ptr<HttpRig::Connection>> connections_;
};

std::map<std::size_t, std::array<std::string, 2>> came() {
  std::map<std::size_t, std::array<std::string, 2>> bytes;
  for (const WebSegment& segment : captured_web()) {
    bytes[segment.connection][static_cast<std::size_t>(segment.direction)] += segment.bytes;
  }
  return bytes;
}

/// Whole messages of the capture, in the order of their last bytes.
struct Message {
  std::size_t connection = 0;
  Direction direction = Direction::to_server;
  HttpMessage http;
};
std::vector<Message> messages() {
  std::map<std::size_t, HttpReading> readings;
  std::vector<Message> all;
  for (const WebSegment& segment : captured_web()) {
    HttpReading& reading = readings.try_emplace(segment.connection, HttpHabits{}).first->second;
    for (HttpMessage& one : reading.read(segment.direction, segment.bytes)) {
      all.push_back({segment.connection, segment.direction, std::move(one)});
    }
  }
  return all;
}

std::string with_body(const std::string& head, const std::string& body) {
  const std::size_t at = head.find("Content-Length: ") + 16;
  return head.substr(0, at) + std::to_string(body.size()) + head.substr(head.find("\r\n", at)) + body;
}

/// The streams of the sessions in what left.
Streams streams_of(const std::vector<WebSegment>& left) {
  std::map<std::size_t, HttpReading> readings;
  Streams streams;
  for (const WebSegment& segment : left) {
    HttpReading& reading = readings.try_emplace(segment.connection, HttpHabits{}).first->second;
    for (const HttpMessage& one : reading.read(segment.direction, segment.bytes)) {
      streams[one.session][static_cast<std::size_t>(segment.direction)] += one.body;
    }
  }
  return streams;
}

TEST(HttpCapture, HoldsWhatItIsSupposedToHold) {
  std::size_t gateway = 0;
  std::size_t longest = 0;
  for (const Message& message : messages()) {
    gateway += message.http.gateway ? 1 : 0;
    longest = std::max(longest, message.http.body.size());
  }
  EXPECT_GT(gateway, 20U);
  EXPECT_GT(longest, 500U);
}

TEST(HttpCapture, AnySegmentationLeavesEveryByteAsItWas) {
  const auto wanted = came();
  std::size_t longest = 0;
  for (const WebSegment& segment : captured_web()) longest = std::max(longest, segment.bytes.size());
  // In each run every segment is cut at its own place; after as many runs as the longest has bytes, all were
  // cut at every byte.
  for (std::size_t run = 0; run < longest; ++run) {
    Web web;
    for (const WebSegment& segment : captured_web()) {
      const std::size_t cut = run % segment.bytes.size();
      web.feed({segment.connection, segment.direction, segment.bytes.substr(0, cut)});
      web.feed({segment.connection, segment.direction, segment.bytes.substr(cut)});
    }
    ASSERT_TRUE(web.sent == wanted) << run;
    ASSERT_TRUE(web.audit().events.empty()) << run;
  }
}

TEST(HttpCapture, EveryBodyCutInTwoAtAnyByteMakesTheSameStreams) {
  const std::vector<Message> all = messages();
  std::size_t longest = 0;
  for (const Message& message : all) longest = std::max(longest, message.http.body.size());
  Streams wanted;
  for (const Message& message : all) {
    wanted[message.http.session][static_cast<std::size_t>(message.direction)] += message.http.body;
  }
  for (std::size_t run = 1; run < longest; ++run) {
    Web web;
    std::vector<WebSegment> left;
    std::map<std::size_t, std::array<std::size_t, 2>> taken;
    const auto feed = [&](const Message& message, const std::string& bytes) {
      web.feed({message.connection, message.direction, bytes});
      for (const Direction direction : both_ways) {
        const auto lane = static_cast<std::size_t>(direction);
        std::size_t& from = taken[message.connection][lane];
        const std::string& sent = web.sent[message.connection][lane];
        if (sent.size() > from) left.push_back({message.connection, direction, sent.substr(from)});
        from = sent.size();
      }
    };
    for (std::size_t i = 0; i < all.size(); ++i) {
      const Message& message = all[i];
      const bool request = message.direction == Direction::to_server;
      // An opening has no session yet that could have two requests.
      const bool cuts =
          !message.http.session.empty() && message.http.body.size() > 1 &&
          (request ||
           std::any_of(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(i), [&](const Message& before) {
             return before.direction == message.direction && before.http.session == message.http.session;
           }));
      if (!cuts) {
        feed(message, message.http.head + message.http.body);
        continue;
      }
      const std::size_t cut = 1 + run % (message.http.body.size() - 1);
      Message other = message;  // of the other direction, without a body
      other.direction = opposite(message.direction);
      feed(message, with_body(message.http.head, message.http.body.substr(0, cut)));
      if (request) {
        feed(other, "HTTP/1.1 200 OK\r\nX-MSN-Messenger: SessionID=" + message.http.session +
                        ".1; GW-IP=10.0.0.1\r\nContent-Length: 0\r\n\r\n");
      } else {
        feed(other, "POST /gateway/gateway.dll?Action=poll&SessionID=" + message.http.session +
                        ".1 HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
      }
      feed(message, with_body(message.http.head, message.http.body.substr(cut)));
    }
    ASSERT_TRUE(streams_of(left) == wanted) << run;
    ASSERT_TRUE(web.audit().events.empty()) << run;
  }
}

}  // namespace
