#include "tests/fuzz/http_stage.hpp"

#include <algorithm>

#include "tests/support/http_rig.hpp"

namespace fuzz {
namespace {

using gate::test::gateway_answer;
using gate::test::gateway_request;
using msnp::Direction;

constexpr std::size_t sessions = 2;
constexpr std::size_t nobody = sessions;  // an ordinary request

enum class Carriage : std::uint8_t {
  sized,
  chunked,
  in_small_chunks,
  two_bodies,
  wild,      // the bytes are on the wire as they are
  ordinary,  // the body of a message that is none of the gateway's
  expecting,
  lower_case,
};

struct Road {
  explicit Road(std::uint8_t byte)
      : connection((byte & 3U) % web_connections),
        session(byte >> 2U & 1U),
        carriage(static_cast<Carriage>(byte >> 3U & 7U)),
        odd((byte & 0x40U) != 0) {}
  std::size_t connection, session;
  Carriage carriage;
  bool odd;
};

std::string in_chunks(std::string_view body, std::size_t piece) {
  std::string text;
  for (; !body.empty(); body.remove_prefix(std::min(piece, body.size()))) {
    const std::string_view one = body.substr(0, piece);
    std::string hex;
    for (std::size_t rest = one.size(); rest != 0; rest /= 16)
      hex.insert(0, 1, "0123456789aBcDeF"[rest % 16]);
    text.append(hex).append("\r\n").append(one).append("\r\n");
  }
  return text + "0\r\n\r\n";
}

/// `message` with its body carried otherwise.
std::string carried(const std::string& message, Carriage carriage) {
  const std::size_t length = message.find("Content-Length: ");
  const std::size_t length_end = message.find("\r\n", length);
  const std::size_t body = message.find("\r\n\r\n") + 4;
  const auto with = [&](const std::string& header, const std::string& text) {
    return message.substr(0, length) + header + message.substr(length_end, body - length_end) + text;
  };
  switch (carriage) {
    case Carriage::chunked:
      return with("Transfer-Encoding: chunked", in_chunks(message.substr(body), std::string::npos));
    case Carriage::in_small_chunks:
      return with("transfer-encoding:Chunked", in_chunks(message.substr(body), 7));
    case Carriage::expecting:
      if (!message.starts_with("POST")) return message;
      return with("Expect: 100-continue\r\n" + message.substr(length, length_end - length),
                  message.substr(body));
    case Carriage::lower_case:
      return with("content-length:\t" + std::to_string(message.size() - body) + " ", message.substr(body));
    default:
      return message;
  }
}

class Stage {
 public:
  explicit Stage(bool on_switchboard) {
    for (const std::size_t session : {std::size_t{0}, std::size_t{1}}) open(session, on_switchboard);
    play_.opening = std::exchange(play_.arrivals, {});
  }

  void say(const Road& road, Direction direction, const std::string& bytes) {
    if (road.carriage == Carriage::wild) {
      play_.wild = true;
      return arrive(road.connection, direction, bytes);
    }
    if (road.carriage == Carriage::ordinary) return say_ordinary(road, direction, bytes);
    play_.one_session = play_.one_session && road.session == 0;
    const std::size_t half = road.carriage == Carriage::two_bodies ? bytes.size() / 2 : bytes.size();
    say_body(road, direction, bytes.substr(0, half));
    if (half < bytes.size()) say_body(road, direction, bytes.substr(half));
  }
  void pass(msnp::Moment later) {
    play_.arrivals.push_back({0, Direction::to_server, {}, later});
    play_.stream.push_back({Direction::to_server, {}, later});
  }
  [[nodiscard]] WebPlay play() {
    for (std::size_t connection = 0; connection < web_connections; ++connection) answer_all(connection);
    return std::move(play_);
  }

 private:
  static std::string name_of(std::size_t session) { return session == 0 ? "7" : "8"; }

