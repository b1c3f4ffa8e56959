#include "msnp/http_gateway.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "msnp/ascii.hpp"

namespace msnp {
namespace {

constexpr std::string_view gateway_name = "/gateway/gateway.dll";
constexpr std::string_view program_name = "gateway.dll";
/// Escargot's are 36 characters, those of the official service were some twenty.
constexpr std::size_t longest_session = 128;

constexpr int hex_value(char letter) noexcept {
  if (letter >= '0' && letter <= '9') return letter - '0';
  const char small = static_cast<char>(letter | 0x20);
  return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

std::string percent_decoded(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      const int high = hex_value(text[i + 1]);
      const int low = hex_value(text[i + 2]);
      if (high >= 0 && low >= 0) {
        decoded += static_cast<char>(high * 16 + low);
        i += 2;
        continue;
      }
    }
    decoded += text[i];
  }
  return decoded;
}

/// Path and query of a target in origin or absolute form.
std::string_view without_authority(std::string_view target) noexcept {
  const std::size_t scheme = target.find("://");
  const std::size_t query = target.find_first_of("?#");
  if (scheme == std::string_view::npos || scheme > query || target.starts_with('/')) return target;
  const std::size_t end = std::min(target.find_first_of("/?#", scheme + 3), target.size());
  return target.substr(end);
}

/// As the most tolerant of servers would see it: backslashes are slashes, dots walk, parameters fall off.
std::string walked(std::string_view path) {
  std::vector<std::string> segments;
  path = path.substr(0, path.find('\0'));
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find_first_of("/\\", at), path.size());
    std::string_view segment = path.substr(at, end - at);
    segment = segment.substr(0, segment.find(';'));
    if (segment == "..") {
      if (!segments.empty()) segments.pop_back();
    } else if (!segment.empty() && segment != ".") {
      segments.emplace_back(segment);
    }
    at = end + 1;
  }
  std::string result;
  for (const std::string& segment : segments) result += '/' + segment;
  return result;
}

bool is_session_name(std::string_view text) noexcept {
  return text.size() <= longest_session && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
                  c == '-' || c == '_' || c == '{' || c == '}';
         });
}

/// `stable.changing`: every answer brings another second part.
std::string_view stable_part(std::string_view session) noexcept {
  return session.substr(0, session.find('.'));
}

std::string_view query_of(std::string_view target) noexcept {
  const std::size_t question = target.find('?');
  return question == std::string_view::npos ? std::string_view{} : target.substr(question + 1);
}

/// Calls `each` with every `name=value` of a query, as spelled.
template <class Each>
void for_each_argument(std::string_view query, Each each) {
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view argument = query.substr(0, end);
    const std::size_t equals = argument.find('=');
    const bool has_value = equals != std::string_view::npos;
    each(argument.substr(0, equals), has_value ? argument.substr(equals + 1) : std::string_view{}, argument);
    query.remove_prefix(std::min(end + 1, query.size()));
  }
}

}  // namespace

GatewayPath gateway_path(std::string_view target) {
  std::string_view path = without_authority(target);
  path = path.substr(0, path.find_first_of("?#"));
  const std::string decoded = folded(percent_decoded(path));
  if (decoded == gateway_name) return GatewayPath::yes;
  if (decoded.find(program_name) == std::string::npos) return GatewayPath::no;
  const std::string plain = walked(decoded);
  // Behind a program stands what IIS hands to it as path information.
  const bool reaches = plain == gateway_name || plain.starts_with(std::string(gateway_name) + '/');
  return reaches ? GatewayPath::odd : GatewayPath::no;
}

std::variant<GatewayRequest, Uncertain> read_gateway_request(std::string_view target) {
  const std::string_view query = query_of(target);
  // Python took a semicolon for an ampersand until 3.9; a fragment is cut off by some.
  if (query.find_first_of(";#") != std::string_view::npos) return Uncertain{"an odd query"};
  std::optional<std::string_view> session;
  std::optional<std::string_view> action;
  std::optional<std::string_view> server;
  std::string_view why;
  for_each_argument(query, [&](std::string_view name, std::string_view value, std::string_view) {
    const std::string small = folded(percent_decoded(name));
    const auto take = [&](std::string_view wanted, std::optional<std::string_view>& into) {
      if (small != folded(wanted)) return;
      if (name != wanted) why = "an argument in odd spelling";  // Escargot compares them to the letter
      if (into) why = wanted == "SessionID" ? "two SessionIDs" : "an argument twice";
      into = value;
    };
    take("SessionID", session);
    take("Action", action);
    take("Server", server);
  });
  if (!why.empty()) return Uncertain{why};
  if (session && !is_session_name(*session)) return Uncertain{"an odd SessionID"};
  if (action && *action != "open" && *action != "poll") return Uncertain{"an unknown Action"};

  GatewayRequest request;
  if (!session || session->empty()) {
    // Anything but NS leads to a switchboard at Escargot.
    if (action == "poll") return Uncertain{"a poll without SessionID"};
    if (server != "NS" && server != "SB") return Uncertain{"an opening to neither NS nor SB"};
    request.action = GatewayAction::open;
    request.side = server == "SB" ? Side::switchboard : Side::notification;
    return request;
  }
  if (action == "open") return Uncertain{"an opening with a SessionID"};
  request.session = stable_part(*session);
  if (request.session.empty()) return Uncertain{"an odd SessionID"};
  request.action = action ? GatewayAction::poll : GatewayAction::data;
  return request;
}

std::variant<GatewayAnswer, Uncertain> read_gateway_answer(std::string_view value) {
  GatewayAnswer answer;
  bool named = false;
  while (!value.empty()) {
    const std::size_t end = std::min(value.find(';'), value.size());
    const std::string_view part = trimmed(value.substr(0, end));
    value.remove_prefix(std::min(end + 1, value.size()));
    const std::size_t equals = std::min(part.find('='), part.size());
    const std::string name = folded(trimmed(part.substr(0, equals)));
    const std::string_view content = trimmed(part.substr(std::min(equals + 1, part.size())));
    if (name == "sessionid") {
      if (named) return Uncertain{"two SessionIDs"};
      if (content.empty() || !is_session_name(content)) return Uncertain{"an odd SessionID"};
      named = true;
      answer.session = stable_part(content);
      if (answer.session.empty()) return Uncertain{"an odd SessionID"};
    } else if (name == "session") {
      answer.closes = answer.closes || folded(content) == "close";
    }
  }
  return answer;
}

std::string without_poll(std::string_view target) {
  const std::size_t question = target.find('?');
  std::string result(target.substr(0, question));
  char joint = '?';
  for_each_argument(query_of(target), [&](std::string_view name, std::string_view, std::string_view all) {
    if (name == "Action") return;
    result += joint;
    result += all;
    joint = '&';
  });
  return result;
}

}  // namespace msnp
