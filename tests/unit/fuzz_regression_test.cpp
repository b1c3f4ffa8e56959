// Every seed and every past finding of the fuzz targets (tests/fuzz/README.md), replayed in every build.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/fuzz/laws.hpp"
#include "tests/fuzz/seeds.hpp"
#include "tests/fuzz/targets.hpp"

namespace {

class EachTarget : public testing::TestWithParam<fuzz::Target> {
 protected:
  static void replay(const std::string& input, const std::string& name) {
    try {
      GetParam().run(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
    } catch (const fuzz::BrokenLaw& broken) {
      ADD_FAILURE() << name << ": broken law: " << broken.what();
    }
  }
};

TEST_P(EachTarget, KeepsItsLawsOnEverySeed) {
  const auto seeds = fuzz::seeds_of(GetParam().name);
  ASSERT_FALSE(seeds.empty());
  for (std::size_t i = 0; i < seeds.size(); ++i) replay(seeds[i], "seed-" + std::to_string(i));
}

TEST_P(EachTarget, KeepsItsLawsOnEveryPastFinding) {
  const std::filesystem::path findings =
      std::filesystem::path(MSNPGATE_SOURCE_DIR) / "tests/fuzz/findings" / GetParam().name;
  if (!std::filesystem::exists(findings)) return;
  for (const auto& entry : std::filesystem::directory_iterator(findings)) {
    std::ifstream stream(entry.path(), std::ios::binary);
    replay({std::istreambuf_iterator<char>(stream), {}}, entry.path().filename().string());
  }
}

TEST_P(EachTarget, TakesAnEmptyInput) {
  replay({}, "nothing");
}

INSTANTIATE_TEST_SUITE_P(Targets, EachTarget, testing::ValuesIn(fuzz::targets),
                         [](const auto& one) { return std::string(one.param.name); });

}  // namespace
