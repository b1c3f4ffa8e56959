// What the load says and hears, as MSN Messenger and its server would.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// The client says, the server answers, and only then the next exchange begins.
struct Exchange {
  std::string client;
  std::string server;
};
using Dialog = std::vector<Exchange>;

/// Bytes the client repeats without end, and what one frame of them counts.
struct Stream {
  std::string block;
  std::size_t frame_size = 0;
};

/// A client tells its number in its first words, at a fixed place, so that the server knows its part.
inline constexpr unsigned most_clients = 1000;
[[nodiscard]] unsigned client_number(std::string_view first_words) noexcept;

/// Login to a switchboard, and the peer joins.
[[nodiscard]] Dialog switchboard_login(unsigned client);
/// The same, then the peer asks for the display picture: its data may flow now.
[[nodiscard]] Dialog picture_login(unsigned client);
/// Login to a switchboard, then the user offers a file, which a rule lets through: its data may flow now,
/// from the peer too, for both sides may use the session.
[[nodiscard]] Dialog file_login(unsigned client);
/// An invitation to a file, MSG and all; another number is another call. Number 0 is plans.zip, the others
/// are plans.exe.
[[nodiscard]] std::string file_offer(unsigned client, unsigned number);
/// No MSNP: what a gateway with `[failure] not-msnp = "pass"` only copies.
[[nodiscard]] Dialog opaque_login(unsigned client);
/// Login to a notification server.
[[nodiscard]] Dialog notification_login();
/// About 20 kB each way after that.
[[nodiscard]] Exchange notification_traffic();

/// P2P v1 packages of the display picture that `picture_login` asked for: 16 frames of 1357 bytes.
[[nodiscard]] Stream picture_data(unsigned client);
/// The same for a file that `file_login` offered; and a file that comes the other way.
[[nodiscard]] Stream file_data(unsigned client);
[[nodiscard]] Stream file_data_from_peer(unsigned client);
/// Chat: 64 frames of 169 bytes.
[[nodiscard]] Stream chat();

/// One numbered chat message that asks for acknowledgement, and what the server makes of it: ACK, then
/// the message as the peer would have sent it. All have the same size.
struct Numbered {
  static constexpr std::uint32_t first = 1'000'000;
  static constexpr std::size_t message_size = 169;

  [[nodiscard]] static std::string message(std::uint32_t number);
  [[nodiscard]] static std::string acknowledgement(std::string_view message);
  [[nodiscard]] static std::string echo(std::string_view message);
  /// The number inside a message, an acknowledgement or an acknowledgement with echo.
  [[nodiscard]] static std::uint32_t number_of(std::string_view bytes) noexcept;
};

inline constexpr std::string_view goodbye = "OUT\r\n";

}  // namespace bench
