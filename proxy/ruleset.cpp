#include "proxy/ruleset.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "proxy/config_values.hpp"

namespace gate {
namespace {

/// Every chain there ever was: each is made anew by a load, whatever was there.
constexpr std::array<std::string_view, 6> chains{"client_side", "client_answers", "intercept",
                                                 "divert",      "guard",          "fence"};

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

std::string number(std::uint32_t value) {
  return std::to_string(value);
}

struct Family {
  bool v4 = false;
  [[nodiscard]] std::string_view protocol() const { return v4 ? "ipv4" : "ipv6"; }
  [[nodiscard]] std::string_view addresses() const { return v4 ? "ip" : "ip6"; }
  [[nodiscard]] std::string_view learned() const { return v4 ? learned_set4 : learned_set6; }
};
constexpr std::array<Family, 2> families{{{true}, {false}}};

/// The first listener that takes intercepted connections of this family; [::] takes both, but a listener of
/// IPv4 alone is meant for IPv4.
const ListenerSettings* taker(const Boot& boot, Family family) {
  const ListenerSettings* both = nullptr;
  for (const ListenerSettings& listener : boot.listeners) {
    const auto address = listener.bind.address();
    if (listener.mode == ListenerMode::fixed) continue;
    if (address.is_v4() == family.v4) return &listener;
    if (both == nullptr && family.v4 && address.is_v6() && address.is_unspecified()) both = &listener;
  }
  return both;
}

/// An anonymous set of nft may not hold a network twice, and networks are apart or one within the other.
std::vector<Rule::Network> outermost(const std::vector<Rule::Network>& networks, Family family) {
  std::vector<Rule::Network> kept;
  const auto holds = [](const Rule::Network& wide, const Rule::Network& narrow) {
    return wide.prefix <= narrow.prefix && network_holds(wide, narrow.address);
  };
  for (const Rule::Network& network : networks) {
    if (network.address.is_v4() != family.v4) continue;
    const bool held = std::any_of(kept.begin(), kept.end(),
                                  [&](const Rule::Network& other) { return holds(other, network); });
    if (held) continue;
    std::erase_if(kept, [&](const Rule::Network& other) { return holds(network, other); });
    kept.push_back(network);
  }
  return kept;
}

/// Where web traffic goes that is handed over: a match of nft, empty for everywhere; nothing if there is
/// none.
std::optional<std::string> web_destinations(const HttpIntercept& web, Family family) {
  if (web.ports.empty()) return std::nullopt;
  if (web.addresses.empty()) return std::string();
  const auto destinations = outermost(web.addresses, family);
  if (destinations.empty()) return std::nullopt;
  return ' ' + std::string(family.addresses()) + " daddr " + set_of(destinations, network_text);
}

class Writer {
 public:
  explicit Writer(const Boot& boot) : boot_(boot) {
    for (const Family family : families) taken(family) = taker(boot, family);
  }

  [[nodiscard]] std::variant<std::string, RulesFault> write();

 private:
  [[nodiscard]] const ListenerSettings*& taken(Family family) { return takers_[family.v4 ? 0 : 1]; }
  [[nodiscard]] bool uses(ListenerMode mode) const {
    return std::any_of(takers_.begin(), takers_.end(), [mode](const ListenerSettings* taker) {
      return taker != nullptr && taker->mode == mode;
    });
  }
  void line(const std::string& text) { text_ += "\t\t" + text + '\n'; }
  void chain(std::string_view name, std::string_view type, std::string_view hook, std::string_view priority);
  void end() { text_ += "\t}\n"; }

  /// What is not intercepted leaves the chain; what is goes by `action`, of a family in one of `modes`.
  template <class Action>
  void select(std::initializer_list<ListenerMode> modes, Action action);
  [[nodiscard]] std::string ports() const;
  void sets();
  void client_sides();
  void deliver();
  void guard();

