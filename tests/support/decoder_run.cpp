#include "tests/support/decoder_run.hpp"

#include <algorithm>
#include <memory>

#include "msnp/repair.hpp"

namespace support {
namespace {

VectorFrame seen(const msnp::Frame& frame) {
  VectorFrame made{std::string(frame.line.text.substr(0, 3)), {}, frame.payload_length};
  for (std::size_t i = 0; i < frame.line.token_count(); ++i) made.args.emplace_back(frame.line.token(i));
  return made;
}

class Run {
 public:
  Run(msnp::Direction direction, msnp::Side side, const msnp::Limits& limits)
      : decoder_(direction, side, limits) {}

  /// Takes all steps the bytes are good for; returns how many bytes are done with.
  std::size_t feed(msnp::Bytes in) {
    std::size_t done = 0;
    while (!made_.fault) {
      const msnp::Step step = decoder_.next(in.subspan(done));
      if (const auto* const more = std::get_if<msnp::NeedMore>(&step)) {
        made_.wanted = more->at_least;
        break;
      }
      done += std::visit([&](const auto& one) { return take(one); }, step);
    }
    return done;
  }

  [[nodiscard]] const DecoderRun& made() const noexcept { return made_; }

 private:
  std::size_t take(const msnp::Frame& frame) {
    if (frame.dropped) {
    } else if (frame.repair != msnp::Repair::none) {
      msnp::append_repaired(frame, made_.forwarded);
    } else {
      made_.forwarded += msnp::as_text(frame.raw);
    }
    streaming_ = frame.payload_length - frame.payload.size();
    streamed_size_ = frame.raw.size() + streaming_;
    streamed_ = seen(frame);
    finish_if_passed();
    return frame.raw.size();
  }
  std::size_t take(const msnp::Opaque& opaque) {
    made_.forwarded += msnp::as_text(opaque.raw);
    streaming_ -= opaque.raw.size();
    finish_if_passed();
    return opaque.raw.size();
  }
  std::size_t take(const msnp::Swallowed& swallowed) {
    made_.consumed += swallowed.raw.size();
    return swallowed.raw.size();
  }
  std::size_t take(const msnp::Fault& fault) {
    made_.fault = fault.error;
    made_.fault_offset = fault.offset;
    return 0;
  }
  std::size_t take(const msnp::NeedMore&) { return 0; }

  void finish_if_passed() {
    if (streaming_ != 0) return;
    made_.frames.push_back(streamed_);
    made_.consumed += streamed_size_;
  }

  msnp::Decoder decoder_;
  DecoderRun made_;
  VectorFrame streamed_;
  std::size_t streaming_ = 0;
  std::size_t streamed_size_ = 0;
};

}  // namespace

DecoderRun run_decoder(msnp::Direction direction, msnp::Side side,
                       const std::vector<std::string_view>& pieces, const msnp::Limits& limits) {
  Run run(direction, side, limits);
  std::string left;
  for (const std::string_view piece : pieces) {
    left += piece;
    const auto exact = std::make_unique<char[]>(left.size());
    std::copy(left.begin(), left.end(), exact.get());
    left.erase(0, run.feed(msnp::as_bytes({exact.get(), left.size()})));
  }
  return run.made();
}

}  // namespace support
