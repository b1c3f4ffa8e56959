#include "proxy/admin_connection.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>

#include "proxy/log.hpp"
#include "proxy/scheduling.hpp"

namespace gate {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::awaitable;
using boost::system::error_code;
using namespace std::chrono_literals;

using LocalStream = beast::basic_stream<asio::local::stream_protocol>;
using TcpStream = beast::tcp_stream;
using TlsStream = beast::ssl_stream<TcpStream>;

constexpr auto answered = asio::as_tuple(asio::use_awaitable);

constexpr std::size_t header_limit = 16 * 1024;
constexpr std::size_t body_limit = 64 * 1024;
constexpr auto request_time = 10s;   // for a whole request, from the answer before it or from the start
constexpr auto response_time = 30s;  // for a whole answer, or one piece of a stream
constexpr auto stream_interval = 250ms;
constexpr auto stream_heartbeat = 15s;  // so that both sides notice that the other has gone
constexpr auto accept_pause = 100ms;    // when descriptors have run out
constexpr auto linger_time = 2s;        // for what a refused caller is still sending
constexpr std::size_t linger_limit = 1024 * 1024;

/// Counts one connection while it lives.
class Seat {
 public:
  explicit Seat(std::shared_ptr<std::size_t> taken) : taken_(std::move(taken)) { ++*taken_; }
  ~Seat() {
    if (taken_) --*taken_;
  }
  Seat(Seat&&) noexcept = default;
  Seat& operator=(Seat&&) = delete;
  Seat(const Seat&) = delete;
  Seat& operator=(const Seat&) = delete;

 private:
  std::shared_ptr<std::size_t> taken_;
};

template <class Body>
void dress(http::response<Body>& response) {
  response.set(http::field::server, "msnpgate");
  response.set(http::field::cache_control, "no-store");
  // The page may load what this server sends and nothing else, and build no markup from text.
  response.set("Content-Security-Policy",
               "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
               "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
               "require-trusted-types-for 'script'; trusted-types 'none'");
  response.set("X-Content-Type-Options", "nosniff");
  response.set("X-Frame-Options", "DENY");
  response.set("Referrer-Policy", "no-referrer");
  response.set("Cross-Origin-Opener-Policy", "same-origin");
  response.set("Cross-Origin-Resource-Policy", "same-origin");
}

AdminResponse run_handler(const AdminRoute& route, const AdminRequest& request) {
  try {
    return route.answer(request);
  } catch (const std::exception& error) {
    log(Level::error, "admin: " + route.path + ": " + error.what());
    return error_response(http::status::internal_server_error, "it failed; the log of msnpgate says why");
  }
}

awaitable<AdminResponse> answer(const AdminShared& shared, const AdminRoute& route,
                                const AdminRequest& request) {
  if (route.quick) co_return run_handler(route, request);
  const auto aside = [](const AdminRoute* asked, const AdminRequest* with) -> awaitable<AdminResponse> {
    if (asked->searches) give_way_at_once();
    co_return run_handler(*asked, *with);
  };
  asio::thread_pool& pool = route.searches ? *shared.search : *shared.slow;
  co_return co_await asio::co_spawn(pool, aside(&route, &request), asio::use_awaitable);
}

template <class Stream>
class Connection {
 public:
  Connection(Stream stream, const AdminDoor& door, AdminCaller caller, const AdminShared& shared)
      : stream_(std::move(stream)), door_(door), caller_(std::move(caller)), shared_(shared) {}

  Stream& stream() noexcept { return stream_; }
  void set_caller(AdminCaller caller) { caller_ = std::move(caller); }

  awaitable<void> serve() {
    // g++ 12 makes a trap of `while (co_await ...) {}`.
    for (bool more = true; more;) more = co_await serve_one();
    if (!unread_) co_return;
    co_await linger();
  }

 private:
  using Parser = http::request_parser<http::string_body>;

