#include "tests/support/client_readers.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <map>
#include <optional>

#include "tests/support/client_traits.hpp"
#include "tests/support/reader_frames.hpp"

namespace gate::test {
namespace {

using namespace reading;

constexpr std::string_view invite_type = "text/x-msmsgsinvite";
constexpr std::string_view package_type = "application/x-msnmsgrp2p";
constexpr std::size_t most_part_messages = 64;
constexpr std::size_t most_part_bytes = 256 * 1024;
constexpr std::size_t most_bridged_packages = 64;

bool is_type(TypeMatch how, std::string_view value, std::string_view type) {
  switch (how) {
    case TypeMatch::up_to_semicolon:
      return value.substr(0, value.find(';')) == type;
    case TypeMatch::prefix_any_case:
      return lower(value).starts_with(type);
    case TypeMatch::substring:
      return value.find(type) != std::string_view::npos;
  }
  return false;
}

std::size_t number_or_zero(const std::optional<std::string>& text) {
  std::size_t value = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), value);
  return value;
}

/// `bob@example.org;{guid}`
struct Address {
  explicit Address(std::string_view text)
      : account(lower(text.substr(0, text.find(';')))),
        endpoint(lower(text.substr(std::min(text.find(';'), text.size())))) {
    if (!endpoint.empty()) endpoint.erase(0, 1);
  }
  [[nodiscard]] bool has_endpoint() const { return !endpoint.empty(); }
  std::string account, endpoint;
};

/// One client in one conversation: what it has read so far.
class ReadingClient {
 public:
  explicit ReadingClient(const Reader& reader)
      : reader_(reader),
        traits_(traits_of(reader.client)),
        v1_(traits_.v1),
        v2_(traits_.v2),
        datagrams_(traits_.v2),
        texts_(traits_.slp, reader.account) {}

  void read(const ReadFrame& frame) {
    switch (frame.kind) {
      case FrameKind::message:
        return traits_.packages == Packages::as_text_lines ? read_as_text(frame) : read_message(frame);
      case FrameKind::notification:
        if (traits_.reads_notifications && (frame.type == 3 || frame.type == 10)) {
          read_text("uun", frame.sender, frame.payload);
        }
        return;
      case FrameKind::datagram:
        if (traits_.reads_datagrams) read_datagram(frame.payload);
    }
  }
  [[nodiscard]] std::vector<OfferRead> take() { return std::move(offers_); }

 private:
  struct Parts {
    std::string sender, id;
    Headers headers;
    std::size_t total = 0;
    std::size_t received = 0;
    std::string bodies;
  };

  void read_message(const ReadFrame& frame) {
    auto block = read_block(traits_.headers, frame.payload);
    if (!block) return;
    const auto id = block->headers.value("Message-ID");
    if (!id || traits_.parts == MessageParts::not_known) {
      read_body(frame.sender, block->headers, block->rest);
    } else if (const auto total = block->headers.value("Chunks")) {
      begin_parts({std::string(frame.sender), *id, block->headers, number_or_zero(total), 1,
                   std::string(block->rest)});
    } else if (block->headers.value("Chunk")) {
      add_part(frame.sender, *id, *block);
    } else {
      read_body(frame.sender, block->headers, block->rest);
    }
  }

  void begin_parts(Parts parts) {
    if (parts.total == 0 || parts.total >= 1024) return;
    if (parts_.size() == most_part_messages) parts_.erase(parts_.begin());
    std::erase_if(parts_, [&](const Parts& one) { return one.sender == parts.sender && one.id == parts.id; });
    parts_.push_back(std::move(parts));
  }

  void add_part(std::string_view sender, const std::string& id, const Block& block) {
    const auto parts = std::find_if(parts_.begin(), parts_.end(),
                                    [&](const Parts& one) { return one.sender == sender && one.id == id; });
    if (parts == parts_.end()) return read_body(sender, block.headers, block.rest);
    const bool in_order = number_or_zero(block.headers.value("Chunk")) == parts->received;
    if ((traits_.parts == MessageParts::parts_in_order && !in_order) ||
        parts->bodies.size() + block.rest.size() > most_part_bytes) {
      parts_.erase(parts);
      return;
    }
    parts->bodies += block.rest;
    if (++parts->received != parts->total) return;
    const Parts whole = std::move(*parts);
    parts_.erase(parts);
    if (traits_.parts == MessageParts::parts_in_order) return read_body(sender, whole.headers, whole.bodies);
    // aMSN: the last Content-Type that any part names; of a P2P message only the last part.
    const Headers& naming = block.headers.value("Content-Type") ? block.headers : whole.headers;
    const bool packages = is_type(traits_.type, naming.value("Content-Type").value_or(""), package_type);
    read_body(sender, naming, packages ? block.rest : std::string_view(whole.bodies));
  }

