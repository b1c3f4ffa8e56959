#include "proxy/config_source.hpp"

#include <openssl/evp.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>

#include "proxy/config_file.hpp"

namespace gate {

std::string PolicyText::revision() const {
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  bool fine = context != nullptr && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1;
  const auto add = [&](std::string_view bytes) {
    fine = fine && EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) == 1;
  };
  for (const File& file : files) {
    add(file.path.filename().native() + '\n' + std::to_string(file.text.size()) + '\n');
    add(file.text);
  }
  fine = fine && EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) == 1;
  if (!fine) throw std::runtime_error("the SHA-256 of the cryptographic library failed");
  constexpr std::string_view hex = "0123456789abcdef";
  std::string revision;
  for (std::size_t index = 0; index < 8; ++index) {
    revision += hex[digest[index] >> 4U];
    revision += hex[digest[index] & 0x0FU];
  }
  return revision;
}

std::variant<std::string, ReadFault> DiskSource::read(const std::filesystem::path& file) const {
  return read_text(file);
}

std::variant<std::vector<std::filesystem::path>, ReadFault> DiskSource::matching(
    const std::filesystem::path& directory, const std::string& pattern) const {
  return included_files(directory, pattern);
}

std::string DiskSource::identity(const std::filesystem::path& file) const {
  struct stat found {};
  if (::stat(file.c_str(), &found) != 0) return file.native();
  return std::to_string(found.st_dev) + ':' + std::to_string(found.st_ino);
}

std::variant<std::string, ReadFault> KeptSource::read(const std::filesystem::path& file) const {
  const auto kept = std::find_if(text_->files.begin(), text_->files.end(),
                                 [&file](const PolicyText::File& one) { return one.path == file; });
  if (kept == text_->files.end()) return ReadFault{"was not kept"};
  return kept->text;
}

std::variant<std::vector<std::filesystem::path>, ReadFault> KeptSource::matching(
    const std::filesystem::path& /*directory*/, const std::string& pattern) const {
  for (const PolicyText::Include& include : text_->includes) {
    if (include.pattern == pattern) return include.files;
  }
  return ReadFault{"was not kept"};
}

std::string KeptSource::identity(const std::filesystem::path& file) const {
  return file.native();
}

}  // namespace gate
