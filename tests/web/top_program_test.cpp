// `top` as a user runs it, in a terminal.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include "integration/status.hpp"
#include "support/peer.hpp"
#include "support/pseudo_terminal.hpp"

namespace mtcp::lab {
namespace {

const std::vector<std::string> xterm{"TERM=xterm", "LC_ALL=C.UTF-8"};

class Top : public testing::Test {
 protected:
  Top() : halves(with_status({.bridges = 2})) { status = status_of(halves.client()); }
  std::vector<std::string> command() const { return {client_program, "top", "--status", status}; }
  static void expect_left(const pseudo_terminal& screen, const std::string& text) {
    EXPECT_TRUE(text.ends_with("\033[?7h\033[?25h\033[?1049l"))
        << text.substr(text.size() - std::min<std::size_t>(text.size(), 60));
    EXPECT_TRUE(screen.is_cooked());
  }

  deployment halves;
  std::string status;
};

TEST_F(Top, ShowsAndLeavesTheTerminalAsItWas) {
  pseudo_terminal screen(command(), xterm);
  const std::string& text = screen.read_until("2/2 bridges up");
  EXPECT_TRUE(text.starts_with("\033[?1049h")) << text;
  EXPECT_FALSE(screen.is_cooked());
  screen.type("q");
  EXPECT_EQ(screen.wait(), 0);
  expect_left(screen, text);
}

TEST_F(Top, LeavesTheTerminalOnEverySignal) {
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) {
    pseudo_terminal screen(command(), xterm);
    const std::string& text = screen.read_until("bridges up");
    kill(screen.id(), number);
    const int ended = screen.wait();
    EXPECT_TRUE(WIFEXITED(ended));
    EXPECT_EQ(WEXITSTATUS(ended), number == SIGINT ? 0 : 128 + number);
    expect_left(screen, text);
  }
}

TEST_F(Top, GivesTheTerminalBackWhileItIsSuspended) {
  pseudo_terminal screen(command(), xterm);
  const std::string& text = screen.read_until("bridges up");
  screen.type("\x1a");  // Ctrl-Z
  ASSERT_TRUE(screen.wait_stopped());
  screen.read_until("\033[?1049l");
  expect_left(screen, text);
  const std::size_t before = text.size();
  kill(screen.id(), SIGCONT);
  EXPECT_NE(screen.read_until("bridges up", before).find("bridges up", before), std::string::npos);
  screen.type("\x03");
  EXPECT_EQ(screen.wait(), 0);
}

TEST_F(Top, FollowsTheSizeOfTheTerminal) {
  pseudo_terminal screen(command(), xterm, 80, 24);
  const std::string& text = screen.read_until("IN FLIGHT");
  const std::size_t before = text.size();
  screen.resize(140, 40);
  screen.read_until("\033[J", screen.read_until("IN FLIGHT", before).find("IN FLIGHT", before));
  const std::size_t start = text.find("BRIDGE", before);
  EXPECT_GT(text.find("STATE", start) - start, 60U) << "the name has the room that there is";
}

TEST_F(Top, SaysThatTheProgramIsGoneAndKeepsItsLastFigures) {
  pseudo_terminal screen(command(), xterm);
  const std::string& text = screen.read_until("2/2 bridges up");
  halves.client().terminate();
  screen.read_until("Connection refused; last figures");
  EXPECT_NE(text.find("Connection refused; last figures"), std::string::npos);
}

TEST_F(Top, EndsAtOnceAlsoWhileNobodyAnswers) {
  const peer silent(habit::listen);
  pseudo_terminal screen({client_program, "top", "--status", "127.0.0.1:" + std::to_string(silent.port())}, xterm);
  const std::string& text = screen.read_until("no answer yet");
  ASSERT_TRUE(silent.wait([](const auto& v) { return !v.empty() && v[0].received > 0; }, 20s));
  const auto start = std::chrono::steady_clock::now();
  screen.type("q");
  EXPECT_EQ(screen.wait(), 0);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 3s) << "it would wait 5 s for an answer";
  expect_left(screen, text);
}

TEST_F(Top, PrintsOnePictureWithoutATerminal) {
  const peer listening(habit::listen);
  const socket open = halves.stream_to("127.0.0.1", listening.port());
  const run_result once = run({client_program, "--status", status, "top", "--once"});
  EXPECT_EQ(once.end.exit_code, 0) << once.standard_error;
  EXPECT_NE(once.standard_output.find("mtcp-client"), std::string::npos);
  EXPECT_NE(once.standard_output.find("127.0.0.1:" + std::to_string(listening.port())), std::string::npos);
  EXPECT_EQ(once.standard_output.find('\033'), std::string::npos);
  const std::string server = status_of(halves.server());
  const run_result other_end = run({server_program, "top", "--once", "--status", server});
  EXPECT_NE(other_end.standard_output.find("mtcp-server"), std::string::npos) << other_end.standard_error;
  EXPECT_NE(other_end.standard_output.find(", session "), std::string::npos);
  EXPECT_EQ(run({client_program, "top", "--status", status}).end.exit_code, 64) << "there is no terminal";
  EXPECT_EQ(run({client_program, "top", "--once", "--status", "127.0.0.1:1"}).end.exit_code, 1);
}

}  // namespace
}  // namespace mtcp::lab
