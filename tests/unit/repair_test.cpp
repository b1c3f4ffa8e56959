#include "msnp/repair.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

using msnp::Repair;

std::string repaired(std::string_view text, Repair repair, std::string_view payload = {}) {
  msnp::Frame frame;
  frame.line.text = text;
  frame.repair = repair;
  frame.payload = msnp::as_bytes(payload);
  std::string to = "before:";
  msnp::append_repaired(frame, to);
  return to.substr(7);
}

TEST(Repair, EndsEveryLineWithCrlfAndLeavesThePayload) {
  EXPECT_EQ(repaired("MSG Hotmail Hotmail 3", Repair::line_end, "\n\0 "), "MSG Hotmail Hotmail 3\r\n\n");
  EXPECT_EQ(repaired("PRP 7 PHH ", Repair::line_end), "PRP 7 PHH \r\n");
}

TEST(Repair, EncodesControlBytesAndNothingElse) {
  EXPECT_EQ(repaired("JOI b@y.org a\tb\x7F\xC2\xA0%20\x01", Repair::control_bytes),
            "JOI b@y.org a%09b%7F\xC2\xA0%20%01\r\n");
}

TEST(Repair, NamesANamelessSenderByTheAddress) {
  EXPECT_EQ(repaired("MSG b@y.org  2", Repair::empty_name, "hi"), "MSG b@y.org b@y.org 2\r\nhi");
}

TEST(Repair, WritesALengthThatWasLeftOut) {
  EXPECT_EQ(repaired("UBN b@y.org 3", Repair::missing_length), "UBN b@y.org 3 0\r\n");
}

TEST(Repair, CombinesAll) {
  EXPECT_EQ(
      repaired("MSG b\x02@y.org  2", Repair::empty_name | Repair::control_bytes | Repair::line_end, "hi"),
      "MSG b%02@y.org b%02@y.org 2\r\nhi");
}

}  // namespace
