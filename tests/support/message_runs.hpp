// Messages of one switchboard, and how far a run of them goes: for data_run_test and text_run_test.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "msnp/decoder.hpp"
#include "tests/support/filter_rig.hpp"

namespace gate::test {

inline constexpr std::string_view me = "alice@example.com";
inline constexpr std::string_view peer = "bob@example.org";
inline constexpr std::array directions{msnp::Direction::to_server, msnp::Direction::to_client};

/// A MSG in this direction; `letter` and `transaction` are the client's.
inline std::string message_in(msnp::Direction direction, char letter, std::string_view payload,
                              std::string_view transaction = "17") {
  return direction == msnp::Direction::to_server ? message_to_server(transaction, letter, payload)
                                                 : message_to_client(peer, "Bob", payload);
}

/// What `run_of` makes of the frame in `first` tells how many bytes of `rest` are like it.
template <class RunOf>
std::size_t extent_of_run(msnp::Direction direction, const std::string& first, const std::string& rest,
                          RunOf run_of) {
  const msnp::Limits limits;
  msnp::Decoder decoder(direction, msnp::Side::switchboard, limits);
  const auto step = decoder.next(msnp::as_bytes(first));
  const auto* const decoded = std::get_if<msnp::Frame>(&step);
  if (decoded == nullptr) {
    ADD_FAILURE() << "no frame";
    return 0;
  }
  return run_of(*decoded).extent(msnp::as_bytes(rest));
}

/// Gives the frames to one filter together and to the other one by one: their bytes in all.
inline std::size_t feed_both(msnp::Direction direction, const std::vector<std::string>& frames,
                             FilterRig& together, FilterRig& alone) {
  std::string all;
  for (const std::string& one : frames) {
    all += one;
    alone.feed(direction, one);
  }
  together.feed(direction, all);
  return all.size();
}

}  // namespace gate::test
