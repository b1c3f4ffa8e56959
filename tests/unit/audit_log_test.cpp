#include "proxy/audit_log.hpp"

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

#include "proxy/audit_chain.hpp"
#include "proxy/audit_json.hpp"
#include "tests/support/audit_files.hpp"

namespace gate {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using testing::HasSubstr;

AuditEvent event_about(std::string_view rule) {
  AuditEvent event;
  event.event = AuditKind::transfer;
  event.time = std::chrono::system_clock::time_point{std::chrono::seconds(1'795'363'340)};
  event.action = Action::block;
  event.rule = rule;
  return event;
}

// A line as it stands in a log: the first of its chain, whatever its number.
std::string line_about(std::string_view rule, std::uint64_t seq) {
  std::string line = to_json_line(event_about(rule), seq, "01ARYZ6S41TSV4RRFFQ69G5FAV");
  Sha256 sha256;
  (void)seal(line, chain_start, sha256);
  return line;
}

class AuditLogFile : public testing::Test {
 protected:
  AuditLogFile() {
    std::string name = (fs::temp_directory_path() / "msnpgate-audit-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory");
    directory_ = name;
  }
  ~AuditLogFile() override {
    test::keep_logs_for_the_schema(directory_);
    fs::remove_all(directory_);
  }

  [[nodiscard]] fs::path path() const { return directory_ / "audit.jsonl"; }
  [[nodiscard]] std::unique_ptr<AuditLog> open(AuditSync sync = AuditSync::never) const {
    return std::make_unique<AuditLog>(AuditSettings{.path = path(), .fsync = sync});
  }
  void put(std::string_view text) const { std::ofstream(path(), std::ios::binary) << text; }
  [[nodiscard]] std::string text() const {
    std::ifstream file(path(), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // Every line parsed; a line that is no record fails the test. Numbers must rise by one.
  [[nodiscard]] std::vector<json::object> records() const {
    std::vector<json::object> all;
    std::ifstream file(path(), std::ios::binary);
    for (std::string line; std::getline(file, line);) {
      all.push_back(json::parse(line).as_object());
      if (all.size() > 1) {
        EXPECT_EQ(all.back().at("seq").to_number<std::uint64_t>(),
                  all[all.size() - 2].at("seq").to_number<std::uint64_t>() + 1);
      }
    }
    return all;
  }
  // The numbers of all lines, 0 for a torn one; the rest must be a chain from the first record on.
  [[nodiscard]] std::vector<std::uint64_t> chained() const {
    std::vector<std::uint64_t> numbers;
    HexDigest before = chain_start;
    Sha256 sha256;
    std::ifstream file(path(), std::ios::binary);
    for (std::string line; std::getline(file, line);) {
      numbers.push_back(seq_of_line(line).value_or(0));
      const auto links = links_of(line);
      if (numbers.back() == 0 || !links) continue;
      EXPECT_EQ(text_of(links->prev), text_of(before)) << line;
      EXPECT_EQ(text_of(links->hash), text_of(hash_of(*links, sha256))) << line;
      before = links->hash;
    }
    return numbers;
  }
  [[nodiscard]] std::string open_error() const {
    try {
      (void)open();
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "opened";
  }

  fs::path directory_;
};

TEST_F(AuditLogFile, EachRecordIsALineNumberedFromOne) {
  const auto log = open();
  EXPECT_TRUE(log->record(event_about("a")));
  EXPECT_TRUE(log->record(event_about("b")));
  const auto all = records();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].at("seq").as_int64(), 1);
  EXPECT_EQ(all[0].at("rule").as_string(), "a");
  EXPECT_EQ(all[1].at("rule").as_string(), "b");
  EXPECT_LT(all[0].at("id").as_string(), all[1].at("id").as_string());
  EXPECT_EQ(text().back(), '\n');
}

TEST_F(AuditLogFile, OthersMayNotReadIt) {
  const mode_t old = umask(0);
  const auto log = open();
  umask(old);
  struct stat status {};
  ASSERT_EQ(stat(path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0640U);
}

TEST_F(AuditLogFile, NumbersGoOnAfterARestart) {
  EXPECT_TRUE(open()->record(event_about("a")));
  EXPECT_TRUE(open(AuditSync::always)->record(event_about("b")));
  EXPECT_TRUE(open()->record(event_about("c")));
  const auto all = records();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[2].at("seq").as_int64(), 3);
}

TEST_F(AuditLogFile, ATornLastLineIsCutOffAtTheStart) {
  const std::string whole = line_about("whole", 7);
  const std::string torn = line_about("torn", 8);
  for (std::size_t size = 1; size + 2 < torn.size(); ++size) {
    put(whole + torn.substr(0, size));
    ASSERT_TRUE(open()->record(event_about("next"))) << size;
    const auto all = records();
    ASSERT_EQ(all.size(), 2U) << size;
    EXPECT_EQ(all[1].at("seq").as_int64(), 8);
    EXPECT_EQ(all[1].at("rule").as_string(), "next");
  }
}

TEST_F(AuditLogFile, TheZerosThatAPowerCutLeavesAreCutOff) {
  put(line_about("whole", 7) + std::string(4096, '\0'));
  ASSERT_TRUE(open()->record(event_about("next")));
  EXPECT_EQ(records().size(), 2U);
}

TEST_F(AuditLogFile, ATornFirstLineIsCutOffAtTheStart) {
  put(R"({"time":"2026-11-22T16:02:2)");
  ASSERT_TRUE(open()->record(event_about("next")));
  const auto all = records();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].at("seq").as_int64(), 1);
}

TEST_F(AuditLogFile, AWholeLastRecordThatLacksOnlyItsLineEndIsKept) {
  std::string whole = line_about("whole", 7);
  whole.pop_back();
  put(whole);
  ASSERT_TRUE(open()->record(event_about("next")));
  const auto all = records();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].at("rule").as_string(), "whole");
  EXPECT_EQ(all[1].at("seq").as_int64(), 8);
}

