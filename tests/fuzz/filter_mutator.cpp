// Mutates a FilterScript chunk by chunk, so that lengths stay true and most inputs are conversations.
#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

#include "tests/fuzz/filter_script.hpp"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

namespace {

using Random = std::minstd_rand;

std::size_t below(Random& random, std::size_t count) {
  return random() % std::max<std::size_t>(count, 1);
}

void mutate_bytes(std::string& bytes) {
  std::vector<std::uint8_t> buffer(bytes.begin(), bytes.end());
  const std::size_t room = bytes.size() + 64;
  buffer.resize(room);
  buffer.resize(LLVMFuzzerMutate(buffer.data(), bytes.size(), room));
  bytes.assign(buffer.begin(), buffer.end());
}

void mutate_chunks(fuzz::FilterScript& script, Random& random) {
  auto& chunks = script.chunks;
  if (chunks.empty()) chunks.emplace_back();
  const std::size_t at = below(random, chunks.size());
  const auto place = chunks.begin() + static_cast<std::ptrdiff_t>(at);
  switch (random() % 15) {
    case 0:
      chunks.erase(place);
      break;
    case 1: {
      const fuzz::Chunk copy = chunks[at];
      chunks.insert(chunks.begin() + static_cast<std::ptrdiff_t>(below(random, chunks.size())), copy);
      break;
    }
    case 2:
      std::swap(chunks[at], chunks[below(random, chunks.size())]);
      break;
    case 3: {  // in two, so that the other direction can come between
      fuzz::Chunk second = chunks[at];
      const std::size_t middle = below(random, second.bytes.size());
      second.bytes.erase(0, middle);
      chunks[at].bytes.resize(std::min(chunks[at].bytes.size(), middle));
      chunks.insert(place + 1, second);
      break;
    }
    case 4:
      chunks[at].direction = msnp::opposite(chunks[at].direction);
      break;
    case 5:
      chunks[at].variant = static_cast<std::uint8_t>(random() % 16);
      break;
    case 6:
      chunks[at].shape = static_cast<fuzz::Shape>(random() % 8);
      break;
    case 7:
      script.setting ^= static_cast<std::uint8_t>(1U << random() % 6);
      break;
    case 8:
      chunks.insert(
          place,
          {msnp::Direction::to_server, fuzz::Shape::time, static_cast<std::uint8_t>(random() % 2), {}});
      break;
    case 9:  // only the fields in front of a package
      if (!chunks[at].bytes.empty()) {
        chunks[at].bytes[below(random, std::min<std::size_t>(chunks[at].bytes.size(), 7))] =
            static_cast<char>(random() % 256);
      }
      break;
    default:
      mutate_bytes(chunks[at].bytes);
  }
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most,
                                               unsigned seed) {
  Random random(seed);
  fuzz::FilterScript script = fuzz::read_script(data, size);
  mutate_chunks(script, random);
  const std::string bytes = fuzz::write_script(script).substr(0, most);
  std::memcpy(data, bytes.data(), bytes.size());
  return bytes.size();
}
