// One user who wants all of the server's file descriptors, and another who wants a few.
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "integration/associated.hpp"
#include "integration/deployment.hpp"
#include "support/peer.hpp"

namespace mtcp::lab {
namespace {

constexpr std::size_t limit = 256;
constexpr int general = 1;  // reply code

class Descriptors : public testing::Test {
 protected:
  void SetUp() override {
    if (machine_speed < 1) GTEST_SKIP() << "the sanitizer has descriptors of its own";
    if (!installed("prlimit")) GTEST_SKIP() << "no prlimit (Debian: util-linux)";
    make_key(files, "hog");
    make_key(files, "other");
    const std::string keys = files.write("keys", line_of("hog") + " hog\n" + line_of("other") + " other\n");
    const std::string most = "--nofile=" + std::to_string(limit);
    server = start({"prlimit", most, "--", server_program, "--key-file", keys, "--listen", "127.0.0.1:0", "--allow",
                    "127.0.0.0/8", "--threads", "2", "--status", "none"});
    bridges = "127.0.0.1:" + server->expect("listening bridges .*:(\\d+)").at(1);
    for (const char* user : {"hog", "hog", "other"}) add_client(user);
  }

  static std::unique_ptr<process> start(const std::vector<std::string>& command) {
    return std::make_unique<process>(command);
  }
  std::string line_of(const std::string& key) const {
    std::string text = run({"cat", (files / key).string()}).standard_output;
    return text.substr(0, text.find('\n'));
  }
  void add_client(const std::string& user) {
    auto client = start({client_program, "--key-file", (files / user).string(), "--server", bridges, "--bridges", "2",
                         "--socks", "127.0.0.1:0", "--status", "none"});
    const std::string port = client->expect("listening socks .*:(\\d+)").at(1);
    client->expect("tunnel up, 2 bridges");
    ports.push_back(static_cast<std::uint16_t>(std::stoul(port)));
    clients.push_back(std::move(client));
  }

  /// Opens streams until one is refused, and keeps them. Returns the reply that it was refused with; 0 if none was.
  int fill(std::size_t client, std::size_t most, std::vector<socket>& into) const {
    while (into.size() < most) {
      socket s("127.0.0.1", ports[client]);
      if (const int code = socks_connect(s, "127.0.0.1", listening.port()).code; code != 0) return code;
      into.push_back(std::move(s));
    }
    return 0;
  }

  const peer listening{habit::listen};
  temp_dir files;
  std::string bridges;
  std::unique_ptr<process> server;
  std::vector<std::unique_ptr<process>> clients;  // two of one user, one of another
  std::vector<std::uint16_t> ports;
};

TEST_F(Descriptors, AreNotAllForOneUser) {
  std::vector<socket> first, second, others;
  EXPECT_EQ(fill(0, limit, first), general);
  EXPECT_GT(first.size(), limit / 5);
  EXPECT_EQ(fill(1, limit, second), general) << "another session of the same key";
  EXPECT_LT(second.size(), 5U);
  server->expect("warning hog has its share of the file descriptors");
  EXPECT_EQ(fill(2, limit / 8, others), 0) << "after " << others.size();
  first.clear();
  for (int code = general; code != 0;) code = fill(1, second.size() + 10, second);  // as soon as they are given back
}

TEST_F(Descriptors, OfUdpAssociationsCountToo) {
  std::vector<socket> streams;
  EXPECT_EQ(fill(0, limit, streams), general);
  const associated refused(ports[1]);
  EXPECT_EQ(refused.reply.substr(0, 2), octets({5, general}));
  const associated granted(ports[2]);
  EXPECT_EQ(granted.reply.substr(0, 2), octets({5, 0}));
}

}  // namespace
}  // namespace mtcp::lab
