// The memory of one connection about invitations and P2P: what is held, what was refused, what must be
// swallowed. Frames go in one by one; each either goes on or is withheld, and answers are injected.
//
// Three gates (decisions.md 3): offers are judged (G1); addresses of direct connections are taken out (G2);
// session data flows only for sessions that were let through (G3). An unfinished message is held, every part
// acknowledged, until it is complete: then all of it goes or none (papyon takes no more from a peer that sent
// half a text).
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "msnp/bridge.hpp"
#include "msnp/calls.hpp"
#include "msnp/mime.hpp"
#include "msnp/p2p.hpp"
#include "msnp/parts.hpp"
#include "msnp/passage.hpp"
#include "msnp/reassembly.hpp"
#include "msnp/slp.hpp"

namespace msnp {

class Conversation {
 public:
  /// `book` outlives the conversation.
  explicit Conversation(CallBook& book) : book_(&book) {}

  /// MSG, UUM and UBM: a MIME block. `block` is what read_mime made of the payload.
  [[nodiscard]] Fate see_message(const Passage& passage, const MimeBlock& block);
  /// UUN and UBN: a bare SLP text, or a notification.
  [[nodiscard]] Fate see_notification(const Passage& passage);
  /// SDG: three header blocks, then P2P packages or a bare SLP text (MSNP21).
  [[nodiscard]] Fate see_datagram(const Passage& passage);
  /// A reply of the server to one message: those to what was acknowledged already, or to messages of ours,
  /// stop here.
  [[nodiscard]] Fate see_reply(const Frame& frame);
  /// Where the P2P header of the message that was seen last begins in its payload, if that went on and each
  /// goes on that is like it (see DataRun), as long as nothing else is seen; else 0. Tells once.
  [[nodiscard]] std::size_t take_run() noexcept { return std::exchange(run_, 0); }
  /// The people of the switchboard changed.
  void people_changed() noexcept { pairs_known_ = false; }

  /// Shows the local user a line of ours in the conversation that `passage` belongs to, in the name of
  /// somebody who is there: clients show nothing from a stranger. Nothing where there is nobody, or no
  /// conversation.
  static void show(const Passage& passage, std::string_view name, std::string_view text);

  /// Forgets what is held without sending it: the memory for it is spent. Where that is not enough,
  /// bridges, too, those of long ago first; their names may be long. How many messages it was.
  std::size_t drop_held(std::size_t budget) noexcept;
  /// Gives up what is older than `limits.message_age`, and says what has waited long enough.
  void expire(const Scene& scene);
  /// True if `expire` has nothing to wait for.
  [[nodiscard]] bool idle() const noexcept;
  /// Bytes held.
  [[nodiscard]] std::size_t footprint() const noexcept;

  /// Answers that wait for the end of a payload that streams; one lane per direction.
  std::array<std::string, 2> waiting;

 private:
  using Texts = std::span<const std::string_view>;

  /// What is to become of a text, whatever carries it.
  enum class Ruling : std::uint8_t {
    pass,
    refuse,   // it offers what may not pass: taken out, and the offerer is told
    swallow,  // it belongs to a call that was refused: taken out
    disarm,   // it tells an address where a direct connection could be made: that is taken out
  };
  struct Ruled {
    Ruling ruling = Ruling::pass;
    SlpMessage message;  // what decided; empty for a text that nobody reads
  };

