#include "proxy/http_edit.hpp"

#include <gtest/gtest.h>

namespace {

using gate::edited_message;

TEST(EditedMessage, CorrectsTheDigitsOfTheLengthAndNothingElse) {
  EXPECT_EQ(edited_message("HTTP/1.1 200 OK\r\nA: b\r\ncontent-length: \t07 \r\nB:c\r\n\r\n", false, "hello"),
            "HTTP/1.1 200 OK\r\nA: b\r\ncontent-length: \t5 \r\nB:c\r\n\r\nhello");
  EXPECT_EQ(edited_message("P / HTTP/1.1\r\nContent-Length:3\r\n\r\n", false, ""),
            "P / HTTP/1.1\r\nContent-Length:0\r\n\r\n");
  EXPECT_EQ(edited_message("P / HTTP/1.1\r\nX-Content-Length: 9\r\nContent-Length: 3\r\n\r\n", false, "ab"),
            "P / HTTP/1.1\r\nX-Content-Length: 9\r\nContent-Length: 2\r\n\r\nab");
}

TEST(EditedMessage, GetsALengthIfItHadNone) {
  EXPECT_EQ(edited_message("P / HTTP/1.1\r\nHost: h\r\n\r\n", false, "ab"),
            "P / HTTP/1.1\r\nContent-Length: 2\r\nHost: h\r\n\r\nab");
}

TEST(EditedMessage, InChunksIsOneChunk) {
  const std::string head = "P / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(edited_message(head, true, "0123456789abcdef"), head + "10\r\n0123456789abcdef\r\n0\r\n\r\n");
  EXPECT_EQ(edited_message(head, true, ""), head + "0\r\n\r\n");
}

TEST(EditedMessage, TakesAnotherTarget) {
  EXPECT_EQ(
      edited_message("POST /g?Action=poll&S=1 HTTP/1.1\r\nContent-Length: 0\r\n\r\n", false, "x", "/g?S=1"),
      "POST /g?S=1 HTTP/1.1\r\nContent-Length: 1\r\n\r\nx");
}

}  // namespace
