#include "proxy/admin_http.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <utility>

namespace gate {
namespace {

namespace json = boost::json;

std::optional<unsigned> hex_digit(char letter) {
  if (letter >= '0' && letter <= '9') return static_cast<unsigned>(letter - '0');
  if (letter >= 'a' && letter <= 'f') return static_cast<unsigned>(letter - 'a' + 10);
  if (letter >= 'A' && letter <= 'F') return static_cast<unsigned>(letter - 'A' + 10);
  return std::nullopt;
}

/// application/x-www-form-urlencoded, as browsers write queries.
std::optional<std::string> decoded(std::string_view text) {
  std::string result;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '+') {
      result += ' ';
    } else if (text[at] != '%') {
      result += text[at];
    } else {
      if (text.size() - at < 3) return std::nullopt;
      const auto high = hex_digit(text[at + 1]);
      const auto low = hex_digit(text[at + 2]);
      if (!high || !low) return std::nullopt;
      result += static_cast<char>(*high * 16 + *low);
      at += 2;
    }
  }
  return result;
}

}  // namespace

AdminResponse json_response(const json::value& value, boost::beast::http::status status) {
  return {.status = status, .body = json::serialize(value) + '\n', .stream = nullptr};
}

AdminResponse error_response(boost::beast::http::status status, std::string_view text) {
  return json_response(json::object{{"error", text}}, status);
}

std::optional<json::object> json_body(const AdminRequest& request) {
  json::error_code error;
  json::value value = json::parse(request.body, error);
  if (error || !value.is_object()) return std::nullopt;
  return {std::move(value.get_object())};
}

std::optional<AdminTarget> admin_target(std::string_view target) {
  constexpr std::size_t most_names = 32;
  if (target.empty() || target.front() != '/') return std::nullopt;
  const std::size_t mark = target.find('?');
  AdminTarget result;
  result.path = target.substr(0, mark);
  if (mark == std::string_view::npos) return result;
  std::string_view rest = target.substr(mark + 1);
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    const auto name = decoded(pair.substr(0, equals));
    const auto value = decoded(equals == std::string_view::npos ? "" : pair.substr(equals + 1));
    if (!name || !value) return std::nullopt;
    result.query[*name] = *value;
    if (result.query.size() > most_names) return std::nullopt;
  }
  return result;
}

}  // namespace gate
