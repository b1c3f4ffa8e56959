// The cargo of invitations, written for tests: MIME blocks, P2P packages, SLP texts, Contexts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gate::test {

inline constexpr std::string_view file_guid = "{5D3E02AB-6190-11D3-BBBB-00C04F795683}";
inline constexpr std::string_view object_guid = "{A4268EEC-FEC5-49E5-95C3-F126696BDBF6}";
inline constexpr std::string_view webcam_guid = "{4BD96FC0-AB17-4425-A14A-439185962DC8}";
inline constexpr std::string_view strange_guid = "{11111111-2222-3333-4444-555555555555}";

[[nodiscard]] std::string base64(std::string_view bytes);
/// The record of transfers.md 5.4, `header` bytes long; `name` is written as UTF-16 letter by letter.
[[nodiscard]] std::string file_context(std::uint64_t size, std::u16string_view name,
                                       std::uint32_t header = 574);

/// A block of canonical headers in front of `body`.
[[nodiscard]] std::string mime_block(std::string_view type, std::string_view body);
[[nodiscard]] std::string p2p_block(std::string_view package);

struct Package {
  std::uint32_t session = 0;
  std::uint32_t identifier = 0;
  std::uint64_t offset = 0;
  std::uint64_t total = 0;
  std::uint32_t length = 0;
  std::uint32_t flags = 0;
  std::uint32_t ack_session = 0;
  std::string data;
};
/// Header, data and footer.
[[nodiscard]] std::string v1_package(const Package& package);
/// `data` as a message of one package.
[[nodiscard]] Package whole(std::uint32_t identifier, std::string data);
/// `data` cut into packages of at most `most` bytes.
[[nodiscard]] std::vector<Package> cut(std::uint32_t identifier, const std::string& data, std::size_t most);
/// A v2 package of the message `number` with `data_left` bytes of it still to come.
[[nodiscard]] std::string v2_package(std::uint16_t number, bool first, std::uint64_t data_left,
                                     std::string_view data, std::uint32_t session = 0,
                                     std::uint8_t type_flags = 0);

/// One call between alice@example.com and bob@example.org.
struct Call {
  std::string from = "alice@example.com";
  std::string to = "bob@example.org";
  std::string call_id = "{10000000-0000-4000-8000-000000000001}";
  std::string session_id = "7001";
};
/// An INVITE for an application; `context` is written as it stands.
[[nodiscard]] std::string slp_invite(const Call& call, std::string_view guid, std::string_view context);
[[nodiscard]] std::string slp_file_offer(const Call& call, std::u16string_view name = u"a.txt",
                                         std::uint64_t size = 10);
[[nodiscard]] std::string slp_request(const Call& call, std::string_view method, std::string_view type,
                                      std::string_view body);
[[nodiscard]] std::string slp_status(const Call& call, std::string_view status);

/// A classic invitation body: `fields` behind the header block of the type.
[[nodiscard]] std::string classic_block(std::string_view fields);

}  // namespace gate::test