TEST_F(AuditLogFile, TheLongestRecordsCanBeFoundAgain) {
  AuditEvent longest = event_about("x");
  longest.peers.assign(64, std::string(512, 'p'));
  longest.detail.assign(4096, '"');
  std::string torn;
  {
    const auto log = open();
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(log->record(longest));
    ASSERT_GT(fs::file_size(path()), 2 * audit_line_limit);
    torn = text().substr(0, fs::file_size(path()) / 20 - 100);
  }
  std::ofstream(path(), std::ios::app | std::ios::binary) << torn;
  ASSERT_TRUE(open()->record(event_about("next")));
  EXPECT_EQ(records().back().at("seq").as_int64(), 21);
}

TEST_F(AuditLogFile, AFileThatIsNoAuditLogIsLeftAlone) {
  for (const std::string_view foreign :
       {"hello", "hello\n", "{\"seq\":1}\n", "[]\n", "root:x:0:0::/root:/bin/sh\n"}) {
    put(foreign);
    EXPECT_THAT(open_error(), HasSubstr("move the file away")) << foreign;
    EXPECT_EQ(text(), foreign);
  }
}

TEST_F(AuditLogFile, TwoWritersAreNotLetIn) {
  const auto first = open();
  EXPECT_THAT(open_error(), HasSubstr("in use by another process"));
}

TEST_F(AuditLogFile, AMissingDirectoryIsNamed) {
  directory_ /= "absent";
  EXPECT_THAT(open_error(), HasSubstr("absent/audit.jsonl: cannot be opened: No such file or directory"));
  directory_ = directory_.parent_path();
}