  /// One request and its answer; true when another may follow.
  awaitable<bool> serve_one() {
    Parser parser;
    parser.header_limit(header_limit);
    parser.body_limit(body_limit);
    beast::get_lowest_layer(stream_).expires_after(request_time);
    auto [failed, size] = co_await http::async_read_header(stream_, buffer_, parser, answered);
    if (failed) co_return co_await refuse_unread(failed);

    const AdminHead& head = parser.get().base();
    const AdminCaller caller = caller_of(head);
    const AdminAdmission admission = admit(head, door_, caller.role, shared_.routes);
    if (admission.route == nullptr) {
      unread_ = true;
      co_await send(admission.refusal, head, admission.allow, false);
      co_return false;
    }
    std::tie(failed, size) = co_await http::async_read(stream_, buffer_, parser, answered);
    if (failed) co_return co_await refuse_unread(failed);
    const AdminRequest request{admission.target.path, admission.target.query, parser.get().body(),
                               caller.role, caller.who};
    AdminResponse response = co_await answer(shared_, *admission.route, request);
    if (response.stream) {
      co_await send_stream(response, head);
      co_return false;
    }
    co_return co_await send(response, head, {}, parser.get().keep_alive());
  }

  [[nodiscard]] AdminCaller caller_of(const AdminHead& head) const {
    const auto shown = head.find(http::field::authorization);
    if (shown == head.end()) return caller_;
    // Who shows a token wants its role, and hears when it is wrong.
    return shared_.tokens.caller(std::string_view(shown->value())).value_or(AdminCaller{});
  }

  awaitable<bool> refuse_unread(error_code failed) {
    http::status status = http::status::bad_request;
    std::string_view text = "this is no HTTP request";
    if (failed == http::error::header_limit) {
      status = http::status::request_header_fields_too_large;
      text = "the header is too long";
    } else if (failed == http::error::body_limit || failed == http::error::buffer_overflow) {
      status = http::status::payload_too_large;
      text = "the body is too long";
    } else if (failed == beast::error::timeout ||
               failed.category() != http::make_error_code(http::error::bad_method).category() ||
               failed == http::error::end_of_stream || failed == http::error::partial_message) {
      co_return false;  // gone, or too slow to be told
    }
    unread_ = true;
    const AdminHead none;
    co_return co_await send(error_response(status, text), none, {}, false);
  }

  /// A socket closed with bytes unread resets the connection, and a caller that is still sending would
  /// never see the answer: they are read and forgotten, within limits.
  awaitable<void> linger() {
    auto& lowest = beast::get_lowest_layer(stream_);
    error_code failed;
    lowest.socket().shutdown(asio::socket_base::shutdown_send, failed);
    lowest.expires_after(linger_time);
    for (std::size_t left = linger_limit; left != 0 && !failed;) {
      buffer_.clear();
      std::size_t size = 0;
      std::tie(failed, size) =
          co_await lowest.async_read_some(buffer_.prepare(std::min(left, body_limit)), answered);
      left -= size;
    }
  }

  awaitable<bool> send(const AdminResponse& response, const AdminHead& head, std::string_view allow,
                       bool keep_alive) {
    http::response<http::string_body> message{response.status, 11};
    dress(message);
    message.set(http::field::content_type, response.type);
    if (response.status == http::status::method_not_allowed) message.set(http::field::allow, allow);
    if (response.status == http::status::unauthorized) {
      message.set(http::field::www_authenticate, "Bearer realm=\"msnpgate\"");
    }
    message.keep_alive(keep_alive);
    message.body() = response.body;
    message.prepare_payload();
    if (head.method() == http::verb::head) message.body().clear();  // the length stays
    beast::get_lowest_layer(stream_).expires_after(response_time);
    const auto [failed, size] = co_await http::async_write(stream_, message, answered);
    co_return !failed && keep_alive;
  }

