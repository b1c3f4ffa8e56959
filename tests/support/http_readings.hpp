// How servers and clients of the HTTP gateway that are less strict than the gate would cut what leaves it: a
// model of their parsers that shares no code with proxy/. Who smuggles an offer past the gate needs one of
// them to find a gateway body where the gate saw none.
#pragma once

#include <array>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "msnp/types.hpp"

namespace gate::test {

struct HttpHabits {
  bool bare_line_feeds = false;  // LF ends a line; else CRLF alone does
  bool last_length = false;      // of several Content-Lengths; else the first
  bool reads_chunks = true;      // else Transfer-Encoding is passed over
};
inline constexpr std::array http_habits{HttpHabits{}, HttpHabits{true, false, true},
                                        HttpHabits{true, true, true}, HttpHabits{true, true, false}};

struct HttpMessage {
  bool gateway = false;
  std::string session;  // the stable part; of an opening: empty
  std::string head;     // as it came
  std::string body;     // decoded; of what is not the gateway's: as it came
};

/// Both directions of one connection.
class HttpReading {
 public:
  explicit HttpReading(const HttpHabits& habits) : habits_(habits) {}
  /// The messages that are complete with these bytes. Behind a granted CONNECT or an upgrade, and once it
  /// cannot follow: none any more.
  std::vector<HttpMessage> read(msnp::Direction direction, std::string_view bytes);

 private:
  struct Asked {
    bool gateway = false;
    bool bodiless = false;
    bool connects = false;
  };
  struct Head;

  [[nodiscard]] bool next(msnp::Direction direction, std::string& text, std::vector<HttpMessage>& found);
  [[nodiscard]] bool line(std::string_view text, std::size_t& at, std::string_view& found) const;
  [[nodiscard]] bool chunks(std::string_view text, std::size_t& at, std::string& body) const;

  HttpHabits habits_;
  std::array<std::string, 2> left_;
  std::deque<Asked> asked_;
  bool lost_ = false;
};

}  // namespace gate::test
