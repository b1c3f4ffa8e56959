#include "proxy/readiness.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "proxy/event_loop.hpp"

namespace gate {
namespace {

using boost::system::error_code;

/// One end in the set, the other in the hands of the test.
struct Line {
  explicit Line(EventLoop& loop) : ours(loop) {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) != 0) std::abort();
    theirs = Descriptor(ends[1]);
    ours.adopt(Descriptor(ends[0]));
  }
  Line(EventLoop& loop, Descriptor mine, Descriptor other) : ours(loop), theirs(std::move(other)) {
    ours.adopt(std::move(mine));
  }
  void say(std::string_view text) const {
    EXPECT_EQ(::write(theirs.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  /// Reads as a connection does, and tells what it came to.
  std::string hear() {
    std::string text(most, '\0');
    const ssize_t count = ::recv(ours.fd(), text.data(), text.size(), MSG_DONTWAIT);
    if (count < 0) ours.read_nothing();
    if (count >= 0 && static_cast<std::size_t>(count) < most) ours.read_short();
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    return text;
  }
  std::size_t most = 64;
  Readiness ours;
  Descriptor theirs;
};

struct ReadinessTest : testing::Test {
  std::string told;
  EventLoop loop{[this] { told.push_back('t'); }};

  /// Until nothing is ready any more.
  void settle() {
    while (loop.poll() != 0) {
    }
  }

  /// Reads, tells what, and waits for more until there is nothing, or no more.
  struct Reader {
    Line* line;
    std::string* told;
    void operator()(const error_code&) const {
      const std::string heard = line->hear();
      *told += heard.empty() ? "." : heard;
      if (!heard.empty()) line->ours.arm_read(*this);
    }
  };

  auto note(char letter) {
    struct Note {
      std::string* told;
      char letter;
      void operator()(const error_code&) const { told->push_back(letter); }
    };
    return Note{&told, letter};
  }
};

TEST_F(ReadinessTest, AHandlerIsCalledOnceForEachTimeItIsArmed) {
  Line line(loop);
  line.say("x");
  settle();
  EXPECT_EQ(told, "") << "nobody asked";
  line.ours.arm_read(note('r'));
  settle();
  EXPECT_EQ(told, "r");
  settle();
  EXPECT_EQ(told, "r") << "the byte is still there, and nobody asked again";
  line.ours.arm_read(note('r'));
  settle();
  EXPECT_EQ(told, "rr");
}

TEST_F(ReadinessTest, WhatNobodyWaitsForDoesNotKeepTheLoopBusy) {
  Line line(loop);
  line.ours.arm_read(note('r'));
  line.say("x");
  settle();
  ASSERT_EQ(told, "r");
  line.theirs = Descriptor();  // a hang-up is told whether asked for or not
  settle();
  EXPECT_EQ(told, "r");
  line.ours.arm_read(note('r'));
  settle();
  EXPECT_EQ(told, "rr") << "and is told to who asks later";
}

TEST_F(ReadinessTest, WhatAReadLeftIsToldWithoutAWordOfTheKernel) {
  Line line(loop);
  line.most = 2;
  line.ours.arm_read(Reader{&line, &told});
  line.say("abcde");
  settle();
  EXPECT_EQ(told, "abcde");
  EXPECT_EQ(loop.poll(), 0U) << "the last read was short: the kernel will tell";
  line.say("f");
  settle();
  EXPECT_EQ(told, "abcdef");
}

TEST_F(ReadinessTest, WhatCameWhileNobodyAskedIsToldToWhoAsksLater) {
  Line line(loop);
  line.ours.arm_read(note('r'));
  line.say("x");
  settle();
  line.say("y");
  settle();
  ASSERT_EQ(told, "r");
  line.ours.arm_read(Reader{&line, &told});
  settle();
  EXPECT_EQ(told, "rxy");
}

TEST_F(ReadinessTest, AnEndThatCameWithTheLastBytesIsTold) {
  Line line(loop);
  line.ours.arm_read(Reader{&line, &told});
  line.say("abc");
  line.theirs = Descriptor();
  settle();
  EXPECT_EQ(told, "abc.");
}

TEST_F(ReadinessTest, WhatStandsBehindUrgentDataIsTold) {
  const Descriptor listening(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in here{};
  here.sin_family = AF_INET;
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof here;
  auto* const address = reinterpret_cast<sockaddr*>(&here);
  ASSERT_EQ(::bind(listening.get(), address, size), 0);
  ASSERT_EQ(::listen(listening.get(), 1), 0);
  ASSERT_EQ(::getsockname(listening.get(), address, &size), 0);
  Descriptor theirs(::socket(AF_INET, SOCK_STREAM, 0));
  ASSERT_EQ(::connect(theirs.get(), address, size), 0);
  Line line(loop, Descriptor(::accept(listening.get(), nullptr, nullptr)), std::move(theirs));

  line.say("ab");
  ASSERT_EQ(::send(line.theirs.get(), "!", 1, MSG_OOB), 1);
  line.say("cd");
  line.ours.arm_read(note('r'));
  settle();  // until all of it is there
  line.ours.arm_read(Reader{&line, &told});
  settle();
  EXPECT_EQ(told, "rabcd.") << "a read ends at the mark, and is not the last";
}

TEST_F(ReadinessTest, WhoWaitsToWriteIsToldThatItCanBeDoneAlready) {
  Line line(loop);
  for (const char letter : {'w', 'v'}) {
    line.ours.arm_write(note(letter));
    settle();
  }
  EXPECT_EQ(told, "wv") << "nothing changed in between";
}

TEST_F(ReadinessTest, ReadingAndWritingAreToldApart) {
  Line line(loop);
  line.ours.arm_read(note('r'));
  line.ours.arm_write(note('w'));
  settle();
  EXPECT_EQ(told, "w");
  line.say("x");
  settle();
  EXPECT_EQ(told, "wr");
}

TEST_F(ReadinessTest, WhoWaitsToWriteHearsWhetherTheSocketFailed) {
  const Descriptor nobody{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};  // bound, and does not listen
  sockaddr_in at{};
  socklen_t size = sizeof at;
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(nobody.get(), reinterpret_cast<sockaddr*>(&at), size), 0);
  ASSERT_EQ(::getsockname(nobody.get(), reinterpret_cast<sockaddr*>(&at), &size), 0);
  Descriptor refused{::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  (void)::connect(refused.get(), reinterpret_cast<sockaddr*>(&at), size);
  Line one(loop, std::move(refused), Descriptor());
  Line fine(loop);
  one.ours.arm_write(note('w'));
  fine.ours.arm_write(note('w'));
  settle();
  EXPECT_EQ(told, "ww");
  EXPECT_TRUE(one.ours.failed());
  EXPECT_FALSE(fine.ours.failed());
}

TEST_F(ReadinessTest, AHandlerMayArmAgainCloseOrEndTheLifeOfWhatItBelongsTo) {
  auto line = std::make_unique<Line>(loop);
  struct Leaver {
    std::unique_ptr<Line>* line;
    std::string* told;
    void operator()(const error_code&) const {
      *told += (*line)->hear();
      if (told->back() == 'q') {
        line->reset();
      } else {
        (*line)->ours.arm_read(*this);
      }
    }
  };
  line->ours.arm_read(Leaver{&line, &told});
  for (const char* const text : {"a", "b", "q"}) {
    line->say(text);
    settle();
  }
  EXPECT_EQ(told, "abq");
  EXPECT_EQ(line, nullptr);
}

TEST_F(ReadinessTest, WhatIsClosedByAnotherHandlerOfTheSameTurnHearsNothing) {
  Line first(loop);
  Line second(loop);
  struct Closer {
    Line* other;
    std::string* told;
    void operator()(const error_code&) const {
      told->push_back('c');
      other->ours.close();
    }
  };
  first.ours.arm_read(Closer{&second, &told});
  second.ours.arm_read(Closer{&first, &told});
  first.say("x");
  second.say("x");
  settle();
  EXPECT_EQ(told, "c");
}

TEST_F(ReadinessTest, AHandlerThatWaitsWhenItIsClosedIsForgottenWithWhatItHolds) {
  Line line(loop);
  auto held = std::make_shared<int>(1);
  const std::weak_ptr<int> watched = held;
  line.ours.arm_read([held = std::move(held)](const error_code&) {});
  EXPECT_FALSE(watched.expired());
  line.ours.close();
  EXPECT_TRUE(watched.expired());
}

TEST_F(ReadinessTest, WhatAnotherDescriptorKeepsOpenIsNotToldAfterItIsClosed) {
  Line line(loop);
  const Descriptor shared(::dup(line.ours.fd()));
  line.ours.arm_read(note('r'));
  line.ours.close_shared();
  line.say("x");
  EXPECT_EQ(loop.poll(), 0U);
}

TEST_F(ReadinessTest, TheLoopRunsUntilItMayQuitAndTheLastDescriptorIsClosed) {
  auto line = std::make_unique<Line>(loop);
  struct Closer {
    std::unique_ptr<Line>* line;
    void operator()(const error_code&) const { line->reset(); }
  };
  loop.quit();
  line->ours.arm_write(Closer{&line});
  loop.run();
  EXPECT_EQ(line, nullptr);
}

TEST_F(ReadinessTest, BulkReadsTakeTurnsAndSmallOnesGoFirst) {
  struct Letters {
    Line* line;
    std::string* told;
    void operator()(const error_code&) const {
      *told += line->hear().substr(0, 1);
      line->ours.arm_read(*this);
    }
  };
  std::array<Line, 3> lines{Line(loop), Line(loop), Line(loop)};
  for (std::size_t i : {0U, 1U}) lines[i].ours.set_bulk(true);
  for (Line& line : lines) line.ours.arm_read(Letters{&line, &told});
  for (const char letter : {'A', 'A', 'A'}) lines[0].say(std::string(64, letter));
  for (const char letter : {'B', 'B'}) lines[1].say(std::string(64, letter));
  for (const char letter : {'c', 'c', 'c'}) lines[2].say(std::string(64, letter));
  settle();
  EXPECT_EQ(told, "cAcBcABA") << "all three in every round, of the bulk ones one";
}

}  // namespace
}  // namespace gate