  awaitable<void> send_stream(const AdminResponse& response, const AdminHead& head) {
    http::response<http::empty_body> message{response.status, 11};
    dress(message);
    message.set(http::field::content_type, response.type);
    message.keep_alive(false);  // its end is that of the connection
    http::response_serializer<http::empty_body> serializer{message};
    beast::get_lowest_layer(stream_).expires_after(response_time);
    const auto [failed, size] = co_await http::async_write_header(stream_, serializer, answered);
    if (failed || head.method() == http::verb::head) co_return;
    if (!co_await send_piece(response.body)) co_return;

    asio::steady_timer timer(co_await asio::this_coro::executor);
    auto last = std::chrono::steady_clock::now();
    for (;;) {
      const std::shared_ptr<AdminStream> source = response.stream;
      const auto ask = [](std::shared_ptr<AdminStream> asked) -> awaitable<std::string> {
        give_way_at_once();
        co_return asked->next();
      };
      std::string piece = co_await asio::co_spawn(*shared_.search, ask(source), asio::use_awaitable);
      const auto now = std::chrono::steady_clock::now();
      if (piece.empty() && now - last >= stream_heartbeat) piece = ": still here\n\n";
      if (piece.empty()) {
        timer.expires_after(stream_interval);
        const auto [cancelled] = co_await timer.async_wait(answered);
        if (cancelled) co_return;
        continue;
      }
      last = now;
      if (!co_await send_piece(piece)) co_return;
    }
  }

  awaitable<bool> send_piece(const std::string& piece) {
    beast::get_lowest_layer(stream_).expires_after(response_time);
    const auto [failed, size] = co_await asio::async_write(stream_, asio::buffer(piece), answered);
    co_return !failed;
  }

  Stream stream_;
  const AdminDoor& door_;
  AdminCaller caller_;
  const AdminShared& shared_;
  beast::flat_buffer buffer_{header_limit + body_limit};
  bool unread_ = false;  // whether the last request was answered before it was read to its end
};

/// The next connection; waits a little when there are no descriptors for it.
template <class Acceptor>
awaitable<std::optional<typename Acceptor::protocol_type::socket>> next_connection(Acceptor& acceptor) {
  auto [failed, socket] = co_await acceptor.async_accept(answered);
  if (!failed) co_return std::move(socket);
  asio::steady_timer timer(co_await asio::this_coro::executor);
  timer.expires_after(accept_pause);
  co_await timer.async_wait(answered);
  co_return std::nullopt;
}

// What a coroutine refers to lives in its own frame: these take what they need by value.

awaitable<void> serve_local(asio::local::stream_protocol::socket socket, AdminCaller caller,
                            std::shared_ptr<const AdminDoor> door, const AdminShared& shared, Seat) {
  Connection<LocalStream> connection(LocalStream(std::move(socket)), *door, std::move(caller), shared);
  co_await connection.serve();
}

awaitable<void> serve_tcp(asio::ip::tcp::socket socket, AdminCaller caller,
                          std::shared_ptr<const AdminDoor> door, const AdminShared& shared, Seat) {
  Connection<TcpStream> connection(TcpStream(std::move(socket)), *door, std::move(caller), shared);
  co_await connection.serve();
}

/// What TLS needs of one listener.
struct Secured {
  asio::ssl::context context{asio::ssl::context::tls_server};
  AdminListener settings;
};

void secure(Secured& secured) {
  asio::ssl::context& context = secured.context;
  const AdminListener& settings = secured.settings;
  const auto checked = [](const char* key, const std::filesystem::path& file, const error_code& failed) {
    if (!failed) return;
    throw std::runtime_error(std::string("admin.listener.") + key + ": " + file.string() +
                             " cannot be used: " + failed.message());
  };
  error_code failed;
  context.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_tlsv1 |
                      asio::ssl::context::no_tlsv1_1 | asio::ssl::context::no_compression);
  context.use_certificate_chain_file(settings.certificate.string(), failed);
  checked("certificate", settings.certificate, failed);
  context.use_private_key_file(settings.key.string(), asio::ssl::context::pem, failed);
  checked("key", settings.key, failed);
  if (settings.client_ca.empty()) return;
  context.load_verify_file(settings.client_ca.string(), failed);
  checked("client_ca", settings.client_ca, failed);
  // A browser with a token has no certificate: it is asked for, not demanded.
  context.set_verify_mode(asio::ssl::verify_peer);
  SSL_CTX_set_session_id_context(context.native_handle(), reinterpret_cast<const unsigned char*>("msnpgate"),
                                 8);
}

std::string common_name(X509* certificate) {
  X509_NAME* const subject = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0) return {};
  unsigned char* text = nullptr;
  const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  if (size < 0) return {};
  std::string name(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
  OPENSSL_free(text);
  return name;
}

