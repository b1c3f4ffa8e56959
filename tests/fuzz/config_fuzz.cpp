// Input: the text of a configuration file.
//
// Laws: a file is a configuration or has errors, never neither; every error can be printed on one line and
// points into a file; reading it again says the same; a policy that was read can be asked.
#include "proxy/config.hpp"
#include "tests/fuzz/laws.hpp"
#include "tests/fuzz/scratch_file.hpp"
#include "tests/fuzz/targets.hpp"

namespace fuzz {
namespace {

using Errors = std::vector<gate::ConfigError>;

std::string printed(const Errors& errors) {
  std::string all;
  for (const gate::ConfigError& error : errors) all += to_string(error) + "\n";
  return all;
}

void ask(const gate::Config& config) {
  law(config.policy != nullptr, "a configuration has a policy");
  law(!config.policy->revision().empty(), "a policy has a revision");
  const std::vector<std::string> names{"plan.doc"};
  for (std::size_t kind = 0; kind < msnp::kind_count; ++kind) {
    const gate::Verdict verdict = config.policy->judge({.user = "alice@example.com",
                                                        .peer = "bob@example.org",
                                                        .client = boost::asio::ip::make_address("10.0.0.1"),
                                                        .kind = static_cast<msnp::Kind>(kind),
                                                        .names = names,
                                                        .size = 1000,
                                                        .at = {},
                                                        .call = {}});
    law(!verdict.rule.empty(), "a verdict names its rule");
    const bool everything = config.policy->allows_everything("alice@example.com", "bob@example.org",
                                                             boost::asio::ip::make_address("10.0.0.1"));
    law(!everything || verdict.action != gate::Action::block, "who may do everything is never blocked");
  }
}

}  // namespace

int config_fuzz(const std::uint8_t* data, std::size_t size) {
  static ScratchFile file("gateway.toml");
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto result = gate::load_config(file.write(text));
  if (const auto* const errors = std::get_if<Errors>(&result)) {
    law(!errors->empty(), "what is no configuration has errors");
    const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
    for (const gate::ConfigError& error : *errors) {
      const std::string words = to_string(error);
      law(!error.message.empty() && words.find(error.file.filename().string()) != std::string::npos,
          "an error says where and what");
      law(words.find('\n') == std::string::npos, "an error is one line");
      law(error.file.filename() != "gateway.toml" || error.line <= lines + 1, "an error lies in the file");
    }
    const auto again = gate::load_config(file.write(text));
    const auto* const same = std::get_if<Errors>(&again);
    law(same != nullptr && printed(*same) == printed(*errors), "reading again gives the same errors");
  } else {
    ask(std::get<gate::Config>(result));
  }
  return 0;
}

}  // namespace fuzz
