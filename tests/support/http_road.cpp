#include "tests/support/http_road.hpp"

#include <utility>

namespace gate::test {

using msnp::Direction;

HttpRoad::HttpRoad(std::shared_ptr<const Policy> policy, const HttpHabits& habits)
    : rig_(std::move(policy)), connection_(rig_.connect()), reading_(habits) {
  rig_.shared.http.idle_timeout = std::chrono::hours{24};
}

void HttpRoad::carry(Direction direction, const std::string& message) {
  connection_->feed(direction, message);
  closed = connection_->closed();
  const std::string arrived =
      direction == Direction::to_server ? connection_->to_server() : connection_->to_client();
  for (const HttpMessage& one : reading_.read(direction, arrived)) {
    if (one.gateway) sent_[static_cast<std::size_t>(direction)] += one.body;
  }
}

void HttpRoad::exchange(std::string_view query, std::string_view asked, std::string_view answered) {
  carry(Direction::to_server, gateway_request(query, asked));
  if (!closed) carry(Direction::to_client, gateway_answer("7.2", answered));
}

void HttpRoad::feed(Direction direction, std::string_view bytes) {
  if (closed) return;
  if (direction == Direction::to_server) return exchange("SessionID=7.1", bytes, "");
  exchange("Action=poll&SessionID=7.1", "", bytes);
}

void HttpRoad::tick(msnp::Moment later) {
  rig_.tick(later);
  connection_->tick();
}

std::string HttpRoad::sent(Direction direction) {
  if (!closed) exchange("Action=poll&SessionID=7.1", "", "");
  return std::exchange(sent_[static_cast<std::size_t>(direction)], {});
}

void HttpRoad::open(std::string_view query, std::string_view asked, std::string_view answered) {
  exchange(query, asked, answered);
  sent_ = {};
}

void HttpRoad::enter_switchboard(std::string_view user, const std::vector<std::string>& peers) {
  const std::string name(user);
  std::string body = "USR 1 OK " + name + " Me\r\n";
  for (const std::string& peer : peers) {
    std::string nickname = peer.substr(0, peer.find('@'));
    nickname.front() = static_cast<char>(nickname.front() - 'a' + 'A');
    body.append("JOI ").append(peer).append(" ").append(nickname).append("\r\n");
  }
  open("Action=open&Server=SB&IP=10.77.0.1", "USR 1 " + name + " 123456.7890\r\n", body);
}

void HttpRoad::sign_in(std::string_view user) {
  const std::string name(user);
  open("Action=open&Server=NS&IP=m.example", "VER 1 MSNP18 CVR0\r\nUSR 2 SSO I " + name + "\r\n",
       "VER 1 MSNP18\r\nUSR 2 OK " + name + " 1 0\r\n");
}

}  // namespace gate::test
