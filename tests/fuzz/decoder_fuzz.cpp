// Input: one byte of choices (direction, side, small limits, how to cut), then the stream.
//
// Laws: every step is a piece of the front; the pieces add up to the input; a fault stays; the decoder says
// truly whether it stands between frames, also for a reader who took the other reading of an unknown command;
// any cut gives the same frames and the same fault.
#include <vector>

#include "msnp/decoder.hpp"
#include "tests/fuzz/laws.hpp"
#include "tests/fuzz/targets.hpp"
#include "tests/support/decoder_run.hpp"

namespace fuzz {
namespace {

using msnp::Direction;
using msnp::Side;

struct Setting {
  Direction direction;
  Side side;
  msnp::Limits limits;
};

/// Bytes behind `frame` that a reader who took the other reading of it sees as part of it (framing.md 2.4).
std::size_t in_doubt_behind(const msnp::Frame& frame, const Setting& setting) {
  const std::size_t count = frame.line.token_count();
  const bool unknown = msnp::is_numeric(frame.line.word)
                           ? setting.side == Side::notification && count > 2
                           : msnp::look_up(setting.direction, setting.side, frame.line.word).standing ==
                                 msnp::Standing::unknown;
  if (!unknown || count == 0) return 0;
  if (!frame.payload.empty()) return msnp::as_text(frame.payload).ends_with('\n') ? 0 : 1;
  return msnp::canonical_length(frame.line.token(count - 1)).value_or(0);
}

void account(const Setting& setting, std::string_view stream) {
  msnp::Decoder decoder(setting.direction, setting.side, setting.limits);
  const Exact exact(stream);
  std::size_t done = 0;
  std::size_t streaming = 0;
  std::size_t certain_from = 0;
  for (;;) {
    const msnp::Bytes rest = exact.bytes().subspan(done);
    const msnp::Step step = decoder.next(rest);
    const auto take = [&](msnp::Bytes raw) {
      law(!raw.empty() && raw.data() == rest.data() && raw.size() <= rest.size(),
          "a step takes bytes from the front");
      done += raw.size();
    };
    if (const auto* const frame = std::get_if<msnp::Frame>(&step)) {
      law(streaming == 0, "no frame begins inside a payload");
      take(frame->raw);
      law(frame->payload.size() <= frame->raw.size(), "the payload lies in the frame");
      law(frame->payload.empty() ||
              frame->payload.data() + frame->payload.size() == frame->raw.data() + frame->raw.size(),
          "the payload ends the frame");
      law(frame->payload.empty() || frame->payload.size() == frame->payload_length,
          "a payload is gathered whole or not at all");
      law(frame->line.text.size() <= setting.limits.line, "no line is longer than the limit");
      law(!frame->inspected || frame->payload.size() == frame->payload_length, "what is inspected is whole");
      streaming = frame->payload_length - frame->payload.size();
      certain_from = std::max(certain_from, done + in_doubt_behind(*frame, setting));
    } else if (const auto* const opaque = std::get_if<msnp::Opaque>(&step)) {
      take(opaque->raw);
      law(opaque->raw.size() <= streaming, "no more streams than was announced");
      streaming -= opaque->raw.size();
    } else if (const auto* const swallowed = std::get_if<msnp::Swallowed>(&step)) {
      law(streaming == 0 && done >= certain_from, "nothing of what may be a payload is swallowed");
      take(swallowed->raw);
      law(msnp::as_text(swallowed->raw).find_first_not_of("\r\n") == std::string_view::npos,
          "only line ends are swallowed");
    } else if (const auto* const more = std::get_if<msnp::NeedMore>(&step)) {
      law(more->at_least > rest.size(), "more is asked for than there is");
      break;
    } else {
      const auto fault = std::get<msnp::Fault>(step);
      law(fault.offset <= rest.size(), "a fault lies in the bytes given");
      const msnp::Step again = decoder.next(rest);
      const auto* const same = std::get_if<msnp::Fault>(&again);
      law(same != nullptr && same->error == fault.error && same->offset == fault.offset, "a fault stays");
      break;
    }
    law(decoder.at_boundary() == (streaming == 0 && done >= certain_from),
        "a boundary is where every reader sees one");
  }
}

void expect_same(const support::DecoderRun& one, const support::DecoderRun& other) {
  law(one.frames == other.frames, "any cut gives the same frames");
  law(one.consumed == other.consumed, "any cut consumes the same");
  law(one.forwarded == other.forwarded, "any cut sends on the same");
  law(one.fault == other.fault && one.fault_offset == other.fault_offset, "any cut gives the same fault");
}

std::vector<std::string_view> cut(std::string_view stream, std::size_t piece) {
  std::vector<std::string_view> pieces;
  for (; !stream.empty(); stream.remove_prefix(std::min(piece, stream.size()))) {
    pieces.push_back(stream.substr(0, piece));
  }
  return pieces;
}

}  // namespace

int decoder_fuzz(const std::uint8_t* data, std::size_t size) {
  Script script(data, size);
  const std::uint8_t choices = script.byte();
  Setting setting{(choices & 1U) != 0 ? Direction::to_server : Direction::to_client,
                  (choices & 2U) != 0 ? Side::notification : Side::switchboard,
                  {}};
  if ((choices & 4U) != 0) {
    setting.limits.line = 40;
    setting.limits.message_to_server = 30;
    setting.limits.inspected_payload = 40;
    setting.limits.streamed_payload = 50;
  }
  const std::string_view stream = script.rest();
  account(setting, stream);

  const auto run = [&](const std::vector<std::string_view>& pieces) {
    return support::run_decoder(setting.direction, setting.side, pieces, setting.limits);
  };
  const auto whole = run({stream});
  constexpr std::size_t longest_by_bytes = 2048;  // the cost grows with the square
  if (stream.size() <= longest_by_bytes) expect_same(run(cut(stream, 1)), whole);
  const std::size_t at = std::min<std::size_t>(stream.size(), (choices >> 3U) * stream.size() / 31);
  expect_same(run({stream.substr(0, at), stream.substr(at)}), whole);
  expect_same(run(cut(stream, 3 + stream.size() / 7)), whole);
  return 0;
}

}  // namespace fuzz
