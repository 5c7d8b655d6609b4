// SIGHUP, and what the service manager is told.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>

#include "integration/deployment.hpp"
#include "support/peer.hpp"

namespace mtcp::lab {
namespace {

std::string fresh_key() { return run({server_program, "keygen"}).standard_output; }

/// SIGHUP, and the answer.
void reload(process& p, const std::string& answer) {
  const std::size_t before = p.lines();
  p.send_signal(SIGHUP);
  p.expect(answer, 15s, before);
}

bool echoes(socket& s) {
  s.send("ping");
  return s.receive(4) == "ping";
}

/// A server and a client that read files which a test may write again.
class Reload : public testing::Test {
 protected:
  void SetUp() override {
    const std::string key = fresh_key();
    files.write("server.key", key);
    files.write("client.key", key);
    write_server({"127.0.0.0/8"});
    server = std::make_unique<process>(
        std::vector<std::string>{server_program, "--config", (files / "server.json").string()});
    port = server->expect("listening bridges .*:(\\d+)").at(1);
    write_client(2);
    client = std::make_unique<process>(
        std::vector<std::string>{client_program, "--config", (files / "client.json").string()});
    socks = static_cast<std::uint16_t>(std::stoul(client->expect("listening socks .*:(\\d+)").at(1)));
    client->expect("tunnel up, 2 bridges");
  }

  void write_server(const std::vector<std::string>& allow) {
    std::string list;
    for (const std::string& block : allow) list += (list.empty() ? "\"" : ", \"") + block + "\"";
    files.write("server.json", R"({"key-file": ")" + (files / "server.key").string() + R"(", "listen": "127.0.0.1:0",
                "status": "none", "allow": [)" +
                                   list + "]}");
  }
  void write_client(int bridges, const std::string& more = R"("socks": "127.0.0.1:0")") {
    files.write("client.json", R"({"key-file": ")" + (files / "client.key").string() + R"(", "status": "none",
                "server": "127.0.0.1:)" +
                                   port + R"(", "bridges": )" + std::to_string(bridges) + ", " + more + "}");
  }

  int ask(std::uint16_t to) {
    socket s("127.0.0.1", socks);
    return socks_connect(s, "127.0.0.1", to).code;
  }

