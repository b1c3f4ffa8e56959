#include "tests/support/http_readings.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>

namespace gate::test {
namespace {

using msnp::Direction;

std::string small(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

std::string_view bare(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") + 1 - begin);
}

int digit(char c) {
  return std::isxdigit(static_cast<unsigned char>(c)) == 0
             ? 0
             : static_cast<int>(std::strtol(std::string(1, c).c_str(), nullptr, 16));
}

std::string unescaped(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      result += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
      i += 2;
    } else {
      result += text[i];
    }
  }
  return result;
}

/// Behind `SessionID=`, up to the dot.
std::string session_in(std::string_view text) {
  constexpr std::string_view name = "SessionID=";
  const std::size_t at = text.find(name);
  if (at == std::string_view::npos) return {};
  const std::string_view value = text.substr(at + name.size());
  return std::string(value.substr(0, value.find_first_of(".&; \r\n")));
}

}  // namespace

struct HttpReading::Head {
  std::string first;
  std::string session;
  unsigned long long length = 0;
  bool sized = false;
  bool chunked = false;
};

bool HttpReading::line(std::string_view text, std::size_t& at, std::string_view& found) const {
  const std::string_view end = habits_.bare_line_feeds ? "\n" : "\r\n";
  const std::size_t found_at = text.find(end, at);
  if (found_at == std::string_view::npos) return false;
  found = text.substr(at, found_at - at);
  if (found.ends_with('\r')) found.remove_suffix(1);
  at = found_at + end.size();
  return true;
}

bool HttpReading::chunks(std::string_view text, std::size_t& at, std::string& body) const {
  for (std::string_view size_line; line(text, at, size_line);) {
    const std::size_t size = std::strtoull(std::string(size_line).c_str(), nullptr, 16);
    if (size == 0) {
      while (line(text, at, size_line)) {
        if (size_line.empty()) return true;
      }
      return false;
    }
    if (text.size() - at < size) return false;
    body += text.substr(at, size);
    at += size;
    if (!line(text, at, size_line)) return false;
  }
  return false;
}

/// One message from the front of `text`. False: it is not complete, or nobody can tell.
bool HttpReading::next(Direction direction, std::string& text, std::vector<HttpMessage>& found) {
  const bool request = direction == Direction::to_server;
  std::size_t at = 0;
  Head head;
  std::string_view one;
  do {
    if (!line(text, at, one)) return false;
  } while (one.empty());
  head.first = one;
  for (;;) {
    if (!line(text, at, one)) return false;
    if (one.empty()) break;
    const std::size_t colon = std::min(one.find(':'), one.size());
    const std::string name = small(bare(one.substr(0, colon)));
    const std::string value(bare(one.substr(std::min(colon + 1, one.size()))));
    if (name == "content-length" && (!head.sized || habits_.last_length)) {
      head.sized = true;
      head.length = std::strtoull(value.c_str(), nullptr, 10);
    } else if (name == "transfer-encoding") {
      head.chunked = habits_.reads_chunks && small(value).find("chunked") != std::string::npos;
    } else if (name == "x-msn-messenger") {
      head.session = session_in(value);
    }
  }

  HttpMessage message;
  message.head = text.substr(0, at);
  Asked asked;
  unsigned status = 0;
  if (request) {
    const std::size_t begin = std::min(head.first.find(' ') + 1, head.first.size());
    const std::string target = head.first.substr(begin, head.first.rfind(' ') - begin);
    asked.gateway = small(unescaped(target.substr(0, target.find('?')))).find("/gateway/gateway.dll") !=
                    std::string::npos;
    asked.bodiless = head.first.starts_with("HEAD ");
    asked.connects = head.first.starts_with("CONNECT ");
    message.session = session_in(target);
  } else {
    if (asked_.empty()) return !(lost_ = true);
    asked = asked_.front();
    status = static_cast<unsigned>(
        std::atoi(head.first.substr(std::min(head.first.find(' '), head.first.size())).c_str()));
    message.session = head.session;
  }
  message.gateway = asked.gateway;
  const bool empty = !request && (asked.bodiless || status / 100 == 1 || status == 204 || status == 304 ||
                                  (asked.connects && status / 100 == 2));
  if (!empty && head.chunked) {
    if (!chunks(text, at, message.body)) return false;
    if (!message.gateway) message.body = text.substr(message.head.size(), at - message.head.size());
  } else if (!empty && head.sized) {
    if (text.size() - at < head.length) return false;
    message.body = text.substr(at, head.length);
    at += head.length;
  } else if (!empty && !request) {
    lost_ = true;  // to the end of the connection
  }
  if (request) {
    asked_.push_back(asked);
  } else if (status / 100 != 1) {
    asked_.pop_front();
    if (asked.connects && status / 100 == 2) lost_ = true;
  } else if (status == 101) {
    lost_ = true;
  }
  text.erase(0, at);
  found.push_back(std::move(message));
  return true;
}

std::vector<HttpMessage> HttpReading::read(Direction direction, std::string_view bytes) {
  std::vector<HttpMessage> found;
  std::string& left = left_[static_cast<std::size_t>(direction)];
  left += bytes;
  while (!lost_ && !left.empty() && next(direction, left, found)) {
  }
  return found;
}

}  // namespace gate::test
