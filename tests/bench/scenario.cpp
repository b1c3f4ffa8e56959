#include "scenario.hpp"

#include <charconv>

#include "tests/support/invitations.hpp"

namespace bench {
namespace {

constexpr std::size_t number_at = 7;  // of "USR 1 u007@..." and "hello u007"
constexpr std::size_t number_size = 3;
constexpr std::size_t picture_chunk = 1202;
constexpr std::size_t picture_chunks = 16;
constexpr std::size_t chat_frame = 169;
constexpr std::size_t chat_frames = 64;
constexpr unsigned first_transaction = 10;  // two digits throughout: all frames are of one size
constexpr std::string_view peer = "bob@example.org";

std::string padded(unsigned client) {
  std::string digits = std::to_string(client);
  return std::string(number_size - digits.size(), '0') + digits;
}

std::string account(unsigned client) {
  return "u" + padded(client) + "@example.com";
}

std::uint32_t file_session(unsigned client) {
  return 982'318'096 + client;
}

/// Of its own: the gateway still knows the picture's session when the same pair sends a file.
std::uint32_t picture_session(unsigned client) {
  return 451'318'096 + client;
}

template <class Unsigned>
void append_little(std::string& to, Unsigned value) {
  for (std::size_t i = 0; i < sizeof value; ++i) {
    to.push_back(static_cast<char>((std::uint64_t{value} >> (8 * i)) & 0xFFU));
  }
}

struct Package {
  std::uint32_t session;
  std::uint32_t identifier;
  std::uint64_t offset;
  std::uint64_t total;
  std::uint32_t flags;
  std::string_view data;
};

/// [48 header][data][4 footer], behind its MIME header.
std::string p2p_payload(std::string_view to, const Package& package) {
  std::string payload = "MIME-Version: 1.0\r\nContent-Type: application/x-msnmsgrp2p\r\nP2P-Dest: ";
  payload.append(to).append("\r\n\r\n");
  append_little(payload, package.session);
  append_little(payload, package.identifier);
  append_little(payload, package.offset);
  append_little(payload, package.total);
  append_little(payload, static_cast<std::uint32_t>(package.data.size()));
  append_little(payload, package.flags);
  append_little(payload, std::uint32_t{0x1289EAE6} + package.identifier);
  append_little(payload, std::uint32_t{0});
  append_little(payload, std::uint64_t{0});
  payload.append(package.data);
  constexpr std::string_view application{"\0\0\0\1", 4};
  constexpr std::string_view none{"\0\0\0\0", 4};
  return payload.append(package.session == 0 ? none : application);
}

/// The text of vector p12 of tests/data/transfer-vectors.json: the peer asks for the user's picture.
std::string invitation(unsigned client) {
  // <msnobj Creator="alice@example.com" Size="19232" Type="3" Location="TFR2.tmp" ... /> with the digest of
  // what `picture_data` sends: an object that is what it was announced as may be fetched again and again.
  static_assert(picture_chunks * picture_chunk == 19'232);
  constexpr std::string_view context =
      "PG1zbm9iaiBDcmVhdG9yPSJhbGljZUBleGFtcGxlLmNvbSIgU2l6ZT0iMTkyMzIiIFR5cGU9IjMiIExvY2F0aW9uPSJURlIyLnRt"
      "cCIgRnJpZW5kbHk9IkFBQT0iIFNIQTFEPSJrTmdtVGp2K1Blamg2MnQvOVRwSUhkdE1SdW89IiBTSEExQz0iUm45aDJlYUtCQUlJ"
      "ek05VjFhbGVyazluVmU5MD0iLz4A";
  std::string body = "EUF-GUID: {A4268EEC-FEC5-49E5-95C3-F126696BDBF6}\r\nSessionID: ";
  body += std::to_string(picture_session(client)) + "\r\nAppID: 1\r\nContext: ";
  body.append(context).append("\r\n\r\n").push_back('\0');
  std::string text = "INVITE MSNMSGR:" + account(client) + " MSNSLP/1.0\r\nTo: <msnmsgr:" + account(client);
  text.append(">\r\nFrom: <msnmsgr:").append(peer).append(">\r\n");
  text += "Via: MSNSLP/1.0/TLP ;branch={57617B0F-9111-B498-0682-916845FBF5CA}\r\nCSeq: 0 \r\n";
  text += "Call-ID: {ED27FCDE-DA21-59A3-1FEC-D6740769C" + padded(client) + "}\r\nMax-Forwards: 0\r\n";
  text += "Content-Type: application/x-msnmsgr-sessionreqbody\r\nContent-Length: ";
  return text + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string from_peer(std::string_view payload) {
  std::string frame = "MSG ";
  frame.append(peer).append(" Bob ").append(std::to_string(payload.size())).append("\r\n");
  return frame.append(payload);
}

/// `text` made up to `size` bytes, as chat goes.
std::string chat_payload(std::string text, std::size_t size) {
  text =
      "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\n"
      "X-MMS-IM-Format: FN=Arial; EF=; CO=0; CS=0; PF=22\r\n\r\n" +
      text;
  while (text.size() < size) text += "hello again "[text.size() % 12];
  return text;
}

std::string line_with(std::string_view head, std::string_view payload) {
  return std::string(head) + " " + std::to_string(payload.size()) + "\r\n" + std::string(payload);
}

}  // namespace

unsigned client_number(std::string_view first_words) noexcept {
  unsigned number = most_clients;
  const std::string_view digits = first_words.substr(number_at, number_size);
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

Dialog switchboard_login(unsigned client) {
  const std::string user = account(client);
  std::string welcome = "USR 1 OK " + user + " Alice\r\nJOI ";
  welcome.append(peer).append(" Bob\r\n");
  return {{"USR 1 " + user + " 17262740.1050826919.32308\r\n", welcome}};
}

Dialog picture_login(unsigned client) {
  Dialog dialog = switchboard_login(client);
  const std::string text = invitation(client);
  dialog.back().server += from_peer(p2p_payload(account(client), {.session = 0,
                                                                  .identifier = 451'768'513,
                                                                  .offset = 0,
                                                                  .total = text.size(),
                                                                  .flags = 0,
                                                                  .data = text}));
  return dialog;
}

std::string file_offer(unsigned client, unsigned number) {
  const std::string digits = padded(number % most_clients);
  const gate::test::Call call{.from = account(client),
                              .to = std::string(peer),
                              .call_id = "{10000000-0000-4000-8" + padded(client) + "-000" +
                                         padded(number / most_clients) + "000" + digits + "}",
                              .session_id = std::to_string(file_session(client) + number * most_clients)};
  const std::string text =
      gate::test::slp_file_offer(call, number == 0 ? u"plans.zip" : u"plans.exe", 1'000'000'000);
  return line_with("MSG " + std::to_string(first_transaction + number % 80) + " D",
                   p2p_payload(peer, {.session = 0,
                                      .identifier = 451'768'513 + number,
                                      .offset = 0,
                                      .total = text.size(),
                                      .flags = 0,
                                      .data = text}));
}

Dialog file_login(unsigned client) {
  Dialog dialog = switchboard_login(client);
  dialog.push_back({file_offer(client, 0), "ACK " + std::to_string(first_transaction) + "\r\n"});
  return dialog;
}

Dialog opaque_login(unsigned client) {
  return {{"hello u" + padded(client) + "\r\n", "welcome\r\n"}};
}

Dialog notification_login() {
  const std::string user = account(0);
  return {
      {"VER 1 MSNP12 CVR0\r\n", "VER 1 MSNP12\r\n"},
      {"CVR 2 0x0409 winnt 5.1 i386 MSNMSGR 7.5.0324 msmsgs " + user + "\r\n",
       "CVR 2 7.5.0324 7.5.0324 7.0.0777 http://download.example.com/setup.exe http://example.com/\r\n"},
      {"USR 3 TWN I " + user + "\r\n", "USR 3 TWN S lc=1033,id=507,tw=40,ru=http%3A%2F%2Fexample.com\r\n"},
      {"USR 4 TWN S t=" + std::string(400, 'A') + "&p=" + std::string(200, 'B') + "\r\n",
       "USR 4 OK " + user + " 1 0\r\n"},
  };
}

Exchange notification_traffic() {
  Exchange traffic;
  const std::string status = "<Data><PSM>" + std::string(1000, 'x') + "</PSM></Data>";
  for (int i = 0; i < 20; ++i) {
    traffic.client +=
        line_with("UUX " + std::to_string(first_transaction + 10 + static_cast<unsigned>(i)), status);
    traffic.server += line_with(std::string("UBX ").append(peer), status);
  }
  return traffic;
}

namespace {

/// 16 packages of 1202 bytes from the client, or from the peer.
Stream packages(unsigned client, std::uint32_t session, std::uint64_t total, std::uint32_t flags,
                bool by_peer) {
  Stream stream;
  const std::string data(picture_chunk, 'x');
  for (std::size_t i = 0; i < picture_chunks; ++i) {
    const Package package{.session = session,
                          .identifier = 856'874'665,
                          .offset = i * picture_chunk,
                          .total = total,
                          .flags = flags,
                          .data = data};
    stream.block += by_peer ? from_peer(p2p_payload(account(client), package))
                            : line_with("MSG " + std::to_string(first_transaction + i) + " D",
                                        p2p_payload(peer, package));
  }
  stream.frame_size = stream.block.size() / picture_chunks;
  return stream;
}

}  // namespace

Stream picture_data(unsigned client) {
  return packages(client, picture_session(client), picture_chunks * picture_chunk, 0x20, false);
}

Stream file_data(unsigned client) {
  return packages(client, file_session(client), 1'000'000'000, 0x01000030, false);
}

Stream file_data_from_peer(unsigned client) {
  return packages(client, file_session(client), 1'000'000'000, 0x01000030, true);
}

Stream chat() {
  Stream stream;
  constexpr std::string_view head = "MSG 10 N 153\r\n";
  for (std::size_t i = 0; i < chat_frames; ++i) {
    stream.block += line_with("MSG " + std::to_string(first_transaction + i) + " N",
                              chat_payload({}, chat_frame - head.size()));
  }
  stream.frame_size = stream.block.size() / chat_frames;
  return stream;
}

std::string Numbered::message(std::uint32_t number) {
  constexpr std::string_view head = "MSG 1000000 A 150\r\n";
  const std::string digits = std::to_string(first + number);
  return line_with("MSG " + digits + " A", chat_payload(digits, message_size - head.size()));
}

std::string Numbered::acknowledgement(std::string_view message) {
  std::string reply = "ACK ";
  return reply.append(message.substr(4, 7)).append("\r\n");
}

std::string Numbered::echo(std::string_view message) {
  return from_peer(message.substr(message.find('\n') + 1));
}

std::uint32_t Numbered::number_of(std::string_view bytes) noexcept {
  std::uint32_t number = 0;
  const std::string_view digits = bytes.substr(4, 7);
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number - first;
}

}  // namespace bench
