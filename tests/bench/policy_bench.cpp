// What a policy of 100,000 users and 10,000 rules costs: loading it from files, judging one offer. Each
// judgement is measured where it is hardest: many rules that differ in one condition, and none that matches.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <variant>
#include <vector>

#include "proxy/config.hpp"

namespace {

using gate::Action;
using gate::Policy;
using gate::Question;
using gate::Rule;

constexpr std::size_t rule_count = 10'000;
constexpr std::size_t users_a_rule = 10;

std::string user(std::size_t number) {
  return "user" + std::to_string(number) + "@corp.example";
}

std::string rule_text(std::size_t number) {
  std::string text =
      "[[rule]]\nname = \"rule " + std::to_string(number) + "\"\naction = \"allow\"\nusers = [";
  for (std::size_t i = 0; i < users_a_rule; ++i) text += "\"" + user(number * users_a_rule + i) + "\", ";
  return text + "]\nkinds = [\"file-transfer\"]\nnames = [\"*.png\", \"*.jpg\"]\nmax_size = \"10MiB\"\n" +
         "when = \"Mon-Fri 08:00-18:00\"\n";
}

class Directory {
 public:
  Directory() {
    std::string name = (std::filesystem::temp_directory_path() / "policy_bench.XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~Directory() { std::filesystem::remove_all(path_); }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  void write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name) << text;
  }
  [[nodiscard]] std::filesystem::path main_file() const { return path_ / "gateway.toml"; }

 private:
  std::filesystem::path path_;
};

void load(benchmark::State& state, const Directory& directory) {
  for (auto _ : state) {
    auto loaded = gate::load_config(directory.main_file());
    if (!std::holds_alternative<gate::Config>(loaded)) return state.SkipWithError("does not load");
    if (std::get<gate::Config>(loaded).policy->rules().size() != rule_count) {
      return state.SkipWithError("too few rules");
    }
  }
}

void load_one_file(benchmark::State& state) {
  const Directory directory;
  std::string text;
  for (std::size_t number = 0; number < rule_count; ++number) text += rule_text(number);
  directory.write("gateway.toml", text);
  load(state, directory);
}
BENCHMARK(load_one_file)->Unit(benchmark::kMillisecond);

void load_one_file_a_rule(benchmark::State& state) {
  const Directory directory;
  directory.write("gateway.toml", "[policy]\ninclude = [\"allow.d/*.toml\"]\n");
  for (std::size_t number = 0; number < rule_count; ++number) {
    directory.write("allow.d/" + std::to_string(number) + ".toml", rule_text(number));
  }
  load(state, directory);
}
BENCHMARK(load_one_file_a_rule)->Unit(benchmark::kMillisecond);

/// One group of 100,000, named by every rule.
void load_group_file(benchmark::State& state) {
  const Directory directory;
  std::string members;
  for (std::size_t number = 0; number < rule_count * users_a_rule; ++number) members += user(number) + "\n";
  directory.write("staff.txt", members);
  std::string text = "[groups]\nstaff = { file = \"staff.txt\" }\n";
  for (std::size_t number = 0; number < rule_count; ++number) {
    text += "[[rule]]\nname = \"" + std::to_string(number) +
            "\"\naction = \"allow\"\nusers = [\"group:staff\"]\npeers = [\"peer" + std::to_string(number) +
            "@agency.example\"]\n";
  }
  directory.write("gateway.toml", text);
  load(state, directory);
}
BENCHMARK(load_group_file)->Unit(benchmark::kMillisecond);

/// How the rules differ.
struct Shape {
  const char* name;
  void (*make)(Rule& rule, std::size_t number);
};
constexpr std::size_t shape_count = 8;
const std::array<Shape, shape_count> shapes{{
    {"users",
     [](Rule& rule, std::size_t number) {
       for (std::size_t i = 0; i < users_a_rule; ++i) rule.users.push_back(user(number * users_a_rule + i));
       rule.names = {"*.png", "*.jpg"};
     }},
    {"peers", [](Rule& rule, std::size_t number) { rule.peers = {"p" + user(number)}; }},
    {"clients",
     [](Rule& rule, std::size_t number) {
       rule.clients = {{boost::asio::ip::address_v4(static_cast<std::uint32_t>(0x0B000000 + number)), 32}};
     }},
    {"names", [](Rule& rule, std::size_t number) { rule.names = {"*-" + std::to_string(number) + ".exe"}; }},
    {"names-contain",
     [](Rule& rule, std::size_t number) { rule.names = {"*virus" + std::to_string(number) + "*"}; }},
    {"sizes", [](Rule& rule, std::size_t number) { rule.max_size = number; }},
    {"ends",
     [](Rule& rule, std::size_t number) {
       rule.until = std::chrono::system_clock::from_time_t(static_cast<std::time_t>(number));
     }},
    {"group-and-names",
     [](Rule& rule, std::size_t number) {
       rule.users = {"group:staff"};
       rule.peers = {"*@agency.example"};
       rule.kinds = {msnp::Kind::file_transfer};
       rule.when = {{0x1F, 480, 1080}};
       rule.names = {"*-" + std::to_string(number) + ".doc"};
     }},
}};

/// What the eighth shape's rules have in common, but for the hour, fits this question, and of each nothing
/// else.
void judge(benchmark::State& state) {
  const Shape& shape = shapes[static_cast<std::size_t>(state.range(0))];
  state.SetLabel(shape.name);
  Policy::Source source;
  gate::Group staff{"staff", {}};
  for (std::size_t number = 0; number < rule_count * users_a_rule; ++number)
    staff.members.push_back(user(number));
  source.groups.push_back(std::move(staff));
  for (std::size_t number = 0; number < rule_count; ++number) {
    Rule& rule = source.rules.emplace_back();
    rule.name = std::to_string(number);
    rule.action = Action::allow;
    shape.make(rule, number);
  }
  const Policy policy(std::move(source));
  const std::vector<std::string> names{"quarterly figures, final version.exe",
                                       "quarterly figures, final version.exe.png"};
  Question question;
  question.user = "user77777@corp.example";
  question.peer = "ben@agency.example";
  question.client = boost::asio::ip::make_address("10.20.1.5");
  question.kind = msnp::Kind::file_transfer;
  question.names = names;
  question.size = 123'456;
  question.at = std::chrono::system_clock::from_time_t(1'800'000'000);
  for (auto _ : state) {
    const gate::Verdict verdict = policy.judge(question);
    if (verdict.rule != "default") return state.SkipWithError("a rule matched");
    benchmark::DoNotOptimize(verdict);
  }
}
BENCHMARK(judge)->DenseRange(0, shape_count - 1)->Unit(benchmark::kMicrosecond);

void allows_everything(benchmark::State& state) {
  Policy::Source source;
  for (std::size_t number = 0; number < rule_count; ++number) {
    Rule& rule = source.rules.emplace_back();
    rule.name = std::to_string(number);
    rule.action = number % 2 == 0 ? Action::allow : Action::block;
    rule.users = {user(number)};
  }
  const Policy policy(std::move(source));
  const auto client = boost::asio::ip::make_address("10.20.1.5");
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        policy.allows_everything("user10001@corp.example", "ben@agency.example", client));
  }
}
BENCHMARK(allows_everything)->Unit(benchmark::kMicrosecond);

}  // namespace
