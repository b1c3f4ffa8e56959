#include "tests/support/captured_web.hpp"

#include <stdexcept>
#include <variant>

#include "proxy/capture.hpp"
#include "proxy/tcp_connections.hpp"

namespace gate::test {

const std::vector<WebSegment>& captured_web() {
  static const std::vector<WebSegment> segments = [] {
    auto opened = Capture::open(MSNPGATE_SOURCE_DIR "/tests/data/captures/purple/msnp18-http-text.pcap");
    if (const auto* const error = std::get_if<CaptureError>(&opened))
      throw std::runtime_error(error->message);
    auto& capture = std::get<Capture>(opened);
    TcpConnections connections;
    std::vector<WebSegment> all;
    while (const auto segment = capture.next()) {
      const auto progress = connections.add(*segment);
      if (!progress || connections.all()[progress->connection].server.port() != 80) continue;
      for (const msnp::Bytes piece : progress->pieces) {
        all.push_back({progress->connection, progress->direction, std::string(msnp::as_text(piece))});
      }
    }
    return all;
  }();
  return segments;
}

}  // namespace gate::test
