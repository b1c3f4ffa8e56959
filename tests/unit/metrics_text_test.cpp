#include "proxy/metrics_text.hpp"

#include <gtest/gtest.h>

namespace {

TEST(MetricsText, WritesFamiliesAndSamples) {
  gate::MetricsText text;
  text.family("msnpgate_x_total", "counter", "What it counts.");
  text.sample({}, std::uint64_t{7});
  text.sample({{"worker", "0"}, {"way", "a\"b\\c\nd"}}, 0.5);
  EXPECT_EQ(text.text(),
            "# HELP msnpgate_x_total What it counts.\n# TYPE msnpgate_x_total counter\nmsnpgate_x_total 7\n"
            "msnpgate_x_total{worker=\"0\",way=\"a\\\"b\\\\c d\"} 0.5\n");
}

}  // namespace