AdminCaller certified_caller(SSL* ssl, const AdminListener& settings, AdminCaller anonymous) {
  const std::unique_ptr<X509, void (*)(X509*)> certificate(SSL_get1_peer_certificate(ssl), &X509_free);
  if (!certificate || settings.client_ca.empty()) return anonymous;
  const std::string name = common_name(certificate.get());
  for (const std::string& admin : settings.admins) {
    if (name == admin) return {Role::admin, "certificate of " + name};
  }
  return {Role::viewer, "certificate of " + name};
}

awaitable<void> serve_tls(asio::ip::tcp::socket socket, std::shared_ptr<Secured> secured, AdminCaller caller,
                          std::shared_ptr<const AdminDoor> door, const AdminShared& shared, Seat) {
  Connection<TlsStream> connection(TlsStream(TcpStream(std::move(socket)), secured->context), *door, caller,
                                   shared);
  beast::get_lowest_layer(connection.stream()).expires_after(request_time);
  const auto [failed] =
      co_await connection.stream().async_handshake(asio::ssl::stream_base::server, answered);
  if (failed) co_return;
  connection.set_caller(certified_caller(connection.stream().native_handle(), secured->settings, caller));
  co_await connection.serve();
}

/// `localhost` in all its spellings: what a browser calls a tunnel or a loopback listener.
std::vector<std::string> loopback_hosts() {
  return {"localhost", "127.0.0.1", "[::1]"};
}

std::string host_text(const asio::ip::address& address) {
  return address.is_v6() ? '[' + address.to_string() + ']' : address.to_string();
}

template <class Serve>
awaitable<void> accept_all(asio::ip::tcp::acceptor acceptor, std::size_t most, Serve serve) {
  const auto taken = std::make_shared<std::size_t>(0);
  for (;;) {
    auto socket = co_await next_connection(acceptor);
    if (!socket || *taken >= most) continue;  // closed at once: there is nobody to answer it
    asio::co_spawn(acceptor.get_executor(), serve(std::move(*socket), Seat(taken)), asio::detached);
  }
}

}  // namespace

awaitable<void> admit_local(asio::local::stream_protocol::acceptor acceptor, const AdminShared& shared) {
  auto door = std::make_shared<AdminDoor>();
  door->hosts = loopback_hosts();  // of a tunnel; own tools say localhost too
  const auto taken = std::make_shared<std::size_t>(0);
  for (;;) {
    auto socket = co_await next_connection(acceptor);
    if (!socket || *taken >= shared.connections) continue;
    AdminCaller caller = local_caller(socket->native_handle(), shared.ownership);
    asio::co_spawn(acceptor.get_executor(),
                   serve_local(std::move(*socket), std::move(caller), door, shared, Seat(taken)),
                   asio::detached);
  }
}

awaitable<void> admit_tcp(asio::ip::tcp::acceptor acceptor, const AdminListener& settings,
                          const AdminShared& shared) {
  const auto door = std::make_shared<AdminDoor>();
  door->tls = !settings.certificate.empty();
  door->hosts = settings.hosts;
  const asio::ip::address address = settings.bind.address();
  if (address.is_loopback()) {
    for (std::string& host : loopback_hosts()) door->hosts.push_back(std::move(host));
  }
  if (!address.is_unspecified()) door->hosts.push_back(host_text(address));
  const AdminCaller anonymous{settings.anonymous, "anonymous"};
  const std::size_t most = shared.connections;
  if (!door->tls) {
    return accept_all(std::move(acceptor), most, [=, &shared](asio::ip::tcp::socket socket, Seat seat) {
      return serve_tcp(std::move(socket), anonymous, door, shared, std::move(seat));
    });
  }
  const auto secured = std::make_shared<Secured>();
  secured->settings = settings;
  secure(*secured);
  return accept_all(std::move(acceptor), most, [=, &shared](asio::ip::tcp::socket socket, Seat seat) {
    return serve_tls(std::move(socket), secured, anonymous, door, shared, std::move(seat));
  });
}

}  // namespace gate
