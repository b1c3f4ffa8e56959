#include "msnp/guid.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "msnp/ascii.hpp"

namespace msnp {
namespace {

struct Application {
  std::string_view hex;  // 32 digits, lower case
  Kind kind;
  bool object;
};

constexpr std::array applications{
    Application{"5d3e02ab619011d3bbbb00c04f795683", Kind::file_transfer, false},
    Application{"41d3e74e04a24b3796f808acdb610874", Kind::photo_sharing, false},
    Application{"534142d51f2a431fa60cb0cf723fdf7d", Kind::sharing_folder, false},
    Application{"a4268eecfec549e595c3f126696bdbf6", Kind::display_picture, true},
    Application{"e073b06b636e45b7aca46d4b5978c93c", Kind::wink, true},
    Application{"4bd96fc0ab174425a14a439185962dc8", Kind::webcam, false},
    Application{"1c9aa97e9c054583a3bd908a196f1e92", Kind::webcam, false},
    Application{"2a23868eb45f401db8b01e16b774a5b7", Kind::webcam, false},
    Application{"6a13af9c53084f35923a67e8dda40c2f", Kind::activity, false},
    Application{"02d3c01fbf304825a83ade7af41648aa", Kind::voice, false},
    Application{"44bba842cc5111cfaafa00aa00b6015c", Kind::netmeeting, false},
    Application{"f1b1920c6a3c4ce7b18cafab305fd03d", Kind::app_sharing, false},
    Application{"1df57d09637a4ca591b92c3edaaf62fe", Kind::whiteboard, false},
    Application{"56b994a7380f410b9985c809d78c1bdc", Kind::remote_assistance, false},
    Application{"703ea1a8d73e43e3852cee85b5d872c2", Kind::remote_assistance, false},
};

/// Only the letters and digits, lower case: braces, hyphens and blanks are what readers differ on.
std::string dense_letters(std::string_view text) {
  std::string dense;
  dense.reserve(text.size());
  for (const char letter : text) {
    const char lower = fold(letter);
    if ((lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9')) dense.push_back(lower);
  }
  return dense;
}

/// msnp11 removes every copy of the key from a header's value, so a key may stand inside the digits.
std::string without_keys(const std::string& dense) {
  constexpr std::string_view key = "eufguid";
  std::string kept;
  kept.reserve(dense.size());
  for (std::size_t at = 0; at < dense.size();) {
    if (std::string_view{dense}.substr(at, key.size()) == key) {
      at += key.size();
    } else {
      kept.push_back(dense[at++]);
    }
  }
  return kept;
}

}  // namespace

ApplicationsFound applications_in(std::string_view text) {
  const std::string dense = without_keys(dense_letters(text));
  ApplicationsFound found;
  for (const Application& application : applications) {
    if (dense.find(application.hex) == std::string::npos &&
        dense.find(reversed(application.hex)) == std::string::npos) {
      continue;
    }
    if (application.object) {
      found.object = true;
    } else if (std::find(found.kinds.begin(), found.kinds.end(), application.kind) == found.kinds.end()) {
      found.kinds.push_back(application.kind);
    }
  }
  std::sort(found.kinds.begin(), found.kinds.end());
  return found;
}

}  // namespace msnp
