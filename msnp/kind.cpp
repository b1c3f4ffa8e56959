#include "msnp/kind.hpp"

#include <algorithm>
#include <iterator>

namespace msnp {
namespace {

constexpr std::array<std::string_view, kind_count> kind_names{"file-transfer",
                                                              "photo-sharing",
                                                              "sharing-folder",
                                                              "display-picture",
                                                              "custom-emoticon",
                                                              "wink",
                                                              "voice-clip",
                                                              "background",
                                                              "webcam",
                                                              "voice",
                                                              "activity",
                                                              "whiteboard",
                                                              "netmeeting",
                                                              "app-sharing",
                                                              "remote-assistance",
                                                              "ink",
                                                              "datacast",
                                                              "direct-connection",
                                                              "unknown-application"};

constexpr std::array<std::string_view, 6> form_names{"classic", "p2p-v1", "p2p-v2", "sdg", "uun", "http"};

}  // namespace

std::string_view name_of(Kind kind) noexcept {
  return kind_names[static_cast<std::size_t>(kind)];
}

std::optional<Kind> kind_named(std::string_view name) noexcept {
  const auto* const found = std::find(kind_names.begin(), kind_names.end(), name);
  if (found == kind_names.end()) return std::nullopt;
  return static_cast<Kind>(std::distance(kind_names.begin(), found));
}

bool blocked_by_default(Kind kind) noexcept {
  return kind == Kind::file_transfer || kind == Kind::photo_sharing || kind == Kind::sharing_folder ||
         kind == Kind::unknown_application;
}

std::string_view name_of(Form form) noexcept {
  return form_names[static_cast<std::size_t>(form)];
}

}  // namespace msnp
