#include "proxy/policy_routing.hpp"

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <vector>

#include "proxy/netlink.hpp"

namespace gate {
namespace {

using boost::system::error_code;

// rtnetlink(7) leaves numbers from 5 on to users; none of iproute2's rt_protos is this one.
constexpr std::uint8_t our_protocol = 163;
constexpr std::uint32_t rule_priority = 1863;
constexpr std::array<std::uint8_t, 2> families{AF_INET, AF_INET6};

/// One rule or one route, as far as it tells ours apart. A route has no mark.
struct Entry {
  bool is_rule = false;
  std::uint8_t family = AF_INET;
  std::uint32_t mark = 0;
  std::uint32_t table = 0;
  bool operator==(const Entry&) const = default;
};

struct Message {
  alignas(nlmsghdr) std::array<char, 512> bytes{};
  nlmsghdr* header = ::mnl_nlmsg_put_header(bytes.data());
};

void put_rule(nlmsghdr* header, const Entry& entry) {
  auto* rule = static_cast<fib_rule_hdr*>(::mnl_nlmsg_put_extra_header(header, sizeof(fib_rule_hdr)));
  rule->family = entry.family;
  rule->action = FR_ACT_TO_TBL;
  ::mnl_attr_put_u32(header, FRA_PRIORITY, rule_priority);
  ::mnl_attr_put_u32(header, FRA_FWMARK, entry.mark);
  ::mnl_attr_put_u32(header, FRA_FWMASK, 0xFFFFFFFF);
  ::mnl_attr_put_u32(header, FRA_TABLE, entry.table);
  ::mnl_attr_put_u8(header, FRA_PROTOCOL, our_protocol);
}

void put_route(nlmsghdr* header, const Entry& entry) {
  auto* route = static_cast<rtmsg*>(::mnl_nlmsg_put_extra_header(header, sizeof(rtmsg)));
  route->rtm_family = entry.family;
  route->rtm_protocol = our_protocol;
  route->rtm_scope = RT_SCOPE_HOST;
  route->rtm_type = RTN_LOCAL;
  ::mnl_attr_put_u32(header, RTA_TABLE, entry.table);
  ::mnl_attr_put_u32(header, RTA_OIF, ::if_nametoindex("lo"));
}

enum class Change : std::uint8_t { add, remove };

error_code change(Netlink& kernel, const Entry& entry, Change what) {
  Message message;
  nlmsghdr* const header = message.header;
  const std::uint16_t type = what == Change::add ? (entry.is_rule ? RTM_NEWRULE : RTM_NEWROUTE)
                                                 : (entry.is_rule ? RTM_DELRULE : RTM_DELROUTE);
  header->nlmsg_type = type;
  header->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
  if (what == Change::add) header->nlmsg_flags |= NLM_F_CREATE | NLM_F_EXCL;
  entry.is_rule ? put_rule(header, entry) : put_route(header, entry);
  const error_code error = kernel.ask(header);
  const int harmless = what == Change::add ? EEXIST : (entry.is_rule ? ENOENT : ESRCH);
  return error.value() == harmless ? error_code() : error;
}

/// The attributes of a rule or route that an Entry has.
struct Told {
  Entry entry;
  std::uint8_t protocol = 0;
};

int read_rule(const nlattr* attribute, void* data) {
  Told& told = *static_cast<Told*>(data);
  switch (::mnl_attr_get_type(attribute)) {
    case FRA_FWMARK:
      told.entry.mark = ::mnl_attr_get_u32(attribute);
      break;
    case FRA_TABLE:
      told.entry.table = ::mnl_attr_get_u32(attribute);
      break;
    case FRA_PROTOCOL:
      told.protocol = ::mnl_attr_get_u8(attribute);
      break;
    default:
      break;
  }
  return MNL_CB_OK;
}

int read_route(const nlattr* attribute, void* data) {
  if (::mnl_attr_get_type(attribute) == RTA_TABLE) {
    static_cast<Told*>(data)->entry.table = ::mnl_attr_get_u32(attribute);
  }
  return MNL_CB_OK;
}

Told read(const nlmsghdr* message, bool is_rule) {
  Told told;
  told.entry.is_rule = is_rule;
  if (is_rule) {
    const auto* rule = static_cast<const fib_rule_hdr*>(::mnl_nlmsg_get_payload(message));
    told.entry.family = rule->family;
    ::mnl_attr_parse(message, sizeof *rule, read_rule, &told);
  } else {
    const auto* route = static_cast<const rtmsg*>(::mnl_nlmsg_get_payload(message));
    told.entry.family = route->rtm_family;
    told.protocol = route->rtm_protocol;
    ::mnl_attr_parse(message, sizeof *route, read_route, &told);
  }
  return told;
}

/// Adds to `ours` what of one family there is. A machine without IPv6 has nothing of it.
error_code find_ours(Netlink& kernel, std::uint8_t family, bool is_rule, std::vector<Entry>& ours) {
  Message message;
  message.header->nlmsg_type = is_rule ? RTM_GETRULE : RTM_GETROUTE;
  message.header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  // Both headers begin with the family, and both dumps read no more of it.
  auto* head = static_cast<rtmsg*>(::mnl_nlmsg_put_extra_header(message.header, sizeof(rtmsg)));
  head->rtm_family = family;
  const error_code error = kernel.list(message.header, [&](const nlmsghdr* told) {
    const Told found = read(told, is_rule);
    if (found.protocol == our_protocol) ours.push_back(found.entry);
  });
  const bool absent = error.value() == EAFNOSUPPORT || error.value() == EOPNOTSUPP;
  return absent ? error_code() : error;
}

std::string words_for(const error_code& error) {
  if (error.value() == EPERM)
    return "not permitted; changing routes takes root or the capability CAP_NET_ADMIN";
  return "the kernel refused a rule or route for tproxy: " + error.message();
}

/// Adds what is missing before it takes away what is left over.
std::optional<std::string> settle(const std::vector<Entry>& wanted) {
  Netlink kernel(NETLINK_ROUTE);
  std::vector<Entry> ours;
  for (const std::uint8_t family : families) {
    for (const bool is_rule : {true, false}) {
      if (const error_code error = find_ours(kernel, family, is_rule, ours)) return words_for(error);
    }
  }
  for (const Entry& entry : wanted) {
    const bool there = std::find(ours.begin(), ours.end(), entry) != ours.end();
    if (there) continue;
    if (const error_code error = change(kernel, entry, Change::add)) return words_for(error);
  }
  for (const Entry& entry : ours) {
    if (std::find(wanted.begin(), wanted.end(), entry) != wanted.end()) continue;
    if (const error_code error = change(kernel, entry, Change::remove)) return words_for(error);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> load_policy_routing(const InterceptSettings& intercept, Families diverted) {
  std::vector<Entry> wanted;
  for (const std::uint8_t family : families) {
    if (!(family == AF_INET ? diverted.v4 : diverted.v6)) continue;
    // The route first: a packet that the rule sends to an empty table goes on to the next one.
    wanted.push_back({.is_rule = false, .family = family, .mark = 0, .table = intercept.table});
    wanted.push_back({.is_rule = true, .family = family, .mark = intercept.mark, .table = intercept.table});
  }
  return settle(wanted);
}

std::optional<std::string> unload_policy_routing() {
  return settle({});
}

}  // namespace gate
