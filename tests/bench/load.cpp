// Loads a relay and measures what it spends. Load and fake server are one thread; the measured relay runs on
// another core. Every run is bounded in time and count, compares every byte, and prints one JSON object.
//
//   load TEST RELAY_PORT SERVER_PORT RELAY_PID SECONDS CORE [SILENT_CONNECTIONS]
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "ends.hpp"
#include "event_loop.hpp"
#include "machine.hpp"
#include "scenario.hpp"

namespace bench {
namespace {

struct Run {
  std::uint16_t relay_port;
  std::uint16_t server_port;
  pid_t relay;
  double seconds;
  unsigned beside;  // connections that are logged in and say nothing
};

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t warm_up = second / 5;
constexpr std::int64_t patience = 10 * second;

/// Turns the loop until `done`, and gives the whole run up when that takes too long.
template <class Done>
void turn_until(EventLoop& loop, const char* what, Done done) {
  const std::int64_t deadline = now_ns() + patience;
  while (!done()) {
    if (now_ns() > deadline) give_up(std::string("too slow: ") + what);
    loop.turn(100);
  }
}

std::vector<Client*> log_in(EventLoop& loop, const Run& run, const Part& part, unsigned clients, Tally& tally,
                            unsigned first = 0) {
  std::vector<Client*> all;
  std::size_t exchanges = tally.dialogs;
  for (unsigned i = first; i < first + clients; ++i) {
    all.push_back(&loop.add<Client>(run.relay_port, part, i, tally));
    exchanges += part.dialog(i).size();
  }
  turn_until(loop, "logging in", [&] { return tally.dialogs == exchanges; });
  return all;
}

/// Everything that was sent must arrive, and every connection must end.
/// But of what came back both ways, the last part may have met a closed client.
void say_goodbye(EventLoop& loop, const std::vector<Client*>& clients, const Tally& tally,
                 bool both_ways = false) {
  const std::size_t before = tally.finished;
  for (Client* client : clients) client->finish();
  turn_until(loop, "ending", [&] { return tally.finished == before + clients.size(); });
  if (tally.sent != tally.arrived && !both_ways) give_up("bytes were lost");
}

/// Calls `turn` for the warm-up, then for the measured time, and tells what that time cost.
template <class Turn, class Begin>
Usage measure(const Run& run, Turn turn, Begin begin) {
  const std::int64_t start = now_ns() + warm_up;
  while (now_ns() < start) turn();
  const Usage before = Usage::now(run.relay);
  begin();
  const std::int64_t end = before.wall + static_cast<std::int64_t>(run.seconds * second);
  while (now_ns() < end) turn();
  return Usage::now(run.relay).since(before);
}

void print(const Usage& usage, const std::string& more) {
  std::printf("{\"wall_ns\": %lld, \"relay_ns\": %lld, \"load_ns\": %lld, \"foreign_cores\": %.3f%s}\n",
              static_cast<long long>(usage.wall), static_cast<long long>(usage.relay),
              static_cast<long long>(usage.load), usage.foreign_cores(), more.c_str());
}

std::string field(const char* name, double value) {
  return std::string(", \"") + name + "\": " + std::to_string(value);
}

/// By the name of the test: `p2p` a file that was let through, `pair` the same both ways, `picture` a display
/// picture, `text` chat.
Part stream_part(std::string_view test, bool opaque) {
  Part part;
  if (test.starts_with("picture")) {
    part = {.dialog = picture_login, .stream = picture_data};
  } else if (test.starts_with("text")) {
    part = {.dialog = switchboard_login, .stream = [](unsigned) { return chat(); }};
  } else {
    part = {.dialog = file_login, .stream = file_data};
    if (test == "pair") part.back = file_data_from_peer;
  }
  if (opaque) part.dialog = opaque_login;
  part.own_sources = test.ends_with("-sources");
  return part;
}

void run_saturated(const Run& run, const Part& part) {
  EventLoop loop;
  Tally tally;
  loop.add<Acceptor>(run.server_port, part, tally);
  const auto clients = log_in(loop, run, part, 8, tally);
  for (Client* client : clients) client->saturate();
  std::uint64_t before = 0;
  const Usage usage = measure(
      run, [&] { loop.turn(100); }, [&] { before = tally.arrived; });
  const std::uint64_t bytes = tally.arrived - before;
  say_goodbye(loop, clients, tally, static_cast<bool>(part.back));
  const auto frame = static_cast<double>(part.stream(0).frame_size);
  print(usage,
        field("bytes", static_cast<double>(bytes)) + field("frames", static_cast<double>(bytes) / frame));
}

/// Events that are due at a fixed rate, whatever becomes of those before. Keeps the core busy, so that no
/// wake-up of the load is part of what is measured.
class Pace {
 public:
  explicit Pace(double rate) : start_(now_ns()), interval_(1e9 / rate) {}