  const Boot& boot_;
  const FollowMode follow_ = follow_mode(boot_);
  std::array<const ListenerSettings*, 2> takers_{};
  std::string text_;
};

void Writer::chain(std::string_view name, std::string_view type, std::string_view hook,
                   std::string_view priority) {
  text_ += "\tchain " + std::string(name) + " {\n\t\ttype " + std::string(type) + " hook " +
           std::string(hook) + " priority " + std::string(priority) + "; policy accept;\n";
}

template <class Action>
void Writer::select(std::initializer_list<ListenerMode> modes, Action action) {
  const InterceptSettings& intercept = boot_.intercept;
  if (!intercept.interfaces.empty()) {
    line("iifname != " +
         set_of(intercept.interfaces, [](const std::string& name) { return '"' + name + '"'; }) + " return");
  }
  // Without a gateway that says it is alive nothing is intercepted.
  if (intercept.when_dead == WhenDead::open) line("meta l4proto != @" + std::string(alive_set) + " return");
  for (const Family family : families) {
    const auto exempt = outermost(intercept.exempt, family);
    if (exempt.empty()) continue;
    line(std::string(family.addresses()) + " daddr " + set_of(exempt, network_text) + " return");
  }
  for (const Family family : families) {
    const ListenerSettings* const listener = taken(family);
    if (listener == nullptr || std::find(modes.begin(), modes.end(), listener->mode) == modes.end()) continue;
    const std::string protocol = "meta nfproto " + std::string(family.protocol());
    line(protocol + " tcp dport " + ports() + ' ' + action(family, *listener));
    if (follow_ == FollowMode::set) {
      line(protocol + ' ' + std::string(family.addresses()) + " daddr . tcp dport @" +
           std::string(family.learned()) + ' ' + action(family, *listener));
    }
    if (const auto web = web_destinations(boot_.http_intercept, family)) {
      line(protocol + " tcp dport " + set_of(boot_.http_intercept.ports, number) + *web + ' ' +
           action(family, *listener));
    }
  }
}

std::string Writer::ports() const {
  std::string set = set_of(boot_.intercept.ports, number);
  if (follow_ != FollowMode::rewrite) return set;
  const PortRange& range = boot_.intercept.follow_ports;
  return set.replace(set.size() - 2, 2, ", " + number(range.first) + "-" + number(range.last) + " }");
}

/// What the gateway writes. Timeouts are those of the elements.
void Writer::sets() {
  const auto set = [this](std::string_view name, std::string_view type, std::uint32_t size) {
    text_ += "\tset " + std::string(name) + " {\n\t\ttype " + std::string(type) + "\n\t\tsize " +
             number(size) + "\n\t\tflags timeout\n\t}\n";
  };
  if (follow_ == FollowMode::set) {
    set(learned_set4, "ipv4_addr . inet_service", most_learned);
    set(learned_set6, "ipv6_addr . inet_service", most_learned);
  }
  if (boot_.intercept.when_dead == WhenDead::open) set(alive_set, "inet_proto", 1);
}

constexpr std::string_view our_own =
    "# Connections to the gateway itself are its own: nobody aims at a listener this way.";
// Not what a listener on a wildcard address would take: only connections.
constexpr std::string_view has_socket = "socket transparent 1 socket wildcard 0";

void Writer::client_sides() {
  std::string zone = "ct zone set " + number(boot_.intercept.zone);
  const std::string mark = number(client_mark(boot_.intercept));
  chain("client_side", "filter", "prerouting", "raw");
  line("meta l4proto != tcp return");
  line(std::string(has_socket) + " socket mark " + mark + ' ' + zone + " return");
  line(std::string(has_socket) + " return");
  line("fib daddr type local return");
  select({ListenerMode::tproxy}, [&zone](Family, const ListenerSettings&) -> std::string { return zone; });
  end();
  chain("client_answers", "filter", "output", "raw");
  line("meta mark " + mark + ' ' + zone);
  end();
}

void Writer::deliver() {
  if (uses(ListenerMode::redirect)) {
    chain("intercept", "nat", "prerouting", "dstnat");
    line(std::string(our_own));
    line("fib daddr type local return");
    select({ListenerMode::redirect}, [](Family family, const ListenerSettings& listener) {
      // Either form keeps the original destination where SO_ORIGINAL_DST finds it.
      if (listener.bind.address().is_unspecified()) return "redirect to :" + number(listener.bind.port());
      return "dnat " + std::string(family.addresses()) + " to " + endpoint_text(listener.bind);
    });
    end();
  }
  if (!uses(ListenerMode::tproxy)) return;
  const std::string mark = "meta mark set " + number(boot_.intercept.mark);
  chain("divert", "filter", "prerouting", "dstnat + 10");
  line("meta l4proto != tcp return");
  line(std::string(has_socket) + ' ' + mark + " accept");
  line(std::string(our_own));
  line("fib daddr type local return");
  select({ListenerMode::tproxy}, [&](Family family, const ListenerSettings& listener) {
    const bool any = listener.bind.address().is_unspecified();
    const std::string to = any ? ":" + number(listener.bind.port()) : endpoint_text(listener.bind);
    return "tproxy " + std::string(family.addresses()) + " to " + to + ' ' + mark + " accept";
  });
  end();
}

void Writer::guard() {
  chain("guard", "filter", "input", "filter");
  line("# A listener takes what was handed to it, and nothing that was sent to its port directly.");
  for (const Family family : families) {
    const ListenerSettings* const listener = taken(family);
    if (listener == nullptr) continue;
    const std::string handed = listener->mode == ListenerMode::redirect
                                   ? "ct status & dnat == 0"
                                   : "meta mark != " + number(boot_.intercept.mark);
    line("iifname != \"lo\" meta nfproto " + std::string(family.protocol()) + " tcp dport " +
         number(listener->bind.port()) + ' ' + handed + " reject with tcp reset");
  }
  end();
  chain("fence", "filter", "forward", "filter");
  line("# Older connections, and all of them while no listener is there: closed, not forwarded unseen.");
  select({ListenerMode::redirect, ListenerMode::tproxy},
         [](Family, const ListenerSettings&) { return std::string("reject with tcp reset"); });
  end();
}

std::variant<std::string, RulesFault> Writer::write() {
  if (takers_[0] == nullptr && takers_[1] == nullptr) {
    return RulesFault{
        "listener: found none with mode = \"redirect\" or \"tproxy\"; connections can be handed to no other"};
  }
  for (const ListenerSettings* listener : takers_) {
    if (listener == nullptr || listener->mode == ListenerMode::tproxy) continue;
    if (listener->bind.address().is_loopback()) {
      return RulesFault{"listener.bind: found " + endpoint_text(listener->bind) +
                        ", which no redirected connection from outside can reach; write \"[::]:" +
                        number(listener->bind.port()) + "\" or an address of the inner network"};
    }
  }
  // `add` makes a thing exist, so that `delete` never fails; nft does all of one input or nothing.
  const std::string table = "inet " + std::string(table_name);
  text_ = "add table " + table + '\n';
  for (const std::string_view name : chains) {
    text_ += "add chain " + table + ' ' + std::string(name) + '\n';
    text_ += "delete chain " + table + ' ' + std::string(name) + '\n';
  }
  text_ += "table " + table + " {\n";
  sets();
  if (uses(ListenerMode::tproxy)) client_sides();
  deliver();
  guard();
  text_ += "}\n";
  if (boot_.intercept.when_dead == WhenDead::open) {
    // Nothing slips between a load and the next sign of life.
    text_ += "add element " + table + ' ' + std::string(alive_set) + " { tcp timeout " +
             number(static_cast<std::uint32_t>(boot_.intercept.dead_after / std::chrono::seconds(1))) +
             "s }\n";
  }
  return std::move(text_);
}

}  // namespace

std::variant<std::string, RulesFault> ruleset_for(const Boot& boot) {
  return Writer(boot).write();
}

std::string ruleset_removal() {
  const std::string table = "table inet " + std::string(table_name) + '\n';
  return "add " + table + "delete " + table;
}

Families diverted_families(const Boot& boot) {
  const auto diverts = [&](Family family) {
    const ListenerSettings* const listener = taker(boot, family);
    return listener != nullptr && listener->mode == ListenerMode::tproxy;
  };
  return {.v4 = diverts(families[0]), .v6 = diverts(families[1])};
}

}  // namespace gate
