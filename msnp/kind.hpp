// What an invitation is for: the one vocabulary of rules, audit, metrics and documents
// (decisions.md 3), and the envelope it came in.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace msnp {

enum class Kind : std::uint8_t {
  file_transfer,
  photo_sharing,
  sharing_folder,
  display_picture,
  custom_emoticon,
  wink,
  voice_clip,
  background,
  webcam,
  voice,
  activity,
  whiteboard,
  netmeeting,
  app_sharing,
  remote_assistance,
  ink,
  datacast,
  direct_connection,
  unknown_application,
};

inline constexpr std::size_t kind_count = 19;

/// The name used in configuration, audit and documents, such as "file-transfer".
[[nodiscard]] std::string_view name_of(Kind kind) noexcept;
[[nodiscard]] std::optional<Kind> kind_named(std::string_view name) noexcept;

/// True for the kinds that `[policy] default` governs; the others pass unless a rule blocks them.
[[nodiscard]] bool blocked_by_default(Kind kind) noexcept;

/// True for the kinds that an MSNObject can be: something with a size and a digest, fetched by who wants it.
[[nodiscard]] constexpr bool is_object(Kind kind) noexcept {
  return kind >= Kind::display_picture && kind <= Kind::background;
}

/// How the invitation travelled.
enum class Form : std::uint8_t { classic, p2p_v1, p2p_v2, sdg, uun, http };

/// "classic", "p2p-v1", "p2p-v2", "sdg", "uun", "http".
[[nodiscard]] std::string_view name_of(Form form) noexcept;

}  // namespace msnp
