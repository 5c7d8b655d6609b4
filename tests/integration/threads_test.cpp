// mtcp-server --threads: several clients, each of which one thread serves.
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>

#include "integration/status.hpp"
#include "support/origin.hpp"
#include "support/peer.hpp"

namespace mtcp::lab {
namespace {

class Threads : public testing::Test {
 protected:
  Threads()
      : halves(with_status({.server_options = {"--allow", "127.0.0.0/8", "--threads", "2"}})),
        second({client_program, "--key-file", halves.key_file(), "--server",
                "127.0.0.1:" + std::to_string(halves.server_port()), "--bridges", "3", "--socks", "127.0.0.1:0",
                "--status", "none"}) {
    second.expect("tunnel up, 3 bridges");
    second_port = second.expect("listening socks .*:(\\d+)").at(1);
  }
  socket stream_of_second(std::uint16_t to) {
    socket s("127.0.0.1", static_cast<std::uint16_t>(std::stoul(second_port)));
    EXPECT_EQ(socks_connect(s, "127.0.0.1", to).code, 0);
    return s;
  }

  deployment halves;
  process second;
  std::string second_port;
};

TEST_F(Threads, ServeSeveralClients) {
  const auto size = static_cast<std::uint64_t>(50e6 * machine_speed);
  const origin web;
  transfer first = transfer::download(halves, web.url(""), size);
  const run_result other = run({"curl", "-sS", "--fail", "--socks5-hostname", "127.0.0.1:" + second_port, "-o", "-",
                                "-w", "%{stderr}%{size_download}", web.url("/bytes/5000000")});
  EXPECT_EQ(other.end.exit_code, 0) << other.standard_error;
  EXPECT_EQ(other.standard_error, "5000000\n");
  EXPECT_TRUE(first.finish().intact);
  const auto tasks = std::filesystem::directory_iterator("/proc/" + std::to_string(halves.server().id()) + "/task");
  EXPECT_GE(std::distance(begin(tasks), end(tasks)), 2);
}

TEST_F(Threads, AreShownTogether) {
  const peer listening(habit::listen);
  const socket one = halves.stream_to("127.0.0.1", listening.port());
  const socket two = stream_of_second(listening.port());
  const auto tunnels = stats(halves.server())["tunnels"];
  ASSERT_EQ(tunnels.size(), 2U);
  for (const auto& tunnel : tunnels) {
    EXPECT_EQ(tunnel["bridges"].size(), 3U);
    EXPECT_EQ(tunnel["streams"].size(), 1U);
  }
}

TEST_F(Threads, EndTogether) {
  const peer echo(habit::echo);
  {
    socket one = halves.stream_to("127.0.0.1", echo.port());
    socket two = stream_of_second(echo.port());
    halves.server().send_signal(SIGTERM);
    for (socket* s : {&one, &two}) {
      s->send("ping");
      EXPECT_EQ(s->receive(4), "ping") << "what is under way may end";
    }
  }
  EXPECT_EQ(halves.server().wait(10s).exit_code, 0);
}

TEST_F(Threads, HeedKeysThatAreGone) {
  halves.files().write("key", run({server_program, "keygen"}).standard_output);
  ASSERT_EQ(stats(halves.server())["tunnels"].size(), 2U);
  halves.server().send_signal(SIGHUP);
  stats_when(halves.server(), [](auto& now) { return now["tunnels"].empty(); });
}

}  // namespace
}  // namespace mtcp::lab
