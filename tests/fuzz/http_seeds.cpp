// Seeds of the targets around the conversations: the HTTP gateway, the admin server, the audit log.
#include <algorithm>

#include "tests/fuzz/filter_script.hpp"
#include "tests/fuzz/seeds.hpp"
#include "tests/support/captured_web.hpp"

namespace fuzz {
namespace {

using msnp::Direction;

constexpr unsigned wild = 4;
constexpr unsigned carriages = 8;

std::string road(std::size_t connection, unsigned carriage, unsigned session = 0) {
  return std::string(1, static_cast<char>(connection | session << 2U | carriage << 3U));
}

/// The segments of the capture, as many to a seed as a script may have.
void add_captured(std::vector<std::string>& seeds) {
  constexpr std::size_t most = 60;
  FilterScript script{0, {}};
  for (const auto& segment : gate::test::captured_web()) {
    script.chunks.push_back(
        {segment.direction, Shape::raw, 0, road(2 - segment.connection % 2, wild) + segment.bytes});
    if (script.chunks.size() == most) {
      seeds.push_back(write_script(script));
      script.chunks.clear();
    }
  }
  seeds.push_back(write_script(script));
}

/// What two readers of HTTP could cut differently, in front of what the gate must not let through.
void add_smuggled(std::vector<std::string>& seeds) {
  const std::string hidden =
      "POST /gateway/gateway.dll?SessionID=7.1 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nOUT\r\n";
  const std::string size = std::to_string(hidden.size());
  for (const std::string& head : std::vector<std::string>{
           "Content-Length: 0\r\nContent-Length: " + size,
           "Content-Length: " + size + "\r\nContent-Length: 0",
           "Content-Length: " + size + "\r\nTransfer-Encoding: chunked",
           "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\nContent-Length: " + size,
           "Content-Length: " + size + "\n\tX", "X: y\nContent-Length: " + size,
           "Transfer-Encoding:\013chunked", "Content-Length : " + size, "Content-Length: +" + size,
           "Transfer-Encoding: chunked"}) {
    const std::string end = head.find("hunked") != std::string::npos ? "0\r\n\r\n" : "";
    std::string request = "POST /x HTTP/1.1\r\nHost: h\r\n";
    request.append(head).append("\r\n\r\n").append(end).append(hidden);
    FilterScript script{0, {}};
    script.chunks.push_back({Direction::to_server, Shape::raw, 0, road(2, wild).append(request)});
    script.chunks.push_back({Direction::to_client, Shape::raw, 0,
                             road(2, wild) + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"});
    seeds.push_back(write_script(script));
  }
  FilterScript tunnel{0, {}};
  tunnel.chunks = {{Direction::to_server, Shape::raw, 0,
                    road(2, wild) + "CONNECT m.example:1863 HTTP/1.1\r\nHost: m.example\r\n\r\n"},
                   {Direction::to_client, Shape::raw, 0, road(2, wild) + "HTTP/1.1 200 OK\r\n\r\n"},
                   {Direction::to_server, Shape::raw, 0, road(2, wild) + "VER 1 MSNP18 CVR0\r\n"}};
  seeds.push_back(write_script(tunnel));
}

}  // namespace

std::vector<std::string> seeds_over_http() {
  std::vector<std::string> seeds;
  unsigned number = 0;
  for (const std::string& bytes : seeds_of("filter")) {
    FilterScript script = read_script(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    if ((script.setting & 0x0EU) != 0) continue;
    const unsigned carriage = number++ % carriages;
    std::size_t connection = 0;
    for (Chunk& chunk : script.chunks) {
      // Correct HTTP for all of it, on one connection or on every connection in turn.
      chunk.bytes.insert(0, road(carriage % 2 == 0 ? 0 : connection++ % 3, carriage == wild ? 0 : carriage));
    }
    seeds.push_back(write_script(script));
  }
  add_captured(seeds);
  add_smuggled(seeds);
  return seeds;
}

std::vector<std::string> seeds_for_admin() {
  using namespace std::string_literals;
  const std::string host = "Host: gate.example:9863\r\n";
  return {
      "\0GET /api/v1/events?user=ann%40corp.example&limit=5 HTTP/1.1\r\n"s + host + "\r\n",
      "\0POST /api/v1/grants HTTP/1.1\r\n"s + host +
          "Content-Type: application/json\r\nOrigin: http://gate.example:9863\r\nContent-Length: 2\r\n\r\n{}",
      "\0HEAD /livez HTTP/1.0\r\nHost: [::1]\r\nSec-Fetch-Site: cross-site\r\n\r\n"s,
      "\0POST /api/v1/reload HTTP/1.1\r\nHost: evil.example\r\nOrigin: null\r\n\r\n"s,
      "\1/api/v1/events?a=%41+b&&c=%&=x",
      "\1/api/v1/explain?user=a&user=b",
      "\2# tokens\nviewer 0123456789abcdef0123456789abcdef\nadmin fedcba9876543210fedcba9876543210\n\0Bearer "
      "0123456789abcdef0123456789abcdef"s,
      "\2admin short\n\0Basic x"s,
      "\3{\"user\":\"Ann@a.example\",\"peer\":\"*@b.example\",\"names\":[\"*.pdf\"],\"kinds\":[\"file-"
      "transfer\"],\"direction\":\"send\",\"max_size\":\"10MiB\",\"for\":\"30m\",\"once\":true}",
      "\3{\"user\":\"a@b\",\"for\":\"1m\",\"once\":1}",
  };
}

std::vector<std::string> seeds_for_audit() {
  using namespace std::string_literals;
  const std::string line =
      "{\"time\":\"2026-11-22T16:02:20.000000Z\",\"seq\":1,\"event\":\"transfer\",\"prev\":\"" +
      std::string(64, '0') + "\",\"hash\":\"" + std::string(64, 'a') + "\"}\n";
  return {
      "\0"s + line,
      "\1"s + line + line,
      std::string("\2\x50\x2A\x4D\x18\x10\0\0\0", 9)
          .append("40 200 2026 2026 ")
          .append("\x28\xB5\x2F\xFD\x20\x05\x29\0\0hello"s),
      "\3"s,
      "\3\0\x40\5\5alice"s,
      "\3\0\0\xFF\0"s,
      "\3\1\0\0\3\n\n\n"s,
  };
}

}  // namespace fuzz
