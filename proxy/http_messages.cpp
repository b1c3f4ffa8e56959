// What is done with the messages of an HTTP connection: with every head, and with those of the gateway once
// they are complete.
#include "proxy/http_connection.hpp"

#include <charconv>
#include <utility>
#include <variant>

#include "proxy/http_edit.hpp"

namespace gate {
namespace {

using msnp::Bytes;
using msnp::Direction;
using msnp::GatewayAction;
using msnp::GatewayPath;

constexpr unsigned status_continue = 100;
constexpr unsigned status_switching = 101;
constexpr unsigned status_ok = 200;
constexpr unsigned status_timeout = 408;  // some servers say it unasked when they close

/// The port of `host:port`; 0 if there is none.
std::uint16_t port_of(std::string_view authority) noexcept {
  const std::size_t colon = authority.rfind(':');
  if (colon == std::string_view::npos) return 0;
  const std::string_view digits = authority.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  return problem == std::errc{} && end == digits.data() + digits.size() ? port : std::uint16_t{0};
}

void send(msnp::Output& out, Direction direction, Bytes bytes, bool copied) {
  if (copied) {
    out.write(direction, bytes);
  } else {
    out.forward(direction, bytes);
  }
}

/// Behind `HTTP/1.1 `.
bool grants(Bytes head) noexcept {
  constexpr std::size_t status_place = 9;
  return head.size() > status_place && msnp::as_text(head)[status_place] == '2';
}

}  // namespace

bool HttpConnection::head_read(Lane<true>& lane, Bytes head, msnp::Output& out) {
  HttpReader<true>& reader = lane.reader.emplace();
  reader.read_head(head);
  if (!reader.fault().empty()) {
    fail(reader.fault());
    return false;
  }
  recognised_ = true;
  if (waiting_.size() == most_waiting) {
    fail("too many requests without an answer");
    return false;
  }
  const HttpHead& read = reader.head();
  // A preflight of a browser asks and carries nothing.
  const bool asks_only = read.method == HttpMethod::options && reader.done();
  if (read.gateway != GatewayPath::no && !asks_only) {
    if (read.gateway == GatewayPath::odd) fail("an odd spelling of the gateway's path");
    if (read.method != HttpMethod::post) fail("a request to the gateway that is no POST");
    if (read.coded) fail("a request to the gateway with a Content-Encoding");
    if (read.upgrades) fail("a request to the gateway that asks for an upgrade");
    if (endless_) fail("a request to the gateway that can have no answer");
    return true;
  }
  out.forward(Direction::to_server, head);
  Request request;
  request.bodiless = read.method == HttpMethod::head;
  request.connects = read.method == HttpMethod::connect;
  request.upgrades = read.upgrades;
  if (request.connects) {
    request.tunnel_port = port_of(read.target);
    phase_ = Phase::waiting_for_tunnel;
    if (!reader.done()) fail("a CONNECT with a body");
  }
  waiting_.push_back(std::move(request));
  return false;
}

bool HttpConnection::head_read(Lane<false>& lane, Bytes head, msnp::Output& out) {
  const Request* const request = waiting_.empty() ? nullptr : &waiting_.front();
  const bool connected = request != nullptr && request->connects && grants(head);
  HttpReader<false>& reader = lane.reader.emplace(connected || (request != nullptr && request->bodiless));
  reader.read_head(head);
  if (!reader.fault().empty()) {
    fail(reader.fault());
    return false;
  }
  const unsigned status = reader.head().status;
  if (request == nullptr && status != status_timeout) {
    fail("an answer to no request");
    return false;
  }
  if (status == status_continue && request != nullptr && request->continued) return false;
  if (status == status_switching && (request == nullptr || !request->upgrades)) {
    fail("an upgrade that nobody asked for");
    return false;
  }
  if (request != nullptr && request->session != nullptr && status >= status_ok) {
    if (reader.endless()) fail("an answer of the gateway without a length");
    if (reader.head().coded && !reader.done()) fail("an answer of the gateway with a Content-Encoding");
    return true;
  }
  if (request != nullptr && request->lost && !reader.done() &&
      (status == status_ok || !reader.head().messenger.empty())) {
    fail("an answer for a session of the gateway that was not opened here");
    return false;
  }
  out.forward(Direction::to_client, head);
  endless_ = reader.endless();
  if (connected) {
    const auto& ports = shared_.msnp_ports;
    const bool to_msnp = std::find(ports.begin(), ports.end(), request->tunnel_port) != ports.end();
    open_tunnel(to_msnp ? Filter::Strangers::judged : Filter::Strangers::pass);
  } else if (status == status_switching) {
    open_tunnel(Filter::Strangers::pass);
  } else if (request != nullptr && request->connects && status >= status_ok) {
    phase_ = Phase::messages;
  }
  return false;
}

void HttpConnection::passed(const Lane<true>& /*lane*/) noexcept {}

void HttpConnection::passed(const Lane<false>& lane) noexcept {
  if (lane.reader->head().status >= status_ok && !waiting_.empty()) answered();
}

void HttpConnection::answered(bool closes) {
  const Request& request = waiting_.front();
  if (closes) shared_.sessions_of_gateway().close(*request.session, now_);
  if (request.ordered) request.session->end_turn(this);
  waiting_.erase(waiting_.begin());
}

/// The request is held until its body is there, but the client waits for leave to send it.
void HttpConnection::tell_to_go_on(Lane<true>& lane, msnp::Output& out) {
  const bool nothing_before = waiting_.empty() && !answers_.reader;
  if (!lane.reader->head().expects_continue || !nothing_before) return;
  out.write(Direction::to_client, msnp::as_bytes("HTTP/1.1 100 Continue\r\n\r\n"));
  continued_ = true;
}

std::shared_ptr<HttpSession> HttpConnection::session_for(const msnp::GatewayRequest& request) {
  HttpSessions& sessions = shared_.sessions_of_gateway();
  std::shared_ptr<HttpSession> session;
  if (request.action == GatewayAction::open) {
    session = sessions.open(ends_, request.side, follows_);
    if (session == nullptr) fail("too many sessions of the gateway");
  } else {
    session = sessions.find(ends_, request.session, now_);
    // After a restart clients still poll; the server tells them that the session is gone.
    if (session == nullptr && request.action != GatewayAction::poll) {
      fail("a request for a session of the gateway that was not opened here");
    }
  }
  return session;
}

void HttpConnection::complete(Lane<true>& lane, Bytes message, std::size_t head, bool copied,
                              msnp::Output& out) {
  const HttpHead& read = lane.reader->head();
  const auto wanted = msnp::read_gateway_request(read.target);
  if (const auto* const uncertain = std::get_if<msnp::Uncertain>(&wanted)) return fail(uncertain->why);
  const auto& request = std::get<msnp::GatewayRequest>(wanted);
  const bool polls = request.action == GatewayAction::poll;
  const Bytes body = read.chunked ? msnp::as_bytes(lane.reader->chunks()) : message.subspan(head);
  // Escargot passes over it; another server may not.
  if (polls && !body.empty()) return fail("a poll with a body");
  std::shared_ptr<HttpSession> session = session_for(request);
  Request waiting;
  if (session == nullptr) {
    if (!fault_.empty()) return;
    waiting.lost = true;
    waiting_.push_back(std::move(waiting));
    return send(out, Direction::to_server, message, copied);
  }
  waiting.opens = request.action == GatewayAction::open;
  waiting.ordered = !body.empty();
  waiting.continued = std::exchange(continued_, false);
  if (waiting.ordered && !session->take_turn(this)) return fail("two requests of one session at once");
  latest_ = session;
  HttpSession::Passed passed = session->pass(Direction::to_server, body, ends_, now_);
  waiting.session = std::move(session);
  waiting_.push_back(std::move(waiting));
  if (passed.close != Close::no) {
    close_ = passed.close;
  } else if (!passed.changed) {
    send(out, Direction::to_server, message, copied);
  } else {
    const std::string target = polls ? msnp::without_poll(read.target) : std::string();
    const std::string edited =
        edited_message(msnp::as_text(message.first(head)), read.chunked, passed.body, target);
    out.write(Direction::to_server, msnp::as_bytes(edited));
  }
}

void HttpConnection::complete(Lane<false>& lane, Bytes message, std::size_t head, bool copied,
                              msnp::Output& out) {
  const HttpHead& read = lane.reader->head();
  const Request& request = waiting_.front();
  HttpSession& session = *request.session;
  // An error page is no part of the stream; no client reads it as one.
  if (read.status != status_ok && read.messenger.empty()) {
    send(out, Direction::to_client, message, copied);
    return answered();
  }
  const auto told = msnp::read_gateway_answer(read.messenger);
  if (const auto* const uncertain = std::get_if<msnp::Uncertain>(&told)) return fail(uncertain->why);
  const auto& answer = std::get<msnp::GatewayAnswer>(told);
  if (request.opens) {
    if (answer.session.empty()) return fail("an opening that was answered without a SessionID");
    if (!shared_.sessions_of_gateway().enter(request.session, answer.session, now_))
      return fail("a SessionID given twice");
  } else if (!answer.session.empty() && answer.session != session.name()) {
    return fail("an answer with another SessionID");
  }
  const Bytes body = read.chunked ? msnp::as_bytes(lane.reader->chunks()) : message.subspan(head);
  const bool waited = session.held_redirect() != nullptr;  // in an answer on another connection
  HttpSession::Passed passed = session.pass(Direction::to_client, body, ends_, now_);
  if (passed.close != Close::no) {
    close_ = passed.close;
    return;
  }
  if (const HeldRedirect* const held = session.held_redirect(); held != nullptr && !waited) {
    held_answer_ =
        std::make_unique<HeldAnswer>(HeldAnswer{.redirect = *held,
                                                .head = std::string(msnp::as_text(message.first(head))),
                                                .body = std::move(passed.body),
                                                .chunked = read.chunked,
                                                .closes = answer.closes});
    return;
  }
  if (!passed.changed) {
    send(out, Direction::to_client, message, copied);
  } else {
    const std::string edited = edited_message(msnp::as_text(message.first(head)), read.chunked, passed.body);
    out.write(Direction::to_client, msnp::as_bytes(edited));
  }
  answered(answer.closes);
}

std::string HttpConnection::HeldAnswer::text() const {
  return edited_message(head, chunked, body);
}

Close HttpConnection::followed(std::uint64_t number, const std::string& fault, msnp::Output& out,
                               const Now& now) {
  now_ = now;
  if (held_answer_ == nullptr || held_answer_->redirect.number != number) return close_;
  close_ = waiting_.front().session->followed(number, fault, now);
  if (close_ == Close::no) go_on(out);
  return close_;
}

void HttpConnection::go_on(msnp::Output& out) {
  HttpSession& session = *waiting_.front().session;
  held_answer_->body += session.take_waiting(Direction::to_client);
  if (const HeldRedirect* const next = session.held_redirect()) {
    if (next->number != held_answer_->redirect.number) held_answer_->redirect = *next;
    return;
  }
  const std::unique_ptr<HeldAnswer> answer = std::move(held_answer_);
  out.write(Direction::to_client, msnp::as_bytes(answer->text()));
  answered(answer->closes);
}

}  // namespace gate
