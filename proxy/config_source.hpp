// Where the text of a configuration comes from: the disk, or a policy that was kept.
#pragma once

#include <deque>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace gate {

/// What could not be read, in words.
struct ReadFault {
  std::string message;
};

/// Everything a policy was read from: enough to read it again when the files have changed.
struct PolicyText {
  struct File {
    std::filesystem::path path;
    std::string text;
  };
  struct Include {
    std::string pattern;
    std::vector<std::filesystem::path> files;
  };
  std::deque<File> files;  // in the order they were read, the main file first
  std::vector<Include> includes;

  /// The text as it is kept; stays where it is.
  const std::string& add(std::filesystem::path path, std::string text) {
    return files.emplace_back(File{std::move(path), std::move(text)}).text;
  }
  /// The first 16 hex digits of the SHA-256 of all names and texts: the revision of a policy. Directories do
  /// not count.
  [[nodiscard]] std::string revision() const;
};

class ConfigSource {
 public:
  virtual ~ConfigSource() = default;
  [[nodiscard]] virtual std::variant<std::string, ReadFault> read(
      const std::filesystem::path& file) const = 0;
  /// The files that `pattern` names, seen from `directory`, in byte order of their names.
  [[nodiscard]] virtual std::variant<std::vector<std::filesystem::path>, ReadFault> matching(
      const std::filesystem::path& directory, const std::string& pattern) const = 0;
  /// The same for all names of one file.
  [[nodiscard]] virtual std::string identity(const std::filesystem::path& file) const = 0;
};

class DiskSource final : public ConfigSource {
 public:
  [[nodiscard]] std::variant<std::string, ReadFault> read(const std::filesystem::path& file) const override;
  [[nodiscard]] std::variant<std::vector<std::filesystem::path>, ReadFault> matching(
      const std::filesystem::path& directory, const std::string& pattern) const override;
  [[nodiscard]] std::string identity(const std::filesystem::path& file) const override;
};

class KeptSource final : public ConfigSource {
 public:
  /// `text` outlives the source.
  explicit KeptSource(const PolicyText& text) : text_(&text) {}
  [[nodiscard]] std::variant<std::string, ReadFault> read(const std::filesystem::path& file) const override;
  [[nodiscard]] std::variant<std::vector<std::filesystem::path>, ReadFault> matching(
      const std::filesystem::path& directory, const std::string& pattern) const override;
  [[nodiscard]] std::string identity(const std::filesystem::path& file) const override;

 private:
  const PolicyText* text_;
};

}  // namespace gate
