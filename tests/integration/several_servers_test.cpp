// A client with several servers: new connections take the first that works, open streams stay where they are.
#include <gtest/gtest.h>

#include <csignal>
#include <string>

#include "integration/deployment.hpp"
#include "integration/status.hpp"
#include "support/peer.hpp"
#include "support/socket.hpp"

namespace mtcp::lab {
namespace {

/// A server of its own, on any port.
struct lone_server {
  explicit lone_server(const std::string& key, const std::string& listen = "127.0.0.1:0")
      : runs({server_program, "--key-file", key, "--listen", listen, "--status", "none", "--allow", "127.0.0.0/8"}),
        address("127.0.0.1:" + runs.expect("listening bridges .*:(\\d+)").at(1)) {}
  process runs;
  std::string address;
};

std::string object(const std::string& key, const lone_server& to) {
  return R"({"key-file": ")" + key + R"(", "server": ")" + to.address + R"(", "bridges": 2})";
}

TEST(SeveralServers, NewConnectionsTakeTheFirstThatWorks) {
  temp_dir files;
  const std::string key = make_key(files);
  lone_server first(key, "127.0.0.1:" + std::to_string(port_of_its_own())), second(key);
  const std::string config =
      files.write("client.json", R"({"tunnels": [)" + object(key, first) + ", " + object(key, second) + "]}");
  process client({client_program, "--config", config, "--socks", "127.0.0.1:0", "--direct", "none", "--connect-wait",
                  "100ms", "--status", "127.0.0.1:0"});
  const auto socks = static_cast<std::uint16_t>(std::stoul(client.expect("listening socks .*:(\\d+)").at(1)));
  for (const lone_server* each : {&first, &second}) client.expect(each->address + ": tunnel up");
  const peer echo(habit::echo);
  const auto ask = [&] {
    socket s("127.0.0.1", socks);
    return socks_connect(s, "127.0.0.1", echo.port()).code;
  };
  EXPECT_EQ(ask(), 0);

  first.runs.send_signal(SIGKILL);
  first.runs.wait();
  client.expect(first.address + ": no bridge is up");
  EXPECT_EQ(ask(), 3) << "for a moment it may come back";
  client.expect("new connections go through " + second.address, 30s);
  EXPECT_EQ(ask(), 0);
  const auto told = stats(client)["servers"];
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0]["name"], first.address);
  EXPECT_EQ(told[0]["used"], false);
  EXPECT_EQ(told[1]["state"], "up");
  EXPECT_EQ(told[1]["used"], true);

  const std::size_t before = client.lines();
  const lone_server again(key, first.address);
  client.expect(first.address + ": tunnel up", 30s, before);
  EXPECT_EQ(ask(), 0) << "by the second one, until the first has shown that it lasts";
}

}  // namespace
}  // namespace mtcp::lab
