// The text of every policy that was in force, by its revision: so that a decision can be explained with the
// policy of its time. Bounded in number; the one longest out of force is forgotten first.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <variant>

#include "proxy/config.hpp"

namespace gate {

class PolicyArchive {
 public:
  static constexpr std::size_t most_kept = 100;

  /// Keeps its files in a directory of its own in `state` (the key of the configuration), made when needed.
  explicit PolicyArchive(const std::filesystem::path& state) : directory_(state / "policies") {}

  /// Throws std::exception with the cause.
  void keep(const PolicyText& text) const;
  /// The policy of a revision; or why it cannot be had, for people.
  [[nodiscard]] std::variant<std::shared_ptr<const Policy>, std::string> find(
      std::string_view revision) const;

 private:
  [[nodiscard]] std::filesystem::path file_of(std::string_view revision) const;
  void forget_oldest() const;

  const std::filesystem::path directory_;
};

}  // namespace gate
