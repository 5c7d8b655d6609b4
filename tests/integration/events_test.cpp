// --on-event at the real programs, in their sandboxes.
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "integration/deployment.hpp"

namespace mtcp::lab {
namespace {

/// Appends what it is told to `out`, and tells the test by a pipe.
struct told_command {
  explicit told_command(const std::string& name)
      : command(files.write(name, "#!/bin/sh\necho \"$MTCP_ROLE $MTCP_EVENT $MTCP_PATH$MTCP_USER\" >>" +
                                      (files / "out").string() + "\n")) {
    std::filesystem::permissions(command, std::filesystem::perms::owner_all);
  }
  /// Until a line is there that begins so.
  bool hears(const std::string& line) const {
    for (const auto end = std::chrono::steady_clock::now() + 20s; std::chrono::steady_clock::now() < end;) {
      std::ifstream in(files / "out");
      for (std::string one; std::getline(in, one);)
        if (one.starts_with(line)) return true;
    }
    return false;
  }

  const temp_dir files;
  const std::string command;
};

plan with_command(const told_command& at_client, const told_command& at_server) {
  plan p;
  p.server_options.insert(p.server_options.end(), {"--on-event", at_server.command});
  p.client_options = {"--on-event", at_client.command};
  p.paths = [](std::uint16_t port) {
    return std::vector<std::string>{"name=dsl,bridges=3,server=127.0.0.1:" + std::to_string(port)};
  };
  return p;
}

TEST(OnEvent, HearsOfPathsAndTunnels) {
  const told_command at_client("client"), at_server("server");
  deployment halves(with_command(at_client, at_server));
  EXPECT_TRUE(at_client.hears("client path-up dsl"));
  EXPECT_TRUE(at_client.hears("client tunnel-up "));
  EXPECT_TRUE(at_server.hears("server tunnel-up "));
  halves.server().send_signal(SIGKILL);
  EXPECT_TRUE(at_client.hears("client path-down dsl"));
  EXPECT_TRUE(at_client.hears("client tunnel-down "));
  EXPECT_EQ(halves.client().terminate().exit_code, 0);
}

TEST(OnEvent, ThatFailsIsTold) {
  const temp_dir files;
  const std::string command = files.write("command", "#!/bin/sh\nexit 5\n");
  std::filesystem::permissions(command, std::filesystem::perms::owner_all);
  plan p;
  p.client_options = {"--on-event", command};
  deployment halves(p);
  halves.client().expect("warning --on-event, (path|tunnel)-up: it ended with 5");
}

}  // namespace
}  // namespace mtcp::lab
