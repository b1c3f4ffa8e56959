// The fuzz targets. Each takes any input, ends normally or throws BrokenLaw; sanitizers see the rest.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace fuzz {

int admin_fuzz(const std::uint8_t* data, std::size_t size);
int audit_fuzz(const std::uint8_t* data, std::size_t size);
int capture_fuzz(const std::uint8_t* data, std::size_t size);
int config_fuzz(const std::uint8_t* data, std::size_t size);
int decoder_fuzz(const std::uint8_t* data, std::size_t size);
int filter_fuzz(const std::uint8_t* data, std::size_t size);
int http_fuzz(const std::uint8_t* data, std::size_t size);
int mime_fuzz(const std::uint8_t* data, std::size_t size);
int p2p_fuzz(const std::uint8_t* data, std::size_t size);
int slp_fuzz(const std::uint8_t* data, std::size_t size);

struct Target {
  std::string_view name;
  int (*run)(const std::uint8_t* data, std::size_t size);
};

inline constexpr std::array targets{
    Target{"admin", admin_fuzz},   Target{"audit", audit_fuzz},     Target{"capture", capture_fuzz},
    Target{"config", config_fuzz}, Target{"decoder", decoder_fuzz}, Target{"filter", filter_fuzz},
    Target{"http", http_fuzz},     Target{"mime", mime_fuzz},       Target{"p2p", p2p_fuzz},
    Target{"slp", slp_fuzz},
};

}  // namespace fuzz
