#include "proxy/nftables.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>
#include <vector>

#include "proxy/config_values.hpp"
#include "proxy/descriptor.hpp"

namespace gate {
namespace {

// `add` makes the table exist, so that `delete` never fails; nft does all of one input or nothing.
constexpr std::string_view fresh_start = "add table inet msnpgate\ndelete table inet msnpgate\n";

/// "{ a, b, c }" of an nft set.
template <class Items, class Text>
std::string set_of(const Items& items, Text text) {
  std::string set = "{ ";
  for (const auto& item : items) {
    if (set.size() > 2) set += ", ";
    set += text(item);
  }
  return set + " }";
}

/// The first redirect listener that takes connections of this family; [::] takes both, but a listener
/// of IPv4 alone is meant for IPv4.
const ListenerSettings* taker(const Boot& boot, bool v4) {
  const ListenerSettings* both = nullptr;
  for (const ListenerSettings& listener : boot.listeners) {
    const auto address = listener.bind.address();
    if (listener.mode != ListenerMode::redirect) continue;
    if (address.is_v4() == v4) return &listener;
    if (both == nullptr && v4 && address.is_v6() && address.is_unspecified()) both = &listener;
  }
  return both;
}

/// The statement that sends a connection to `listener`. Either form keeps the original destination
/// where SO_ORIGINAL_DST finds it.
std::string delivery(const ListenerSettings& listener, bool v4) {
  const auto& bind = listener.bind;
  if (bind.address().is_unspecified()) return "redirect to :" + std::to_string(bind.port());
  return std::string("dnat ") + (v4 ? "ip" : "ip6") + " to " + endpoint_text(bind);
}

std::string exemption(const Boot& boot, bool v4) {
  std::vector<Rule::Network> networks;
  std::copy_if(boot.intercept.exempt.begin(), boot.intercept.exempt.end(), std::back_inserter(networks),
               [v4](const Rule::Network& network) { return network.address.is_v4() == v4; });
  if (networks.empty()) return {};
  const std::string name = v4 ? "exempt4" : "exempt6";
  return "\tset " + name + " {\n\t\ttype " + (v4 ? "ipv4_addr" : "ipv6_addr") +
         "\n\t\tflags interval\n\t\tauto-merge\n\t\telements = " + set_of(networks, network_text) + "\n\t}\n";
}

// Input and output of nft are anonymous files: nothing to wait for while it reads or writes them.

bool fill(const Descriptor& file, std::string_view text) {
  while (!text.empty()) {
    const ::ssize_t written = ::write(file.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return ::lseek(file.get(), 0, SEEK_SET) == 0;
}

/// At most 64 KiB, enough for what nft complains of.
std::string text_of(const Descriptor& file) {
  std::string text(65'536, '\0');
  const ::ssize_t length = ::pread(file.get(), text.data(), text.size(), 0);
  text.resize(length < 0 ? 0 : static_cast<std::size_t>(length));
  return text;
}

std::string error_text(int number) {
  return std::generic_category().message(number);
}

/// Starts `program -f -` with `input` and `errors`; 0, or the number of the error.
int start(const char* program, const Descriptor& input, const Descriptor& errors, ::pid_t& child) {
  ::posix_spawn_file_actions_t actions;
  if (const int error = ::posix_spawn_file_actions_init(&actions)) return error;
  ::posix_spawn_file_actions_adddup2(&actions, input.get(), STDIN_FILENO);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, errors.get(), STDERR_FILENO);
  std::string name = program;
  std::string option = "-f";
  std::string file = "-";
  const std::array<char*, 4> arguments{name.data(), option.data(), file.data(), nullptr};
  const int error = ::posix_spawnp(&child, program, &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  return error;
}

}  // namespace

std::variant<std::string, RulesFault> ruleset_for(const Boot& boot) {
  const std::array<const ListenerSettings*, 2> takers{taker(boot, true), taker(boot, false)};
  if (takers[0] == nullptr && takers[1] == nullptr) {
    return RulesFault{"listener: found none with mode = \"redirect\"; connections can be handed to no other"};
  }
  std::vector<std::string> own_ports;
  std::string deliveries;
  for (const bool v4 : {true, false}) {
    const ListenerSettings* const listener = takers[v4 ? 0 : 1];
    if (listener == nullptr) continue;
    if (listener->bind.address().is_loopback()) {
      return RulesFault{"listener.bind: found " + endpoint_text(listener->bind) +
                        ", which no connection from outside can reach; write \"[::]:" +
                        std::to_string(listener->bind.port()) + "\" or an address of the inner network"};
    }
    const std::string port = std::to_string(listener->bind.port());
    if (std::find(own_ports.begin(), own_ports.end(), port) == own_ports.end()) own_ports.push_back(port);
    deliveries += std::string("\t\tmeta nfproto ") + (v4 ? "ipv4" : "ipv6") + " tcp dport " +
                  set_of(boot.intercept.ports, [](std::uint16_t one) { return std::to_string(one); }) + ' ' +
                  delivery(*listener, v4) + '\n';
  }

  const std::string exempt4 = exemption(boot, true);
  const std::string exempt6 = exemption(boot, false);
  std::string text(fresh_start);
  text += "table inet msnpgate {\n" + exempt4 + exempt6;
  text += "\tchain intercept {\n\t\ttype nat hook prerouting priority dstnat; policy accept;\n";
  if (!boot.intercept.interfaces.empty()) {
    text += "\t\tiifname != " +
            set_of(boot.intercept.interfaces, [](const std::string& name) { return '"' + name + '"'; }) +
            " return\n";
  }
  text +=
      "\t\t# Connections to the gateway itself are its own: nobody aims at the listener this way.\n"
      "\t\tfib daddr type local return\n";
  if (!exempt4.empty()) text += "\t\tip daddr @exempt4 return\n";
  if (!exempt6.empty()) text += "\t\tip6 daddr @exempt6 return\n";
  text += deliveries + "\t}\n";
  text +=
      "\tchain guard {\n\t\ttype filter hook input priority filter; policy accept;\n"
      "\t\t# The listener takes what was redirected, and nothing that was sent to its port directly.\n"
      "\t\tiifname != \"lo\" tcp dport " +
      set_of(own_ports, [](const std::string& port) { return port; }) +
      " ct status & dnat == 0 reject with tcp reset\n\t}\n}\n";
  return text;
}

std::string ruleset_removal() {
  return std::string(fresh_start);
}

std::optional<std::string> load_ruleset(const std::string& ruleset) {
  const Descriptor input(::memfd_create("ruleset", MFD_CLOEXEC));
  const Descriptor errors(::memfd_create("errors", MFD_CLOEXEC));
  if (!input || !errors || !fill(input, ruleset)) return "no memory for the ruleset: " + error_text(errno);
  ::pid_t child = 0;
  int error = start("nft", input, errors, child);
  // The search path of ordinary users lacks it.
  if (error == ENOENT) error = start("/usr/sbin/nft", input, errors, child);
  if (error == ENOENT) return "the program nft is not there; install the package nftables";
  if (error != 0) return "the program nft cannot be started: " + error_text(error);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return "the program nft was lost: " + error_text(errno);
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return std::nullopt;
  std::string said = text_of(errors);
  while (!said.empty() && said.back() == '\n') said.pop_back();
  if (said.find("Operation not permitted") != std::string::npos) {
    return "not permitted; changing rules takes root or the capability CAP_NET_ADMIN";
  }
  return "nft refused the ruleset: " + (said.empty() ? "status " + std::to_string(status) : said);
}

}  // namespace gate
