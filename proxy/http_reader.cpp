#include "proxy/http_reader.hpp"

#include <algorithm>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>

#include "msnp/ascii.hpp"

namespace gate {
namespace {

namespace http = boost::beast::http;

/// A chunk's line with its extensions, or a trailer, that goes on longer than this is no honest one.
constexpr std::size_t longest_chunk_line = 4096;
/// The last chunk as a whole: `0 CR LF CR LF`. Beast (1.81) asserts that it is not shown less of it again,
/// once it has seen the zero.
constexpr std::size_t last_chunk = 5;

std::string_view standard(boost::beast::string_view text) noexcept {
  return {text.data(), text.size()};
}

bool all_digits(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

HttpMethod method_of(http::verb verb) noexcept {
  switch (verb) {
    case http::verb::post:
      return HttpMethod::post;
    case http::verb::options:
      return HttpMethod::options;
    case http::verb::head:
      return HttpMethod::head;
    case http::verb::connect:
      return HttpMethod::connect;
    default:
      return HttpMethod::other;
  }
}

}  // namespace

std::size_t http_head_size(msnp::Bytes bytes, std::size_t& searched, std::string_view& fault) noexcept {
  const std::string_view all = msnp::as_text(bytes);
  for (;;) {
    const std::size_t end = all.find('\n', searched);
    if (end == std::string_view::npos) return 0;
    if (end == searched || all[end - 1] != '\r') {
      fault = "a bare line feed in a head";
      return 0;
    }
    if (end == searched + 1) return end + 1;
    if (searched > 0 && (all[searched] == ' ' || all[searched] == '\t')) {
      fault = "a folded header line";
      return 0;
    }
    searched = end + 1;
  }
}

template <bool is_request>
HttpReader<is_request>::HttpReader(bool bodiless) {
  Parser::eager(true);
  Parser::header_limit(longest_http_head + 1);
  Parser::body_limit(boost::none);
  Parser::skip(bodiless);
}

template <bool is_request>
void HttpReader<is_request>::read_head(msnp::Bytes head) {
  const std::size_t used = put(head);
  if (fault_.empty() && (used != head.size() || !Parser::is_header_done())) complain("a head that is none");
}

template <bool is_request>
std::size_t HttpReader<is_request>::read_body(msnp::Bytes bytes) {
  if (bytes.empty() || done()) return 0;
  const bool may_be_last = head_.chunked && chunk_left_ == 0 && bytes.front() == std::byte{'0'};
  if (may_be_last && bytes.size() < last_chunk) return 0;
  const std::size_t used = put(bytes);
  if (head_.chunked && !done() && bytes.size() - used > longest_chunk_line)
    complain("an endless chunk header");
  return used;
}

template <bool is_request>
std::size_t HttpReader<is_request>::put(msnp::Bytes bytes) {
  Error error;
  const std::size_t used = Parser::put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  if (error && error != http::error::need_more) complain(error.message());
  return used;
}

template <bool is_request>
void HttpReader<is_request>::on_request_impl(http::verb verb, Text /*method*/, Text target, int version,
                                             Error& /*error*/) {
  head_.method = method_of(verb);
  old_ = version < 11;
  head_.gateway = msnp::gateway_path(standard(target));
  if (head_.method == HttpMethod::connect || head_.gateway != msnp::GatewayPath::no) {
    head_.target = standard(target);
  }
}

template <bool is_request>
void HttpReader<is_request>::on_response_impl(int code, Text /*reason*/, int version, Error& /*error*/) {
  head_.status = static_cast<unsigned>(code);
  old_ = version < 11;
}

template <bool is_request>
void HttpReader<is_request>::on_field_impl(Field field, Text name, Text value, Error& /*error*/) {
  if (in_trailer_) {
    if (most_kept_ != 0 || field == Field::host) complain("a trailer");
    return;
  }
  switch (field) {
    case Field::content_length:
      if (head_.sized) complain("Content-Length twice");
      if (head_.chunked) complain("Content-Length and Transfer-Encoding");
      if (!all_digits(standard(value))) complain("an odd Content-Length");
      head_.sized = true;
      break;
    case Field::transfer_encoding:
      if (head_.sized) complain("Content-Length and Transfer-Encoding");
      if (head_.chunked) complain("Transfer-Encoding twice");
      if (!msnp::equal_folded(standard(value), "chunked")) complain("an odd Transfer-Encoding");
      if (old_) complain("Transfer-Encoding in HTTP/1.0");
      head_.chunked = true;
      break;
    case Field::content_encoding:
      head_.coded = head_.coded || !msnp::equal_folded(standard(value), "identity");
      break;
    case Field::host:
      if (++hosts_ > 1) complain("Host twice");
      break;
    case Field::expect:
      head_.expects_continue = msnp::equal_folded(standard(value), "100-continue");
      break;
    case Field::upgrade:
      head_.upgrades = true;
      break;
    case Field::unknown:
      if (!is_request && msnp::equal_folded(standard(name), "X-MSN-Messenger")) {
        if (!head_.messenger.empty()) complain("X-MSN-Messenger twice");
        head_.messenger = standard(value);
      }
      break;
    default:
      break;
  }
}

template <bool is_request>
void HttpReader<is_request>::on_header_impl(Error& /*error*/) {
  const bool without_body = head_.status / 100 == 1 || head_.status == 204;
  if (without_body && (head_.chunked || body_left() > 0)) complain("a body where none can be");
}

template <bool is_request>
void HttpReader<is_request>::on_body_init_impl(const boost::optional<std::uint64_t>& /*length*/,
                                               Error& /*error*/) {}

template <bool is_request>
std::size_t HttpReader<is_request>::on_body_impl(Text body, Error& /*error*/) {
  return body.size();
}

template <bool is_request>
void HttpReader<is_request>::on_chunk_header_impl(std::uint64_t size, Text extensions, Error& /*error*/) {
  if (size == 0) in_trailer_ = true;
  chunk_left_ = size;
  if (most_kept_ != 0 && !extensions.empty()) complain("a chunk extension");
}

template <bool is_request>
std::size_t HttpReader<is_request>::on_chunk_body_impl(std::uint64_t left, Text body, Error& /*error*/) {
  chunk_left_ = left - body.size();
  chunks_cut_ = chunks_cut_ || chunks_.size() + body.size() > most_kept_;
  if (!chunks_cut_) chunks_.append(body.data(), body.size());
  return body.size();
}

template <bool is_request>
void HttpReader<is_request>::on_finish_impl(Error& /*error*/) {}

template class HttpReader<true>;
template class HttpReader<false>;

}  // namespace gate
