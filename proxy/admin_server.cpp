#include "proxy/admin_server.hpp"

#include <exception>
#include <stdexcept>
#include <string>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include "proxy/admin_connection.hpp"
#include "proxy/destination.hpp"
#include "proxy/log.hpp"
#include "proxy/scheduling.hpp"

namespace gate {
namespace {

namespace asio = boost::asio;

constexpr int niceness = 10;
// Besides the one for quick answers; two, so that one long query does not keep everybody else waiting.
constexpr std::size_t slow_threads = 1;
constexpr std::size_t search_threads = 2;

asio::ip::tcp::acceptor listen_on(asio::io_context& io, const asio::ip::tcp::endpoint& bind) {
  try {
    return {io, bind};
  } catch (const boost::system::system_error& error) {
    throw std::runtime_error("admin.listener: cannot listen on " + text_of(bind) + ": " +
                             error.code().message());
  }
}

}  // namespace

AdminServer::AdminServer(const AdminSettings& settings, AdminRoutes routes) {
  shared_.routes = std::move(routes);
  shared_.ownership = socket_ownership(settings);
  shared_.connections = settings.connections;
  if (!settings.tokens.empty()) shared_.tokens = AdminTokens(settings.tokens);
  if (!settings.socket.empty()) open_socket(settings);
  for (const AdminListener& listener : settings.listeners) {
    asio::ip::tcp::acceptor acceptor = listen_on(io_, listener.bind);
    listening_.push_back(acceptor.local_endpoint());
    log(Level::notice, "admin: listening on " + text_of(listening_.back()) +
                           (listener.certificate.empty() ? ", without TLS" : ", with TLS"));
    asio::co_spawn(io_, admit_tcp(std::move(acceptor), listener, shared_), asio::detached);
  }
  thread_ = std::thread([this] { run(); });
}

AdminServer::~AdminServer() {
  io_.stop();
  thread_.join();
}

void AdminServer::open_socket(const AdminSettings& settings) {
  try {
    socket_.emplace(settings.socket, settings.mode, shared_.ownership);
  } catch (const std::exception& error) {
    if (settings.socket_written) throw;
    log(Level::warning,
        std::string("no admin socket, and so no status or reload by command: ") + error.what());
    return;
  }
  asio::local::stream_protocol::acceptor acceptor(io_, asio::local::stream_protocol(),
                                                  socket_->take().release());
  log(Level::notice, "admin: listening on " + settings.socket.string());
  asio::co_spawn(io_, admit_local(std::move(acceptor), shared_), asio::detached);
}

void AdminServer::run() noexcept {
  give_way(niceness);
  try {
    asio::thread_pool slow(slow_threads);
    asio::thread_pool search(search_threads);
    // cppcheck-suppress danglingLifetime ; used by what io_ runs, and it runs in this block only
    shared_.slow = &slow;
    // cppcheck-suppress danglingLifetime
    shared_.search = &search;
    while (!io_.stopped()) {
      try {
        io_.run();
      } catch (const std::exception& error) {
        log(Level::error, {"admin: a connection was given up: ", error.what()});
      }
    }
    for (asio::thread_pool* const pool : {&slow, &search}) pool->stop();
    for (asio::thread_pool* const pool : {&slow, &search}) pool->join();
  } catch (const std::exception& error) {
    log(Level::error, {"admin: gave up: ", error.what()});
  }
}

}  // namespace gate
