// A fixture that writes configuration files, loads them and tells the errors.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "proxy/config.hpp"

namespace support {

/// A directory of configuration files, gone with the test.
class Files {
 public:
  Files() {
    std::string name = (std::filesystem::temp_directory_path() / "config_test.XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
  }
  ~Files() { std::filesystem::remove_all(directory_); }
  Files(const Files&) = delete;
  Files& operator=(const Files&) = delete;

  std::filesystem::path write(const std::string& name, const std::string& text) const {
    const std::filesystem::path file = directory_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
    return file;
  }
  [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }

 private:
  std::filesystem::path directory_;
};

class ConfigFile : public testing::Test {
 protected:
  /// Fails the test when there are errors.
  gate::Config load(const std::string& text) {
    auto result = gate::load_config(files.write("gateway.toml", text));
    if (const auto* const errors = std::get_if<std::vector<gate::ConfigError>>(&result)) {
      for (const gate::ConfigError& error : *errors) ADD_FAILURE() << to_string(error);
      return gate::default_config();
    }
    return std::get<gate::Config>(std::move(result));
  }

  /// The errors as printed, without the directory.
  std::vector<std::string> errors(const std::string& text) {
    return errors_of(files.write("gateway.toml", text));
  }

  std::vector<std::string> errors_of(const std::filesystem::path& file) const {
    std::vector<std::string> all;
    const auto result = gate::load_config(file);
    if (const auto* const found = std::get_if<std::vector<gate::ConfigError>>(&result)) {
      EXPECT_FALSE(found->empty());
      for (gate::ConfigError error : *found) {
        error.file = error.file.lexically_relative(files.directory());
        all.push_back(to_string(error));
      }
    }
    return all;
  }

  Files files;
};

}  // namespace support
