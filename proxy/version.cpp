#include <openssl/crypto.h>
#include <toml++/toml.h>
#include <boost/version.hpp>

#include <ostream>

#include "proxy/commands.hpp"
#include "proxy/version.hpp"

namespace gate {
namespace {

constexpr int boost_major = BOOST_VERSION / 100000;
constexpr int boost_minor = BOOST_VERSION / 100 % 1000;
constexpr int boost_patch = BOOST_VERSION % 100;

#ifdef NDEBUG
constexpr const char* assertions = "off";
#else
constexpr const char* assertions = "on";
#endif

}  // namespace

std::string_view version() noexcept {
  return MSNPGATE_VERSION;
}

int command_version(std::ostream& out) {
  out << "msnpgate " MSNPGATE_VERSION "\n"
      << "compiler   " << __VERSION__ << "\n"
      << "assertions " << assertions << "\n"
      << "Boost      " << boost_major << '.' << boost_minor << '.' << boost_patch << "\n"
      << "OpenSSL    " << OpenSSL_version(OPENSSL_VERSION_STRING) << "\n"
      << "toml++     " << TOML_LIB_MAJOR << '.' << TOML_LIB_MINOR << '.' << TOML_LIB_PATCH << "\n";
  return out ? exit_fine : exit_failed;
}

}  // namespace gate
