#include "proxy/admin_client.hpp"

#include <sys/socket.h>
#include <sys/time.h>

#include <ostream>
#include <stdexcept>
#include <variant>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/json/parse.hpp>

#include "proxy/config.hpp"
#include "proxy/escape.hpp"

namespace gate {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace json = boost::json;
using boost::system::error_code;

/// 100,000 sessions with their peers take some 30 MB.
constexpr std::uint64_t largest_answer = std::uint64_t{256} * 1024 * 1024;

[[noreturn]] void fail(const std::filesystem::path& socket, const error_code& error) {
  const std::string where = socket.string();
  if (error == boost::system::errc::no_such_file_or_directory ||
      error == boost::system::errc::connection_refused) {
    throw std::runtime_error(
        "no gateway answers at " + where +
        ": is msnpgate running, and is this its [admin] socket? (-c FILE, --socket PATH)");
  }
  if (error == boost::system::errc::permission_denied) {
    throw std::runtime_error("no permission to use " + where + ": be its owner, or in its group");
  }
  if (error == boost::system::errc::resource_unavailable_try_again ||
      error == boost::system::errc::operation_would_block) {
    throw std::runtime_error("the gateway at " + where + " does not answer in time");
  }
  if (error == http::error::end_of_stream || error == boost::system::errc::connection_reset) {
    throw std::runtime_error("the gateway at " + where + " hung up: too many admin connections?");
  }
  throw std::runtime_error(where + ": " + error.message());
}

/// Tells each line of what the gateway objected to.
int tell_error(const AdminReply& reply, std::ostream& err) {
  error_code bad;
  const json::value value = json::parse(reply.body, bad);
  const json::object* const object = bad ? nullptr : value.if_object();
  const auto text_at = [object](std::string_view key) -> std::string {
    const json::value* found = object == nullptr ? nullptr : object->if_contains(key);
    return found != nullptr && found->is_string() ? showable(found->get_string()) : std::string();
  };
  if (object != nullptr && object->contains("errors") && object->at("errors").is_array()) {
    for (const json::value& one : object->at("errors").get_array()) {
      if (one.is_string()) err << showable(one.get_string()) << '\n';
    }
  }
  const std::string text = text_at("error");
  err << "msnpgate: " << (text.empty() ? "the gateway answered " + std::to_string(reply.status) : text)
      << '\n';
  return exit_failed;
}

}  // namespace

AdminReply ask_admin(const std::filesystem::path& socket, http::verb method, std::string_view target,
                     std::string_view body, std::chrono::milliseconds patience) {
  asio::io_context io;
  asio::local::stream_protocol::socket stream(io, asio::local::stream_protocol());
  const auto whole = std::chrono::duration_cast<std::chrono::seconds>(patience);
  const timeval limit{.tv_sec = whole.count(),
                      .tv_usec = static_cast<suseconds_t>((patience - whole).count() * 1000)};
  ::setsockopt(stream.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(stream.native_handle(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  error_code error;
  stream.connect(asio::local::stream_protocol::endpoint(socket.string()), error);
  if (error) fail(socket, error);

  http::request<http::string_body> request{method, target, 11};
  request.set(http::field::host, "localhost");
  request.set(http::field::connection, "close");
  if (method != http::verb::get) {
    request.set(http::field::content_type, "application/json");
    request.body() = body.empty() ? "{}" : body;
    request.prepare_payload();
  }
  http::write(stream, request, error);
  if (error) fail(socket, error);
  boost::beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(largest_answer);
  http::read(stream, buffer, parser, error);
  if (error) fail(socket, error);
  return {parser.get().result_int(), std::move(parser.get().body())};
}

AdminAnswer ask_admin(const AdminOptions& options, http::verb method, std::string_view target,
                      std::ostream& err, std::string_view body) {
  std::filesystem::path socket = AdminSettings::default_socket;
  if (options.socket) {
    socket = *options.socket;
  } else if (options.config) {
    const auto loaded = load_config(*options.config);
    if (const auto* errors = std::get_if<std::vector<ConfigError>>(&loaded)) {
      // A file that cannot be loaded is what a reload would be asked to try: it names no socket then.
      for (const ConfigError& one : *errors) err << to_string(one) << '\n';
      err << "msnpgate: this file does not tell where the admin socket is; use --socket PATH\n";
      return {nullptr, exit_config};
    }
    socket = std::get<Config>(loaded).boot.admin.socket;
    if (socket.empty()) {
      err << "msnpgate: " << options.config->string()
          << ": admin.socket is \"\": there is no socket to ask\n";
      return {nullptr, exit_failed};
    }
  }
  try {
    const AdminReply reply = ask_admin(socket, method, target, body);
    if (reply.status >= 400) return {nullptr, tell_error(reply, err)};
    return {json::parse(reply.body), exit_fine};
  } catch (const std::exception& failure) {
    err << "msnpgate: " << failure.what() << '\n';
    return {nullptr, exit_failed};
  }
}

}  // namespace gate