  temp_dir files;
  std::string port;
  std::uint16_t socks = 0;
  std::unique_ptr<process> server, client;
  const peer echo{habit::echo};
};

TEST_F(Reload, ChangesRules) {
  EXPECT_EQ(ask(echo.port()), 0);
  write_server({});
  reload(*server, "settings read again");
  EXPECT_EQ(ask(echo.port()), 2);
  write_server({"127.0.0.0/8"});
  reload(*server, "settings read again");
  EXPECT_EQ(ask(echo.port()), 0);
}

TEST_F(Reload, ABadFileChangesNothing) {
  for (process* p : {server.get(), client.get()}) {
    const std::string name = p == server.get() ? "server.json" : "client.json";
    const std::string good = run({"cat", (files / name).string()}).standard_output;
    files.write(name, R"({"nonsense": 1})");
    reload(*p, "nonsense.*stays as it was");
    files.write(name, good);
  }
  files.write("server.key", "no key");
  reload(*server, "server.key.*stays as it was");
  EXPECT_EQ(ask(echo.port()), 0);
}

TEST_F(Reload, ANewKeyEndsTheOldTunnel) {
  const std::string key = fresh_key();
  files.write("server.key", key);
  const std::size_t before = client->lines();
  reload(*server, "settings read again");
  files.write("client.key", key);
  client->send_signal(SIGHUP);
  client->expect("tunnel up, 2 bridges", 15s, before);
  EXPECT_EQ(ask(echo.port()), 0);
}

TEST_F(Reload, NewPathsLeaveOldStreamsAlone) {
  socket old("127.0.0.1", socks);
  ASSERT_EQ(socks_connect(old, "127.0.0.1", echo.port()).code, 0);
  server->expect("client .* connected");
  write_client(5);
  const std::size_t before = client->lines();
  reload(*client, "a new tunnel");
  client->expect("tunnel up, 5 bridges", 15s, before);
  EXPECT_EQ(ask(echo.port()), 0);
  EXPECT_TRUE(echoes(old)) << "the old tunnel is still there";
  old.reset();
  server->expect("client .* gone");
}

// The old one goes on listening, to everybody.
TEST_F(Reload, NeverOpensAProxyThatAskedForAPassword) {
  files.write("users", "alice:s3cret\n");
  write_client(2, R"("socks": "0.0.0.0:0", "users-file": ")" + (files / "users").string() + '"');
  process guarded({client_program, "--config", (files / "client.json").string()});
  const auto there = static_cast<std::uint16_t>(std::stoul(guarded.expect("listening socks .*:(\\d+)").at(1)));
  write_client(2);
  reload(guarded, "--socks 0.0.0.0:0 would let anybody.*stays as it was");
  socket s("127.0.0.1", there);
  s.send(std::string("\5\1\0", 3));
  EXPECT_EQ(s.receive(2), "\5\xff");
}

TEST_F(Reload, WithoutAChangeKeepsTheTunnel) {
  const std::size_t before = client->lines();
  reload(*client, "settings read again");
  EXPECT_EQ(client->standard_error().find("a new tunnel"), std::string::npos);
  EXPECT_EQ(client->lines(), before + 1);
}

// `--key-file <(...)` of a shell: whoever wrote into it is gone by now.
TEST_F(Reload, KeepsWhatAPipeSaid) {
  const std::string key = (files / "client.key").string();
  files.write("client.users", "alice:s3cret\n");
  const std::string users = (files / "client.users").string();
  const std::string server_json = (files / "server.json").string();
  const std::vector<std::vector<std::string>> commands{
      {server_program, "--key-file", "<(cat " + key + ")", "--listen", "127.0.0.1:0", "--status", "none"},
      {server_program, "--config", "<(cat " + server_json + ")"},
      {client_program, "--key-file", "<(cat " + key + ")", "--users-file", "<(cat " + users + ")", "--server",
       "127.0.0.1:" + port, "--socks", "127.0.0.1:0", "--status", "none"}};
  for (const auto& command : commands) {
    std::string line = "exec";
    for (const std::string& word : command) line += ' ' + word;
    process p({"bash", "-c", line});
    p.expect("listening");
    reload(p, "/dev/fd/[0-9]+ can be read once only; what it said at the start still holds");
    p.expect("settings read again");
    EXPECT_EQ(p.standard_error().find("stays as it was"), std::string::npos) << p.standard_error();
    EXPECT_EQ(p.terminate().exit_code, 0);
  }
}

/// What a program tells on $NOTIFY_SOCKET.
class service_manager {
 public:
  service_manager() : path_((files_ / "notify").string()), socket_(::socket(AF_UNIX, SOCK_DGRAM, 0)) {
    sockaddr_un here{};
    here.sun_family = AF_UNIX;
    std::strncpy(here.sun_path, path_.c_str(), sizeof here.sun_path - 1);
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&here), sizeof here), 0);
    const timeval patience{15, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setenv("NOTIFY_SOCKET", path_.c_str(), 1);
  }
  ~service_manager() {
    ::unsetenv("NOTIFY_SOCKET");
    ::close(socket_);
  }
  std::string next() const {
    char text[64];
    const ssize_t size = ::recv(socket_, text, sizeof text, 0);
    return size < 0 ? "nothing" : std::string(text, static_cast<std::size_t>(size));
  }

 private:
  temp_dir files_;
  std::string path_;
  int socket_;
};

TEST(ServiceManager, IsToldOfStartReloadAndEnd) {
  const service_manager manager;
  const temp_dir files;
  for (const auto& command : lone_programs(make_key(files))) {
    process p(command);
    EXPECT_EQ(manager.next(), "READY=1");
    p.send_signal(SIGHUP);
    EXPECT_EQ(manager.next(), "RELOADING=1");
    EXPECT_EQ(manager.next(), "READY=1");
    EXPECT_EQ(p.terminate().exit_code, 0);
    EXPECT_EQ(manager.next(), "STOPPING=1");
  }
}

}  // namespace
}  // namespace mtcp::lab