  /// Calls `send` with the number and the due time of what is due, a few at most.
  template <class Send>
  void catch_up(Send send) {
    constexpr int most_at_once = 16;
    for (int i = 0; i < most_at_once; ++i) {
      const std::int64_t due = start_ + static_cast<std::int64_t>(static_cast<double>(next_) * interval_);
      const std::int64_t late = now_ns() - due;
      if (late < 0) return;
      latest_ = std::max(latest_, late);
      send(next_++, due);
    }
  }
  void forget_latest() noexcept { latest_ = 0; }
  [[nodiscard]] double latest_ms() const noexcept { return static_cast<double>(latest_) / 1e6; }

 private:
  std::int64_t start_;
  double interval_;
  std::uint32_t next_ = 0;
  std::int64_t latest_ = 0;
};

void run_paced(const Run& run, const Part& part, unsigned connections) {
  constexpr double frames_per_second = 20'000;
  EventLoop loop;
  Tally tally;
  loop.add<Acceptor>(run.server_port, part, tally);
  const auto clients = log_in(loop, run, part, connections, tally);
  constexpr unsigned at_once = 250;
  for (unsigned done = 0; done < run.beside; done += at_once) {
    log_in(loop, run, part, std::min(at_once, run.beside - done), tally, connections);
  }
  const std::size_t frame = part.stream(0).frame_size;
  std::uint64_t before = 0;
  Pace pace(frames_per_second);
  const Usage usage = measure(
      run,
      [&] {
        pace.catch_up(
            [&](std::uint32_t number, std::int64_t) { clients[number % clients.size()]->send_frame(); });
        loop.turn(0);
      },
      [&] {
        before = tally.arrived;
        pace.forget_latest();
      });
  const double bytes = static_cast<double>(tally.arrived - before);
  const double late = pace.latest_ms();
  say_goodbye(loop, clients, tally);
  print(usage,
        field("bytes", bytes) + field("frames", bytes / static_cast<double>(frame)) + field("late_ms", late));
}

double percentile(const std::vector<std::int64_t>& sorted, double part) {
  const auto at = static_cast<std::size_t>(part * static_cast<double>(sorted.size() - 1));
  return static_cast<double>(sorted[at]) / 1e3;
}

/// `beside_bulk`: while four files of about 25 MB/s each pass.
void run_latency(const Run& run, bool beside_bulk, bool opaque) {
  constexpr double messages_per_second = 8'000;
  constexpr double blocks_per_second = 4'600;
  constexpr unsigned first_bulk = 900;
  const Part part{
      .dialog =
          [opaque](unsigned client) {
            if (opaque) return opaque_login(client);
            return client < first_bulk ? switchboard_login(client) : file_login(client);
          },
      .stream = [](unsigned client) { return client < first_bulk ? Stream{} : file_data(client); },
      .numbered = true};
  EventLoop loop;
  Tally tally;
  loop.add<Acceptor>(run.server_port, part, tally);
  const auto clients = log_in(loop, run, part, 50, tally);
  const auto bulk = log_in(loop, run, part, beside_bulk ? 4 : 0, tally, first_bulk);
  const std::size_t block = file_data(0).block.size();
  Pace bulk_pace(blocks_per_second);
  Pace pace(messages_per_second);
  std::size_t before = 0;
  const Usage usage = measure(
      run,
      [&] {
        pace.catch_up([&](std::uint32_t number, std::int64_t due) {
          tally.due.push_back(due);
          clients[number % clients.size()]->send_message(number);
        });
        if (!bulk.empty()) {
          bulk_pace.catch_up(
              [&](std::uint32_t number, std::int64_t) { bulk[number % bulk.size()]->send_bytes(block); });
        }
        loop.turn(0);
      },
      [&] { before = tally.latencies.size(); });
  const std::size_t after = tally.latencies.size();
  const double late = pace.latest_ms();
  turn_until(loop, "echoing", [&] { return tally.latencies.size() == tally.due.size(); });
  auto all = clients;
  all.insert(all.end(), bulk.begin(), bulk.end());
  say_goodbye(loop, all, tally);
  if (after == before) give_up("no echo at all");
  std::vector<std::int64_t> measured(tally.latencies.begin() + static_cast<std::ptrdiff_t>(before),
                                     tally.latencies.begin() + static_cast<std::ptrdiff_t>(after));
  std::sort(measured.begin(), measured.end());
  print(usage, field("messages", static_cast<double>(measured.size())) +
                   field("p50_us", percentile(measured, 0.5)) + field("p90_us", percentile(measured, 0.9)) +
                   field("p99_us", percentile(measured, 0.99)) +
                   field("max_us", static_cast<double>(measured.back()) / 1e3) + field("late_ms", late));
}

void run_churn(const Run& run, bool opaque) {
  constexpr std::size_t at_once = 32;
  constexpr std::size_t most_connections = 30'000;  // local ports are few
  const std::string message = Numbered::message(0);
  const Part part{.dialog =
                      [message, opaque](unsigned client) {
                        Dialog dialog = opaque ? opaque_login(client) : switchboard_login(client);
                        dialog.push_back({message, Numbered::acknowledgement(message)});
                        return dialog;
                      },
                  .leaves = true};
  EventLoop loop;
  Tally tally;
  loop.add<Acceptor>(run.server_port, part, tally);
  std::size_t begun = 0;
  std::size_t before = 0;
  bool more = true;
  const auto turn = [&] {
    for (; more && begun < tally.finished + at_once && begun < most_connections; ++begun) {
      loop.add<Client>(run.relay_port, part, static_cast<unsigned>(begun % at_once), tally);
    }
    loop.turn(0);  // as in Pace: a wake-up of the load would be charged to the relay
    loop.sweep();
  };
  const Usage usage = measure(run, turn, [&] { before = tally.finished; });
  const std::size_t connections = tally.finished - before;
  if (begun >= most_connections) give_up("too many connections: shorten the run");
  more = false;
  const std::int64_t deadline = now_ns() + patience;
  while (tally.finished < begun) {
    if (now_ns() > deadline) give_up("connections do not end");
    turn();
  }
  print(usage, field("connections", static_cast<double>(connections)));
}

void run_refusals(const Run& run) {
  const Part part{.dialog = switchboard_login, .refused = true};
  EventLoop loop;
  Tally tally;
  loop.add<Acceptor>(run.server_port, part, tally);
  const auto clients = log_in(loop, run, part, 16, tally);
  for (Client* client : clients) client->offer();
  std::uint64_t before = 0;
  const Usage usage = measure(
      run, [&] { loop.turn(100); }, [&] { before = tally.refused; });
  print(usage, field("refusals", static_cast<double>(tally.refused - before)));
}

/// Servers that read nothing while clients send all they can; then everything must arrive after all.
void run_slow(const Run& run) {
  constexpr unsigned connections = 200;
  const Part part = stream_part("p2p", false);
  EventLoop loop;
  Tally tally;
  loop.add<Acceptor>(run.server_port, part, tally);
  const auto clients = log_in(loop, run, part, connections, tally);
  const std::size_t before = resident_bytes(run.relay);
  tally.silent = true;
  for (Client* client : clients) client->saturate();
  std::uint64_t sent = 0;
  const Usage usage = measure(
      run, [&] { loop.turn(0); }, [&] { sent = tally.sent; });
  const std::size_t held = resident_bytes(run.relay);
  const double moved = static_cast<double>(tally.sent - sent);
  tally.silent = false;
  say_goodbye(loop, clients, tally);
  print(usage, field("connections", connections) + field("moved", moved) +
                   field("held_bytes_per_connection",
                         (static_cast<double>(held) - static_cast<double>(before)) / connections));
}

/// Chat that comes a byte at a time.
void run_bytes(const Run& run) {
  constexpr double bytes_per_second = 100'000;
  const Part part = stream_part("text", false);
  EventLoop loop;
  Tally tally;
  loop.add<Acceptor>(run.server_port, part, tally);
  const auto clients = log_in(loop, run, part, 32, tally);
  std::uint64_t before = 0;
  Pace pace(bytes_per_second);
  const Usage usage = measure(
      run,
      [&] {
        pace.catch_up(
            [&](std::uint32_t number, std::int64_t) { clients[number % clients.size()]->send_bytes(1); });
        loop.turn(0);
      },
      [&] { before = tally.sent; });
  const double bytes = static_cast<double>(tally.sent - before);
  const auto memory = static_cast<double>(resident_bytes(run.relay));
  say_goodbye(loop, clients, tally);
  print(usage, field("bytes", bytes) + field("frames", bytes) + field("resident_bytes", memory));
}

/// Lets what is still being freed or written settle, then looks at the relay's memory.
double settled_memory(EventLoop& loop, const Run& run) {
  const std::int64_t end = now_ns() + second;
  while (now_ns() < end) loop.turn(50);
  return static_cast<double>(resident_bytes(run.relay));
}

void run_idle(const Run& run) {
  constexpr unsigned pairs = 6'000;
  constexpr unsigned at_once = 200;
  const std::size_t login = notification_login().size();
  const Part part{.dialog = [](unsigned) {
    Dialog dialog = notification_login();
    dialog.push_back(notification_traffic());
    return dialog;
  }};
  EventLoop loop;
  Tally tally;
  loop.add<Acceptor>(run.server_port, part, tally);
  const double empty = settled_memory(loop, run);
  std::vector<Client*> clients;
  while (clients.size() < pairs) {
    for (unsigned i = 0; i < at_once; ++i) {
      clients.push_back(&loop.add<Client>(run.relay_port, part, 0U, tally, login));
    }
    turn_until(loop, "logging in", [&] { return tally.dialogs == clients.size() * login; });
  }
  const double cold = settled_memory(loop, run);
  const Usage before = Usage::now(run.relay);
  while (now_ns() < before.wall + second) loop.turn(50);
  const Usage quiet = Usage::now(run.relay).since(before);
  for (Client* client : clients) client->go_on();
  turn_until(loop, "moving 20 kB each way", [&] { return tally.dialogs == clients.size() * (login + 1); });
  const double warm = settled_memory(loop, run);
  print(quiet, field("pairs", pairs) + field("cold_bytes_per_pair", (cold - empty) / pairs) +
                   field("warm_bytes_per_pair", (warm - empty) / pairs));
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

bool perform(std::string_view test, const Run& run) {
  const bool opaque = test.ends_with("-opaque");
  if (opaque) test.remove_suffix(std::string_view("-opaque").size());
  if (test == "p2p" || test == "pair" || test == "picture" || test == "text" || test == "text-sources") {
    run_saturated(run, stream_part(test, opaque));
  } else if (test == "p2p1" || test == "text1") {
    run_paced(run, stream_part(test, opaque), test == "p2p1" ? 32 : 64);
  } else if (test == "latency") {
    run_latency(run, false, opaque);
  } else if (test == "latbg") {
    run_latency(run, true, opaque);
  } else if (test == "refusals") {
    run_refusals(run);
  } else if (test == "slow") {
    run_slow(run);
  } else if (test == "bytes") {
    run_bytes(run);
  } else if (test == "churn") {
    run_churn(run, opaque);
  } else if (test == "idle") {
    run_idle(run);
  } else {
    return false;
  }
  return true;
}

}  // namespace
}  // namespace bench

int main(int count, char** arguments) {
  constexpr int words = 7;
  if (count == words || count == words + 1) {
    const bench::Run run{.relay_port = static_cast<std::uint16_t>(std::atoi(arguments[2])),
                         .server_port = static_cast<std::uint16_t>(std::atoi(arguments[3])),
                         .relay = std::atoi(arguments[4]),
                         .seconds = std::atof(arguments[5]),
                         .beside = count > words ? static_cast<unsigned>(std::atoi(arguments[words])) : 0};
    bench::raise_descriptor_limit();
    if (!bench::pin_to_core(std::atoi(arguments[6]))) bench::give_up("cannot stay on that core");
    if (bench::perform(arguments[1], run)) return 0;
  }
  std::fputs(
      "usage: load p2p|pair|picture|text|p2p1|text1|latency|latbg|churn|idle|refusals|slow|bytes[-opaque] "
      "RELAY_PORT SERVER_PORT RELAY_PID SECONDS "
      "CORE [SILENT_CONNECTIONS]\n",
      stderr);
  return 2;
}
