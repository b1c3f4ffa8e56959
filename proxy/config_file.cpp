#include "proxy/config_file.hpp"

#include <glob.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <system_error>

#include "proxy/escape.hpp"

namespace gate {
namespace {

constexpr std::size_t largest_file = std::size_t{16} * 1024 * 1024;

/// The parser limits the depth of brackets but not of dotted keys, and a document is destroyed
/// recursively: a key of a million parts would exhaust the stack. No line of a real file has
/// so many dots without a comma between.
constexpr std::size_t most_dots = 1000;

std::string error_text(int number) {
  return std::generic_category().message(number);
}

/// The number of the line that is too deep, from 1.
std::optional<std::uint32_t> too_deep_line(std::string_view text) {
  std::uint32_t line = 1;
  std::size_t dots = 0;
  for (const char letter : text) {
    if (letter == '\n') ++line;
    if (letter == '\n' || letter == ',') dots = 0;
    if (letter == '.' && ++dots > most_dots) return line;
  }
  return std::nullopt;
}

std::string escaped_for_glob(std::string_view path) {
  std::string escaped;
  for (const char letter : path) {
    if (std::string_view("*?[\\").find(letter) != std::string_view::npos) escaped += '\\';
    escaped += letter;
  }
  return escaped;
}

/// A directory that is not there is as good as an empty one; one that cannot be read hides rules.
int stop_unless_absent(const char* /*path*/, int number) {
  return number != ENOENT && number != ENOTDIR ? 1 : 0;
}

}  // namespace

std::variant<std::string, ReadFault> read_text(const std::filesystem::path& file) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> stream(std::fopen(file.c_str(), "re"), &std::fclose);
  if (!stream) return ReadFault{"cannot be opened: " + error_text(errno)};
  std::string text;
  std::array<char, 65'536> chunk{};
  while (const std::size_t length = std::fread(chunk.data(), 1, chunk.size(), stream.get())) {
    if (text.size() + length > largest_file)
      return ReadFault{"is larger than 16 MiB; split it, or name the right file"};
    text.append(chunk.data(), length);
  }
  if (std::ferror(stream.get()) != 0) return ReadFault{"cannot be read: " + error_text(errno)};
  return text;
}

std::optional<toml::table> parse_document(std::string_view text, const std::filesystem::path& file,
                                          std::vector<ConfigError>& errors) {
  if (const auto line = too_deep_line(text)) {
    errors.push_back(
        {file, *line, 1, {}, "found more than 1000 dots without a comma between; write shorter keys"});
    return std::nullopt;
  }
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& error) {
    const toml::source_position where = error.source().begin;
    errors.push_back(
        {file, where.line, where.column, {}, "this is no TOML: " + showable(error.description())});
  }
  return std::nullopt;
}

std::variant<std::vector<std::filesystem::path>, ReadFault> included_files(
    const std::filesystem::path& directory, const std::string& pattern) {
  const bool plain = pattern.find_first_of("*?[\\") == std::string::npos;
  const bool absolute = pattern.starts_with('/');
  if (plain) {
    return std::vector<std::filesystem::path>{absolute ? std::filesystem::path(pattern)
                                                       : directory / pattern};
  }
  const std::string whole =
      absolute || directory.empty() ? pattern : escaped_for_glob(directory.string()) + '/' + pattern;
  glob_t found{};
  // NOLINTNEXTLINE(concurrency-mt-unsafe): before any other thread runs
  const int outcome = ::glob(whole.c_str(), GLOB_NOSORT, stop_unless_absent, &found);
  const std::unique_ptr<glob_t, void (*)(glob_t*)> cleanup(&found, &::globfree);
  if (outcome != 0 && outcome != GLOB_NOMATCH) return ReadFault{"names a directory that cannot be read"};
  std::vector<std::filesystem::path> files(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  std::sort(files.begin(), files.end(),
            [](const auto& one, const auto& other) { return one.native() < other.native(); });
  return files;
}

std::filesystem::path include_directory(const std::filesystem::path& directory, const std::string& pattern) {
  const std::string fixed = pattern.substr(0, pattern.find_first_of("*?[\\"));
  return (directory / fixed.substr(0, fixed.rfind('/') + 1)).lexically_normal();
}

}  // namespace gate
