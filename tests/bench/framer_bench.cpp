// How many frames a second one core cuts and dispatches: the frames of the relay's own load tests, a 256 KiB
// stream that arrives in pieces of one read. The goal is 50 million chat frames a second, at least 20.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "msnp/decoder.hpp"

namespace {

constexpr std::size_t stream_size = 256 * 1024;

std::string with_payload(std::string_view head, std::size_t size) {
  // The length has as many digits as it needs: try the few payload sizes that come near.
  for (std::size_t payload = size - head.size() - 6; payload < size; ++payload) {
    const std::string line = std::string(head) + std::to_string(payload) + "\r\n";
    if (line.size() + payload == size) return line + std::string(payload, 'x');
  }
  return {};
}

std::string repeated(const std::string& frame) {
  std::string stream;
  while (stream.size() + frame.size() <= stream_size) stream += frame;
  return stream;
}

struct Load {
  msnp::Direction direction;
  msnp::Side side;
  std::string frame;
};

Load chat_to_server() {
  return {msnp::Direction::to_server, msnp::Side::switchboard, with_payload("MSG 12 N ", 169)};
}
Load chat_to_client() {
  return {msnp::Direction::to_client, msnp::Side::switchboard,
          with_payload("MSG bob@test.example Bob ", 169)};
}
Load data_to_server() {
  return {msnp::Direction::to_server, msnp::Side::switchboard, with_payload("MSG 12 D ", 1357)};
}
Load presence() {
  return {msnp::Direction::to_client, msnp::Side::notification,
          "NLN NLN bob@test.example Bob%20Builders 2788999228\r\n"};
}

/// Everything a relay has to tell apart, and no more.
void run(benchmark::State& state, const Load& load) {
  const std::string stream = repeated(load.frame);
  const auto piece = static_cast<std::size_t>(state.range(0)) * 1024;
  const msnp::Limits limits;
  std::size_t frames = 0;
  std::size_t inspected = 0;
  for (auto _ : state) {
    msnp::Decoder decoder(load.direction, load.side, limits);
    const msnp::Bytes all = msnp::as_bytes(stream);
    std::size_t done = 0;
    for (std::size_t read = 0; read < all.size();) {
      read = std::min(read + piece, all.size());
      for (bool more = true; more;) {
        const msnp::Step step = decoder.next(all.subspan(done, read - done));
        if (const auto* const frame = std::get_if<msnp::Frame>(&step)) {
          ++frames;
          if (frame->inspected) inspected += frame->payload.size();
          done += frame->raw.size();
        } else if (std::holds_alternative<msnp::NeedMore>(step)) {
          more = false;
        } else {
          state.SkipWithError("the stream is not followed");
          return;
        }
      }
    }
  }
  benchmark::DoNotOptimize(inspected);
  state.SetItemsProcessed(static_cast<std::int64_t>(frames));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(stream.size()));
}

BENCHMARK_CAPTURE(run, chat_169_to_server, chat_to_server())->Arg(16)->Arg(64);
BENCHMARK_CAPTURE(run, chat_169_to_client, chat_to_client())->Arg(16)->Arg(64);
BENCHMARK_CAPTURE(run, p2p_1357_to_server, data_to_server())->Arg(16)->Arg(64);
BENCHMARK_CAPTURE(run, presence_52_to_client, presence())->Arg(16)->Arg(64);

}  // namespace
