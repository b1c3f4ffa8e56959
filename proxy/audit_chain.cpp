#include "proxy/audit_chain.hpp"

#include <algorithm>

namespace gate {
namespace {

constexpr std::string_view before_prev = R"(,"prev":")";
constexpr std::string_view before_hash = R"(","hash":")";
constexpr std::string_view end_of_line = R"("})";
constexpr std::size_t digest_size = 64;

std::optional<HexDigest> digest_of(std::string_view text) noexcept {
  const bool good = std::all_of(text.begin(), text.end(),
                                [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  HexDigest digest{};
  if (!good || text.size() != digest.size()) return std::nullopt;
  std::copy(text.begin(), text.end(), digest.begin());
  return digest;
}

}  // namespace

HexDigest seal(std::string& line, const HexDigest& prev, Sha256& sha256) {
  line.reserve(line.size() + links_size);
  line.resize(line.size() - 2);  // "}\n"
  line.append(before_prev).append(text_of(prev)).append(end_of_line);
  const HexDigest hash = sha256.hex(line);
  line.resize(line.size() - end_of_line.size());
  line.append(before_hash).append(text_of(hash)).append(end_of_line).append("\n");
  return hash;
}

std::optional<Links> links_of(std::string_view line) noexcept {
  if (line.ends_with('\n')) line.remove_suffix(1);
  constexpr std::size_t from_hash = before_hash.size() + digest_size + end_of_line.size();
  constexpr std::size_t from_prev = before_prev.size() + digest_size + from_hash;
  if (line.size() <= from_prev || !line.starts_with('{') || !line.ends_with(end_of_line)) return std::nullopt;
  const std::string_view links = line.substr(line.size() - from_prev);
  const auto prev = digest_of(links.substr(before_prev.size(), digest_size));
  const auto hash = digest_of(links.substr(links.size() - end_of_line.size() - digest_size, digest_size));
  const bool good = links.starts_with(before_prev) &&
                    links.substr(links.size() - from_hash).starts_with(before_hash) && prev && hash;
  if (!good) return std::nullopt;
  return Links{line.substr(0, line.size() - from_hash + 1), *prev, *hash};
}

HexDigest hash_of(const Links& links, Sha256& sha256) {
  std::string text(links.body);
  text += '}';
  return sha256.hex(text);
}

}  // namespace gate
