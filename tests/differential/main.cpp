// Random conversations, each over a direct connection and through a gateway, compared.
//
//   differential SERVER_PORT ALLOWING REPLACING WITHHOLDING SEED MESSAGES [FIRST [COUNT]]
//
// Listens on SERVER_PORT, where gateways listening on the three ports after it connect to. Stops when
// MESSAGES frames have gone through gateways, or after COUNT conversations from number FIRST on. Prints the
// offers a gateway must have refused, one `refused ID` a line, then figures; exit code 1 if anything
// differed, with how to play it again.
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "channel.hpp"
#include "compare.hpp"
#include "script.hpp"

namespace differential {
namespace {

constexpr unsigned threads_count = 6;
constexpr int most_shown = 10;

struct Run {
  explicit Run(std::uint16_t server) : ground(server) {}
  Ground ground;
  std::array<std::uint16_t, 4> ports{};  // by road
  std::uint64_t seed = 0;
  std::uint64_t enough = 0;  // messages
  std::uint64_t last = ~std::uint64_t{0};
  std::atomic<std::uint64_t> next{0};
  std::atomic<std::uint64_t> messages{0}, bytes{0}, conversations{0}, offers{0};
  std::array<std::atomic<std::uint64_t>, 22> by_dialect{};
  std::atomic<int> failed{0};
  std::mutex printing;
};

Road any_road(Dice& dice) {
  if (dice.chance(20)) return Road::allowing;
  return dice.chance(25) ? Road::withholding : Road::replacing;
}

Ends play_on(Run& run, const Script& script, Road road, Dice& dice) {
  Ends ends{End(Side::client, script, road), End(Side::server, script, road)};
  const auto pair = run.ground.connect(run.ports[static_cast<std::size_t>(road)]);
  play(script, ends.client, ends.server, pair, dice);
  return ends;
}

void converse(Run& run, std::uint64_t number) {
  const Script script = make_script(run.seed, number);
  Dice dice(run.seed ^ (number * 0x2545F4914F6CDD1DU));
  const Road road = any_road(dice);
  const Ends direct = play_on(run, script, Road::direct, dice);
  auto faults = differences(script, Road::direct, direct, direct);
  for (std::string& fault : faults) fault.insert(0, "without a gateway: ");
  const Ends through = play_on(run, script, road, dice);
  for (std::string& fault : differences(script, road, direct, through)) faults.push_back(std::move(fault));

  for (const End* end : {&through.client, &through.server}) {
    run.messages += end->heard.size();
    for (const Frame& frame : end->heard) run.bytes += frame.bytes.size();
  }
  run.by_dialect[script.dialect] += through.client.heard.size() + through.server.heard.size();
  ++run.conversations;
  const std::lock_guard lock(run.printing);
  for (const Call& call : script.calls) {
    if (!blocks(road) || !call.blocked) continue;
    ++run.offers;
    std::printf("refused %s\n", call.id.c_str());
  }
  if (faults.empty() || ++run.failed > most_shown) return;
  std::printf("DIFFERENT conversation %llu (%s, MSNP%u): seed %llu, to play it again: FIRST %llu COUNT 1\n",
              static_cast<unsigned long long>(number), std::string(name_of(road)).c_str(), script.dialect,
              static_cast<unsigned long long>(run.seed), static_cast<unsigned long long>(number));
  for (const std::string& fault : faults) std::printf("  %s\n", fault.c_str());
}

void work(Run& run) {
  try {
    while (run.messages < run.enough && run.failed <= most_shown) {
      const std::uint64_t number = run.next++;
      if (number >= run.last) return;
      converse(run, number);
    }
  } catch (const std::exception& error) {
    ++run.failed;
    const std::lock_guard lock(run.printing);
    std::printf("DIFFERENT: %s\n", error.what());
  }
}

std::uint64_t number_at(char** arguments, int index) {
  return std::strtoull(arguments[index], nullptr, 10);
}

int run_all(int count, char** arguments) {
  if (count < 7) {
    std::fputs("usage: differential SERVER ALLOWING REPLACING WITHHOLDING SEED MESSAGES [FIRST [COUNT]]\n",
               stderr);
    return 2;
  }
  Run run(static_cast<std::uint16_t>(number_at(arguments, 1)));
  for (int i = 0; i < 4; ++i)
    run.ports[static_cast<std::size_t>(i)] = static_cast<std::uint16_t>(number_at(arguments, i + 1));
  run.seed = number_at(arguments, 5);
  run.enough = number_at(arguments, 6);
  run.next = count > 7 ? number_at(arguments, 7) : 1;
  if (count > 8) run.last = run.next + number_at(arguments, 8);
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < threads_count; ++i) threads.emplace_back([&run] { work(run); });
  for (std::thread& thread : threads) thread.join();
  std::printf("%llu messages, %llu bytes, %llu conversations, %llu offers refused, %d different\n",
              static_cast<unsigned long long>(run.messages), static_cast<unsigned long long>(run.bytes),
              static_cast<unsigned long long>(run.conversations), static_cast<unsigned long long>(run.offers),
              run.failed.load());
  std::printf("messages by dialect:");
  for (std::size_t dialect = 2; dialect < run.by_dialect.size(); ++dialect) {
    std::printf(" %zu:%llu", dialect, static_cast<unsigned long long>(run.by_dialect[dialect]));
  }
  std::printf("\n");
  return run.failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace differential

int main(int argc, char** argv) {
  try {
    return differential::run_all(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "differential: %s\n", error.what());
    return 1;
  }
}
