// The sandbox of the real programs, which all other tests run in as well, and --run-as.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "integration/deployment.hpp"
#include "support/peer.hpp"

namespace mtcp::lab {
namespace {

std::string whole(const std::string& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string status_of_process(pid_t id) { return whole("/proc/" + std::to_string(id) + "/status"); }

/// What /proc/PID/status says behind `field`, without blanks around.
std::string field_of(const std::string& status, const std::string& field) {
  const auto at = status.find('\n' + field + ":\t");
  if (at == std::string::npos) return "none";
  const auto begin = at + field.size() + 3;
  std::string text = status.substr(begin, status.find('\n', begin) - begin);
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

std::vector<pid_t> children_of(pid_t id) {
  const std::string of = std::to_string(id);
  std::ifstream in("/proc/" + of + "/task/" + of + "/children");
  return {std::istream_iterator<pid_t>(in), {}};
}

/// As an editor or a deployment does it, so that the old file is never there in part.
void replace(const temp_dir& in, const std::string& name, const std::string& text) {
  in.write(name + ".new", text);
  std::filesystem::rename(in / (name + ".new"), in / name);
}

void reload(process& p, const std::string& answer = "settings read again") {
  const std::size_t before = p.lines();
  p.send_signal(SIGHUP);
  p.expect(answer, 15s, before);
}

class Confined : public testing::Test {
 protected:
  std::vector<std::string> server_command(std::vector<std::string> more = {}) const {
    std::vector<std::string> all{server_program, "--config", path("server.json")};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  void write_server(const std::string& key, const std::string& more = "") const {
    files.write("server.json", R"({"key-file": ")" + path(key) + R"(", "listen": "127.0.0.1:0", "status": "none",
                                   "allow": "127.0.0.0/8")" +
                                   more + "}");
  }
  std::string path(const std::string& name) const { return (files / name).string(); }

  const temp_dir files;
  const peer echo{habit::echo};
};

TEST_F(Confined, SaysWhatItHasGivenUp) {
  make_key(files, "key");
  for (const auto& command : lone_programs(path("key"))) {
    process p(command);
    p.expect("sandbox: .*(files|calls)");
    EXPECT_EQ(field_of(status_of_process(p.id()), "NoNewPrivs"), "1");
    const bool filters = p.standard_error().find("system calls (seccomp)") < p.standard_error().find("; not ");
    EXPECT_EQ(field_of(status_of_process(p.id()), "Seccomp"), filters ? "2" : "0");
    auto check = command;
    check.insert(check.begin() + 1, "check");
    EXPECT_NE(run(check).standard_output.find("\nsandbox "), std::string::npos);
  }
}

TEST_F(Confined, OnlyIfItIsWanted) {
  make_key(files, "key");
  for (auto command : lone_programs(path("key"))) {
    command.push_back("--no-sandbox");
    process p(command);
    p.expect("sandbox: off \\(--no-sandbox\\)");
    EXPECT_EQ(field_of(status_of_process(p.id()), "NoNewPrivs"), "0");
    EXPECT_TRUE(children_of(p.id()).empty());
  }
}

TEST_F(Confined, LeavesNoProcessBehind) {
  make_key(files, "key");
  for (const int number : {SIGKILL, SIGTERM}) {
    process p({server_program, "--key-file", path("key"), "--listen", "127.0.0.1:0", "--status", "none"});
    p.expect("sandbox: ");
    const auto others = children_of(p.id());
    EXPECT_LE(others.size(), 1u);
    for (const pid_t other : others) ::kill(other, SIGTERM);  // as a service manager and a terminal do
    p.send_signal(number);
    p.wait();
    for (const pid_t other : others) {
      const auto is_gone = [other] { return ::kill(other, 0) != 0; };
      for (int i = 0; i < 500 && !is_gone(); ++i) std::this_thread::sleep_for(10ms);
      EXPECT_TRUE(is_gone());
    }
  }
}

TEST_F(Confined, ReadsFilesThatHaveTakenThePlaceOfOthers) {
  const std::string key = make_key(files, "key");
  write_server("key");
  process server(server_command());
  const auto port = server.expect("listening bridges .*:(\\d+)").at(1);
  files.write("users", "ann:secret\n");
  process client({client_program, "--key-file", key, "--server", "127.0.0.1:" + port, "--socks", "127.0.0.1:0",
                  "--status", "none", "--users-file", path("users")});
  const auto socks = client.expect("listening socks .*:(\\d+)").at(1);
  const std::string url = "http://127.0.0.1:" + std::to_string(echo.port());
  client.expect("tunnel up");

  const temp_dir elsewhere;
  replace(files, "key", whole(make_key(elsewhere)));
  replace(files, "users", "ann:other\n");
  reload(server);
  reload(client);
  client.expect("tunnel up", 15s, client.lines() - 1);
  const auto code = [&](const std::string& user) {
    return run({"curl", "-sS", "-m", "5", "--proxy-user", user, "--socks5-hostname", "127.0.0.1:" + socks, "--http0.9",
                "-o", "/dev/null", "-X", "A", url})
        .end.exit_code;
  };
  EXPECT_EQ(code("ann:secret"), 97) << "CURLE_PROXY";
}

// What is not granted could not be read a second time.
TEST_F(Confined, ReadsAllFilesOfAClientAgain) {
  make_key(files, "key");
  files.write("url", run({server_program, "url", "--key-file", path("key"), "--host", "127.0.0.1:1"}).standard_output);
  files.write("users", "ann:secret\n");
  files.write("password", "secret\n");
  for (const char* rules : {"direct", "block", "tunnel"}) files.write(rules, "10.0.0.0/8\n");
  files.write("client.json", R"({"socks": "127.0.0.1:0", "status": "none"})");
  process client({client_program, "--config", path("client.json"), "--url-file", path("url"), "--users-file",
                  path("users"), "--proxy", "http://ann@127.0.0.1:9", "--proxy-password-file", path("password"),
                  "--direct", "@" + path("direct"), "--block", "@" + path("block"), "--tunnel", "@" + path("tunnel")});
  client.expect("sandbox: ");
  for (const char* name : {"url", "users", "password", "direct", "block", "tunnel", "client.json"})
    replace(files, name, whole(path(name)));
  reload(client);
}

// The settings may name files that they did not name at first.
TEST_F(Confined, ReadsFilesThatOtherSettingsName) {
  make_key(files, "first");
  write_server("first");
  process server(server_command());
  server.expect("listening bridges");
  make_key(files, "second");
  write_server("second", R"(, "audit-log": ")" + path("audit") + '"');
  reload(server);
  EXPECT_TRUE(std::filesystem::exists(path("audit")));
  write_server("absent");
  reload(server, "absent: cannot be read: No such file.*stays as it was");
}

TEST_F(Confined, OpensARotatedLogAnew) {
  make_key(files, "key");
  write_server("key", R"(, "audit-log": ")" + path("audit") + '"');
  process server(server_command());
  server.expect("sandbox: ");
  std::filesystem::rename(path("audit"), path("audit.1"));
  reload(server);
  EXPECT_TRUE(std::filesystem::exists(path("audit")));
}

// ---- --run-as ----

class RunAs : public Confined {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root becomes somebody else";
  }
  /// One below 1024 that nobody has.
  static std::string low_port() {
    std::random_device chance;
    for (int i = 0; i < 100; ++i) {
      const auto port = static_cast<std::uint16_t>(600 + chance() % 400);
      try {
        asio::io_context io;
        asio::ip::tcp::acceptor probe(io, {asio::ip::address_v4::loopback(), port});
        return std::to_string(port);
      } catch (const std::exception&) {
      }
    }
    throw std::runtime_error("no port below 1024 is free");
  }
};

TEST_F(RunAs, KeepsThePortAndTheFilesOfRootAndLosesTheRest) {
  for (const std::string sandbox : {"", "--no-sandbox"}) {
    make_key(files, "key");
    std::vector<std::string> command{
        server_program, "--key-file", path("key"),   "--listen",      "127.0.0.1:" + low_port(),
        "--status",     "none",       "--control",   path("control"), "--audit-log",
        path("audit"),  "--run-as",   "65534:65533", "--threads",     "2"};
    if (!sandbox.empty()) command.push_back(sandbox);
    process server(command);
    server.expect("runs as 65534 \\(65534:65533\\), with no capabilities");
    server.expect("sandbox: ");
    const std::string status = status_of_process(server.id());
    EXPECT_EQ(field_of(status, "Uid"), "65534\t65534\t65534\t65534");
    EXPECT_EQ(field_of(status, "Gid"), "65533\t65533\t65533\t65533");
    EXPECT_EQ(field_of(status, "Groups"), "");
    for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"})
      EXPECT_EQ(field_of(status, set), "0000000000000000") << set;

    const temp_dir elsewhere;
    replace(files, "key", whole(make_key(elsewhere)));
    std::filesystem::rename(path("audit"), path("audit.1"));
    const run_result asked = run({server_program, "reload", "--control", path("control")});
    EXPECT_EQ(asked.standard_output, "settings read again\n") << asked.standard_error;
    EXPECT_TRUE(std::filesystem::exists(path("audit")));
    EXPECT_EQ(server.terminate().exit_code, 0) << server.standard_error();
    EXPECT_FALSE(std::filesystem::exists(path("control")));
    std::filesystem::remove(path("key"));
  }
}

TEST_F(RunAs, CarriesStreams) {
  plan p;
  p.server_options.insert(p.server_options.end(), {"--run-as", "65534:65533"});
  p.client_options = {"--run-as", "65534:65533"};
  deployment halves(p);
  socket s = halves.stream_to("127.0.0.1", echo.port());
  s.send("ping");
  EXPECT_EQ(s.receive(4), "ping");
}

TEST_F(RunAs, KeepsWhatOutlivesTheProgram) {
  make_key(files, "key");
  std::filesystem::permissions(path(""), std::filesystem::perms::owner_all | std::filesystem::perms::others_exec);
  for (int i = 0; i < 2; ++i) {
    process client({client_program, "--key-file", path("key"), "--path", "server=127.0.0.1:1,quota=1GB/day", "--socks",
                    "127.0.0.1:0", "--status", "none", "--state-dir", path("state"), "--run-as", "65534:65533"});
    client.expect("sandbox: ");
    EXPECT_EQ(client.terminate().exit_code, 0) << client.standard_error();
    EXPECT_EQ(client.standard_error().find("forgotten"), std::string::npos) << client.standard_error();
    EXPECT_TRUE(std::filesystem::exists(path("state/quotas.json")));
  }
}

TEST_F(RunAs, KeepsWhatKeysHaveCarried) {
  make_key(files, "key");
  std::ifstream in(path("key"));
  std::string key;
  in >> key;
  std::ofstream(path("key")) << key << " bytes-per-month=1GB\n";
  std::filesystem::permissions(path(""), std::filesystem::perms::owner_all | std::filesystem::perms::others_exec);
  for (int i = 0; i < 2; ++i) {
    process server({server_program, "--key-file", path("key"), "--listen", "127.0.0.1:0", "--status", "none",
                    "--state-dir", path("state"), "--run-as", "65534:65533"});
    server.expect("sandbox: ");
    EXPECT_EQ(server.terminate().exit_code, 0) << server.standard_error();
    EXPECT_EQ(server.standard_error().find("forgotten"), std::string::npos) << server.standard_error();
    EXPECT_TRUE(std::filesystem::exists(path("state/keys.json")));
  }
}

TEST_F(RunAs, KeepsWhatAMarkTakes) {
  make_key(files, "key");
  process client({client_program, "--key-file", path("key"), "--server", "127.0.0.1:1", "--socks", "127.0.0.1:0",
                  "--status", "none", "--mark", "78", "--run-as", "65534:65533"});
  client.expect("runs as .*, with CAP_NET_BIND_SERVICE, CAP_NET_ADMIN, CAP_NET_RAW");
}

TEST_F(RunAs, TellsWhomThereIsNot) {
  make_key(files, "key");
  for (auto command : lone_programs(path("key"))) {
    command.insert(command.end(), {"--run-as", "no-such-user"});
    const run_result refused = run(command);
    EXPECT_EQ(refused.end.exit_code, 78);
    EXPECT_NE(refused.standard_error.find("--run-as: 'no-such-user': there is no user no-such-user"), std::string::npos)
        << refused.standard_error;
    command.insert(command.begin() + 1, "check");
    EXPECT_EQ(run(command).end.exit_code, 78);
    command.back() = "65534:65533";
    EXPECT_NE(run(command).standard_output.find("65534 (65534:65533)"), std::string::npos);
  }
}

TEST_F(RunAs, TakesRoot) {
  const temp_dir elsewhere;
  make_key(files, "key");
  ASSERT_EQ(::chown(path("key").c_str(), 65534, 65534), 0);
  ASSERT_EQ(::chmod((files / "").c_str(), 0755), 0);
  const run_result refused =
      run({"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", server_program, "--key-file", path("key"),
           "--listen", "127.0.0.1:0", "--status", "none", "--run-as", "1:1"});
  if (refused.standard_error.find("setpriv") != std::string::npos) GTEST_SKIP() << refused.standard_error;
  EXPECT_EQ(refused.end.exit_code, 77) << refused.standard_error;
  EXPECT_NE(refused.standard_error.find("--run-as: '1:1': Operation not permitted (it takes root"), std::string::npos)
      << refused.standard_error;
}

}  // namespace
}  // namespace mtcp::lab
