// What must not grow: a passed frame, a question to the policy and an audit record, with more and more rules,
// refused calls and records around them.
#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "proxy/audit_log.hpp"
#include "proxy/filter.hpp"
#include "tests/bench/scenario.hpp"

namespace {

using msnp::Direction;

class Nowhere final : public gate::AuditSink {
 public:
  bool record(const gate::AuditEvent&) noexcept override { return true; }
};

/// `count` rules, each for a user of its own; the last allows the bench's archives.
std::shared_ptr<const gate::Policy> policy_of(std::int64_t count) {
  gate::Policy::Source source;
  for (std::int64_t i = 1; i <= count; ++i) {
    gate::Rule rule;
    rule.name = "rule " + std::to_string(i);
    rule.action = gate::Action::allow;
    rule.users = {i == count ? std::string("*@example.com")
                             : "somebody" + std::to_string(i) + "@corp.example"};
    rule.kinds = {msnp::Kind::file_transfer};
    rule.names = {"*.zip"};
    source.rules.push_back(std::move(rule));
  }
  return std::make_shared<const gate::Policy>(std::move(source));
}

/// A user on a switchboard who has an archive going, and has had `refused` offers refused.
class Talk {
 public:
  Talk(std::int64_t rules, std::int64_t refused) {
    shared_.policy = policy_of(rules);
    shared_.audit = &audit_;
    filter_ = std::make_unique<gate::Filter>(shared_, gate::Ends{});
    for (const bench::Exchange& exchange : bench::file_login(0)) {
      feed(Direction::to_server, exchange.client);
      feed(Direction::to_client, exchange.server);
    }
    for (std::int64_t i = 1; i <= refused; ++i) {
      feed(Direction::to_server, bench::file_offer(0, static_cast<unsigned>(i)));
    }
  }
  std::size_t feed(Direction direction, std::string_view bytes) {
    out_.clear();
    const auto result = filter_->feed(direction, msnp::as_bytes(bytes), out_, {});
    if (result.consumed != bytes.size()) std::abort();
    return out_.size(direction);
  }

 private:
  Nowhere audit_;
  gate::FilterShared shared_;
  std::unique_ptr<gate::Filter> filter_;
  msnp::Output out_;
};

void pass(benchmark::State& state, Talk& talk, const bench::Stream& stream) {
  const std::string_view frame = std::string_view(stream.block).substr(0, stream.frame_size);
  for (auto _ : state) {
    if (talk.feed(Direction::to_server, frame) != frame.size()) std::abort();
  }
  state.SetItemsProcessed(state.iterations());
}

void frame_by_rules(benchmark::State& state) {
  Talk talk(state.range(0), 0);
  pass(state, talk, bench::chat());
}
BENCHMARK(frame_by_rules)->Name("frame")->ArgName("rules")->Arg(1)->Arg(100)->Arg(1000)->Arg(10'000);

void frame_by_refused_calls(benchmark::State& state) {
  Talk talk(1, state.range(0));
  pass(state, talk, bench::chat());
}
BENCHMARK(frame_by_refused_calls)
    ->Name("frame")
    ->ArgName("refused_calls")
    ->Arg(1)
    ->Arg(60)
    ->Arg(1000)
    ->Arg(10'000);

// A call in use is not forgotten for newer ones: so it goes on, and the search for it is bounded.
void package_by_refused_calls(benchmark::State& state) {
  Talk talk(1, 0);
  const bench::Stream stream = bench::file_data(0);
  const std::string_view frame = std::string_view(stream.block).substr(0, stream.frame_size);
  for (std::int64_t i = 1; i <= state.range(0); ++i) {
    (void)talk.feed(Direction::to_server, bench::file_offer(0, static_cast<unsigned>(i)));
    if (talk.feed(Direction::to_server, frame) != frame.size()) std::abort();
  }
  pass(state, talk, stream);
}
BENCHMARK(package_by_refused_calls)
    ->Name("package")
    ->ArgName("refused_calls")
    ->Arg(1)
    ->Arg(60)
    ->Arg(1000)
    ->Arg(10'000);

void judge(benchmark::State& state) {
  const auto policy = policy_of(state.range(0));
  const std::string name = "plans.zip";
  const gate::Question question{.user = "u000@example.com",
                                .peer = "bob@example.org",
                                .client = boost::asio::ip::make_address("10.20.0.7"),
                                .kind = msnp::Kind::file_transfer,
                                .names = {&name, 1},
                                .size = 1000,
                                .at = {},
                                .call = {}};
  for (auto _ : state) benchmark::DoNotOptimize(policy->judge(question));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(judge)->ArgName("rules")->Arg(1)->Arg(10)->Arg(100)->Arg(1000)->Arg(10'000);

void record(benchmark::State& state) {
  const auto directory = std::filesystem::temp_directory_path() / "msnpgate-growth-bench";
  std::filesystem::create_directories(directory);
  gate::AuditSettings settings;
  settings.path = directory / "audit.jsonl";
  gate::AuditEvent event;
  event.event = gate::AuditKind::session;
  event.time = std::chrono::system_clock::now();
  event.reason = "server-closed";
  event.user = "u017@example.com";
  event.detail = "during relaying; bytes from client 224, from server 71";
  {
    gate::AuditLog log(settings);
    for (std::int64_t i = 0; i < state.range(0); ++i) (void)log.record(event);
    for (auto _ : state) {
      if (!log.record(event)) std::abort();
    }
  }
  std::filesystem::remove_all(directory);
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(record)->ArgName("records")->Arg(1)->Arg(1000)->Arg(100'000)->Iterations(20'000);

}  // namespace
