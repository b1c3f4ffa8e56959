#include "tests/support/http_rig.hpp"

#include <cstring>

namespace gate::test {

using msnp::Direction;

HttpRig::HttpRig(std::shared_ptr<const Policy> policy) {
  shared.policy = std::move(policy);
  shared.audit = &audit;
  now.wall = std::chrono::system_clock::time_point{std::chrono::seconds{1'790'000'000}};
}

HttpRig::Connection::Connection(HttpRig& rig, std::string_view client, std::uint16_t port)
    : rig_(rig),
      filter_(rig.shared, Ends{{boost::asio::ip::make_address(client), port},
                               {boost::asio::ip::make_address("10.77.0.1"), 80}}) {
  filter_.follow_redirects();  // where `shared` says how
}

std::unique_ptr<HttpRig::Connection> HttpRig::connect(std::string_view client) {
  return std::make_unique<Connection>(*this, client, next_port_++);
}

void HttpRig::Connection::feed(Direction direction, std::string_view bytes) {
  if (closed_) return;
  std::string& leftover = leftover_[static_cast<std::size_t>(direction)];
  leftover += bytes;
  // An allocation of exactly this size, so that a read past the end is seen.
  const std::unique_ptr<std::byte[]> in(new std::byte[leftover.size()]);
  std::memcpy(in.get(), leftover.data(), leftover.size());
  const auto result = filter_.feed(direction, {in.get(), leftover.size()}, output_, rig_.now);
  collect();
  leftover.erase(0, result.consumed);
  closed_ = closed_ || result.close != Close::no;
}

void HttpRig::Connection::tick() {
  closed_ = filter_.tick(output_, rig_.now) != Close::no || closed_;
  collect();
}

void HttpRig::Connection::followed(const std::string& fault) {
  closed_ =
      filter_.followed(filter_.held_redirect()->number, fault, output_, rig_.now) != Close::no || closed_;
  collect();
  if (filter_.held_redirect() == nullptr) feed(Direction::to_client, {});
}

void HttpRig::Connection::collect() {
  for (const Direction direction : {Direction::to_server, Direction::to_client}) {
    for (const msnp::Bytes slice : output_.slices(direction)) {
      sent_[static_cast<std::size_t>(direction)] += msnp::as_text(slice);
    }
  }
  output_.clear();
}

void HttpRig::tick(msnp::Moment later) {
  now.monotonic += later;
  now.wall += std::chrono::milliseconds{later};
  if (shared.gateway_sessions) shared.gateway_sessions->tick(now);
}

std::string gateway_request(std::string_view query, std::string_view body) {
  return "POST http://gateway.example/gateway/gateway.dll?" + std::string(query) +
         " HTTP/1.1\r\nAccept: */*\r\nUser-Agent: MSMSGS\r\nHost: gateway.example\r\n"
         "Connection: Keep-Alive\r\nContent-Type: application/x-msn-messenger\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

std::string gateway_answer(std::string_view session, std::string_view body, std::string_view more) {
  return "HTTP/1.1 200 OK\r\nX-MSN-Messenger: SessionID=" + std::string(session) + "; GW-IP=10.77.0.1" +
         std::string(more) +
         "\r\nContent-Type: application/x-msn-messenger\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\nServer: test\r\n\r\n" + std::string(body);
}

void enter_gateway(HttpRig::Connection& connection, std::string_view session, std::string_view user,
                   const std::vector<std::string>& peers) {
  const std::string name(user);
  connection.from_client(
      gateway_request("Action=open&Server=SB&IP=10.77.0.1", "USR 1 " + name + " 123456.7890\r\n"));
  std::string body = "USR 1 OK " + name + " Me\r\n";
  for (const std::string& peer : peers) body += "JOI " + peer + " Peer\r\n";
  connection.from_server(gateway_answer(session, body));
  (void)connection.to_server();
  (void)connection.to_client();
}

}  // namespace gate::test
