// The memory of one connection about invitations and P2P: what is held, what was refused, what must be
// swallowed. Frames go in one by one; each either goes on or is withheld, and answers are injected.
//
// Three gates (decisions.md 3): offers are judged; session data flows only for admitted sessions; what
// belongs to a refused call is swallowed. An unfinished message is held, every part acknowledged, until
// it is complete: then all of it goes or none (papyon takes no more from a peer that sent half a text).
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

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
  /// ACK, NAK and 282 from a switchboard: the replies to what was acknowledged already, or to messages of
  /// ours, stop here.
  [[nodiscard]] Fate see_reply(const Frame& frame);
  /// The people of the switchboard changed.
  void people_changed() noexcept { pairs_known_ = false; }

  /// Forgets what is held without sending it: the memory for it is spent.
  void drop_held() noexcept;
  /// Gives up what is older than `limits.message_age`.
  void expire(Judge& judge, const Limits& limits, Moment now);
  /// True if `expire` has nothing to wait for.
  [[nodiscard]] bool idle() const noexcept;
  /// Bytes held.
  [[nodiscard]] std::size_t footprint() const noexcept;

  /// Answers that wait for the end of a payload that streams; one lane per direction.
  std::array<std::string, 2> waiting;

 private:
  /// arrival: what a sender's messages left over for papyon, which looks at no Identifier.
  enum class Version : std::uint8_t { v1, v2, arrival };

  struct Key {
    Direction direction = {};
    Version version = {};
    std::uint32_t session = 0;
    std::uint32_t identifier = 0;  // v2: package number
    std::string sender;            // empty for the local user
    bool operator==(const Key&) const = default;
  };
  struct Held {
    std::string bytes;
    std::string transaction;  // of a client's MSG that is already acknowledged; else empty
  };
  struct Message {
    Key key;
    Reassembly text;
    std::uint64_t total = 0;  // v2: told by the first package
    std::vector<Held> held;
    bool refused = false;  // everything more of it is swallowed
    std::vector<std::string> others;
    Moment since = 0;
  };
  /// A package in one reading, ready to be put together with others.
  struct Piece {
    Key key;
    Fragment fragment;
    Form form = {};
    const PackageV1* v1 = nullptr;  // what an answer needs; null: not answered
    bool may_hold = true;
  };

  // conversation.cpp
  [[nodiscard]] std::vector<std::string> others_of(const Passage& passage) const;
  [[nodiscard]] std::span<const std::shared_ptr<PairCalls>> pairs_of(const Passage& passage);
  [[nodiscard]] Fate see_part(const Passage& passage, const MimeBlock& block);
  [[nodiscard]] Fate see_classic(const Passage& passage, std::string_view text);
  [[nodiscard]] Fate see_odd_package(const Passage& passage, Reason reason, std::string_view text);
  [[nodiscard]] Fate judge_offer(const Passage& passage, const Offer& offer, std::string_view answer);

  // conversation_p2p.cpp
  [[nodiscard]] Fate see_package(const Passage& passage, const MimeBlock& block);
  [[nodiscard]] Fate see_package_v1(const Passage& passage, const PackageV1& package);
  [[nodiscard]] Fate see_package_v2(const Passage& passage, const PackageV2& package, Form form,
                                    bool may_hold);
  [[nodiscard]] Fate see_session_data(const Passage& passage, std::uint32_t session, Form form);
  [[nodiscard]] Fate see_piece(const Passage& passage, const Piece& piece);
  [[nodiscard]] Fate see_readings(const Passage& passage, const Piece& piece, Message* message,
                                  Reassembly::State state, std::vector<std::string_view>& texts);
  [[nodiscard]] static Key arrival_of(Key key);
  /// Adds a text that is about to go on to what papyon, which looks at no Identifier, still waits to
  /// complete. The message once papyon would call it complete; null while it would not, or if `text`
  /// leaves nothing over.
  [[nodiscard]] Message* add_in_arrival_order(const Passage& passage, const Piece& piece,
                                              std::string_view text);
  /// Judges what the readings of a text offer, or recognises what belongs to a refused call.
  [[nodiscard]] Fate see_texts(const Passage& passage, std::span<const std::string_view> texts, Form form,
                               const PackageV1* v1);
  [[nodiscard]] Message* find(const Key& key) noexcept;
  void forget(Key key);
  Message& open(const Passage& passage, const Key& key);
  void hold(const Passage& passage, Message& message);
  void release(const Passage& passage, Message& message);
  void give_up(const Passage& passage, Message& message);

  // conversation_answers.cpp
  void refuse_call(const Passage& passage, const SlpMessage& invitation, const PackageV1& package);
  void refuse_classic(const Passage& passage, std::string_view cookie);
  /// The P2P acknowledgement of a swallowed message, in the name of the side it was meant for.
  void acknowledge_package(const Passage& passage, std::string_view speaker, const PackageV1& package);
  /// Tells the sender of a withheld or held frame that it arrived, if it waits for that.
  static void acknowledge(const Passage& passage);
  void answer(const Passage& passage, std::string_view payload, char letter, std::string_view speaker);

  /// Transactions of our own towards the server begin after this: no client counts so far.
  static constexpr std::uint32_t first_transaction = 2'000'000'000;

  CallBook* book_;
  std::list<Message> messages_;  // the oldest first
  std::array<Parts, 2> parts_;
  std::vector<std::string> acknowledged_;          // transactions whose server reply stops here
  std::vector<std::shared_ptr<PairCalls>> pairs_;  // in the order of the people of the switchboard
  std::shared_ptr<PairCalls> stranger_;            // the pair of a sender who is none of them
  std::uint32_t transactions_given_ = 0;
  bool pairs_known_ = false;
};

}  // namespace msnp
