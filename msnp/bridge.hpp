// One P2P v2 bridge: the packages that two endpoints exchange over one connection, both ways
// (transfers.md 3.2). Packages are counted, so none of them is taken out or leaves out of order: one that is
// refused goes on as a tombstone, one that must wait for the rest of its message makes the later ones wait.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "msnp/numbering.hpp"
#include "msnp/offer.hpp"
#include "msnp/p2p.hpp"
#include "msnp/reassembly.hpp"
#include "msnp/types.hpp"

namespace msnp {

/// One package inside a frame.
struct CarriedPackage {
  enum class Fate : std::uint8_t {
    undecided,  // belongs to a text that is not complete
    passes,     // as it is, or as it was edited
    dropped,    // is not sent on
  };
  std::size_t place = 0;  // of its first byte in the frame
  std::size_t data_place = 0;
  std::size_t data_size = 0;
  std::uint32_t base_id = 0;
  std::uint16_t message_length = 0;
  std::array<PackageV2::Acknowledgement, 4> acknowledgements{};
  std::uint8_t acknowledgement_count = 0;
  Fate fate = Fate::passes;
  bool to_be_continued = false;  // more packages of its message follow
  bool in_turn = true;           // its number is the one after the package that came before
  std::uint64_t text = 0;        // of an undecided one: BridgeText::id
};

/// A frame with packages in it, on its way through a bridge.
struct Carrier {
  std::string bytes;  // of the whole frame; empty while nothing had to be copied
  std::vector<CarriedPackage> packages;

  [[nodiscard]] bool is_undecided() const noexcept;
  [[nodiscard]] bool is_dropped() const noexcept;
};

/// A message of session 0, while it is put together or after it was refused.
struct BridgeText {
  std::uint64_t id = 0;
  std::uint16_t package_number = 0;
  std::uint64_t total = 0;  // as its first package told
  std::uint32_t next = 0;   // the number after its latest package
  Reassembly text;
  bool refused = false;                // more packages of it say nothing either
  std::string peer_information;        // of its SYN
  bool wants_acknowledgement = false;  // it carried SYN or RAK
  std::vector<std::string> others;
  Moment since = 0;
};

/// One direction of a bridge.
class BridgeStream {
 public:
  Numbering numbers;
  /// What was sent on last is to be continued: msnp-sharp drops a message whose packages are not next to each
  /// other.
  bool within_message = false;
  std::list<BridgeText> texts;   // the oldest first
  std::vector<Carrier> waiting;  // in the order they came; the first one is undecided

  /// Remembers that a package carries nothing any more: sent again, it carries nothing again. `data` is what
  /// it carried.
  void emptied(std::uint32_t base_id, std::string_view data);
  [[nodiscard]] bool was_emptied(std::uint32_t base_id, std::string_view data) const noexcept;
  /// The same of a package that went on with the rest of its text: sent again, it need not wait for the rest.
  void passed(std::uint32_t base_id, std::string_view data);
  [[nodiscard]] bool has_passed(std::uint32_t base_id, std::string_view data) const noexcept;

 private:
  struct Sent {
    std::uint32_t base_id;
    std::size_t digest;  // of the data; that of another package lets it be judged as any other
    bool operator==(const Sent&) const = default;
  };
  std::vector<Sent> emptied_, passed_;
};

struct Bridge {
  /// Both endpoints as they spell themselves: `account;{guid}`, in SDG `1:account;epid={guid}`.
  std::string local, remote;
  Form form = Form::p2p_v2;
  /// Its first package was no SYN: what was counted before is not known.
  bool began_unseen = false;
  std::array<BridgeStream, 2> streams;

  /// A text of ours that waits for the true sender of that direction to speak first.
  struct Pending {
    Direction direction = {};
    std::string text;
    Moment since = 0;
  };
  std::vector<Pending> pending;
  std::uint16_t packages_given = 0;
  std::uint64_t texts_opened = 0;

  [[nodiscard]] BridgeStream& stream(Direction direction) noexcept {
    return streams[static_cast<std::size_t>(direction)];
  }
  [[nodiscard]] bool idle() const noexcept;
  /// Bytes held.
  [[nodiscard]] std::size_t footprint() const noexcept;
};

/// One frame going through a bridge, and with it those that wait there.
class Transit {
 public:
  /// `wire` outlives the transit; both are empty when nothing goes but time.
  Transit(Bridge& bridge, Direction direction, Bytes wire) noexcept
      : bridge_(bridge), direction_(direction), wire_(wire) {}

  Carrier carrier;

  [[nodiscard]] Bridge& bridge() const noexcept { return bridge_; }
  [[nodiscard]] Direction direction() const noexcept { return direction_; }
  [[nodiscard]] BridgeStream& stream() const noexcept { return bridge_.stream(direction_); }
  [[nodiscard]] Numbering& other_numbers() const noexcept {
    return bridge_.stream(opposite(direction_)).numbers;
  }

  /// The bytes of a package of `carrier` as they would go on.
  [[nodiscard]] Bytes bytes_of(const CarriedPackage& package) const noexcept;
  /// Data bytes of a text that are undecided.
  [[nodiscard]] std::size_t undecided_size(std::uint64_t text);
  /// Every undecided package of a text gets its fate.
  void decide(std::uint64_t text, CarriedPackage::Fate fate);
  /// The same, with other data: `data` from the first one on, NULs where it ends. What is refused this way is
  /// `emptied`, and stays so if it is sent again.
  void decide(std::uint64_t text, CarriedPackage::Fate fate, std::string_view data, bool emptied);
  /// One package of `carrier` loses its data.
  void empty(CarriedPackage& package, CarriedPackage::Fate fate);
  /// Writes the numbers of everything in `one` as the other side has to see them. True if the frame is no
  /// longer what came in: then `one.bytes` is it.
  [[nodiscard]] bool translate(Carrier& one);
  /// Only counts them: of a frame that is not sent on.
  void count(const Carrier& one) noexcept;

 private:
  template <class Each>
  void for_each_undecided(std::uint64_t text, Each each);
  [[nodiscard]] std::string_view data_of(const Carrier& one, const CarriedPackage& package) const noexcept;
  void write(Carrier& one, const CarriedPackage& package, std::string_view data);

  Bridge& bridge_;
  Direction direction_;
  Bytes wire_;
};

}  // namespace msnp
