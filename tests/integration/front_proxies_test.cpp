// Paths through the proxies that people run, and through plain relays. Each is skipped where its program is missing.
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "integration/status.hpp"
#include "support/origin.hpp"
#include "support/socket.hpp"

namespace mtcp::lab {
namespace {

using words = std::vector<std::string>;

/// Where a proxy is to listen, where a relay is to lead, and a directory for what they read.
struct place {
  const temp_dir& files;
  std::string port;
  std::string server_port;
};

struct front {
  std::string name;
  std::string program;  ///< Debian's name is the package's
  std::string proxy;    ///< in front of "127.0.0.1:PORT"; empty for a relay, which is the server as far as we know
  std::function<words(const place&)> command;
  bool needs_root = false;
  std::function<words(const place&)> before{};  ///< a program that it needs, which stays up
  friend void PrintTo(const front& f, std::ostream* out) { *out << f.name; }
};

std::unique_ptr<process> start(const words& command) { return std::make_unique<process>(command); }

words dante(const place& at) {
  const std::string config = "logoutput: /dev/null\ninternal: 127.0.0.1 port = " + at.port +
                             "\nexternal: 127.0.0.1\nclientmethod: none\nsocksmethod: none\n"
                             "user.privileged: root\nuser.unprivileged: nobody\n"
                             "client pass { from: 127.0.0.0/8 to: 0.0.0.0/0 }\n"
                             "socks pass { from: 127.0.0.0/8 to: 0.0.0.0/0 }\n";
  return {"danted", "-f", at.files.write("danted.conf", config), "-p", (at.files / "danted.pid").string()};
}

words microsocks(const place& at) { return {"microsocks", "-i", "127.0.0.1", "-p", at.port}; }

words microsocks_with_login(const place& at) {
  words command = microsocks(at);
  command.insert(command.end(), {"-u", "alice", "-P", "s3cret"});
  return command;
}

std::string tinyproxy_config(const place& at) { return "Listen 127.0.0.1\nPort " + at.port + "\nLogLevel Critical\n"; }

words tinyproxy(const place& at) {
  return {"tinyproxy", "-d", "-c", at.files.write("tinyproxy.conf", tinyproxy_config(at))};
}

words tinyproxy_with_login(const place& at) {
  return {"tinyproxy", "-d", "-c", at.files.write("tinyproxy.conf", tinyproxy_config(at) + "BasicAuth alice s3cret\n")};
}

words squid(const place& at) {
  const std::string config = "http_port 127.0.0.1:" + at.port +
                             "\nhttp_access allow all\ncache deny all\naccess_log none\ncache_log /dev/null\n"
                             "pid_filename none\ncoredump_dir none\npinger_enable off\nshutdown_lifetime 1 second\n";
  return {"squid", "-N", "-f", at.files.write("squid.conf", config)};
}

std::string key_at(const place& at, const std::string& name) {
  const std::string file = (at.files / name).string();
  const auto made = run({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file});
  if (made.end.exit_code != 0) throw std::runtime_error("ssh-keygen failed: " + made.standard_error);
  return file;
}

/// Its port is in a file of its name.
words sshd(const place& at) {
  const std::string port = std::to_string(port_of_its_own());
  at.files.write("sshd.port", port);
  const std::string config = "ListenAddress 127.0.0.1\nPort " + port + "\nHostKey " + key_at(at, "host") +
                             "\nAuthorizedKeysFile " + key_at(at, "user") +
                             ".pub\nPidFile none\nStrictModes no\nUsePAM no\nPermitRootLogin yes\n";
  // The service that Debian starts makes this directory.
  return {"sh", "-c", "mkdir -p /run/sshd && exec /usr/sbin/sshd -D -e -f " + at.files.write("sshd.conf", config)};
}

words ssh(const place& at) {
  const std::string port = run({"cat", (at.files / "sshd.port").string()}).standard_output;
  return {"ssh",      "-N",
          "-F",       "/dev/null",
          "-D",       "127.0.0.1:" + at.port,
          "-p",       port,
          "-i",       (at.files / "user").string(),
          "-o",       "StrictHostKeyChecking=no",
          "-o",       "UserKnownHostsFile=/dev/null",
          "-o",       "ExitOnForwardFailure=yes",
          "127.0.0.1"};
}

words haproxy(const place& at) {
  const std::string config =
      "defaults\n mode tcp\n timeout connect 5s\n timeout client 1h\n timeout server 1h\n"
      "listen relay\n bind 127.0.0.1:" +
      at.port + "\n server s 127.0.0.1:" + at.server_port + "\n";
  return {"haproxy", "-f", at.files.write("haproxy.cfg", config)};
}

const std::vector<front> fronts{
    {"Dante", "danted", "socks5://", dante, true},
    {"Microsocks", "microsocks", "socks5://", microsocks},
    {"MicrosocksWithLogin", "microsocks", "socks5://alice@", microsocks_with_login},
    {"Tinyproxy", "tinyproxy", "http://", tinyproxy},
    {"TinyproxyWithLogin", "tinyproxy", "http://alice@", tinyproxy_with_login},
    {"Squid", "squid", "http://", squid},
    {"Ssh", "ssh", "socks5://", ssh, true, sshd},
    {"Haproxy", "haproxy", "", haproxy},
};

const double rate = 10e6 * machine_speed;
const shape lines{.rate_up = rate, .rate_down = rate, .delay = 5ms};
constexpr int bridges = 3;
const auto size = static_cast<std::uint64_t>(2 * bridges * rate);  // two seconds of them

class FrontProxies : public testing::TestWithParam<front> {
 protected:
  void SetUp() override {
    if (!installed(GetParam().program)) GTEST_SKIP() << GetParam().program << " is not installed";
    if (GetParam().needs_root && ::geteuid() != 0) GTEST_SKIP() << GetParam().program << " takes root here";
    if (GetParam().before && !installed("sshd")) GTEST_SKIP() << "sshd is not installed";
    password = files.write("password", "s3cret\n");
  }