  // conversation_rulings.cpp
  /// Judges what the readings of a message offer, recognises what belongs to a refused call, and remembers
  /// the calls. `answer` is what will be said if it is refused.
  [[nodiscard]] Ruled rule(const Passage& passage, Texts texts, Form form, std::string_view answer,
                           bool remembers = true);
  /// The same for a message whose packages do or do not fit together as with some client.
  [[nodiscard]] Ruled rule_message(const Passage& passage, Texts texts, bool fits, Form form,
                                   std::string_view answer, bool remembers = true);
  [[nodiscard]] bool rule_offers(const Passage& passage, SlpMessage& message, Form form,
                                 std::string_view answer, bool remembers);
  [[nodiscard]] bool tells_address_in_vain(const Passage& passage, Texts texts, const SlpMessage& message,
                                           Form form);
  struct SessionData {
    std::uint32_t session = 0;
    std::uint64_t offset = 0;  // version 1
    std::uint64_t total = 0;   // version 1: of the message; version 2: of this package and all to come
    bool continues = false;    // version 2: not the first package
    Bytes data;
    Form form = {};
  };
  enum class Flow : std::uint8_t {
    stops,
    passes,
    passes_alike,  // and of version 1 so does more of it, whatever it is and wherever it belongs
  };
  /// Data flows only in a session that was let through, and still is: a call that may not go on is ended for
  /// both sides. `bridge` is that of a package of version 2, else null.
  [[nodiscard]] Flow flow_of(const Passage& passage, const SessionData& data, Bridge* bridge);
  [[nodiscard]] bool admits_unannounced(const Passage& passage, const SessionData& data);
  /// msnp11 looks for an invitation in the bytes of any package (transfers.md 2.4).
  [[nodiscard]] bool hides_invitation(const Passage& passage, const SessionData& data);
  [[nodiscard]] bool object_is_fine(const Passage& passage, const SessionData& data, JudgedCall& call);
  void end_call(const Passage& passage, std::uint32_t session, const Offer& offer, const CallParties& parties,
                Bridge* bridge);

  // conversation.cpp
  [[nodiscard]] std::vector<std::string> others_of(const Passage& passage) const;
  [[nodiscard]] std::span<const std::shared_ptr<PairCalls>> pairs_of(const Passage& passage);
  /// Nothing if the part is to be read like any other message.
  [[nodiscard]] std::optional<Fate> see_part(const Passage& passage, const MimeBlock& block);
  /// A multi-packet message put together.
  [[nodiscard]] Fate see_whole(const Passage& passage, const std::string& message);
  [[nodiscard]] Fate see_classic(const Passage& passage, std::string_view text);
  [[nodiscard]] Fate see_odd_package(const Passage& passage, Reason reason, std::string_view text);
  [[nodiscard]] Fate judge_offer(const Passage& passage, const Offer& offer, std::string_view answer);
  /// A bare SLP text: `text` is the part of the payload that holds it.
  [[nodiscard]] Fate see_bare_text(const Passage& passage, Texts readings, std::string_view text, Form form);
  /// Tells the sender of a frame that is held that it arrived. When it goes on, the server's reply stops
  /// here.
  void acknowledge_held(const Passage& passage);
  [[nodiscard]] bool is_refused_session(const Passage& passage, std::uint32_t session);

  // conversation_v1.cpp: packages of version 1
  struct Key {
    Direction direction = {};
    std::uint32_t session = 0;
    std::uint32_t identifier = 0;
    std::string sender;  // empty for the local user
    bool operator==(const Key&) const = default;
  };
  struct Held {
    std::string bytes;
    std::size_t data_place = 0;
    std::size_t data_size = 0;
  };
  struct Message {
    Key key;
    Reassembly text;
    std::vector<Held> held;
    bool refused = false;  // everything more of it is swallowed
    bool passed = false;   // it went on, but who goes by declared lengths still waits for more of it
    std::vector<std::string> others;
    Moment since = 0;
  };
  [[nodiscard]] Fate see_package(const Passage& passage, const MimeBlock& block);
  [[nodiscard]] Fate see_package_v1(const Passage& passage, const PackageV1& package);
  /// What a sender's packages left over for papyon, which looks at neither Identifier nor Offset and waits
  /// for the rest as long as it is there.
  struct Arrival {
    Direction direction = {};
    std::string sender;
    std::uint64_t total = 0;
    std::string text;
  };
  [[nodiscard]] static Key key_of(const Passage& passage, const PackageV1& package);
  [[nodiscard]] Fate see_piece(const Passage& passage, const Key& key, const PackageV1& package);
  [[nodiscard]] Fate see_readings(const Passage& passage, const Key& key, const PackageV1& package,
                                  Message* message, Reassembly::State state,
                                  std::vector<std::string_view>& texts);
  /// Takes the addresses out of a message whose last package is `package`. Withheld as a whole if it is not
  /// of one piece for everybody.
  [[nodiscard]] Fate disarm(const Passage& passage, const Key& key, const PackageV1& package,
                            Message* message);
  static void refuse_rest(Message& message);
  /// Of messages that some reader still waits to complete after they went on there are only so many.
  [[nodiscard]] bool may_stay_open(const Passage& passage) const noexcept;
  /// Adds the packages of a complete message, and those only, to what papyon has of their sender. The texts
  /// that are completed by it, unless they are those of the message itself.
  [[nodiscard]] std::vector<std::string> add_arrivals(const Passage& passage, const Key& key,
                                                      const PackageV1& package, const Message* message);
  [[nodiscard]] Message* find(const Key& key) noexcept;
  void forget(Key key);
  Message& open(const Passage& passage, const Key& key);
  void hold(const Passage& passage, Message& message, const PackageV1& package);
  void release(const Passage& passage, Message& message);
  void give_up(const Passage& passage, Message& message);

