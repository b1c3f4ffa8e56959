// What the gateway does with a frame once it is read and before it is sent: the load's own conversations
// through a filter, 64 KiB at a time, with what that takes from the heap.
#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "proxy/filter.hpp"
#include "tests/bench/scenario.hpp"
#include "tests/support/allocations.hpp"

namespace {

using msnp::Direction;

constexpr std::size_t chunk_size = 64 * 1024;

class Nowhere final : public gate::AuditSink {
 public:
  bool record(const gate::AuditEvent&) noexcept override { return true; }
};

std::string repeated(std::string_view block) {
  std::string chunk;
  while (chunk.size() + block.size() <= chunk_size) chunk += block;
  return chunk;
}

struct Load {
  bench::Dialog login;
  Direction direction;
  std::string chunk;
  std::size_t frames;  // of the chunk
};

Load chat_to_server() {
  const bench::Stream stream = bench::chat();
  const std::string chunk = repeated(stream.block);
  return {bench::switchboard_login(0), Direction::to_server, chunk, chunk.size() / stream.frame_size};
}

Load chat_to_client() {
  const std::string frame = bench::Numbered::echo(bench::Numbered::message(1));
  const std::string chunk = repeated(frame);
  return {bench::switchboard_login(0), Direction::to_client, chunk, chunk.size() / frame.size()};
}

/// The user writes: what a client says most often after chat.
Load typing_to_server() {
  constexpr std::string_view payload =
      "MIME-Version: 1.0\r\nContent-Type: text/x-msmsgscontrol\r\nTypingUser: u000@example.com\r\n\r\n\r\n";
  const std::string frame = "MSG 10 U " + std::to_string(payload.size()) + "\r\n" + std::string(payload);
  const std::string chunk = repeated(frame);
  return {bench::switchboard_login(0), Direction::to_server, chunk, chunk.size() / frame.size()};
}

Load picture_to_server() {
  const bench::Stream stream = bench::picture_data(0);
  const std::string chunk = repeated(stream.block);
  return {bench::picture_login(0), Direction::to_server, chunk, chunk.size() / stream.frame_size};
}

/// An archive that the policy lets through.
Load file_to_server() {
  const bench::Stream stream = bench::file_data(0);
  const std::string chunk = repeated(stream.block);
  return {bench::file_login(0), Direction::to_server, chunk, chunk.size() / stream.frame_size};
}

void feed(benchmark::State& state, const Load& load) {
  Nowhere audit;
  gate::FilterShared shared;
  gate::Policy::Source policy;
  policy.fallback = gate::Action::block;
  gate::Rule archives;
  archives.action = gate::Action::allow;
  archives.kinds = {msnp::Kind::file_transfer};
  archives.names = {"*.zip"};
  policy.rules.push_back(std::move(archives));
  shared.policy = std::make_shared<const gate::Policy>(std::move(policy));
  shared.audit = &audit;
  gate::Filter filter(shared, {});
  msnp::Output out;
  const gate::Now now{};
  const auto pass = [&](Direction direction, std::string_view bytes) {
    out.clear();
    const auto result = filter.feed(direction, msnp::as_bytes(bytes), out, now);
    if (result.consumed != bytes.size() || out.size(direction) != bytes.size()) std::abort();
  };
  for (const bench::Exchange& exchange : load.login) {
    pass(Direction::to_server, exchange.client);
    pass(Direction::to_client, exchange.server);
  }
  pass(load.direction, load.chunk);
  const std::uint64_t before = gate::test::allocations();
  for (auto _ : state) pass(load.direction, load.chunk);
  const auto frames = static_cast<double>(state.iterations()) * static_cast<double>(load.frames);
  const auto taken = static_cast<double>(gate::test::allocations() - before);
  state.counters["allocations/frame"] = taken / frames;
  state.counters["ns/frame"] =
      benchmark::Counter(frames * 1e-9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

BENCHMARK_CAPTURE(feed, chat_to_server, chat_to_server());
BENCHMARK_CAPTURE(feed, chat_to_client, chat_to_client());
BENCHMARK_CAPTURE(feed, typing_to_server, typing_to_server());
BENCHMARK_CAPTURE(feed, picture_to_server, picture_to_server());
BENCHMARK_CAPTURE(feed, file_to_server, file_to_server());

}  // namespace
