// --on-event: what happens, what waits, and the process that runs the command. By itself, since it forks.
#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "client/event_watch.hpp"
#include "client/settings.hpp"
#include "program/event_command.hpp"
#include "programs/given.hpp"
#include "support/temp_dir.hpp"

namespace mtcp::program {
namespace {

using namespace std::chrono_literals;

event about(const std::string& thing, const std::string& name = "happens") { return {.name = name, .about = thing}; }

TEST(EventQueue, KeepsTheLatestOfEachThing) {
  event_queue tested;
  tested.add(about("path a", "path-down"));
  tested.add(about("path b", "path-down"));
  tested.add(about("path a", "path-up"));
  EXPECT_EQ(tested.next()->about, "path b");
  EXPECT_EQ(tested.next()->name, "path-up");
  EXPECT_FALSE(tested.next());
}

TEST(EventQueue, IsBounded) {
  event_queue tested;
  for (std::size_t i = 0; i < event_queue::most; ++i) EXPECT_TRUE(tested.add(about(std::to_string(i))));
  EXPECT_FALSE(tested.add(about("one more")));
  EXPECT_EQ(tested.next()->about, "1") << "the oldest gave way";
}

struct Command : testing::Test {
  std::string script(const std::string& text) {
    const std::string name = files.write("command", "#!/bin/sh\n" + text);
    std::filesystem::permissions(name, std::filesystem::perms::owner_all);
    return name;
  }
  std::string out() const { return files / "out"; }
  std::string told() const {
    std::ifstream in(out());
    return {std::istreambuf_iterator<char>(in), {}};
  }

