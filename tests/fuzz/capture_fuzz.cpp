// Input: a capture file; the same bytes are also read as one packet of every link type.
//
// Laws: a payload is no longer than what was sent; a capture reads the same twice (`replay` reads it
// twice); no flow delivers more than was captured; a flow that lost bytes says so.
#include "proxy/capture.hpp"
#include "proxy/tcp_connections.hpp"
#include "tests/fuzz/laws.hpp"
#include "tests/fuzz/scratch_file.hpp"
#include "tests/fuzz/targets.hpp"

namespace fuzz {
namespace {

struct Seen {
  std::uint64_t packets = 0;
  std::size_t segments = 0;
  std::size_t captured = 0;
  std::string delivered;
  std::string error;
  bool operator==(const Seen&) const = default;
};

void check(const gate::Segment& segment, std::size_t most) {
  law(segment.payload.size() <= segment.payload_size, "no more is captured than was sent");
  law(segment.payload.size() <= most, "a payload lies in its packet");
}

Seen read(const std::filesystem::path& path) {
  Seen seen;
  auto opened = gate::Capture::open(path);
  if (const auto* const error = std::get_if<gate::CaptureError>(&opened)) {
    seen.error = error->message;
    law(!seen.error.empty(), "an error has words");
    return seen;
  }
  auto& capture = std::get<gate::Capture>(opened);
  gate::TcpLimits limits;
  limits.connections = 16;
  limits.flow_waiting = 4096;
  limits.waiting = 8192;
  gate::TcpConnections connections(limits);
  while (const auto segment = capture.next()) {
    check(*segment, 1U << 18U);
    ++seen.segments;
    seen.captured += segment->payload.size();
    const auto progress = connections.add(*segment);
    if (!progress) continue;
    law(progress->connection < connections.all().size(), "progress is that of a known connection");
    for (const msnp::Bytes piece : progress->pieces) {
      const Exact exact(piece);
      seen.delivered += exact.text();
    }
  }
  law(connections.all().size() <= limits.connections, "connections are bounded");
  law(seen.delivered.size() <= seen.captured, "nothing is delivered that was not captured");
  seen.packets = capture.packets();
  if (capture.error()) seen.error = capture.error()->message;
  return seen;
}

}  // namespace

int capture_fuzz(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Exact exact(text);
  for (int link_type = 0; link_type < 300; ++link_type) {
    if (!gate::link_type_supported(link_type)) continue;
    if (const auto segment = gate::parse_packet(link_type, exact.bytes())) check(*segment, size);
  }
  static ScratchFile file("fuzz.pcap");
  const std::filesystem::path& path = file.write(text);
  law(read(path) == read(path), "a capture reads the same twice");
  return 0;
}

}  // namespace fuzz