  place at() const { return {files, port, server_port}; }
  void start_front() { running = start(GetParam().command(at())); }

  /// The value of --path.
  std::string through(std::uint16_t lines_port) {
    server_port = std::to_string(lines_port);
    if (GetParam().before) {
      needed = start(GetParam().before(at()));
      needed->expect("Server listening");
    }
    start_front();
    const std::string many = ",bridges=" + std::to_string(bridges);
    if (GetParam().proxy.empty()) return "server=127.0.0.1:" + port + many;
    std::string path = "server=127.0.0.1:" + server_port + many + ",proxy=" + GetParam().proxy + "127.0.0.1:" + port;
    if (path.find("alice") != std::string::npos) path += ",proxy-password-file=" + password;
    return path;
  }

  /// With its children (Dante's go on without it). Who is killed cannot say goodbye.
  void kill_front() {
    const std::string id = std::to_string(running->id());
    std::ifstream list("/proc/" + id + "/task/" + id + "/children");
    const std::vector<pid_t> children{std::istream_iterator<pid_t>(list), {}};
    running->send_signal(SIGKILL);
    for (const pid_t child : children) ::kill(child, SIGKILL);
    running->wait();
  }

  temp_dir files;
  std::string password, server_port;
  const std::string port = std::to_string(port_of_its_own());
  std::unique_ptr<process> needed, running;
};

TEST_P(FrontProxies, CarryAPath) {
  const origin web;
  deployment halves(with_status(
      {.lines = lines, .bridges = bridges, .paths = [this](std::uint16_t to) { return words{through(to)}; }}));
  for (transfer::result r :
       {transfer::download(halves, web.url(""), size).finish(), transfer::upload(halves, web.url(""), size).finish()})
    EXPECT_TRUE(r.intact) << r.trouble;
  const std::string proxy = stats(halves.client())["tunnel"]["paths"][0]["proxy"];
  EXPECT_EQ(proxy.empty(), GetParam().proxy.empty()) << proxy;
  EXPECT_EQ(proxy.find("alice"), std::string::npos) << proxy;
}

TEST_P(FrontProxies, MayDieBesideAnotherPath) {
  const origin web;
  deployment halves({.lines = lines, .bridges = bridges + 1, .paths = [this](std::uint16_t to) {
                       return words{through(to), "server=127.0.0.1:" + std::to_string(to) + ",bridges=1"};
                     }});
  transfer running_download = transfer::download(halves, web.url(""), size);
  halves.wait_for_bytes(size / 4);
  kill_front();
  const auto r = running_download.finish();
  EXPECT_TRUE(r.intact) << r.trouble;
  const std::string blamed =
      GetParam().proxy.empty() ? "Connection refused" : "the proxy cannot be reached: Connection refused";
  halves.client().expect("path .*: " + blamed);
}

TEST_P(FrontProxies, MayDieAndComeBack) {
  const origin web;
  deployment halves(
      {.lines = lines, .bridges = bridges, .paths = [this](std::uint16_t to) { return words{through(to)}; }});
  transfer running_download = transfer::download(halves, web.url(""), size);
  halves.wait_for_bytes(size / 4);
  kill_front();
  halves.client().expect("path .*refused");
  start_front();
  const auto r = running_download.finish();
  EXPECT_TRUE(r.intact) << r.trouble;
}

TEST(ProxyPassword, IsReadAgainAndNeverTold) {
  if (!installed("microsocks")) GTEST_SKIP() << "microsocks is not installed";
  const temp_dir files;
  const std::string password = files.write("password", "wr0ng\n");
  const std::string port = std::to_string(port_of_its_own());
  process proxy(microsocks_with_login({files, port, ""}));
  deployment halves;
  const words command{client_program,
                      "--key-file",
                      halves.key_file(),
                      "--server",
                      "127.0.0.1:" + std::to_string(halves.server_port()),
                      "--proxy",
                      "socks5://alice@127.0.0.1:" + port,
                      "--proxy-password-file",
                      password,
                      "--socks",
                      "127.0.0.1:0",
                      "--status",
                      "none",
                      "--log-level",
                      "debug"};
  process client(command);
  client.expect("path .*: the proxy refused the login");
  files.write("password", "s3cret\n");
  client.send_signal(SIGHUP);
  client.expect("tunnel up");
  words check = command;
  check.insert(check.begin() + 1, "check");
  const run_result checked = run(check);
  EXPECT_NE(checked.standard_output.find("by way of socks5://alice@127.0.0.1:" + port), std::string::npos)
      << checked.standard_output << checked.standard_error;
  for (const std::string& text : {client.standard_error(), checked.standard_output, checked.standard_error})
    for (const char* secret : {"wr0ng", "s3cret"}) EXPECT_EQ(text.find(secret), std::string::npos) << text;
}

// What a user would type who knows curl.
TEST(ProxyPassword, InTheUrlIsRefusedAndNotRepeated) {
  const temp_dir files;
  const std::string key = make_key(files);
  for (const words& way :
       {words{"--server", "a", "--proxy", "socks5://u:s3cret@h:1"},
        words{"--path", "server=a,bridges=0,proxy=http://u:s3,cret@h:1"},
        words{"--path", "server=a,proxies=http://u:s3cret@h:1"}, words{"--proxies", "http://u:s3cret@h:1"}}) {
    words command{client_program, "--key-file", key};
    command.insert(command.end(), way.begin(), way.end());
    const run_result r = run(command);
    EXPECT_EQ(r.end.exit_code, 64) << r.standard_error;
    EXPECT_EQ(r.standard_error.find("s3"), std::string::npos) << r.standard_error;
  }
}

std::string name_of(const testing::TestParamInfo<front>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(All, FrontProxies, testing::ValuesIn(fronts), name_of);

}  // namespace
}  // namespace mtcp::lab