  // conversation_v2.cpp: packages of version 2, on their bridges
  struct Found {  // a package and where it stands
    PackageV2 package;
    Bytes bytes;  // from its first byte to the end of the payload
  };
  [[nodiscard]] Bridge& bridge_of(const Passage& passage, std::string_view destination,
                                  std::string_view source, Form form);
  [[nodiscard]] Fate see_packages(const Passage& passage, Bridge& bridge, std::span<const Found> found);
  void rule_package(const Passage& passage, Transit& transit, const PackageV2& package,
                    CarriedPackage& carried);
  [[nodiscard]] bool admits_package_data(const Passage& passage, Bridge& bridge, const PackageV2& package);
  void rule_text(const Passage& passage, Transit& transit, const PackageV2& package, CarriedPackage& carried);
  /// Rules on a text that somebody would call complete; `end` is the number after its last package.
  void rule_readings(const Passage& passage, Transit& transit, BridgeText& text, std::uint32_t end);
  void refuse_packages(const Scene& scene, Transit& transit, BridgeText& text, const SlpMessage& instead_of);
  void abandon(const Scene& scene, Transit& transit, BridgeText& text);
  [[nodiscard]] Fate send_on(const Passage& passage, Transit& transit);
  void send_decided(const Scene& scene, Transit& transit);
  void say_pending(const Scene& scene, Bridge& bridge);
  void expire(const Scene& scene, Bridge& bridge);

  // conversation_answers.cpp
  /// Tells the sender of a withheld frame that it arrived, if it waits for that.
  static void acknowledge(const Passage& passage);
  /// One of ours in a direction, in the name of `speaker` or of the only other person there.
  void say_message(const Scene& scene, Direction direction, std::string_view payload, char letter,
                   std::string_view speaker);
  static void say_to_client(const Scene& scene, std::string_view payload, std::string_view speaker);
  void say_v1(const Passage& passage, Direction direction, std::string_view text, std::string_view speaker,
              std::string_view listener);
  /// `counts`: the numbers after it are translated.
  void say_v2(const Scene& scene, Bridge& bridge, Direction direction, std::string_view text, bool counts);
  void acknowledge_v2(const Scene& scene, Bridge& bridge, Direction direction, std::uint32_t value,
                      Bytes peer_information);
  void say_package(const Scene& scene, Bridge& bridge, Direction direction, std::string_view package);
  void refuse_bare(const Passage& passage, const SlpMessage& invitation);
  void refuse_v1(const Passage& passage, const SlpMessage& invitation, const PackageV1& package);
  void refuse_classic(const Passage& passage, std::string_view cookie);
  /// The P2P acknowledgement of a swallowed message, in the name of the side it was meant for.
  void acknowledge_v1(const Passage& passage, std::string_view speaker, const PackageV1& package);
  [[nodiscard]] std::string next_transaction();

  /// Transactions of our own towards the server begin after this: no client counts so far.
  static constexpr std::uint32_t first_transaction = 2'000'000'000;

  CallBook* book_;
  std::list<Message> messages_;  // the oldest first
  std::vector<Arrival> arrivals_;
  std::list<Bridge> bridges_;  // latest used first
  std::array<Parts, 2> parts_;
  std::vector<std::string> acknowledged_;          // transactions whose reply of the server stops here
  std::vector<std::shared_ptr<PairCalls>> pairs_;  // in the order of the people of the switchboard
  std::shared_ptr<PairCalls> stranger_;            // the pair of a sender who is none of them
  std::uint32_t transactions_given_ = 0;
  std::uint32_t run_ = 0;  // see take_run
  bool pairs_known_ = false;
};

}  // namespace msnp
