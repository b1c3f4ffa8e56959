// One HTTP message, its head and where its body ends, with Boost.Beast's parser over the caller's bytes:
// nothing of an ordinary message is kept. The one rule: a message that two readers could delimit
// differently has a fault, and so has everything behind it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/beast/http/basic_parser.hpp>

#include "msnp/bytes.hpp"
#include "msnp/http_gateway.hpp"

namespace gate {

/// Longest head. Cookies make heads of some kilobytes; servers take 8 to 64.
inline constexpr std::size_t longest_http_head = 64 * 1024;

/// The size of the head at the front of `bytes`, 0 while it is not complete. `searched` is 0 at first; it
/// makes another call with the same bytes and more go on where this one ended. `fault` is set for what only
/// some readers take for the end of a line: a bare LF, a folded line. (Bare CR and NUL are the parser's to
/// refuse.)
[[nodiscard]] std::size_t http_head_size(msnp::Bytes bytes, std::size_t& searched,
                                         std::string_view& fault) noexcept;

enum class HttpMethod : std::uint8_t { other, post, options, head, connect };

/// What of a head matters here.
struct HttpHead {
  // requests
  HttpMethod method = HttpMethod::other;
  msnp::GatewayPath gateway = msnp::GatewayPath::no;
  std::string target;  // of CONNECT and of the gateway only
  bool expects_continue = false;
  // answers
  unsigned status = 0;
  std::string messenger;  // the value of X-MSN-Messenger
  // both
  bool upgrades = false;
  bool sized = false;    // it has a Content-Length
  bool chunked = false;  // it has a Transfer-Encoding
  bool coded = false;    // it has a Content-Encoding
};

template <bool is_request>
class HttpReader final : private boost::beast::http::basic_parser<is_request> {
  using Parser = boost::beast::http::basic_parser<is_request>;

 public:
  /// `bodiless`: the answer to a HEAD, or to a CONNECT that is granted.
  explicit HttpReader(bool bodiless = false);

  /// Reads the complete head, which `http_head_size` found.
  void read_head(msnp::Bytes head);
  /// Reads on behind the head; the number of bytes that are done with. Fewer than given: the rest is to be
  /// presented again, with more behind it, or the message is over.
  [[nodiscard]] std::size_t read_body(msnp::Bytes bytes);

  /// Decoded bytes of a chunked body are kept from now on, up to `most`.
  void keep_chunks(std::size_t most) noexcept { most_kept_ = most; }
  [[nodiscard]] std::string_view chunks() const noexcept { return chunks_; }
  /// There were more.
  [[nodiscard]] bool chunks_cut() const noexcept { return chunks_cut_; }

  [[nodiscard]] const HttpHead& head() const noexcept { return head_; }
  [[nodiscard]] bool done() const noexcept { return Parser::is_done(); }
  /// The body ends with the connection.
  [[nodiscard]] bool endless() const { return !done() && Parser::need_eof(); }
  /// Announced and not yet read; 0 when it is not known.
  [[nodiscard]] std::uint64_t body_left() const {
    const auto left = Parser::content_length_remaining();
    return left ? *left : 0;
  }
  /// Why it cannot be followed; empty while it can.
  [[nodiscard]] const std::string& fault() const noexcept { return fault_; }

 private:
  using Error = boost::beast::error_code;
  using Field = boost::beast::http::field;
  using Text = boost::beast::string_view;

  void on_request_impl(boost::beast::http::verb verb, Text method, Text target, int version,
                       Error& error) override;
  void on_response_impl(int code, Text reason, int version, Error& error) override;
  void on_field_impl(Field field, Text name, Text value, Error& error) override;
  void on_header_impl(Error& error) override;
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, Error& error) override;
  std::size_t on_body_impl(Text body, Error& error) override;
  void on_chunk_header_impl(std::uint64_t size, Text extensions, Error& error) override;
  std::size_t on_chunk_body_impl(std::uint64_t left, Text body, Error& error) override;
  void on_finish_impl(Error& error) override;

  [[nodiscard]] std::size_t put(msnp::Bytes bytes);
  void complain(std::string_view why) {
    if (fault_.empty()) fault_ = why;
  }

  HttpHead head_;
  std::string chunks_;
  std::size_t most_kept_ = 0;
  std::uint64_t chunk_left_ = 0;  // of the chunk at hand
  std::string fault_;
  unsigned hosts_ = 0;
  bool old_ = false;  // HTTP/1.0
  bool in_trailer_ = false;
  bool chunks_cut_ = false;
};

extern template class HttpReader<true>;
extern template class HttpReader<false>;

}  // namespace gate