  void read_body(std::string_view sender, const Headers& headers, std::string_view body) {
    const std::string type = headers.value("Content-Type").value_or("");
    if (traits_.reads_classic && is_type(traits_.type, type, invite_type)) {
      if (auto name = classic_offer_in(traits_.classic, body))
        offers_.push_back({"classic", std::move(*name)});
    }
    if (traits_.packages != Packages::by_headers || !is_type(traits_.type, type, package_type)) return;
    const auto destination = headers.value("P2P-Dest");
    if (traits_.destination != Destination::not_read && !destination) return;
    const Address to(destination.value_or(""));
    if (traits_.destination == Destination::must_be_self && !is_self(to)) return;
    const Address from(headers.value("P2P-Src").value_or(""));
    if (!is_version_2(to, from)) {
      if (const auto text = v1_.add(sender, body)) read_text("p2p-v1", sender, *text);
    } else if (traits_.reads_v2 && is_self(to)) {
      if (const auto text = v2_.add(sender, body)) read_text("p2p-v2", sender, *text);
    }
  }

  [[nodiscard]] bool is_version_2(const Address& to, const Address& from) const {
    switch (traits_.version) {
      case Version::always_1:
        return false;
      case Version::destination_has_endpoint:
        return to.has_endpoint();
      case Version::both_have_endpoints:
        return to.has_endpoint() && from.has_endpoint();
    }
    return false;
  }

  [[nodiscard]] bool is_self(const Address& to) const {
    if (!reader_.account.empty() && to.account != lower(reader_.account)) return false;
    return reader_.endpoint.empty() || !to.has_endpoint() || to.endpoint == lower(reader_.endpoint);
  }

  /// The type must stand in the second line; the package begins behind the first empty line, and its text is
  /// looked for in everything.
  void read_as_text(const ReadFrame& frame) {
    const std::string_view payload = frame.payload;
    const std::size_t first = payload.find('\n');
    if (first == std::string_view::npos) return;
    const std::size_t second = std::min(payload.find('\n', first + 1), payload.size());
    std::string_view line = payload.substr(first + 1, second - first - 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line != "Content-Type: application/x-msnmsgrp2p") return;
    if (payload.find("P2P-Dest: ") == std::string_view::npos) return;
    constexpr std::size_t flags_at = 28;
    const std::size_t block_end = payload.find("\r\n\r\n");
    if (block_end != std::string_view::npos && payload.size() >= block_end + 4 + flags_at + 4) {
      std::uint32_t flags = 0;
      for (std::size_t i = 4; i-- > 0;) {
        flags = flags << 8U | static_cast<unsigned char>(payload[block_end + 4 + flags_at + i]);
      }
      if (flags == 0x20 || flags == 0x01000020 || flags == 0x01000030) return;
    }
    read_text("p2p-v1", frame.sender, payload);
  }

  void read_text(const char* envelope, std::string_view sender, std::string_view text) {
    if (auto offer = texts_.read(sender, text)) offers_.push_back({envelope, std::move(offer->name)});
  }

  /// Routing, Reliability, Messaging: three blocks. Content-Type is not looked at.
  void read_datagram(std::string_view payload) {
    const auto routing = read_block(traits_.headers, payload);
    if (!routing) return;
    const auto reliability = read_block(traits_.headers, routing->rest);
    if (!reliability) return;
    const auto messaging = read_block(traits_.headers, reliability->rest);
    if (!messaging) return;
    const std::string type = messaging->headers.value("Message-Type").value_or("");
    if (type == "Signal/P2P") return read_text("sdg", {}, messaging->rest);
    if (type != "Data") return;
    const auto offsets = bridging_offsets(messaging->headers.value("Bridging-Offsets").value_or("0"));
    for (std::size_t i = 0; i < offsets.size(); ++i) {
      if (offsets[i] >= messaging->rest.size()) continue;
      const std::size_t end =
          i + 1 < offsets.size() ? std::max(offsets[i + 1], offsets[i]) : std::string_view::npos;
      const std::string_view package = messaging->rest.substr(offsets[i], end - offsets[i]);
      if (const auto text = datagrams_.add({}, package)) read_text("sdg", {}, *text);
    }
  }

  static std::vector<std::size_t> bridging_offsets(std::string_view list) {
    std::vector<std::size_t> offsets;
    while (!list.empty() && offsets.size() < most_bridged_packages) {
      const std::size_t end = std::min(list.find(','), list.size());
      offsets.push_back(number_or_zero(std::string(trimmed(list.substr(0, end)))));
      list.remove_prefix(std::min(end + 1, list.size()));
    }
    return offsets;
  }

  Reader reader_;
  const ClientTraits& traits_;
  std::vector<Parts> parts_;
  V1Packages v1_;
  V2Packages v2_;
  V2Packages datagrams_;
  SlpTexts texts_;
  std::vector<OfferRead> offers_;
};

}  // namespace

std::string_view name_of(Client client) {
  return traits_of(client).name;
}

std::vector<OfferRead> offers_read(const Reader& reader, msnp::Direction direction, std::string_view bytes) {
  ReadingClient client(reader);
  for (const ReadFrame& frame : frames_of(direction, bytes)) client.read(frame);
  return client.take();
}

std::string offers_read_by_anybody(msnp::Direction direction, std::string_view bytes) {
  std::string all;
  for (const Client client : all_clients) {
    for (const OfferRead& offer : offers_read({client, {}, {}}, direction, bytes)) {
      if (!all.empty()) all += ", ";
      all += std::string(name_of(client)) + " " + offer.envelope + " " + offer.name;
    }
  }
  return all;
}

}  // namespace gate::test