  const lab::temp_dir files;
};

TEST_F(Command, HasWhatHappenedInItsEnvironmentAndNoOptionsOfTheProgram) {
  ::setenv("MTCP_KEY_FILE", "secret", 1);
  ::setenv("SOMETHING", "else", 1);
  command_process tested({.command = script("env > " + out() + "; echo \"$#\" >> " + out())});
  tested.run({{"MTCP_EVENT", "path-down"}, {"MTCP_PATH", "a b\n$(c)"}});
  EXPECT_TRUE(tested.end().well());
  const std::string text = told();
  EXPECT_NE(text.find("MTCP_EVENT=path-down\n"), std::string::npos) << text;
  EXPECT_NE(text.find("MTCP_PATH=a b\n$(c)\n"), std::string::npos) << text;
  EXPECT_NE(text.find("SOMETHING=else\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("MTCP_KEY_FILE"), std::string::npos) << text;
  EXPECT_TRUE(text.ends_with("\n0\n")) << "no arguments";
  ::unsetenv("MTCP_KEY_FILE");
}

TEST_F(Command, TellsHowItEnded) {
  command_process fails({.command = script("exit 3")});
  fails.run({});
  EXPECT_EQ(in_words(fails.end()), "it ended with 3");
  command_process dies({.command = script("kill -9 $$")});
  dies.run({});
  EXPECT_EQ(in_words(dies.end()), "signal 9 ended it");
  command_process missing({.command = files / "missing"});
  missing.run({});
  EXPECT_EQ(in_words(missing.end()), "it cannot be run: No such file or directory");
  missing.run({});
  EXPECT_EQ(missing.end().error, ENOENT) << "the process goes on";
}

TEST_F(Command, ThatHangsIsEndedWithAllThatItHasStarted) {
  command_process tested({.command = script("sleep 1000 & echo $! > " + out() + "; wait"), .patience = 300ms});
  tested.run({});
  EXPECT_EQ(in_words(tested.end()), "it took too long, and was ended");
  const int left = std::stoi(told());
  for (bool gone = false; !gone;) {  // it is somebody else's child, who takes notice of its end
    std::ifstream in("/proc/" + std::to_string(left) + "/stat");
    std::string number, name, state;
    gone = !(in >> number >> name >> state) || state == "Z";
  }
  tested.run({});
  EXPECT_TRUE(tested.end().late);
}

TEST_F(Command, IsToldOfOneThingAtATime) {
  asio::io_context io(1);
  command_process by({.command = script("echo begin $MTCP_EVENT >> " + out() + "; echo end >> " + out() +
                                        "; test $MTCP_EVENT != last || exit 7")});
  event_command tested(io.get_executor(), &by);
  EXPECT_TRUE(tested.is_on());
  tested.tell(about("a", "first"));
  tested.tell(about("b", "old"));
  tested.tell(about("b", "new"));
  tested.tell(about("c", "last"));
  io.run();
  EXPECT_EQ(told(), "begin first\nend\nbegin new\nend\nbegin last\nend\n");
}

TEST_F(Command, KeepsNoEventLoopFromItsEnd) {
  asio::io_context io(1);
  command_process by({.command = script("sleep 20"), .patience = 100ms});
  event_command tested(io.get_executor(), &by);
  tested.tell(about("a"));
  tested.stop();
  io.run();
  EXPECT_FALSE(tested.is_on());
  tested.tell(about("b"));
}

TEST(NoCommand, IsToldOfNothing) {
  asio::io_context io(1);
  event_command tested(io.get_executor(), nullptr);
  tested.tell(about("a"));
  io.run();
}

TEST(OnEvent, IsTheWholeNameOfAProgram) {
  const auto read = [](const std::string& command) {
    return client::read_settings({"--key-file", "k", "--server", "a", "--on-event", command}, test::variables());
  };
  EXPECT_EQ(read("/bin/true").on_event, "/bin/true");
  test::expect_error(78, "expected the whole name of a program", [&] { read("true"); });
  test::expect_error(78, "--on-event: '/bin/no-such': No such file", [&] { read("/bin/no-such"); });
  test::expect_error(78, "Permission denied", [&] { read("/etc/passwd"); });
}

TEST(OnEvent, APathInItsEnvironmentIsNoOption) {
  ::setenv("MTCP_PATH", "lte", 1);
  EXPECT_TRUE(process_environment("MTCP_PATH"));
  ::setenv("MTCP_EVENT", "path-down", 1);
  EXPECT_FALSE(process_environment("MTCP_PATH"));
  ::unsetenv("MTCP_EVENT");
  ::unsetenv("MTCP_PATH");
}

// ---- what happens ----

struct EventWatch : testing::Test {
  std::vector<std::string> changes() {
    std::vector<std::string> out;
    for (const event& one : tested.changes(now, "a:1")) {
      out.push_back(one.name);
      for (const auto& [name, value] : one.variables)
        if (name == "MTCP_PATH") out.back() += " " + value;
    }
    return out;
  }
  using names = std::vector<std::string>;

  client::event_watch tested;
  tunnel_snapshot now{.now = tunnel_snapshot::state::connecting,
                      .paths = {{.name = "dsl", .bridges_wanted = 2}, {.name = "lte", .bridges_wanted = 2}}};
};

TEST_F(EventWatch, TellsOfPathsAndTheTunnel) {
  EXPECT_EQ(changes(), names{}) << "what has not been up does not go down";
  now.now = tunnel_snapshot::state::up;
  now.paths[0].bridges_up = 1;
  EXPECT_EQ(changes(), (names{"path-up dsl", "tunnel-up"}));
  now.paths[0].bridges_up = 2;
  EXPECT_EQ(changes(), names{});
  now.paths[1].bridges_up = 2;
  now.paths[0].bridges_up = 0;
  EXPECT_EQ(changes(), (names{"path-down dsl", "path-up lte"}));
  now.paths.erase(now.paths.begin() + 1);
  now.now = tunnel_snapshot::state::down;
  EXPECT_EQ(changes(), (names{"path-down lte", "tunnel-down"}));
}

TEST_F(EventWatch, TellsOfQuotasOnceAPeriod) {
  now.paths[1].quota = quota_snapshot{.bytes = 5, .used = 4, .period = "day"};
  EXPECT_EQ(changes(), names{});
  now.paths[1].quota->used_up = true;
  EXPECT_EQ(changes(), names{"quota-used-up lte"});
  EXPECT_EQ(changes(), names{});
  now.quota_used_up = true;
  EXPECT_EQ(changes(), names{"quota-used-up"}) << "that of the key";
  now.paths[1].quota->used_up = now.quota_used_up = false;
  EXPECT_EQ(changes(), names{});
}

TEST_F(EventWatch, SaysWhatAPathLacks) {
  now.paths[0].bridges_up = 1;
  changes();
  now.paths[0].bridges_up = 0;
  now.paths[0].last_error = "no route";
  const std::vector<event> got = tested.changes(now, "a:1");
  ASSERT_EQ(got.size(), 1U);
  const std::set<std::pair<std::string, std::string>> told(got[0].variables.begin(), got[0].variables.end());
  EXPECT_TRUE(told.contains({"MTCP_ERROR", "no route"}));
  EXPECT_TRUE(told.contains({"MTCP_SERVER", "a:1"}));
  EXPECT_TRUE(told.contains({"MTCP_ROLE", "client"}));
  EXPECT_TRUE(told.contains({"MTCP_BRIDGES", "0"}));
}

}  // namespace
}  // namespace mtcp::program
