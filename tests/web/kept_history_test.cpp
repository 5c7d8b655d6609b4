// What the history of paths is in a file, and after it.
#include "status/kept_history.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <stdexcept>

#include "program/options.hpp"
#include "status/report.hpp"
#include "support/temp_dir.hpp"

namespace mtcp::status {
namespace {

constexpr double noon = 1'000'080'000;
constexpr std::size_t hour = 0, day = 1, month = 2;

class KeptHistory : public testing::Test {
 protected:
  void run(path_history& history, int seconds) {
    const path_sample each{.bytes_up = 100,
                           .bytes_down = 3e8,
                           .retransmitted_bytes = 5,
                           .in_flight_bytes = 50,
                           .rtt_ms = 20.5,
                           .rtt_most_ms = 31.25};
    for (int i = 0; i < seconds; ++i) history.add({{"dsl", each}, {"a \"b\"", each}}, now += 1, 1);
  }
  std::shared_ptr<const program::state_dir> directory() { return program::open_state_dir(files / "state"); }

  lab::temp_dir files;
  double now = noon;
};

TEST_F(KeptHistory, IsTheSameAfterwardsButForTheLastHour) {
  path_history before(1);
  run(before, 7'300);
  path_history after = history_in(to_text(before));
  for (const std::size_t span : {day, month})
    EXPECT_TRUE(history_json(after, span) == history_json(before, span)) << span;
  EXPECT_TRUE(after.paths().at("a \"b\"").of(hour).at(static_cast<std::int64_t>(now / 10)).is_gap());
  EXPECT_TRUE(to_text(after) == to_text(before));
}

TEST_F(KeptHistory, GoesOnAfterAGap) {
  path_history before;
  run(before, 60);
  path_history after = history_in(to_text(before));
  now += 120;
  run(after, 60);
  EXPECT_NE(history_json(after, day).find("\"up\":[100,null,null,100]"), std::string::npos) << history_json(after, day);
}

TEST_F(KeptHistory, IsBoundedAsItWas) {
  path_history many(100);
  std::map<std::string, path_sample> samples;
  for (int i = 0; i < 100; ++i) samples[std::to_string(i)] = {.bytes_up = 1};
  many.add(samples, now, 1);
  EXPECT_EQ(history_in(to_text(many)).paths().size(), path_history::most_paths);
}

TEST_F(KeptHistory, IsWrittenAtTheEndAndNotEverySecond) {
  {
    kept_history file(directory());
    path_history history = file.read();
    EXPECT_TRUE(history.paths().empty());
    run(history, 60);
    file.save_meanwhile(history);
    EXPECT_FALSE(std::ifstream(files / "state/history.json"));
    file.save(history);
  }
  kept_history file(directory());
  EXPECT_TRUE(file.read().paths().contains("dsl"));
}

TEST_F(KeptHistory, IsWrittenMeanwhileOnceInAQuarterOfAnHour) {
  {
    kept_history file(directory());
    path_history history;
    for (int i = 0; i < 16; ++i) {
      run(history, 60);
      file.save_meanwhile(history);
    }
  }  // waits for the disk
  EXPECT_TRUE(kept_history(directory()).read().paths().contains("dsl"));
}

TEST_F(KeptHistory, NamesTheFileThatItCannotUnderstand) {
  { const auto made = directory(); }
  for (const char* text : {"", "{}", "[]", R"({"version":2})", R"({"version":1,"until":1,"paths":[{"path":"a"}]})",
                           R"({"version":1,"until":1,"paths":[{"path":"a","others":false,"24h":[[1]],"30d":[]}]})",
                           R"({"version":1,"until":1e300,"paths":[{"path":"a","others":false,"24h":[],"30d":[]}]})",
                           R"({"version":1,"until":1,"paths":[{"path":"a","others":false,
                               "24h":[[9e18,1,1,1,1,1,1,1,1]],"30d":[]}]})",
                           R"({"version":1,"until":1,"paths":[{"path":"a","others":false,
                               "24h":[[1,-1,1,1,1,1,1,1,1]],"30d":[]}]})"}) {
    std::ofstream(files / "state/history.json") << text;
    try {
      kept_history(directory()).read();
      ADD_FAILURE() << text;
    } catch (const program::settings_error& e) {
      EXPECT_NE(std::string(e.what()).find("state/history.json: "), std::string::npos) << e.what();
    }
  }
}

TEST_F(KeptHistory, IsNotKeptWithoutADirectory) {
  kept_history none(nullptr);
  path_history history = none.read();
  run(history, 2'000);
  none.save_meanwhile(history);
  none.save(history);
}

}  // namespace
}  // namespace mtcp::status
