// Both programs on addresses of one link, which have a zone (RFC 4007, section 11).
#include <gtest/gtest.h>

#include "integration/deployment.hpp"
#include "support/peer.hpp"
#include "support/private_network.hpp"

namespace mtcp::lab {
namespace {

class LinkLocal : public testing::Test {
 protected:
  void SetUp() override {
    if (!private_network::possible()) GTEST_SKIP() << "no network namespaces (they take root, and ip of iproute2)";
    inside = std::make_unique<private_network>(std::vector<std::string>{"fe80::1/64", "fe80::2/64"});
  }
  std::vector<std::string> client_with(const std::vector<std::string>& more) const {
    std::vector<std::string> command{client_program, "--key-file", key, "--status", "none"};
    command.insert(command.end(), more.begin(), more.end());
    return command;
  }

  std::unique_ptr<private_network> inside;
  temp_dir files;
  std::string key = make_key(files);
};

TEST_F(LinkLocal, AddressesServeForEverything) {
  process server({server_program, "--key-file", key, "--listen", "[fe80::1%lo]:0", "--allow", "127.0.0.0/8", "--status",
                  "[fe80::1%lo]:0"});
  const auto at = server.expect("listening bridges \\[fe80::1%lo\\]:(\\d+)").at(1);
  const auto status = server.expect("listening status \\[fe80::1%lo\\]:(\\d+)").at(1);
  process client(client_with({"--path", "server=[fe80::1%lo]:" + at + ",bind=fe80::2%lo,bridges=1", "--socks",
                              "[fe80::2%lo]:0", "--socks-open"}));
  const auto socks = client.expect("listening socks \\[fe80::2%lo\\]:(\\d+)").at(1);
  client.expect("tunnel up");
  const peer echo(habit::echo);
  const run_result got = run({"curl", "-sS", "--max-time", "10", "http://[fe80::1%25lo]:" + status + "/api/stats"});
  EXPECT_NE(got.standard_output.find("fe80::2%lo"), std::string::npos)
      << "where the bridge comes from: " << got.standard_error << got.standard_output;
  socket s("fe80::2%lo", static_cast<std::uint16_t>(std::stoul(socks)));
  EXPECT_EQ(socks_connect(s, "127.0.0.1", echo.port()).code, 0);
}

TEST_F(LinkLocal, AddressesOfAnInterfaceThatIsNotThereAreNamed) {
  const run_result server = run({server_program, "--key-file", key, "--listen", "[fe80::1%nosuch0]:0"});
  EXPECT_EQ(server.end.exit_code, 69);
  EXPECT_NE(server.standard_error.find("--listen: cannot find fe80::1%nosuch0: No such device"), std::string::npos)
      << server.standard_error;
  process client(client_with({"--server", "[fe80::1%nosuch0]:8443", "--socks", "127.0.0.1:0"}));
  client.expect("path \\[fe80::1%nosuch0\\]:8443: No such device");
}

}  // namespace
}  // namespace mtcp::lab
