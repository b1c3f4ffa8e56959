#include "proxy/tcp_connections.hpp"

#include <algorithm>

namespace gate {
namespace {

using msnp::Direction;

}  // namespace

TcpConnection* TcpConnections::begin(const TcpEndpoint& client, const TcpEndpoint& server) {
  if (connections_.size() == limits_.connections) {
    ++not_followed_;
    return nullptr;
  }
  newest_[std::minmax(client, server)] = connections_.size();
  TcpConnection& connection = connections_.emplace_back();
  connection.client = client;
  connection.server = server;
  return &connection;
}

TcpConnection* TcpConnections::find(const Segment& segment) {
  const auto known = newest_.find(std::minmax(segment.sender, segment.receiver));
  TcpConnection* connection = known == newest_.end() ? nullptr : &connections_[known->second];
  if (segment.syn) {
    // Either half of the handshake begins a connection: both tell the number of the client's first byte.
    const bool answer = segment.ack;
    if (answer && segment.rst) return nullptr;
    const TcpEndpoint& client = answer ? segment.receiver : segment.sender;
    const std::uint32_t client_first = answer ? segment.acknowledgement : segment.sequence + 1;
    if (connection != nullptr && !connection->began_before && connection->client == client &&
        connection->client_first == client_first) {
      return connection;
    }
    connection = begin(client, answer ? segment.sender : segment.receiver);
    if (connection == nullptr) return nullptr;
    connection->client_first = client_first;
    connection->flow(Direction::to_server).start(client_first);
    return connection;
  }
  if (connection == nullptr && !segment.rst) {
    connection = begin(segment.sender, segment.receiver);
    if (connection != nullptr) connection->began_before = true;
  }
  return connection;
}

std::optional<TcpConnections::Progress> TcpConnections::add(const Segment& segment) {
  readable_.clear();
  TcpConnection* const connection = find(segment);
  if (connection == nullptr || connection->began_before) return std::nullopt;

  Progress progress;
  progress.connection = newest_.at(std::minmax(segment.sender, segment.receiver));
  progress.direction = segment.sender == connection->client ? Direction::to_server : Direction::to_client;
  TcpFlow& flow = connection->flow(progress.direction);
  TcpFlow& other = connection->flow(opposite(progress.direction));
  if (segment.syn && !flow.started()) flow.start(segment.sequence + 1);
  // The SYN of the server is not in the capture: the client's first ACK tells its number, as long as
  // the client has said nothing that a server could have answered.
  if (segment.ack && !segment.rst && !other.started() && progress.direction == Direction::to_server &&
      segment.sequence == connection->client_first) {
    other.start(segment.acknowledgement);
  }
  if (segment.ack && !segment.rst) other.acknowledged(segment.acknowledgement, limits_);
  if (!segment.rst) {  // what a RST carries is no part of the stream
    flow.add(segment, segment.sequence + (segment.syn ? 1U : 0U), limits_, waiting_left_, readable_);
  }
  connection->reset = connection->reset || segment.rst;
  progress.pieces = readable_.pieces;
  if (!connection->over && (connection->reset || (flow.ended() && other.ended()))) {
    connection->over = progress.ended = true;
  }
  return progress;
}

}  // namespace gate