  void arrive(std::size_t connection, Direction direction, const std::string& bytes) {
    play_.arrivals.push_back({connection, direction, bytes});
  }
  void open(std::size_t session, bool on_switchboard) {
    const std::string name = name_of(session);
    arrive(session, Direction::to_server,
           on_switchboard
               ? gateway_request("Action=open&Server=SB&IP=10.77.0.1", "USR 1 alice@example.com 1234.56\r\n")
               : gateway_request("Action=open&Server=NS&IP=m.example",
                                 "VER 1 MSNP18 CVR0\r\nUSR 2 SSO I alice@example.com\r\n"));
    arrive(session, Direction::to_client,
           gateway_answer(name + ".1", on_switchboard
                                           ? "USR 1 OK alice@example.com Me\r\nJOI bob@example.org Bob\r\n"
                                           : "VER 1 MSNP18\r\nUSR 2 OK alice@example.com 1 0\r\n"));
  }

  void ask(std::size_t connection, std::size_t session, const std::string& request) {
    arrive(connection, Direction::to_server, request);
    asked_[connection].push_back(session);
  }
  void answer_first(std::size_t connection, const std::string& body = {},
                    Carriage carriage = Carriage::sized) {
    const std::size_t session = asked_[connection].front();
    asked_[connection].pop_front();
    if (session == nobody) {
      return arrive_ordinary(connection, Direction::to_client, "HTTP/1.1 200 OK\r\nContent-Length: ", body);
    }
    arrive(connection, Direction::to_client,
           carried(gateway_answer(name_of(session) + ".2", body), carriage));
  }
  void answer_all(std::size_t connection) {
    while (!asked_[connection].empty()) answer_first(connection);
  }

  void say_body(const Road& road, Direction direction, const std::string& body) {
    if (road.session == 0) play_.stream.push_back({direction, body});
    if (direction == Direction::to_server) {
      // One request of a session at once, unless on the same connection.
      for (std::size_t other = 0; other < web_connections; ++other) {
        const auto& asked = asked_[other];
        if (other != road.connection && std::count(asked.begin(), asked.end(), road.session) != 0) {
          answer_all(other);
        }
      }
      return ask(road.connection, road.session,
                 carried(gateway_request("SessionID=" + name_of(road.session) + ".1", body), road.carriage));
    }
    answer_all(road.connection);
    const std::string query = road.odd ? "Lifespan=3&Action=poll&" : "Action=poll&";
    ask(road.connection, road.session,
        gateway_request(query + "SessionID=" + name_of(road.session) + ".1", ""));
    answer_first(road.connection, body, road.carriage);
  }
  void arrive_ordinary(std::size_t connection, Direction direction, const std::string& head,
                       const std::string& body) {
    const std::string message = head + std::to_string(body.size()) + "\r\n\r\n" + body;
    play_.ordinary[connection][static_cast<std::size_t>(direction)].push_back(message);
    arrive(connection, direction, message);
  }
  void say_ordinary(const Road& road, Direction direction, const std::string& body) {
    const bool to_server = direction == Direction::to_server;
    if (!to_server) answer_all(road.connection);
    arrive_ordinary(road.connection, Direction::to_server,
                    std::string(road.odd ? "PUT /x" : "POST http://h.example/y?SessionID=7.1") +
                        " HTTP/1.1\r\nHost: h.example\r\nContent-Length: ",
                    to_server ? body : "");
    asked_[road.connection].push_back(nobody);
    if (!to_server) answer_first(road.connection, body);
  }

  WebPlay play_;
  std::array<std::deque<std::size_t>, web_connections> asked_;  // not yet answered
};

}  // namespace

WebPlay play_of(const FilterScript& script) {
  Stage stage(script.on_switchboard());
  Bridges bridges;
  for (std::size_t i = 0; i < script.chunks.size(); ++i) {
    Chunk chunk = script.chunks[i];
    if (chunk.shape == Shape::time) {
      stage.pass((chunk.variant & 1U) != 0 ? 60'001 : 1'000);
      continue;
    }
    if (chunk.bytes.empty()) continue;
    const Road road(static_cast<std::uint8_t>(chunk.bytes.front()));
    chunk.bytes.erase(0, 1);
    const std::string bytes = wire_of(chunk, i, script.on_switchboard(), bridges);
    stage.say(road, chunk.direction, bytes);
  }
  return stage.play();
}

}  // namespace fuzz
