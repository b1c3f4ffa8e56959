// Polls through a relay as clients of the HTTP gateway do, and measures what the relay spends: one connection
// a session, kept alive, one empty poll every two seconds, spread evenly. Load and fake server are one
// thread. Every answer is compared; prints one JSON object.
//
//   http_load RELAY_PORT SERVER_PORT RELAY_PID SESSIONS SECONDS CORE
#include <sys/resource.h>
#include <sys/socket.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "event_loop.hpp"
#include "machine.hpp"

namespace bench {
namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t poll_interval = 2 * second;
constexpr std::int64_t patience = 30 * second;
constexpr std::size_t digits = 6;

std::string numbered(unsigned number) {
  std::string text = std::to_string(number);
  return std::string(digits - text.size(), '0') + text;
}

std::string request(const std::string& query, const std::string& body) {
  return "POST http://gateway.example/gateway/gateway.dll?" + query +
         " HTTP/1.1\r\nAccept: */*\r\nAccept-Language: en-us\r\nUser-Agent: MSMSGS\r\nHost: "
         "gateway.example\r\n"
         "Proxy-Connection: Keep-Alive\r\nConnection: Keep-Alive\r\nPragma: no-cache\r\n"
         "Content-Type: application/x-msn-messenger\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string answer(const std::string& session, const std::string& body) {
  return "HTTP/1.1 200 OK\r\nX-MSN-Messenger: SessionID=" + session +
         ".1; GW-IP=127.0.0.1\r\nContent-Type: application/x-msn-messenger\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

/// What session `number` says and hears.
struct Words {
  explicit Words(unsigned number)
      : open(request("Action=open&Server=SB&IP=" + numbered(number),
                     "USR 1 u" + numbered(number) + "@x.example 1.2\r\n")),
        opened(answer(numbered(number), "USR 1 OK u" + numbered(number) + "@x.example U\r\n")),
        poll(request("Action=poll&SessionID=" + numbered(number) + ".1", "")),
        polled(answer(numbered(number), "")) {}
  std::string open, opened, poll, polled;
};

/// A whole message at the front of `bytes`: its first line and its body. HAProxy writes headers anew, in
/// small letters, so nothing else can be compared.
struct Message {
  std::size_t size = 0;  // 0: not complete
  std::string_view first;
  std::string_view body;
};

Message message_of(std::string_view bytes) {
  const std::size_t head = bytes.find("\r\n\r\n");
  if (head == std::string_view::npos) return {};
  constexpr std::string_view name = "ength: ";  // of Content-Length and content-length
  const std::size_t length = bytes.find(name);
  if (length > head) give_up("a message without a length");
  const auto body = static_cast<std::size_t>(std::atoi(bytes.data() + length + name.size()));
  const std::size_t size = head + 4 + body;
  if (bytes.size() < size) return {};
  return {size, bytes.substr(0, bytes.find("\r\n")), bytes.substr(head + 4, body)};
}

struct Tally {
  std::size_t opened = 0;
  std::size_t polls = 0;
  std::size_t polled = 0;
};

class Client final : public Peer {
 public:
  Client(EventLoop& loop, std::uint16_t port, unsigned number, Tally& tally)
      : Peer(loop, connect_to(port, number)), words_(number), tally_(tally) {
    send(words_.open);
  }
  void poll() {
    if (!expected().empty()) return;  // the answer of the last one is late
    ++tally_.polls;
    polling_ = true;
    send(words_.poll);
  }

 private:
  [[nodiscard]] std::string_view expected() const {
    if (!opened_) return words_.opened;
    return polling_ ? std::string_view(words_.polled) : std::string_view();
  }
  void on_readable() override {
    bool ended = false;
    received_ += receive(ended);
    if (ended) give_up("the relay closed a connection");
    const Message got = message_of(received_);
    if (got.size == 0) return;
    const Message wanted = message_of(expected());
    if (got.first != wanted.first || got.body != wanted.body) give_up("another answer than was sent");
    received_.erase(0, got.size);
    if (opened_) {
      ++tally_.polled;
      polling_ = false;
    } else {
      ++tally_.opened;
      opened_ = true;
    }
  }

  const Words words_;
  Tally& tally_;
  std::string received_;
  bool opened_ = false;
  bool polling_ = false;
};

class Server final : public Peer {
 public:
  using Peer::Peer;

 private:
  void on_readable() override {
    bool ended = false;
    received_ += receive(ended);
    for (;;) {
      const Message got = message_of(received_);
      if (got.size == 0) break;
      const bool opens = got.first.find("Action=open") != std::string_view::npos;
      const std::size_t name = got.first.find(opens ? "IP=" : "SessionID=") + (opens ? 3 : 10);
      const Words words(
          static_cast<unsigned>(std::atoi(std::string(got.first.substr(name, digits)).c_str())));
      const Message wanted = message_of(opens ? words.open : words.poll);
      if (got.first != wanted.first || got.body != wanted.body) give_up("another request than was sent");
      send(opens ? words.opened : words.polled);
      received_.erase(0, got.size);
    }
    if (ended) close();
  }

  std::string received_;
};

class Acceptor final : public Peer {
 public:
  Acceptor(EventLoop& loop, std::uint16_t port) : Peer(loop, listen_on(port)) {}

 private:
  void on_readable() override {
    for (;;) {
      const int taken = ::accept4(fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (taken < 0) return;
      loop().add<Server>(taken);
    }
  }
};

double settled_memory(EventLoop& loop, pid_t relay) {
  const std::int64_t end = now_ns() + second;
  while (now_ns() < end) loop.turn(50);
  return static_cast<double>(resident_bytes(relay));
}

void run(std::uint16_t relay_port, std::uint16_t server_port, pid_t relay, unsigned sessions,
         double seconds) {
  constexpr unsigned at_once = 100;
  EventLoop loop;
  Tally tally;
  loop.add<Acceptor>(server_port);
  const double empty = settled_memory(loop, relay);
  std::vector<Client*> clients;
  const std::int64_t deadline = now_ns() + patience;
  while (tally.opened < sessions) {
    if (now_ns() > deadline) give_up("too slow: opening");
    while (clients.size() < sessions && clients.size() < tally.opened + at_once) {
      clients.push_back(&loop.add<Client>(relay_port, static_cast<unsigned>(clients.size()), tally));
    }
    loop.turn(10);
  }
  // One round to warm up, then what is measured.
  std::size_t next = 0;
  const std::int64_t start = now_ns();
  const auto poll_due = [&] {
    const auto due = static_cast<std::size_t>(static_cast<double>(now_ns() - start) /
                                              static_cast<double>(poll_interval) * sessions);
    for (; next < due; ++next) clients[next % sessions]->poll();
    loop.turn(1);
  };
  while (now_ns() < start + poll_interval) poll_due();
  const std::size_t before = tally.polled;
  const Usage began = Usage::now(relay);
  const std::int64_t end = began.wall + static_cast<std::int64_t>(seconds * second);
  while (now_ns() < end) poll_due();
  const Usage usage = Usage::now(relay).since(began);
  const std::size_t polled = tally.polled - before;
  const std::int64_t late = now_ns() + patience;
  while (tally.polled < tally.polls) {
    if (now_ns() > late) give_up("polls without an answer");
    loop.turn(10);
  }
  const double held = settled_memory(loop, relay) - empty;
  std::printf(
      "{\"wall_ns\": %lld, \"relay_ns\": %lld, \"load_ns\": %lld, \"foreign_cores\": %.3f, \"sessions\": %u, "
      "\"polls\": %zu, \"bytes_per_session\": %.0f}\n",
      static_cast<long long>(usage.wall), static_cast<long long>(usage.relay),
      static_cast<long long>(usage.load), usage.foreign_cores(), sessions, polled, held / sessions);
}

}  // namespace
}  // namespace bench

int main(int count, char** arguments) {
  constexpr int words = 7;
  if (count != words) {
    std::fputs("usage: http_load RELAY_PORT SERVER_PORT RELAY_PID SESSIONS SECONDS CORE\n", stderr);
    return 2;
  }
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
  if (!bench::pin_to_core(std::atoi(arguments[6]))) bench::give_up("cannot stay on that core");
  bench::run(static_cast<std::uint16_t>(std::atoi(arguments[1])),
             static_cast<std::uint16_t>(std::atoi(arguments[2])), std::atoi(arguments[3]),
             static_cast<unsigned>(std::atoi(arguments[4])), std::atof(arguments[5]));
  return 0;
}
