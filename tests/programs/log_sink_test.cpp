#include "program/log_sink.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spdlog/logger.h>
#include <unistd.h>

#include <memory>

namespace mtcp::program {
namespace {

/// A pipe that holds little, and a log that goes there.
class LogSink : public testing::Test {
 protected:
  LogSink() {
    EXPECT_EQ(::pipe2(ends_, O_CLOEXEC), 0);
    EXPECT_EQ(::fcntl(ends_[1], F_SETPIPE_SZ, 4096), 4096);
    sink = std::make_shared<log_sink>(ends_[1], false);
    log = std::make_unique<spdlog::logger>("log", sink);
    log->set_pattern("%l %v");
  }
  ~LogSink() override {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }

  std::string read_all() {
    std::string text(100'000, '\0');
    ::fcntl(ends_[0], F_SETFL, O_NONBLOCK);
    const ssize_t size = ::read(ends_[0], text.data(), text.size());
    text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return text;
  }

  int ends_[2] = {-1, -1};
  std::shared_ptr<log_sink> sink;
  std::unique_ptr<spdlog::logger> log;
};

const std::string line_of_1000(994, 'x');  // with "info " and its end

TEST_F(LogSink, DropsWhatNobodyReadsAndTellsHowMuch) {
  for (int i = 0; i < 10; ++i) log->info(line_of_1000);
  EXPECT_EQ(read_all().size(), 4000U);
  log->flush();
  EXPECT_EQ(read_all(), "warning nobody read the log for a while: 6 lines are missing here\n");
  log->info("on it goes");
  EXPECT_EQ(read_all(), "info on it goes\n");
}

TEST_F(LogSink, TellsOfLossesBeforeTheNextLine) {
  for (int i = 0; i < 5; ++i) log->info(line_of_1000);
  char some[4096];
  EXPECT_EQ(::read(ends_[0], some, sizeof some), 4000);
  log->info("next");
  EXPECT_EQ(read_all(), "warning nobody read the log for a while: 1 line is missing here\ninfo next\n");
}

TEST_F(LogSink, SaysWhenItBeginsToLackLines) {
  int losses = 0;
  sink->on_loss([&] { ++losses; });
  for (int i = 0; i < 10; ++i) log->info(line_of_1000);
  EXPECT_EQ(losses, 1);
  EXPECT_TRUE(sink->lacks_lines());
  read_all();
  log->flush();
  EXPECT_FALSE(sink->lacks_lines());
}

TEST_F(LogSink, LeavesThePipeToOthersAsItWas) {
  log->info("hello");
  EXPECT_EQ(::fcntl(ends_[1], F_GETFL) & O_NONBLOCK, 0);
}

TEST_F(LogSink, KeepsLinesShortEnoughToBeWhole) {
  log->info(std::string(10'000, 'x'));
  EXPECT_EQ(read_all().size(), 4096U);
}

}  // namespace
}  // namespace mtcp::program
