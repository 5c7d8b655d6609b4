// Two servers behind a real HAProxy in TCP mode, as server/HAPROXY.md tells.
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <stdexcept>

#include "integration/deployment.hpp"
#include "support/origin.hpp"
#include "support/socket.hpp"

namespace mtcp::lab {
namespace {

const std::string loopback = "127.0.0.1:";

class HAProxy : public testing::Test {
 protected:
  void SetUp() override {
    if (!installed("haproxy")) GTEST_SKIP() << "no haproxy (Debian: haproxy)";
    key = make_key(files);
    for (std::size_t i = 0; i < 2; ++i) servers[i] = start_server(ports[i]);
    front = loopback + std::to_string(port_of_its_own());
    balancer =
        std::make_unique<process>(std::vector<std::string>{"haproxy", "-f", files.write("haproxy.cfg", config())});
    client = std::make_unique<process>(std::vector<std::string>{client_program, "--key-file", key, "--server", front,
                                                                "--bridges", "6", "--socks", "127.0.0.1:0", "--status",
                                                                "none"});
    socks = client->expect("listening socks .*:(\\d+)").at(1);
    client->expect("tunnel up, 6 bridges");
  }

  std::unique_ptr<process> start_server(std::string& port) const {
    auto started = std::make_unique<process>(std::vector<std::string>{server_program, "--key-file", key, "--listen",
                                                                      "127.0.0.1:0", "--status", "none", "--allow",
                                                                      "127.0.0.0/8", "--trust-proxy", "127.0.0.1"});
    port = started->expect("listening bridges .*:(\\d+)").at(1);
    return started;
  }

  std::string config() const {
    std::string text = "defaults\n mode tcp\n timeout connect 5s\n timeout client 1h\n timeout server 1h\n";
    text += "frontend mtcp\n bind " + front + "\n default_backend mtcp\n";
    text += "backend mtcp\n balance source\n hash-type consistent\n";
    for (const std::string& port : ports)
      text += " server s" + port + " 127.0.0.1:" + port + " send-proxy-v2 check inter 200 rise 1 fall 1\n";
    return text;
  }

  run_result fetch(const origin& web) const {
    return run({"curl", "-sS", "--fail", "--max-time", "20", "--socks5-hostname", loopback + socks, "-o", "/dev/null",
                "-w", "%{size_download}", web.url("/bytes/5000000")},
               30s);
  }

  /// Which server the client's tunnel is at.
  std::size_t home_of_the_tunnel() const {
    for (std::size_t look = 0; look < 20; ++look) try {
        servers[look % 2]->expect("client .* connected", 1s);
        return look % 2;
      } catch (const std::runtime_error&) {  // not this one, or not yet
      }
    throw std::runtime_error("the tunnel is at no server");
  }

  temp_dir files;
  std::string key, front, socks;
  std::string ports[2];
  std::unique_ptr<process> servers[2];
  std::unique_ptr<process> balancer, client;
};

TEST_F(HAProxy, KeepsATunnelTogetherAndMovesItWhenItsServerDies) {
  const origin web;
  EXPECT_EQ(fetch(web).standard_output, "5000000");
  const std::size_t home = home_of_the_tunnel();
  EXPECT_EQ(servers[1 - home]->standard_error().find("connected"), std::string::npos) << "one tunnel, one server";

  const std::size_t before = client->lines();
  servers[home]->send_signal(SIGKILL);
  servers[home]->wait();
  servers[1 - home]->expect("client .* connected", 30s);
  client->expect("tunnel up", 30s, before);
  EXPECT_EQ(fetch(web).standard_output, "5000000");
}

}  // namespace
}  // namespace mtcp::lab
