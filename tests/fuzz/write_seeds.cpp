// Writes the seeds of every target into DIRECTORY/TARGET/.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "tests/fuzz/seeds.hpp"
#include "tests/fuzz/targets.hpp"

int main(int count, char** arguments) {
  if (count != 2) {
    std::fprintf(stderr, "usage: write_seeds DIRECTORY\n");
    return 2;
  }
  for (const fuzz::Target& target : fuzz::targets) {
    const std::filesystem::path directory = std::filesystem::path(arguments[1]) / target.name;
    std::filesystem::create_directories(directory);
    std::size_t number = 0;
    for (const std::string& seed : fuzz::seeds_of(target.name)) {
      std::ofstream(directory / ("seed-" + std::to_string(number++)), std::ios::binary) << seed;
    }
  }
  return 0;
}