TEST_F(AuditLogFile, RecordsOfManyThreadsKeepTheOrderOfTheirNumbers) {
  const auto log = open();
  constexpr int each = 250;
  std::vector<std::thread> writers;
  for (int i = 0; i < 4; ++i) {
    writers.emplace_back([&log] {
      for (int k = 0; k < each; ++k) EXPECT_TRUE(log->record(event_about("x")));
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(records().size(), 4U * each);
}

TEST_F(AuditLogFile, AFileCutByLogRotationIsWrittenFromItsNewEnd) {
  const auto log = open();
  ASSERT_TRUE(log->record(event_about("a")));
  fs::resize_file(path(), 0);
  ASSERT_TRUE(log->record(event_about("b")));
  const auto all = records();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].at("seq").as_int64(), 2);
}

// A limit on the size of files: the kernel takes a part of the line, then nothing, as a full disk does.
class SizeLimit {
 public:
  explicit SizeLimit(std::uintmax_t bytes) : old_handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit limit{.rlim_cur = bytes, .rlim_max = old_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~SizeLimit() {
    setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, old_handler_);
  }
  SizeLimit(const SizeLimit&) = delete;
  SizeLimit& operator=(const SizeLimit&) = delete;

 private:
  rlimit old_{};
  void (*old_handler_)(int);
};

TEST_F(AuditLogFile, AFullDiskAtAnyByteLeavesNoTornLine) {
  const std::size_t line = line_about("x", 1).size();
  for (std::size_t room = 0; room < line; room += 13) {
    fs::remove(path());
    const auto log = open();
    ASSERT_TRUE(log->record(event_about("x")));
    {
      const SizeLimit full(line + room);
      EXPECT_FALSE(log->record(event_about("y"))) << room;
    }
    EXPECT_EQ(fs::file_size(path()), line) << room;
    EXPECT_EQ(log->health().missing, 1U);
  }
}

TEST_F(AuditLogFile, WhatIsRecordedTogetherIsAChainLikeAnyOther) {
  const auto log = open(AuditSync::always);
  const std::vector<AuditEvent> several{event_about("a"), event_about("b"), event_about("c")};
  ASSERT_TRUE(log->record(event_about("before")));
  EXPECT_EQ(log->record_all(several), 3U);
  EXPECT_TRUE(log->record(event_about("after")));
  EXPECT_THAT(chained(), testing::ElementsAre(1, 2, 3, 4, 5));
  EXPECT_EQ(log->health().seq, 5U);
  EXPECT_EQ(records().back().at("hash").as_string(), log->health().hash);
}

TEST_F(AuditLogFile, OfWhatIsRecordedTogetherNothingStaysWhenTheDiskTakesAPart) {
  const std::vector<AuditEvent> several{event_about("a"), event_about("b"), event_about("c")};
  put(line_about("before", 7));
  const auto line = fs::file_size(path());
  for (const std::uintmax_t room : {line / 2, line + 1, 3 * line - 20}) {
    const auto log = open();
    {
      const SizeLimit full(line + room);
      EXPECT_EQ(log->record_all(several), 0U) << room;
    }
    EXPECT_EQ(fs::file_size(path()), line) << room;
    EXPECT_EQ(log->health().missing, 3U);
    EXPECT_FALSE(log->health().writable);
  }
  const auto log = open();
  EXPECT_EQ(log->record_all(several), 3U);
  EXPECT_TRUE(log->health().writable);
  EXPECT_THAT(chained(), testing::ElementsAre(7, 8, 9, 10));
}

TEST_F(AuditLogFile, WhenThereIsRoomAgainTheLogTellsHowManyRecordsAreMissing) {
  const auto log = open();
  ASSERT_TRUE(log->record(event_about("before")));
  {
    const SizeLimit full(fs::file_size(path()) + 20);
    for (int i = 0; i < 3; ++i) EXPECT_FALSE(log->record(event_about("lost")));
  }
  EXPECT_TRUE(log->record(event_about("after")));
  EXPECT_EQ(log->health().missing, 0U);
  const auto all = records();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[1].at("event").as_string(), "failure");
  EXPECT_EQ(all[1].at("reason").as_string(), "audit-write-failed");
  EXPECT_EQ(all[1].at("detail").as_string(), "3 records before this one could not be written");
  EXPECT_EQ(all[2].at("rule").as_string(), "after");
}

TEST_F(AuditLogFile, RoomForTheNoteAloneIsNotRoomForTheRecord) {
  const auto log = open();
  ASSERT_TRUE(log->record(event_about("before")));
  {
    const SizeLimit full(fs::file_size(path()) + 20);
    EXPECT_FALSE(log->record(event_about("lost")));
  }
  {
    const SizeLimit full(fs::file_size(path()) + 500);
    EXPECT_FALSE(log->record(event_about(std::string(1000, 'l'))));
  }
  EXPECT_EQ(log->health().missing, 1U);
  EXPECT_TRUE(log->record(event_about("after")));
  EXPECT_EQ(records().size(), 4U);
}

// chattr +a: the file can grow and not shrink.
class AppendOnly {
 public:
  explicit AppendOnly(const fs::path& path) : file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    works_ = ioctl(file_, FS_IOC_GETFLAGS, &old_) == 0;
    const int flags = old_ | FS_APPEND_FL;
    works_ = works_ && ioctl(file_, FS_IOC_SETFLAGS, &flags) == 0;
  }
  ~AppendOnly() {
    if (works_) ioctl(file_, FS_IOC_SETFLAGS, &old_);
    close(file_);
  }
  AppendOnly(const AppendOnly&) = delete;
  AppendOnly& operator=(const AppendOnly&) = delete;
  [[nodiscard]] bool works() const { return works_; }

 private:
  int file_;
  int old_ = 0;
  bool works_ = false;
};

TEST_F(AuditLogFile, WhereNothingCanBeCutOffTheNextRecordBeginsOnANewLine) {
  put(line_about("whole", 7) + R"({"time":"2026-11)");
  const AppendOnly append_only(path());
  if (!append_only.works()) GTEST_SKIP() << "needs root, and a file system with append-only files";
  const auto log = open();
  EXPECT_TRUE(log->record(event_about("after the crash")));
  {
    const SizeLimit full(fs::file_size(path()) + 20);
    EXPECT_FALSE(log->record(event_about("lost")));
  }
  EXPECT_TRUE(log->record(event_about("after the full disk")));
  std::vector<std::uint64_t> numbers;
  std::ifstream file(path(), std::ios::binary);
  for (std::string line; std::getline(file, line);) numbers.push_back(seq_of_line(line).value_or(0));
  EXPECT_THAT(numbers, testing::ElementsAre(7, 0, 8, 0, 9, 10));
}

TEST_F(AuditLogFile, WhereNothingCanBeCutOffWholeRecordsOfAPartStay) {
  const std::vector<AuditEvent> several{event_about("a"), event_about("b"), event_about("c")};
  put("");
  const AppendOnly append_only(path());
  if (!append_only.works()) GTEST_SKIP() << "needs root, and a file system with append-only files";
  const auto log = open();
  ASSERT_TRUE(log->record(event_about("x")));
  const auto line = fs::file_size(path());
  {
    const SizeLimit full(line * 3 + 20);
    EXPECT_EQ(log->record_all(several), 2U);
  }
  EXPECT_EQ(log->health().missing, 1U);
  EXPECT_EQ(log->health().seq, 3U);
  {
    const SizeLimit full(fs::file_size(path()) + 1 + line * 2);  // an LF, the note, and a part of the first
    EXPECT_EQ(log->record_all(several), 0U);
  }
  EXPECT_EQ(log->record_all(several), 3U);
  EXPECT_THAT(chained(), testing::ElementsAre(1, 2, 3, 0, 4, 0, 5, 6, 7, 8));
}

TEST_F(AuditLogFile, ADeviceWithoutRoomRecordsNothingAndSaysSo) {
  AuditLog log(AuditSettings{.path = "/dev/full", .fsync = AuditSync::never});
  EXPECT_FALSE(log.record(event_about("x")));
  EXPECT_FALSE(log.record(event_about("x")));
  EXPECT_EQ(log.health().missing, 2U);
}

TEST_F(AuditLogFile, WhatCannotBeSyncedIsNotRecorded) {
  // fdatasync is refused on /dev/null, although every write succeeds.
  AuditLog log(AuditSettings{.path = "/dev/null", .fsync = AuditSync::always});
  EXPECT_FALSE(log.record(event_about("x")));
  const std::vector<AuditEvent> several{event_about("a"), event_about("b")};
  EXPECT_EQ(log.record_all(several), 0U);
  EXPECT_EQ(log.health().missing, 2U) << "of the first one the log tells";
}

TEST_F(AuditLogFile, AFullFileSystemRecordsAgainOnceSpaceComesBack) {
  constexpr int pages = 4;
  const std::string options = "size=" + std::to_string(pages * sysconf(_SC_PAGESIZE)) + ",mode=0700";
  if (mount("msnpgate-audit", directory_.c_str(), "tmpfs", 0, options.c_str()) != 0) {
    GTEST_SKIP() << "needs root to mount a small file system";
  }
  const std::unique_ptr<const char, void (*)(const char*)> mounted(
      directory_.c_str(), [](const char* where) { umount2(where, MNT_DETACH); });
  const fs::path ballast = directory_ / "ballast";
  std::ofstream(ballast) << std::string(8000, 'b');
  const auto log = open(AuditSync::always);
  std::size_t written = 0;
  while (written < 1000 && log->record(event_about("x"))) ++written;
  ASSERT_LT(written, 1000U) << "the file system never became full";
  EXPECT_FALSE(log->record(event_about("x")));
  EXPECT_EQ(records().size(), written) << "no torn line while it is full";
  fs::remove(ballast);
  EXPECT_TRUE(log->record(event_about("after")));
  EXPECT_EQ(records().size(), written + 2);
}

}  // namespace
}  // namespace gate
